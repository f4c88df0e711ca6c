//! Every event of the field, told apart by the stream it stands in.

use serde::de::DeserializeOwned;

use crate::aggregate::{Concept, Named};
use crate::recorded::{Aside, Recorded};
use crate::{
    access, account, alert, appeal, assessment, association, authority, board, campaign, credit, dispute,
    draft, grade, hazard, incident, inspection, listing, measure, meeting, notice, party, patrol, premises,
    publication, record, reevaluation, report, survey, task, visit,
};

/// An event of any concept.
#[derive(Clone, Debug)]
#[allow(missing_docs, clippy::large_enum_variant, reason = "each variant is the concept of that name")]
pub enum Event {
    Access(access::Event),
    Account(account::Event),
    Alert(alert::Event),
    Appeal(appeal::Event),
    Assessment(assessment::Event),
    Association(association::Event),
    Authority(authority::Event),
    Board(board::Event),
    Campaign(campaign::Event),
    Credit(credit::Event),
    Dispute(dispute::Event),
    Draft(draft::Event),
    Grade(grade::Event),
    Hazard(hazard::Event),
    Incident(incident::Event),
    Inspection(inspection::Event),
    Listing(listing::Event),
    Measure(measure::Event),
    Meeting(meeting::Event),
    Notice(notice::Event),
    /// Of the ledger itself (keys, heads, erasures) or of a later version: named, and not folded.
    Other(String),
    Party(party::Event),
    Patrol(patrol::Event),
    Premises(premises::Event),
    Publication(publication::Event),
    Record(record::Event),
    Reevaluation(reevaluation::Event),
    Report(report::Event),
    Survey(survey::Event),
    Task(task::Event),
    Visit(visit::Event),
}

/// An entry as it is read: its parts as text, before its payload is understood.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The payload `D`, as JSON text.
    pub data: &'a str,
    /// Lower-case UUID.
    pub event_id: &'a str,
    /// RFC 3339, as the author claims.
    pub occurred_at: &'a str,
    /// Place in the ledger.
    pub position: u64,
    /// RFC 3339, as the ledger took it.
    pub recorded_at: &'a str,
    /// The whole stream path.
    pub stream: &'a str,
    /// Number in the stream.
    pub version: u64,
}

/// Why an entry cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The payload has not the members that its type has.
    #[error(
        "entry {position} of stream {stream} is no {aggregate} event this version knows; update the program"
    )]
    Payload {
        /// Where.
        position: u64,
        /// Which stream.
        stream: String,
        /// The concept it should be of.
        aggregate: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A time is none.
    #[error("entry {position} has the time “{text}”, which is none")]
    Time {
        /// Where.
        position: u64,
        /// What stands there.
        text: String,
    },
}

/// Understand an entry.
pub fn read(written: &Written<'_>) -> Result<Recorded<Event>, Unreadable> {
    let event = match aggregate_type(written.stream) {
        "access" => Event::Access(payload::<access::Access>(written)?),
        "account" => Event::Account(payload::<account::Account>(written)?),
        "alert" => Event::Alert(payload::<alert::Alert>(written)?),
        "appeal" => Event::Appeal(payload::<appeal::Appeal>(written)?),
        "assessment" => Event::Assessment(payload::<assessment::Assessment>(written)?),
        "association" => Event::Association(payload::<association::Association>(written)?),
        "authority" => Event::Authority(payload::<authority::Authority>(written)?),
        "board" => Event::Board(payload::<board::Board>(written)?),
        "campaign" => Event::Campaign(payload::<campaign::Campaign>(written)?),
        "credit" => Event::Credit(payload::<credit::CreditFile>(written)?),
        "dispute" => Event::Dispute(payload::<dispute::Dispute>(written)?),
        "grade" => Event::Grade(payload::<grade::Grade>(written)?),
        "hazard" => Event::Hazard(payload::<hazard::Hazard>(written)?),
        "incident" => Event::Incident(payload::<incident::Incident>(written)?),
        "inspection" => Event::Inspection(payload::<inspection::Inspection>(written)?),
        "listing" => Event::Listing(payload::<listing::Listing>(written)?),
        "measure" => Event::Measure(payload::<measure::Measure>(written)?),
        "meeting" => Event::Meeting(payload::<meeting::Meeting>(written)?),
        "notice" => Event::Notice(payload::<notice::Notice>(written)?),
        "party" => Event::Party(payload::<party::Party>(written)?),
        "patrol" => Event::Patrol(payload::<patrol::Patrol>(written)?),
        "premises" => Event::Premises(payload::<premises::Premises>(written)?),
        "record" => Event::Record(payload::<record::Record>(written)?),
        "reevaluation" => Event::Reevaluation(payload::<reevaluation::Reevaluation>(written)?),
        "report" => Event::Report(payload::<report::Report>(written)?),
        "rulebook-draft" => Event::Draft(payload::<draft::Draft>(written)?),
        "rulebook" => Event::Publication(payload::<publication::Publication>(written)?),
        "survey" => Event::Survey(payload::<survey::Survey>(written)?),
        "task" => Event::Task(payload::<task::Task>(written)?),
        "visit" => Event::Visit(payload::<visit::Visit>(written)?),
        other => Event::Other(other.to_owned()),
    };
    Ok(Recorded {
        aside: aside(written.data),
        event,
        event_id: written.event_id.to_owned(),
        occurred_at: time(written.position, written.occurred_at)?,
        position: written.position,
        recorded_at: time(written.position, written.recorded_at)?,
        stream: written.stream.to_owned(),
        version: written.version,
    })
}

