//! What the ledger says about an event besides the event itself: where it stands, and both times.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize};

/// An event as it stands in the ledger.
#[derive(Clone, Debug)]
pub struct Recorded<E> {
    /// What is known beside the concept's own fields: who sent it, from which day it holds.
    pub aside: Aside,
    /// The event itself.
    pub event: E,
    /// Lower-case UUID of the event, unique in the ledger.
    pub event_id: String,
    /// When it happened, as its author claims.
    pub occurred_at: DateTime<Utc>,
    /// Its place in the ledger, from 0.
    pub position: u64,
    /// When the ledger took it; never decreases with the position.
    pub recorded_at: DateTime<Utc>,
    /// The stream it belongs to, `premises/p-1/hazard/7`.
    pub stream: String,
    /// Its number in that stream, from 1.
    pub version: u64,
}

impl<E> Recorded<E> {
    /// The day from which the fact holds: the one stated, else the day it happened, at UTC+8. What is claimed to have happened
    /// after the ledger took it holds from that day on.
    pub fn holds_from(&self) -> NaiveDate {
        self.aside.effective_from.unwrap_or_else(|| local_date(self.occurred_at.min(self.recorded_at)))
    }

    /// The first two segments of the stream: `premises/p-1`.
    pub fn subject(&self) -> &str {
        subject_of(&self.stream)
    }

    /// The last segment of the stream: `7` of `premises/p-1/hazard/7`.
    pub fn last_segment(&self) -> &str {
        self.stream.rsplit('/').next().unwrap_or(&self.stream)
    }
}

/// Members that any event may carry whatever its type.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Aside {
    /// The day from which an imported or corrected fact holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<NaiveDate>,
    /// How something without a key of its own came in (docs/format.md §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Received>,
    /// Which row of which published file says so.
    #[serde(default, deserialize_with = "published_row", skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The channel by which a fact was received, with an opaque reference.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Received {
    /// `import`, `counter`, `feed-police` …
    pub channel: String,
    /// What the channel calls it; no personal data.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Digest of the bytes received, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A row of published open data. The raw cells stand in the ledger, and are not needed to fold it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Source {
    /// Name of the published file, without its ending.
    pub file: String,
    /// What identifies the row in the file.
    pub row: String,
}

/// A hazard's own `source` is a word, and no row.
fn published_row<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Source>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Row(Source),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Row(source) => Some(source),
        Either::Other(_) => None,
    })
}

/// The first two segments of a stream, or the whole of a shorter one.
pub fn subject_of(stream: &str) -> &str {
    match stream.match_indices('/').nth(1) {
        Some((end, _)) => &stream[..end],
        None => stream,
    }
}

/// The calendar day at UTC+8, on which every date of the rules is reckoned (rulebooks/README.md, "Dates").
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    FixedOffset::east_opt(8 * 3600)
        .map_or_else(|| at.date_naive(), |zone| at.with_timezone(&zone).date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_the_first_two_segments() {
        assert_eq!(subject_of("premises/p-1/hazard/7"), "premises/p-1");
        assert_eq!(subject_of("premises/p-1"), "premises/p-1");
        assert_eq!(subject_of("heads"), "heads");
    }

    #[test]
    fn a_hazards_own_source_leaves_the_day_from_which_it_holds() {
        let aside: Aside =
            serde_json::from_str(r#"{"effective_from":"2026-01-01","source":"import","x":{}}"#).unwrap();
        assert_eq!((aside.effective_from.is_some(), aside.source), (true, None));
        let row = r#"{"source":{"file":"f","row":"7","raw":{"a":"b"}}}"#;
        assert_eq!(serde_json::from_str::<Aside>(row).unwrap().source.unwrap().row, "7");
    }

    #[test]
    fn a_day_begins_at_sixteen_hundred_utc() {
        let late: DateTime<Utc> = "2026-03-01T16:00:00Z".parse().unwrap();
        assert_eq!(local_date(late).to_string(), "2026-03-02");
    }
}
