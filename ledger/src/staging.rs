//! Deciding a batch in memory: idempotency, versions, keys and consequences, command by command. What one command
//! staged can be taken back without touching its neighbours; nothing is signed or written here.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest, Author, CheckedRequest, Content, NewEvent, Receipt};
use crate::entry::{Entry, MAX_LEAF, Meta, derived_event_id};
use crate::erasure::{ErasureReader, check_targets};
use crate::held_keys::HeldKeys;
use crate::jcs::canonical_str;
use crate::key_state::{Claim, KeyState};
use crate::leaf_length::leaf_length;
use crate::reactor::{Consequence, ReactionFailed, Reactor, SubjectReader};
use crate::reading::LedgerReads;
use crate::recorded::RecordedRow;
use crate::refusal::{Refusal, need_that};
use crate::sealing::Signing;
use crate::shape::derivation_subjects;
use crate::store::{Known, Outcome, StoreError};
use crate::stream::{subject_of, under};
use crate::timestamp::Timestamp;
use crate::tree_state::{AuthorLast, TreeState};

/// A batch being decided.
pub(crate) struct Staging<'a> {
    pub(crate) origin: &'a str,
    pub(crate) store: &'a dyn LedgerReads,
    /// What was read at once for the whole batch.
    pub(crate) known: Known,
    pub(crate) state: &'a mut TreeState,
    pub(crate) held: &'a HeldKeys,
    pub(crate) reactor: &'a mut dyn Reactor,
    pub(crate) staged: Staged,
}

/// What a batch has decided to write.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    pub(crate) entries: Vec<StagedEntry>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) cursors: HashMap<String, u64>,
    by_subject: HashMap<String, Vec<usize>>,
    ids: HashSet<Uuid>,
}

/// An entry with its place, not yet signed.
#[derive(Debug)]
pub(crate) struct StagedEntry {
    pub(crate) position: u64,
    pub(crate) meta: Meta,
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) data: String,
    pub(crate) signing: Signing,
    pub(crate) recorded_at: Timestamp,
    /// The author's entry before this one.
    author_before: Option<AuthorLast>,
}

/// An event with everything but its place.
struct Decided {
    event: NewEvent,
    content: Content,
    event_id: Uuid,
    signing: Signing,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    /// Only the writer itself may commit heads: it alone knows that nothing comes in between.
    by_writer: bool,
}

