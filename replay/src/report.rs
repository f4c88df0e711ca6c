//! Reports as of any moment, computed from the entries themselves and not from views.

use chrono::{DateTime, NaiveDate, Utc};
use rayon::prelude::*;
use serde::Serialize;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::{Event, Unreadable};
use wuping_domain::premises::{Premises, Register};
use wuping_domain::recorded::Recorded;
use wuping_domain::rulebook::Layer;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::grade_book::{Chronicle, Standing};
use wuping_projections::recording::recorded;

/// The moment that is asked about. All that is stated holds together.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Question {
    /// What the ledger knew with the entry at this position.
    pub at: Option<u64>,
    /// What the ledger knew at this time: the entries recorded up to it.
    pub as_of: Option<DateTime<Utc>>,
    /// What held on this day by what is known; what is in force when absent.
    pub valid_at: Option<NaiveDate>,
}

/// The grade of one premises.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct GradeLine {
    /// The key of an import's source, else the house code, else the id.
    pub code: String,
    /// Estate, building or unit.
    pub layer: Option<Layer>,
    /// The subdistrict in which the premises are registered.
    #[serde(skip)]
    pub subdistrict: String,
    /// What is in force; null where nothing is and something is determined.
    #[serde(flatten)]
    pub in_force: Graded,
    /// What is determined and has not taken effect: it waits for a person, or was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub determined: Option<Graded>,
}

