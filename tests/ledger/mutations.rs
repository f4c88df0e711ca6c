//! Hundreds of seeded changes to a ledger of more than two thousand entries, over every table and file of it: each is found
//! by verification, at its place. As many as `WUPING_MUTATIONS` says; what is read anew each time is a copy.

mod beside;
mod burglary;
mod entries;
mod on_postgres;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::program::{Random, copy, run};
use burglary::House;
use serde_json::Value;
use wuping_replay::verify::verify_folder;

/// A change, how it is made in a copy of the house, and by what it must be found.
pub(crate) struct Mutation {
    /// What is changed, for a person.
    pub(crate) told: String,
    pub(crate) make: Box<dyn Fn(&Path) + Send + Sync>,
    pub(crate) due: Due,
}

/// What a verification must say of a change.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    /// Findings at each of these entries.
    At(Vec<u64>),
    /// A finding of one of these codes.
    Code(&'static [&'static str]),
}

#[test]
fn every_mutation_of_a_sqlite_ledger_is_found_at_its_place() {
    let count = count(90);
    let mut random = Random::of(20_261_125);
    let house = House::built();
    must_be_sound(house.path());
    let mutations = mutations(&house, count, &mut random);
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|both| {
        for _ in 0..2 {
            both.spawn(|| {
                while let Some((n, mutation)) = {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    mutations.get(n).map(|mutation| (n, mutation))
                } {
                    must_be_found(&house, n, mutation);
                }
            });
        }
    });
    eprintln!("{count} mutations of {} entries in {} s", house.rows.len(), began.elapsed().as_secs());
}

/// Two of three are about the entries themselves.
fn mutations(house: &House, count: usize, random: &mut Random) -> Vec<Mutation> {
    (0..count)
        .map(|n| match n % 3 {
            0 => beside::mutation(house, n / 3, random),
            _ => entries::mutation(house, n - n.div_ceil(3), random),
        })
        .collect()
}

fn must_be_found(house: &House, n: usize, mutation: &Mutation) {
    let folder = tempfile::tempdir().unwrap();
    copy(house.path(), folder.path());
    (mutation.make)(folder.path());
    house.put_guards_back(folder.path());
    let findings = match n % BY_THE_PROGRAM {
        0 => told_by_the_program(folder.path()),
        _ => told(folder.path()),
    };
    eprintln!("{n:>3} {}: {} finding(s)", mutation.told, findings.len());
    assert!(due(&mutation.due, &findings), "{n} {}: {:?} not in {findings:?}", mutation.told, mutation.due);
}

/// Position and code of each finding.
pub(crate) fn told(folder: &Path) -> Vec<(Option<u64>, String)> {
    let verified = verify_folder(folder).unwrap();
    verified.findings.into_iter().map(|finding| (finding.position, finding.code)).collect()
}

fn told_by_the_program(folder: &Path) -> Vec<(Option<u64>, String)> {
    let ran = run(folder, &["verify", "--level", "5", "--json"]);
    assert_eq!(ran.status.code(), Some(1), "{}", crate::program::said(&ran));
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let findings = told["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| (finding["position"].as_u64(), finding["code"].as_str().unwrap().to_owned()))
        .collect()
}

pub(crate) fn due(due: &Due, findings: &[(Option<u64>, String)]) -> bool {
    match due {
        Due::At(positions) => {
            positions.iter().all(|at| findings.iter().any(|(position, _)| *position == Some(*at)))
        }
        Due::Code(codes) => findings.iter().any(|(_, code)| codes.contains(&code.as_str())),
    }
}

pub(crate) fn must_be_sound(folder: &Path) {
    assert_eq!(told(folder), [], "nothing is found before anything is changed");
}

/// As many as `WUPING_MUTATIONS` says, else so many.
pub(crate) fn count(else_so_many: usize) -> usize {
    std::env::var("WUPING_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(else_so_many)
}

pub(crate) fn below(end: usize, random: &mut Random) -> usize {
    usize::try_from(random.below(end as u64)).unwrap()
}

/// One of so many is looked at by the program, the others by a call.
const BY_THE_PROGRAM: usize = 20;
