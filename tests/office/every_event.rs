//! Every event of the catalogue comes about through the public interface: people say what they may over REST, residents fill in
//! the public form, feeds deliver with their tokens, and time passes. An event that the code has and no story brings
//! about fails here, by its name.

mod appeals;
mod assessing;
mod beyond;
mod boards;
mod campaigns;
mod catalogue;
mod credit;
mod flats;
mod hazards;
mod hearing;
mod inspections;
mod listings;
mod measures;
mod notices;
mod records;
mod register;
mod reports;
mod rounds;
pub(crate) mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use story::Story;
use tempfile::TempDir;
use wuping_domain::event::{aggregate_type, names};
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::Views;
use wuping_replay::rebuild::rebuild;
use wuping_replay::statistics::{Asked, Cell, Statistic, make};
use wuping_replay::verify::verify_folder;

/// The ledger that all the stories leave, closed: it lies in `house` of the folder.
pub(crate) static TOLD: LazyLock<TempDir> = LazyLock::new(|| {
    let mut story = Story::begins();
    register::tell(&mut story);
    assessing::tell(&mut story);
    hazards::tell(&mut story);
    notices::tell(&mut story);
    hearing::tell(&mut story);
    appeals::tell(&mut story);
    flats::tell(&mut story);
    reports::tell(&mut story);
    rounds::tell(&mut story);
    measures::tell(&mut story);
    listings::tell(&mut story);
    boards::tell(&mut story);
    campaigns::tell(&mut story);
    credit::tell(&mut story);
    inspections::tell(&mut story);
    records::tell(&mut story);
    beyond::tell(&mut story);
    story.ends()
});

#[test]
fn every_event_of_the_catalogue_is_recorded_through_the_public_interface() {
    let house = TOLD.path().join("house");
    let reader = Reader::open(&house).unwrap();
    let recorded = recorded(&reader);
    let catalogue =
        names().into_iter().flat_map(|(concept, names)| names.iter().map(move |name| (concept, *name)));
    let (told, missing): (BTreeSet<_>, BTreeSet<_>) = catalogue
        .partition(|(concept, name)| recorded.contains_key(&((*concept).to_owned(), (*name).to_owned())));
    let missing: Vec<_> = missing.into_iter().filter(|event| !NOT_YET.contains(event)).collect();
    assert!(missing.is_empty(), "no story brings these about: {missing:?}");
    for event in NOT_YET {
        assert!(!told.contains(event), "{event:?} comes about now: strike it off NOT_YET");
    }
    for event in OF_THE_LEDGER {
        assert!(
            recorded.keys().any(|(_, name)| name == event),
            "{event} of the ledger's own is not recorded"
        );
    }

    let (kept_up, at) = Views::at(&house.join("views.db")).digest().unwrap();
    let anew = rebuild(&house, &TOLD.path().join("views-anew.db"), at.position()).unwrap();
    assert_eq!((anew.digest, anew.position), (kept_up, at.position()), "views made anew say the same");
    figures_count_what_was_recorded(&reader, &recorded);
    let verified = verify_folder(&house).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}

/// How often each event stands in the ledger, by the concept in whose stream it stands.
fn recorded(reader: &Reader) -> BTreeMap<(String, String), u64> {
    let mut recorded = BTreeMap::new();
    let told = reader.rows(0, u64::MAX, |row| {
        let event = (aggregate_type(row.stream).to_owned(), row.event_type.to_owned());
        *recorded.entry(event).or_default() += 1;
        Ok::<_, StoreError>(())
    });
    told.unwrap();
    recorded
}

fn figures_count_what_was_recorded(reader: &Reader, recorded: &BTreeMap<(String, String), u64>) {
    let of = |concept: &str, event: &str| recorded[&(concept.to_owned(), event.to_owned())];
    let counted = |statistic, of: &str| -> u64 {
        let table = make(reader, statistic, &Asked::default()).unwrap().table;
        let at = table.columns.iter().position(|column| column.id == of).unwrap();
        let number = |row: &Vec<Cell>| match row[at] {
            Cell::Number(number) => number,
            _ => 0,
        };
        table.rows.iter().map(number).sum()
    };
    let begun = ["MeasureProposed", "IncentiveOffered", "TrainingHeld"].map(|event| of("measure", event));
    assert_eq!(counted(Statistic::Measures, "count"), begun.iter().sum::<u64>());
    let parties = of("party", "PartyRegistered") - of("party", "PartyMerged");
    assert_eq!(counted(Statistic::Credit, "parties"), parties);
}

/// Events that nothing brings about yet, each with the reason. It only ever becomes shorter.
const NOT_YET: &[(&str, &str)] = &[];

/// What the ledger records of itself on the way.
const OF_THE_LEDGER: &[&str] = &["KeyEnrolled", "LedgerOpened"];