impl Staging<'_> {
    /// The first outcome of this command, if it is known already.
    pub(crate) fn settled(&self, request: &AppendRequest) -> Result<Option<Receipt>, AppendError> {
        let staged = self.staged.outcomes.iter().find(|outcome| outcome.event_id == request.event_id);
        let outcome = match staged {
            Some(outcome) => Some(outcome.clone()),
            None => self.known.outcomes.get(&request.event_id).cloned(),
        };
        outcome.map(|outcome| receipt_again(outcome, request)).transpose()
    }

    /// Stages a command with all that follows from it, or nothing of it.
    pub(crate) fn command(&mut self, checked: CheckedRequest, at: Timestamp) -> Result<Receipt, AppendError> {
        self.stage_command(checked, at, false)
    }

    /// Stages what the writer itself says.
    pub(crate) fn by_writer(
        &mut self,
        checked: CheckedRequest,
        at: Timestamp,
    ) -> Result<Receipt, AppendError> {
        self.stage_command(checked, at, true)
    }

    fn stage_command(
        &mut self,
        checked: CheckedRequest,
        at: Timestamp,
        by_writer: bool,
    ) -> Result<Receipt, AppendError> {
        let mark = self.staged.entries.len();
        let of_keys = checked.request.events.iter().any(|event| event.stream.first() == "keys");
        let keys_before = of_keys.then(|| self.state.keys.clone());
        let outcome = self.stage_all(checked, at, by_writer);
        if outcome.is_err() {
            self.take_back(mark, keys_before);
        }
        outcome
    }

    fn stage_all(
        &mut self,
        CheckedRequest { request, contents }: CheckedRequest,
        at: Timestamp,
        by_writer: bool,
    ) -> Result<Receipt, AppendError> {
        self.check_expected(&request)?;
        self.check_bases(&request)?;
        let signing = self.held.signing(&request.author, &self.state.keys)?;
        let mark = self.staged.entries.len();
        for (n, (event, content)) in (0u64..).zip(request.events.into_iter().zip(contents)) {
            let event_id = match n {
                0 => request.event_id,
                n => derived_event_id(self.origin, &request.event_id.hyphenated().to_string(), n),
            };
            let (signing, occurred_at) = (signing.clone(), request.occurred_at);
            self.stage_with_consequences(Decided {
                event,
                content,
                event_id,
                signing,
                occurred_at,
                recorded_at: at,
                by_writer,
            })?;
        }
        let (first, last) = (&self.staged.entries[mark], self.staged.entries.len() - 1);
        let receipt = Receipt {
            event_id: request.event_id,
            position: first.position,
            last_position: self.staged.entries[last].position,
            version: first.meta.version,
            recorded_at: at,
            repeated: false,
        };
        self.staged.cursors.extend(request.cursor);
        self.staged.outcomes.push(outcome_of(&receipt, request.digest)?);
        Ok(receipt)
    }

    fn check_expected(&mut self, request: &AppendRequest) -> Result<(), AppendError> {
        let (Some(expected), Some(first)) = (request.expected, request.events.first()) else { return Ok(()) };
        match self.version(first.stream.as_str())? {
            actual if actual == expected => Ok(()),
            actual => Err(AppendError::Conflict { stream: first.stream.clone(), expected, actual }),
        }
    }

    fn check_bases(&self, request: &AppendRequest) -> Result<(), AppendError> {
        for (subject, base) in &request.bases {
            if let Some(actual) = self.last_after(subject, *base)? {
                return Err(AppendError::Stale { subject: subject.clone(), base: *base, actual });
            }
        }
        Ok(())
    }

    /// The last position of a subject where it lies after another, staged entries included.
    fn last_after(&self, subject: &str, base: u64) -> Result<Option<u64>, StoreError> {
        let view = self.view();
        if view.staged_under(subject).next().is_none() && self.state.subjects.is_quiet(subject, base) {
            return Ok(None);
        }
        Ok(view.last_position(subject)?.filter(|last| *last > base))
    }

    /// Stages an event, then what follows from it, first in first out, until nothing more follows.
    fn stage_with_consequences(&mut self, decided: Decided) -> Result<(), AppendError> {
        let at = decided.recorded_at;
        let mut waiting = VecDeque::new();
        let cause = self.stage(decided)?;
        self.follow(cause, at, &mut waiting)?;
        let mut followed = 0;
        while let Some(decided) = waiting.pop_front() {
            followed += 1;
            if followed > CONSEQUENCES_MAX {
                return Err(self.runaway(cause));
            }
            let consequence = self.stage(decided)?;
            self.follow(consequence, at, &mut waiting)?;
        }
        Ok(())
    }

    fn follow(
        &mut self,
        cause: usize,
        at: Timestamp,
        waiting: &mut VecDeque<Decided>,
    ) -> Result<(), AppendError> {
        let view = View { store: self.store, staged: &self.staged };
        let consequences = self.reactor.follow(&self.staged.entries[cause].row(), &at, &view)?;
        let mut numbers: HashMap<&'static str, u64> = HashMap::new();
        for consequence in consequences {
            let n = numbers.entry(consequence.reaction).or_default();
            *n += 1;
            waiting.push_back(self.computed(cause, consequence, *n, at)?);
        }
        Ok(())
    }

    /// A consequence as an event of the service.
    fn computed(
        &self,
        cause: usize,
        consequence: Consequence,
        n: u64,
        at: Timestamp,
    ) -> Result<Decided, AppendError> {
        let entry = &self.staged.entries[cause];
        let cause_id = format!("reaction/{}/{}", consequence.reaction, entry.position);
        let elsewhere = consequence.stream.subject() != entry.meta.stream.subject();
        if elsewhere {
            let detail = format!("it computed for {}, another subject than its cause's", consequence.stream);
            let reaction = consequence.reaction.to_owned();
            return Err(AppendError::Reaction(ReactionFailed { reaction, position: entry.position, detail }));
        }
        let mut subjects = consequence.subjects;
        subjects.sort_unstable();
        subjects.dedup();
        let data = canonical_str(&json!({
            "derivation": {
                "scheme": {"id": consequence.scheme_id, "sha256": consequence.scheme_sha256},
                "subjects": subjects,
            },
            "result": consequence.result,
            "type": consequence.event_type,
        }))?;
        let event = NewEvent { stream: consequence.stream, schema: consequence.schema, data };
        let content = crate::append::content(&event)?;
        Ok(Decided {
            content,
            event,
            event_id: derived_event_id(self.origin, &cause_id, n),
            signing: self.held.signing(&Author::Service, &self.state.keys)?,
            occurred_at: at,
            recorded_at: at,
            by_writer: false,
        })
    }

    /// Gives an event its place, if the rules allow it there.
    fn stage(&mut self, decided: Decided) -> Result<usize, AppendError> {
        let Decided { event, content, event_id, signing, occurred_at, recorded_at, by_writer } = decided;
        if self.staged.ids.contains(&event_id) || self.is_used(&event_id) {
            return Err(AppendError::DifferentCommand { event_id });
        }
        let meta = Meta {
            author_seq: self.next_of(signing.kid()),
            event_id,
            log: self.origin.to_owned(),
            occurred_at,
            schema: event.schema,
            version: self.version(event.stream.as_str())? + 1,
            stream: event.stream,
        };
        let position = self.state.frontier.size() + self.staged.entries.len() as u64;
        if event.data.len() > SURELY_FITS {
            let length = leaf_length(signing.kid(), &event.data, &meta, position);
            need_that(length <= MAX_LEAF, "entry-length", || format!("{length} bytes, at most {MAX_LEAF}"))?;
        }
        self.check_signed(&meta, &event.data, &signing)?;
        let entry = StagedEntry {
            position,
            event_id: event_id.hyphenated().to_string(),
            event_type: content.event_type,
            data: event.data,
            signing,
            recorded_at,
            meta,
            author_before: None,
        };
        self.check_rules(&entry, &content.value, by_writer)?;
        self.take(entry);
        Ok(self.staged.entries.len() - 1)
    }

    /// The rules that need other entries: keys, heads, erasures, subjects.
    fn check_rules(&mut self, entry: &StagedEntry, data: &Value, by_writer: bool) -> Result<(), AppendError> {
        if entry.meta.stream.first() == "keys" {
            let sealed = entry.signing.seal(&entry.data, &entry.meta, entry.recorded_at, entry.position);
            self.state.apply_key_event(&Entry::parse(&sealed.leaf, Some(self.origin))?)?;
        } else {
            let (kid, stream) = (entry.signing.kid(), &entry.meta.stream);
            self.state.keys.may_sign(Claim { kid, stream, data, sequence: entry.position })?;
        }
        if entry.event_type == "HeadsCommitted" && !by_writer {
            return Err(Refusal::new("heads-stream", "only the writer itself commits heads").into());
        }
        if entry.event_type == "FieldsErased" {
            check_targets(data, &self.view())?;
        }
        let own = entry.meta.stream.subject();
        for subject in derivation_subjects(data).filter(|subject| *subject != own) {
            let known = self.view().last_position(subject)?.is_some();
            need_that(known, "derivation-subjects", || format!("{subject} has no entry"))?;
        }
        Ok(())
    }

    fn take(&mut self, mut entry: StagedEntry) {
        let index = self.staged.entries.len();
        self.state.versions.insert(entry.meta.stream.as_str().to_owned(), entry.meta.version);
        let last = AuthorLast { author_seq: entry.meta.author_seq, position: entry.position };
        entry.author_before = self.state.authors.insert(entry.signing.kid().clone(), last);
        self.staged.ids.insert(entry.meta.event_id);
        self.staged.by_subject.entry(entry.meta.stream.subject().to_owned()).or_default().push(index);
        self.staged.entries.push(entry);
    }

    /// Takes back all that was staged from `mark` on; each entry says itself what it changed.
    fn take_back(&mut self, mark: usize, keys_before: Option<KeyState>) {
        for entry in self.staged.entries.drain(mark..).rev() {
            let subject = entry.meta.stream.subject();
            self.reactor.forget(subject);
            self.state.versions.insert(entry.meta.stream.as_str().to_owned(), entry.meta.version - 1);
            match entry.author_before {
                Some(before) => self.state.authors.insert(entry.signing.kid().clone(), before),
                None => self.state.authors.remove(entry.signing.kid()),
            };
            self.staged.ids.remove(&entry.meta.event_id);
            if let Some(indexes) = self.staged.by_subject.get_mut(subject) {
                indexes.pop();
            }
        }
        if let Some(keys) = keys_before {
            self.state.keys = keys;
        }
    }

    /// Whether an id names an entry. That of a command was asked for with its batch. All others are derived from the
    /// command's or from a position that is new: whoever made one up beforehand only makes the batch fail.
    fn is_used(&self, event_id: &Uuid) -> bool {
        self.known.positions.contains_key(event_id)
    }

    /// The version of a stream, staged entries included.
    pub(crate) fn version(&mut self, stream: &str) -> Result<u64, StoreError> {
        if let Some(version) = self.state.versions.get(stream) {
            return Ok(*version);
        }
        let version = match self.known.versions.get(stream) {
            Some(version) => *version,
            None => self.store.version(stream)?,
        };
        self.state.versions.insert(stream.to_owned(), version);
        Ok(version)
    }

    fn view(&self) -> View<'_> {
        View { store: self.store, staged: &self.staged }
    }

    fn runaway(&self, cause: usize) -> AppendError {
        let entry = &self.staged.entries[cause];
        AppendError::Reaction(ReactionFailed {
            reaction: "all".to_owned(),
            position: entry.position,
            detail: format!("more than {CONSEQUENCES_MAX} consequences of one {}", entry.event_type),
        })
    }
}

