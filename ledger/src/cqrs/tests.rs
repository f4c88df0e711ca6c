//! Commands through the framework of `cqrs-es` into a real ledger.

use super::*;
use crate::test_ledger::TestLedger;
use cqrs_es::event_sink::EventSink;
use cqrs_es::{CqrsFramework, DomainEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A listing: visits are counted, and it can be said once that it is closed.
#[derive(Default, Deserialize, Serialize)]
struct Listing {
    visits: u64,
    closed: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Happened {
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private: Option<Value>,
}

impl DomainEvent for Happened {
    fn event_type(&self) -> String {
        self.r#type.clone()
    }
    fn event_version(&self) -> String {
        "2".to_owned()
    }
}

impl Aggregate for Listing {
    const TYPE: &'static str = "listing";
    type Command = &'static str;
    type Event = Happened;
    type Error = std::io::Error;
    type Services = ();

    async fn handle(
        &mut self,
        command: &'static str,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), std::io::Error> {
        match command {
            "close" if self.closed => {}
            "refuse" => return Err(std::io::Error::other(format!("after {} visits", self.visits))),
            _ => {
                let private = (command == "visit").then(|| json!({"by": "Chen"}));
                let r#type = if command == "visit" { "Visited" } else { "Closed" }.to_owned();
                sink.write(Happened { r#type, private }, self).await;
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: Happened) {
        match event.r#type.as_str() {
            "Visited" => self.visits += 1,
            _ => self.closed = true,
        }
    }
}

struct House {
    test: TestLedger,
    vault: Arc<Vault>,
}

impl House {
    async fn new() -> Self {
        let test = TestLedger::new().await;
        let vault = Arc::new(Vault::open(test.path()).unwrap());
        Self { test, vault }
    }

    fn store(&self) -> LedgerEventStore<Listing> {
        let (reader, writer) = (self.test.ledger.reader().clone(), self.test.ledger.writer().clone());
        let saying = Saying {
            event_id: Uuid::now_v7(),
            digest: [1; 32],
            author: Author::Officer(self.test.officer.clone()),
            occurred_at: Timestamp::now(),
            schema_name: "listing".to_owned(),
            aside: json!({"source": "counter"}).as_object().unwrap().clone(),
            expected: None,
            bases: Vec::new(),
            simulated_now: None,
        };
        LedgerEventStore::new(reader, writer, Arc::clone(&self.vault), saying)
    }

    async fn execute(
        &self,
        store: LedgerEventStore<Listing>,
        command: &'static str,
    ) -> (Result<(), AggregateError<std::io::Error>>, Option<Said>) {
        let told = CqrsFramework::new(store.clone(), vec![], ()).execute(STREAM, command).await;
        (told, store.said())
    }
}

const STREAM: &str = "premises/p-1/listing/3";

#[tokio::test]
async fn a_command_goes_through_the_framework_into_vault_and_ledger() {
    let house = House::new().await;
    let (told, said) = house.execute(house.store(), "visit").await;
    told.unwrap();
    let Some(Said::Appended(receipt)) = said else { panic!("{said:?}") };
    assert_eq!(receipt.version, 1);
    let row = house.test.ledger.reader().row(receipt.position).unwrap().unwrap();
    assert_eq!((row.aggregate_type.as_str(), row.schema.as_str()), ("listing", "listing/2"));
    assert!(
        row.payload.contains("\"source\":\"counter\"") && !row.payload.contains("Chen"),
        "{}",
        row.payload
    );
    let data: Value = serde_json::from_str(&row.payload).unwrap();
    let value = house.vault.values(&[data["_sd"][0].as_str().unwrap()]).unwrap().remove(0).unwrap();
    assert_eq!((value.name.as_str(), value.value), ("by", json!("Chen")));
    let (refused, said) = house.execute(house.store(), "refuse").await;
    assert_eq!(refused.unwrap_err().to_string(), "after 1 visits");
    assert!(said.is_none(), "nothing was committed");
}

#[tokio::test]
async fn saying_nothing_new_is_no_event() {
    let house = House::new().await;
    house.execute(house.store(), "close").await.0.unwrap();
    let (told, said) = house.execute(house.store(), "close").await;
    told.unwrap();
    assert!(matches!(said, Some(Said::Nothing)));
    let events = EventStore::<Listing>::load_events(&house.store(), STREAM).await.unwrap();
    assert_eq!((events.len(), events[0].sequence), (1, 1));
}

#[tokio::test]
async fn a_conflict_is_told_with_what_the_version_is() {
    let house = House::new().await;
    house.execute(house.store(), "visit").await.0.unwrap();
    let mut late = house.store();
    late.saying.expected = Some(0);
    let (told, said) = house.execute(late, "visit").await;
    assert!(matches!(told, Err(AggregateError::AggregateConflict)));
    assert!(
        matches!(said, Some(Said::Failed(AppendError::Conflict { expected: 0, actual: 1, .. }))),
        "{said:?}"
    );
}

#[tokio::test]
async fn what_another_node_has_written_since_is_not_overlooked() {
    let house = House::new().await;
    house.execute(house.store(), "visit").await.0.unwrap();
    let recent = house.test.ledger.reader().recent_streams();
    let before = recent.of(STREAM).expect("what was written is kept");
    house.execute(house.store(), "visit").await.0.unwrap();
    let forget_the_last = || {
        recent.forget(STREAM);
        recent.keep(STREAM, &before);
    };

    forget_the_last();
    let store = house.store();
    let (refused, _) = house.execute(store.clone(), "refuse").await;
    assert_eq!(refused.unwrap_err().to_string(), "after 1 visits");
    assert!(store.decided_from_memory());
    let not_decided = AppendError::Rule(Refusal::new("not-decided", "a device has signed something else"));
    for follows in [None, Some(Said::Nothing), Some(Said::Failed(not_decided))] {
        assert!(store.must_read_anew(follows.as_ref()), "{follows:?} may follow from what is kept");
    }
    assert!(
        !store.must_read_anew(Some(&Said::Failed(AppendError::Busy))),
        "the writer had no room either way"
    );
    let store = house.store().reading_anew();
    let (refused, _) = house.execute(store.clone(), "refuse").await;
    assert_eq!(refused.unwrap_err().to_string(), "after 2 visits");
    assert!(!store.decided_from_memory());
    assert!(!store.must_read_anew(None), "this is what the store says");

    // nothing that was decided on too little is appended, whatever version its sender has seen
    for (seen, told) in [(None, 1), (Some(2), 2)] {
        forget_the_last();
        let mut store = house.store();
        store.saying.expected = seen;
        let (_, said) = house.execute(store, "visit").await;
        let Some(Said::Failed(AppendError::Conflict { expected, .. })) = said else { panic!("{said:?}") };
        assert_eq!((expected, house.test.ledger.reader().version(STREAM).unwrap()), (told, 2));
    }
    house.execute(house.store().reading_anew(), "visit").await.0.unwrap();
    assert_eq!(recent.of(STREAM).unwrap().len(), 3, "what was read anew is kept, and goes on");
}

#[tokio::test]
async fn a_repeat_gets_its_first_receipt() {
    let house = House::new().await;
    let store = house.store();
    let (_, first) = house.execute(store.clone(), "visit").await;
    let (told, again) = house.execute(store, "visit").await;
    told.unwrap();
    let (Some(Said::Appended(first)), Some(Said::Appended(again))) = (first, again) else { panic!() };
    assert_eq!((again.position, again.repeated), (first.position, true));
}