/// The concept a stream is of: its last odd-numbered segment.
pub fn aggregate_type(stream: &str) -> &str {
    stream.split('/').step_by(2).last().unwrap_or_default()
}

/// Every event that there can be, by the concept whose streams it stands in.
pub fn names() -> [(&'static str, &'static [&'static str]); 30] {
    [
        of::<access::Access>(),
        of::<account::Account>(),
        of::<alert::Alert>(),
        of::<appeal::Appeal>(),
        of::<assessment::Assessment>(),
        of::<association::Association>(),
        of::<authority::Authority>(),
        of::<board::Board>(),
        of::<campaign::Campaign>(),
        of::<credit::CreditFile>(),
        of::<dispute::Dispute>(),
        of::<draft::Draft>(),
        of::<grade::Grade>(),
        of::<hazard::Hazard>(),
        of::<incident::Incident>(),
        of::<inspection::Inspection>(),
        of::<listing::Listing>(),
        of::<measure::Measure>(),
        of::<meeting::Meeting>(),
        of::<notice::Notice>(),
        of::<party::Party>(),
        of::<patrol::Patrol>(),
        of::<premises::Premises>(),
        of::<publication::Publication>(),
        of::<record::Record>(),
        of::<reevaluation::Reevaluation>(),
        of::<report::Report>(),
        of::<survey::Survey>(),
        of::<task::Task>(),
        of::<visit::Visit>(),
    ]
}

fn of<C: Concept>() -> (&'static str, &'static [&'static str]) {
    (C::TYPE, C::Event::NAMES)
}

fn payload<C: Concept>(written: &Written<'_>) -> Result<C::Event, Unreadable> {
    parse::<C::Event>(written.data).map_err(|source| Unreadable::Payload {
        position: written.position,
        stream: written.stream.to_owned(),
        aggregate: C::TYPE,
        source,
    })
}

fn parse<E: DeserializeOwned>(data: &str) -> Result<E, serde_json::Error> {
    serde_json::from_str(data)
}

/// Most events have nothing aside, so it is looked for only where one of its names occurs.
fn aside(data: &str) -> Aside {
    if data.contains("\"received\"") || data.contains("\"effective_from\"") {
        return serde_json::from_str(data).unwrap_or_default();
    }
    Aside::default()
}

fn time(position: u64, text: &str) -> Result<chrono::DateTime<chrono::Utc>, Unreadable> {
    text.parse().map_err(|_| Unreadable::Time { position, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(stream: &'a str, data: &'a str) -> Written<'a> {
        Written {
            data,
            event_id: "0190a3c2-7b1e-7c55-9f00-6a1d2e3f4a5b",
            occurred_at: "2026-03-01T09:30:00.000Z",
            position: 7,
            recorded_at: "2026-03-01T09:30:01.000Z",
            stream,
            version: 1,
        }
    }

    #[test]
    fn a_hazard_is_told_by_its_stream() {
        let data = r#"{"_sd":["x"],"how":"rectified","received":{"channel":"counter","ref":"c-1"},"type":"HazardClosed"}"#;
        let recorded = read(&entry("premises/p-1/hazard/7", data)).unwrap();
        assert!(matches!(recorded.event, Event::Hazard(hazard::Event::HazardClosed { .. })));
        assert_eq!(recorded.aside.received.unwrap().channel, "counter");
        assert_eq!(recorded.event_id.len(), 36);
    }

    #[test]
    fn what_is_of_no_concept_is_named_only() {
        let recorded = read(&entry("heads", r#"{"count":1,"root":"x","type":"HeadsCommitted"}"#)).unwrap();
        assert!(matches!(recorded.event, Event::Other(name) if name == "heads"));
    }

    #[test]
    fn a_payload_without_its_members_is_refused_with_its_place() {
        let refused = read(&entry("premises/p-1/hazard/7", r#"{"type":"HazardClosed"}"#)).unwrap_err();
        assert!(refused.to_string().contains("entry 7"));
    }
}