impl StagedEntry {
    /// The entry as readers will see it.
    pub(crate) fn row(&self) -> RecordedRow<'_> {
        RecordedRow {
            position: self.position,
            stream: self.meta.stream.as_str(),
            version: self.meta.version,
            event_type: &self.event_type,
            schema: &self.meta.schema,
            data: &self.data,
            author_seq: self.meta.author_seq,
            event_id: &self.event_id,
            occurred_at: self.meta.occurred_at.as_str(),
            kid: self.signing.kid().as_str(),
            recorded_at: self.recorded_at.as_str(),
        }
    }
}

/// The store and what is staged, as one.
struct View<'a> {
    store: &'a dyn LedgerReads,
    staged: &'a Staged,
}

impl View<'_> {
    fn staged_under<'s>(&'s self, path: &'s str) -> impl DoubleEndedIterator<Item = &'s StagedEntry> {
        let indexes = self.staged.by_subject.get(subject_of(path)).map_or(&[][..], Vec::as_slice);
        let entries = indexes.iter().map(|index| &self.staged.entries[*index]);
        entries.filter(move |entry| under(entry.meta.stream.as_str(), path))
    }
}

impl SubjectReader for View<'_> {
    fn subject(
        &self,
        path: &str,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.store.subject(path, None, each)?;
        self.staged_under(path).try_for_each(|entry| each(entry.row()))
    }

    fn last_position(&self, path: &str) -> Result<Option<u64>, StoreError> {
        match self.staged_under(path).next_back() {
            Some(entry) => Ok(Some(entry.position)),
            None => self.store.last_position_of_subject(path),
        }
    }
}

