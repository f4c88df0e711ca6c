//! What both sides of a comparison write: one small aggregate whose event has about 600 bytes.

use std::fmt;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

/// A notebook of an inspector: it only counts its notes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Notebook {
    notes: u64,
}

/// A note to be written.
#[derive(Clone, Debug)]
pub(super) struct WriteNote(pub(super) Noted);

/// A note, of the size that an inspection's finding usually has.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Noted {
    building: String,
    floor: u64,
    found: String,
    indicator: String,
    measured: u64,
    number: u64,
    outcome: String,
    remark: String,
    scheme: String,
    seen_on: String,
}

/// A notebook refuses nothing.
#[derive(Debug)]
pub(super) enum Never {}

impl Noted {
    /// The note of this number.
    pub(super) fn new(number: u64) -> Self {
        Self {
            building: format!("b-{:06}", number % 16_484),
            floor: number % 33,
            found: FOUND.to_owned(),
            indicator: format!("indicator-{}", number % 28),
            measured: number.wrapping_mul(2_654_435_761) % 10_000,
            number,
            outcome: "partly".to_owned(),
            remark: REMARK.to_owned(),
            scheme: "pingshan-building-1".to_owned(),
            seen_on: "2026-03-01".to_owned(),
        }
    }
}

impl Aggregate for Notebook {
    const TYPE: &'static str = "notebook";
    type Command = WriteNote;
    type Error = Never;
    type Event = Noted;
    type Services = ();

    async fn handle(
        &mut self,
        WriteNote(noted): WriteNote,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Never> {
        sink.write(noted, self).await;
        Ok(())
    }

    fn apply(&mut self, _noted: Noted) {
        self.notes += 1;
    }
}

impl DomainEvent for Noted {
    fn event_type(&self) -> String {
        "Noted".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

const FOUND: &str = "On the landing of this floor two electric bicycles stood on charge beside the only stairway; the cable ran \
    under the door of the unit opposite and was warm to the touch. The residents were told and moved both of them at once.";
const REMARK: &str = "The fire door closes but does not latch: the closer has lost its oil. The extinguisher in the niche is in \
    date and sealed. No smoke was noticed, no alarm sounded, and the lamp of the emergency exit burns.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_about_six_hundred_bytes() {
        let length = serde_json::to_string(&Noted::new(123_456)).unwrap().len();
        assert!((570..=640).contains(&length), "{length}");
    }
}
