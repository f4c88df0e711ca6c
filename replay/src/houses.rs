//! Level 5 of a log that is larger than memory: one house after the other, with the units that belong to it.
//!
//! The pass over the whole log notes which subjects computed entries name together, and a digest of each subject's entries.
//! Then each house is read once more by itself, in the order of the log, and compared with those digests: what is computed
//! again is what was verified. Only one house's state is in memory, or a few at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use wuping_domain::derivation::is_input;
use wuping_ledger::reader::Reader;
use wuping_ledger::recorded::{RecordedEntry, RecordedRow};
use wuping_ledger::store::StoreError;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

use crate::derivations::{Derivations, said};
use crate::verified::Finding;

/// What the pass over the whole log notes of the subjects that results are computed from or stand in.
pub(crate) struct Houses {
    folder: PathBuf,
    numbers: HashMap<String, usize>,
    subjects: Vec<Noted>,
    /// A bit for each position of the log: whether its entry was noted. One that is not well formed is not.
    noted: Vec<u64>,
}

struct Noted {
    /// The subject that this one was found together with; itself, if none.
    with: usize,
    /// Over its entries, in order.
    digest: [u8; 32],
    entries: u64,
    /// Whether there is anything to compute again.
    computed: bool,
    /// Subjects other than premises that its computed entries name: an alert concerns every house, and makes them no one house.
    besides: BTreeSet<usize>,
}