/// A result in a report.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Graded {
    /// 0 to 100.
    pub score: Option<u64>,
    /// 5 to 0, where the scheme has stars.
    pub star: Option<u8>,
    /// The rulebook's own word.
    pub band: Option<String>,
    /// Management level, where the scheme has them.
    pub level: Option<String>,
    /// From which day it binds; of what is only determined, the day it was.
    pub effective_from: Option<NaiveDate>,
    /// Position of the determination.
    pub position: Option<u64>,
}

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The ledger could not be read.
    #[error("the ledger could not be read for the report")]
    Ledger(#[from] StoreError),
    /// An entry cannot be understood.
    #[error("the ledger holds an entry that this program cannot read")]
    Unreadable(#[from] Unreadable),
}

/// The grades of all premises at the moment asked about, sorted by code. Premises without a grade then are left out.
///
/// # Errors
/// [`ReportError`] if the ledger cannot be read or an entry not understood.
pub fn grades(reader: &Reader, question: Question) -> Result<Vec<GradeLine>, ReportError> {
    let graded = graded_premises(reader)?;
    let lines = graded.par_iter().map(|id| line(reader, id, question));
    let mut lines: Vec<GradeLine> =
        lines.filter_map(Result::transpose).collect::<Result<_, ReportError>>()?;
    lines.sort_by(|one, other| {
        (&one.code, one.in_force.position).cmp(&(&other.code, other.in_force.position))
    });
    Ok(lines)
}

/// Ids of all premises that ever had an entry about their grade.
fn graded_premises(reader: &Reader) -> Result<Vec<String>, StoreError> {
    let mut ids = Vec::new();
    reader.last_of_streams(|last| {
        let id = last.stream.strip_prefix("premises/").and_then(|rest| rest.strip_suffix("/grade"));
        ids.extend(id.map(str::to_owned));
        Ok(())
    })?;
    Ok(ids)
}

fn line(reader: &Reader, id: &str, question: Question) -> Result<Option<GradeLine>, ReportError> {
    let mut chronicle = Chronicle::default();
    for entry in reader.stream(&format!("premises/{id}/grade"))? {
        let recorded = recorded(&entry.row())?;
        if let Event::Grade(event) = &recorded.event
            && question.takes(&recorded)
        {
            chronicle.apply(&recorded, event);
        }
    }
    let (in_force, determined) = match question.valid_at {
        Some(day) => (chronicle.valid_at(day).cloned(), chronicle.determined_at(day)),
        None => (chronicle.book.in_force(), chronicle.determined()),
    };
    if in_force.is_none() && determined.is_none() {
        return Ok(None);
    }
    let mut premises = Premises::default();
    for entry in reader.stream(&format!("premises/{id}"))? {
        let recorded = recorded(&entry.row())?;
        if let Event::Premises(event) = &recorded.event
            && question.takes(&recorded)
        {
            premises.evolve(event);
        }
    }
    let register = premises.register.as_ref();
    Ok(Some(GradeLine {
        code: code_of(register, id),
        layer: register.map(|register| register.layer),
        subdistrict: register.map(|register| register.subdistrict.clone()).unwrap_or_default(),
        in_force: in_force.as_ref().map(graded).unwrap_or_default(),
        determined: determined.map(graded),
    }))
}

/// The key of an import's source, else the house code, else the id.
pub(crate) fn code_of(register: Option<&Register>, id: &str) -> String {
    let code = |scheme: &&str| register.and_then(|register| register.codes.get(*scheme).cloned());
    SOURCE_KEYS.iter().find_map(code).unwrap_or_else(|| id.to_owned())
}

impl Question {
    /// Whether the ledger knew an entry at the moment asked about.
    pub(crate) fn takes<E>(&self, recorded: &Recorded<E>) -> bool {
        self.at.is_none_or(|at| recorded.position <= at)
            && self.as_of.is_none_or(|as_of| recorded.recorded_at <= as_of)
    }
}

fn graded(standing: &Standing) -> Graded {
    let determination = &standing.determination;
    Graded {
        score: Some(determination.score),
        star: determination.star,
        band: Some(determination.band.clone()),
        level: determination.management_level.clone(),
        effective_from: Some(standing.effective_from),
        position: Some(standing.origin.position),
    }
}

/// Codes by which premises are told in a report, the publishers' own first.
const SOURCE_KEYS: [&str; 5] = ["rsn", "fhrsid", "sf_business_id", "nyc_building_id", "house_code"];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use tempfile::TempDir;
    use wuping_ledger::append::{AppendRequest, Author, NewEvent};
    use wuping_ledger::clock::SteppedClock;
    use wuping_ledger::genesis::{ClockChoice, CreateOptions, Ledger};
    use wuping_ledger::stream::StreamPath;
    use wuping_ledger::timestamp::Timestamp;

    use super::*;
    use crate::rebuild::rebuild;

    /// A ledger whose entries are recorded at noon of the day they tell of, unless told otherwise.
    struct Log {
        folder: TempDir,
        ledger: Ledger,
        said: u128,
    }

    impl Log {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let mut options = CreateOptions::new("sample/report", false).unwrap();
            let opened: DateTime<Utc> = "2017-01-01T00:00:00Z".parse().unwrap();
            let clock = SteppedClock::starting_at(opened.timestamp_millis());
            options.running.clock = ClockChoice::Simulated(Arc::new(clock));
            let ledger = Ledger::create(folder.path(), options).unwrap().ledger;
            Self { folder, ledger, said: 0 }
        }

        fn say(&mut self, stream: &str, recorded_on: &str, author: Author, data: &Value) -> u64 {
            self.said += 1;
            let at = Timestamp::parse(&format!("{recorded_on}T04:00:00.000Z"), "test").unwrap();
            let event_id = format!("00000000-0000-4000-8000-{:012x}", self.said).parse().unwrap();
            let event = NewEvent {
                stream: StreamPath::new(stream).unwrap(),
                schema: "test/1".to_owned(),
                data: serde_json::to_string(data).unwrap(),
            };
            let request = AppendRequest {
                event_id,
                digest: [0; 32],
                author,
                occurred_at: at,
                expected: None,
                events: vec![event],
                bases: vec![],
                cursor: None,
                simulated_now: Some(at),
            };
            self.ledger.writer().append_blocking(request).unwrap().position
        }

        fn receive(&mut self, stream: &str, recorded_on: &str, mut data: Value) -> u64 {
            data["received"] = json!({"channel": "import", "ref": "r-1"});
            self.say(stream, recorded_on, Author::Intake, &data)
        }

        fn register(&mut self, id: &str, codes: Value) {
            let register = json!({"type": "PremisesRegistered", "layer": "unit", "address": "1 Yonge St", "codes": codes});
            self.receive(&format!("premises/{id}"), "2017-01-01", register);
        }

        fn determine(
            &mut self,
            id: &str,
            number: u64,
            assessed_on: &str,
            on: &str,
            score: u64,
            waits: bool,
        ) -> u64 {
            let stream = format!("premises/{id}/grade");
            let result = json!({
                "number": number, "trigger": "scheduled", "assessment": format!("a-{assessed_on}"),
                "assessed_on": assessed_on, "assessor": "import", "determined_on": on, "earned": score,
                "applicable": 100, "score": score, "aspects": {}, "points": {}, "failed": [],
                "band": if score > 50 { "two years" } else { "audit" }, "caps": [], "vetoes": [], "direction": "first",
                "adverse": waits, "needs_confirmer": waits
            });
            let scheme = json!({"id": "toronto-2017-building-1", "sha256": "00".repeat(32)});
            let derivation = json!({"scheme": scheme, "subjects": [format!("premises/{id}")]});
            let event = json!({"type": "GradeDetermined", "derivation": derivation, "result": result});
            self.say(&stream, on, Author::Service, &event)
        }

        fn publish(&mut self, event: &str, assessment: &str, from: &str, recorded_on: &str) {
            let event = json!({"type": event, "assessment": assessment, "why": "w", "effective_from": from});
            self.receive("premises/t-1/grade", recorded_on, event);
        }

        fn scores(&self, question: Question) -> Vec<(String, Option<u64>)> {
            let lines = grades(self.ledger.reader(), question).unwrap();
            lines.into_iter().map(|line| (line.code, line.in_force.score)).collect()
        }

        fn score(&self, question: Question) -> Option<u64> {
            self.scores(question).first().and_then(|(_, score)| *score)
        }
    }

    fn on(day: &str) -> Question {
        Question { valid_at: Some(day.parse().unwrap()), ..Question::default() }
    }

    fn as_of(day: &str) -> Question {
        Question { as_of: Some(format!("{day}T04:00:00Z").parse().unwrap()), ..Question::default() }
    }

    #[test]
    fn what_held_on_a_day_is_told_by_what_is_known_now() {
        let mut log = Log::new();
        log.register("t-1", json!({"rsn": "4153745", "house_code": "x"}));
        log.determine("t-1", 1, "2018-01-01", "2018-01-01", 80, false);
        let at = log.determine("t-1", 2, "2019-01-01", "2019-01-01", 70, false);
        // The first one is put right after the second, from the day on which that was said.
        log.determine("t-1", 3, "2018-01-01", "2019-06-01", 40, false);
        for (day, score) in [
            ("2017-12-31", None),
            ("2018-01-01", Some(80)),
            ("2019-01-01", Some(70)),
            ("2020-01-01", Some(70)),
        ] {
            assert_eq!(log.score(on(day)), score, "{day}");
        }
        let line = grades(log.ledger.reader(), on("2020-01-01")).unwrap().remove(0);
        let line = serde_json::to_value(line).unwrap();
        let due = json!({
            "code": "4153745", "layer": "unit", "score": 70, "star": null, "band": "two years", "level": null,
            "effective_from": "2019-01-01", "position": at
        });
        assert_eq!(line, due);
    }

    #[test]
    fn a_publication_that_failed_for_two_weeks_answers_both_questions() {
        let mut log = Log::new();
        log.register("t-1", json!({"rsn": "7"}));
        log.determine("t-1", 1, "2026-01-01", "2026-01-01", 80, false);
        log.determine("t-1", 2, "2026-06-01", "2026-06-01", 60, false);
        // Known only in September: both were off the page from 30 July to 13 August.
        for assessment in ["a-2026-01-01", "a-2026-06-01"] {
            log.publish("GradeUnpublished", assessment, "2026-07-30", "2026-09-01");
            log.publish("GradePublished", assessment, "2026-08-13", "2026-09-02");
        }
        for (day, score) in
            [("2026-07-29", Some(60)), ("2026-07-30", None), ("2026-08-12", None), ("2026-08-13", Some(60))]
        {
            assert_eq!(log.score(on(day)), score, "{day}");
        }
        assert_eq!(log.score(as_of("2026-08-01")), Some(60), "nobody knew yet");
        assert_eq!(
            log.score(Question { valid_at: on("2026-08-01").valid_at, ..as_of("2026-08-31") }),
            Some(60)
        );
        assert_eq!(log.score(Question::default()), Some(60));
    }

    #[test]
    fn a_position_and_a_time_cut_what_is_known() {
        let mut log = Log::new();
        log.register("t-1", json!({"rsn": "7"}));
        let first = log.determine("t-1", 1, "2018-01-01", "2018-01-01", 80, false);
        let second = log.determine("t-1", 2, "2019-01-01", "2019-01-01", 70, false);
        let at = |position| Question { at: Some(position), ..Question::default() };
        assert_eq!(
            (log.score(at(first - 1)), log.score(at(first)), log.score(at(second))),
            (None, Some(80), Some(70))
        );
        assert_eq!(log.score(as_of("2018-12-31")), Some(80), "up to that time");
        assert_eq!(log.score(as_of("2019-01-01")), Some(70), "and with it");
    }

    #[test]
    fn what_waits_stands_beside_what_binds() {
        let mut log = Log::new();
        log.register("t-2", json!({"house_code": "4403"}));
        log.register("t-1", json!({}));
        log.determine("t-2", 1, "2018-01-01", "2018-01-01", 80, false);
        let waiting = log.determine("t-2", 2, "2019-01-01", "2019-01-01", 30, true);
        log.determine("t-1", 1, "2019-01-01", "2019-01-01", 20, true);
        let lines = grades(log.ledger.reader(), Question::default()).unwrap();
        let told: Vec<_> = lines.iter().map(|line| (line.code.as_str(), line.in_force.score)).collect();
        assert_eq!(
            told,
            [("4403", Some(80)), ("t-1", None)],
            "by code: the house code, or the id where there is none"
        );
        let determined = lines[0].determined.as_ref().unwrap();
        assert_eq!((determined.score, determined.position), (Some(30), Some(waiting)));
        assert_eq!(grades(log.ledger.reader(), on("2018-06-01")).unwrap()[0].determined, None);
        let confirmed = json!({
            "type": "AdverseGradeConfirmed", "determination": 2, "on": "2019-02-01", "document_number": "1", "by": "u-9"
        });
        log.receive("premises/t-2/grade", "2019-02-01", confirmed);
        for (day, score, waits) in [("2019-01-15", 80, true), ("2019-02-01", 30, false)] {
            let line = grades(log.ledger.reader(), on(day)).unwrap().remove(0);
            assert_eq!((line.in_force.score, line.determined.is_some()), (Some(score), waits), "{day}");
        }
    }

    #[test]
    fn a_rebuild_says_the_same_wherever_and_whenever_it_is_made() {
        let mut log = Log::new();
        log.register("t-1", json!({"rsn": "7"}));
        let first = log.determine("t-1", 1, "2018-01-01", "2018-01-01", 80, false);
        let path = log.folder.path().join("views.db");
        let then = rebuild(log.folder.path(), &path, None).unwrap();
        log.determine("t-1", 2, "2019-01-01", "2019-01-01", 70, false);
        let now = rebuild(log.folder.path(), &path, None).unwrap();
        assert_ne!(now.digest, then.digest);
        let past = rebuild(log.folder.path(), &log.folder.path().join("past.db"), Some(first)).unwrap();
        assert_eq!(
            (&past.digest, &past.tree_root, past.position),
            (&then.digest, &then.tree_root, Some(first))
        );
        assert_eq!(now.events, first + 2);
        assert!(now.events_per_second > 0);
        assert!(
            rebuild(log.folder.path(), &path, Some(first)).is_err(),
            "the past is not put in the place of the present"
        );
        assert_eq!(rebuild(log.folder.path(), &path, None).unwrap().digest, now.digest);
    }
}
