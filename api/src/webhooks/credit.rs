//! What the public credit platform is told: of each report that the outbox holds, and of each that is taken back. The report is
//! signed by the ledger's own service when something is published, the recall when it is public no more; nothing else of a
//! file leaves the house.

use serde_json::{Value, json};
use wuping_domain::aggregate::Concept as _;
use wuping_domain::credit::{self, CreditFile, Item};
use wuping_domain::party::{self, Party};
use wuping_domain::recorded::subject_of;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

use super::message::{Message, message, up_to};

/// What the platform is told of an entry of a credit file: none of any but a report or a recall.
pub(super) fn of_entry(
    reader: &Reader,
    position: u64,
    stream: &str,
    version: u64,
) -> Result<Option<Message>, StoreError> {
    let entries = up_to(reader, stream, version)?;
    let mut file = CreditFile::default();
    let mut newest = None;
    for entry in &entries {
        newest = serde_json::from_str::<credit::Event>(&entry.data).ok();
        if let Some(event) = &newest {
            file.evolve(event);
        }
    }
    let report = match newest {
        Some(credit::Event::CreditReported(computed)) => {
            let reported = computed.result;
            json!({
                "number": reported.number, "on": reported.on, "until": reported.until,
                "item": item(&file, reported.item, reported.class.as_deref()),
            })
        }
        Some(credit::Event::CreditRecalled(computed)) => {
            let recalled = computed.result;
            json!({
                "number": recalled.number, "on": recalled.on, "why": recalled.why,
                "item": item(&file, recalled.item, None),
            })
        }
        _ => return Ok(None),
    };
    let Some(entry) = entries.last() else { return Ok(None) };
    let more = json!({ "party": of_party(reader, subject_of(stream))?, "report": report });
    message(reader, position, entry, more).map(Some)
}

/// What was published: the class, or the kind of conduct with its degree and the day of its decision.
fn item(file: &CreditFile, item: Item, class: Option<&str>) -> Value {
    match item {
        Item::Class { rating } => json!({ "what": "class", "rating": rating, "class": class }),
        Item::Conduct { number } => {
            let conduct = file.conduct.get(&number).map(|on_file| &on_file.conduct);
            json!({
                "what": "conduct",
                "number": number,
                "conduct": conduct.map(|conduct| &conduct.conduct),
                "degree": conduct.map(|conduct| &conduct.degree),
                "decided_on": conduct.map(|conduct| conduct.decided_on),
            })
        }
    }
}

/// What is public of the party: its id, its kind, and the code by which an organisation is known everywhere.
fn of_party(reader: &Reader, subject: &str) -> Result<Value, StoreError> {
    let mut party = Party::default();
    for entry in reader.stream(subject)? {
        if let Ok(event) = serde_json::from_str::<party::Event>(&entry.data) {
            party.evolve(&event);
        }
    }
    let registered = party.registered.as_ref();
    Ok(json!({
        "id": subject.rsplit('/').next(),
        "kind": registered.map(|registered| registered.kind),
        "uscc": registered.and_then(|registered| registered.uscc.as_deref()),
    }))
}