impl Houses {
    /// Of the ledger of a folder.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), numbers: HashMap::new(), subjects: vec![], noted: vec![] }
    }

    /// Notes the next entry of the whole log.
    pub(crate) fn take(&mut self, row: &RecordedRow<'_>) {
        let said = said(row);
        if said.is_none() && !is_input(row.stream) {
            return;
        }
        let (word, bit) = place(row.position);
        self.noted.resize(self.noted.len().max(word + 1), 0);
        self.noted[word] |= bit;
        let own = self.number(row.subject());
        let noted = &mut self.subjects[own];
        noted.digest = digest_with(noted.digest, row);
        noted.entries += 1;
        let Some(said) = said else { return };
        noted.computed = true;
        for named in said.map(|said| said.derivation.subjects).unwrap_or_default() {
            let other = self.number(&named);
            match is_of_premises(row.subject()) && is_of_premises(&named) {
                true => self.unite(own, other),
                false if other != own => {
                    self.subjects[own].besides.insert(other);
                }
                false => {}
            }
        }
    }

    /// Computes everything again, house by house: how many results are equal, and what was found. `told` hears of how many
    /// entries of the log, as far as they belong to houses, that is done.
    pub(crate) fn again(
        mut self,
        rulebooks: &LedgerRulebooks,
        size: u64,
        told: &mut dyn FnMut(u64),
    ) -> Result<(u64, Vec<Finding>), StoreError> {
        let reader = Reader::open(&self.folder)?;
        let (mut equal, mut findings, mut done) = (0, vec![], 0);
        let mut names = vec![String::new(); self.subjects.len()];
        for (name, number) in std::mem::take(&mut self.numbers) {
            names[number] = name;
        }
        let (mut waiting, mut entries) = (vec![], 0);
        let mut houses = self.houses().into_iter().peekable();
        while let Some(house) = houses.next() {
            let read = self.read(house, &names, &reader, size, &mut findings)?;
            entries += read.entries.len();
            waiting.push(read);
            if entries < AT_ONCE && houses.peek().is_some() {
                continue;
            }
            let together: Vec<(u64, Vec<Finding>)> =
                waiting.par_drain(..).map(|house: House| house.again(rulebooks)).collect();
            for (again, found) in together {
                equal += again;
                findings.extend(found);
            }
            done += entries as u64;
            entries = 0;
            told(done);
        }
        Ok((equal, findings))
    }

    fn number(&mut self, subject: &str) -> usize {
        if let Some(number) = self.numbers.get(subject) {
            return *number;
        }
        let number = self.subjects.len();
        self.numbers.insert(subject.to_owned(), number);
        self.subjects.push(Noted {
            with: number,
            digest: [0; 32],
            entries: 0,
            computed: false,
            besides: BTreeSet::new(),
        });
        number
    }

    /// The subject that stands for all that this one was found together with.
    fn first_of(&mut self, mut number: usize) -> usize {
        while self.subjects[number].with != number {
            let with = self.subjects[number].with;
            self.subjects[number].with = self.subjects[with].with;
            number = self.subjects[number].with;
        }
        number
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first_of(one), self.first_of(other));
        self.subjects[one.max(other)].with = one.min(other);
    }

    fn has_noted(&self, position: u64) -> bool {
        let (word, bit) = place(position);
        self.noted.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// The members of each house in which anything was computed, in the order in which the houses were first met.
    fn houses(&mut self) -> Vec<Vec<usize>> {
        let mut houses: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for number in 0..self.subjects.len() {
            houses.entry(self.first_of(number)).or_default().push(number);
        }
        let computed = |house: &Vec<usize>| house.iter().any(|member| self.subjects[*member].computed);
        houses.into_values().filter(computed).collect()
    }

    /// A house's entries, and those of what else its results name, in the order of the log.
    fn read(
        &self,
        members: Vec<usize>,
        names: &[String],
        reader: &Reader,
        size: u64,
        findings: &mut Vec<Finding>,
    ) -> Result<House, StoreError> {
        let besides: BTreeSet<usize> =
            members.iter().flat_map(|member| &self.subjects[*member].besides).copied().collect();
        let mut house = House::default();
        for (number, is_member) in members
            .iter()
            .map(|member| (*member, true))
            .chain(besides.iter().filter(|beside| !members.contains(beside)).map(|beside| (*beside, false)))
        {
            let (name, noted) = (&names[number], &self.subjects[number]);
            let mut entries = reader.subject(name, Some(size))?;
            entries.retain(|entry| self.has_noted(entry.position));
            let digest = entries.iter().fold([0; 32], |digest, entry| digest_with(digest, &entry.row()));
            if (digest, entries.len() as u64) != (noted.digest, noted.entries) {
                findings.push(Finding {
                    position: None,
                    level: 5,
                    code: "subject-changed".to_owned(),
                    detail: format!(
                        "the entries of {name}, read by themselves, are not those that the log has of it"
                    ),
                });
            }
            house.entries.extend(entries.into_iter().map(|entry| (is_member, entry)));
        }
        house.entries.sort_by_key(|(_, entry)| entry.position);
        Ok(house)
    }
}

/// All that a house's results are computed from; each entry with whether its own result is one of them.
#[derive(Default)]
struct House {
    entries: Vec<(bool, RecordedEntry)>,
}

impl House {
    fn again(self, rulebooks: &LedgerRulebooks) -> (u64, Vec<Finding>) {
        let mut derivations = Derivations::under(rulebooks);
        for (is_member, entry) in &self.entries {
            match is_member {
                true => derivations.take(&entry.row()),
                false => derivations.input(&entry.row()),
            }
        }
        (derivations.equal, derivations.findings)
    }
}

/// The word and the bit in it that stand for a position.
fn place(position: u64) -> (usize, u64) {
    (usize::try_from(position / 64).unwrap_or(usize::MAX), 1 << (position % 64))
}

fn is_of_premises(subject: &str) -> bool {
    subject.starts_with("premises/")
}

/// The digest of a subject's entries with the next one.
fn digest_with(digest: [u8; 32], row: &RecordedRow<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(digest);
    hasher.update(row.position.to_be_bytes());
    for text in [row.stream, row.occurred_at, row.data] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hasher.finalize().into()
}

/// So many entries are computed again side by side.
const AT_ONCE: usize = 20_000;