impl ErasureReader for View<'_> {
    fn data_at(&self, position: u64) -> Result<Option<String>, StoreError> {
        match self.staged.entries.iter().find(|entry| entry.position == position) {
            Some(entry) => Ok(Some(entry.data.clone())),
            None => Ok(self.store.row(position)?.map(|row| row.payload)),
        }
    }
}

/// What a repeat is told.
fn receipt_again(outcome: Outcome, request: &AppendRequest) -> Result<Receipt, AppendError> {
    if outcome.digest != request.digest {
        return Err(AppendError::DifferentCommand { event_id: request.event_id });
    }
    outcome.receipt()?.ok_or(AppendError::Refused { result: outcome.result })
}

fn outcome_of(receipt: &Receipt, digest: [u8; 32]) -> Result<Outcome, Refusal> {
    let result = canonical_str(&json!({
        "last_position": receipt.last_position,
        "recorded_at": receipt.recorded_at.as_str(),
        "version": receipt.version,
    }))?;
    Ok(Outcome { event_id: receipt.event_id, digest, position: Some(receipt.position), result })
}

/// A bound on what may follow from one event: more is a rule that runs away.
const CONSEQUENCES_MAX: usize = 1_000;
/// Content of so many bytes makes a leaf that is short enough, whatever its meta.
const SURELY_FITS: usize = 40_000;
