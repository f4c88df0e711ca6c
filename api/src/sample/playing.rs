//! Playing a street into a fresh ledger under the simulated clock: people say what is planned, and the runner comes by at the
//! beginning of each day, so that what time brings is recorded as a server would have recorded it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;
use wuping_domain::assessment::Stage;
use wuping_domain::passing::begins;
use wuping_domain::recorded::{local_date, subject_of};
use wuping_ledger::attachments::Attachments;
use wuping_ledger::clock::SteppedClock;
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;

use super::diary::{Almanac, By, Step};
use super::photos::Photos;
use super::street::{self, Street};
use super::{Keys, PREFIX, SampleError, beside, channel, enter, telling};
use crate::app::{App, Asked, Done, ExecuteError, OpenError};
use crate::runner::Runner;
use crate::shelf;

/// What came of a street.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Played {
    /// The ledger's name.
    pub origin: String,
    /// The first day, at UTC+8.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// Commands that were carried out.
    pub commands: u64,
    /// Commands that the rules refused, by the rule.
    pub refused: BTreeMap<String, u64>,
    /// Entries of the ledger, by the type of their event.
    pub events: BTreeMap<String, u64>,
    /// All entries.
    pub entries: u64,
    /// Those that the runner recorded.
    pub by_the_runner: u64,
}

/// Play a street into a folder where no ledger is yet, up to its last day or to `now`, whichever comes first. `tell` hears of each day that is over, and of how many there are.
///
/// # Errors
/// [`SampleError`]; the folder is then as it was.
pub async fn play(
    folder: &Path,
    street: &Street,
    now: DateTime<Utc>,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Played, SampleError> {
    let part = beside(folder)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SampleError::Folder { path, source }
    };
    if part.exists() {
        std::fs::remove_dir_all(&part).map_err(failed(&part))?;
    }
    let now = now.min(begins(street.until) + TimeDelta::hours(23));
    let today = local_date(now);
    let from = today - TimeDelta::days(i64::from(street.days()));
    let began = begins(from) + TimeDelta::hours(9);
    let clock = Arc::new(SteppedClock::starting_at(began.timestamp_millis()));
    let origin = format!("{PREFIX}street-{}", street.seed);
    let mut app = App::create_simulated(&part, &origin, clock.clone())?;
    let photos = Photos::drawn();
    photos.keep(&Attachments::in_folder(&part.join("attachments"))?).await?;
    let almanac = Almanac { today, rulebooks: shelf::pingshan().map_err(OpenError::Compile)?, photos };
    let keys = enter(&app, &clock, &almanac, began).await?;
    let steps = street::steps(street, &almanac);
    let mut stage =
        Playing { app: &app, clock: &clock, keys, renamed: HashMap::new(), runner: Runner::default() };
    let mut played = Played {
        origin,
        from,
        until: today,
        commands: 0,
        refused: BTreeMap::new(),
        events: BTreeMap::new(),
        entries: 0,
        by_the_runner: 0,
    };
    let (mut steps, days) = (steps.into_iter().peekable(), u64::from(street.days()));
    for (n, day) in from.iter_days().skip(1).take_while(|day| *day <= today).enumerate() {
        stage.day_begins(day, now, &mut played).await?;
        let ends = begins(day) + TimeDelta::days(1);
        while let Some(step) = steps.next_if(|step| step.at.datetime() < ends) {
            // what would be said later today is not said yet
            if step.at.datetime() + TimeDelta::minutes(1) < now {
                let graded = telling::may_grade(&step).then(|| step.clone());
                let stream = stage.says(step, &mut played).await?;
                for told in graded.map(|step| stage.told(step, stream)).transpose()?.unwrap_or_default() {
                    stage.says(told, &mut played).await?;
                }
            }
        }
        tell(n as u64 + 1, days);
    }
    count(&app, &mut played)?;
    clock.set_wall(now.timestamp_millis());
    app.finish_simulation().await?;
    app.close().await?;
    std::fs::rename(&part, folder).map_err(failed(folder))?;
    Ok(played)
}

struct Playing<'a> {
    app: &'a App,
    clock: &'a SteppedClock,
    keys: Keys,
    /// Assessments that were open already when somebody wanted to open one: by the stream that it would have had.
    renamed: HashMap<String, String>,
    runner: Runner,
}

impl Playing<'_> {
    async fn day_begins(
        &mut self,
        day: NaiveDate,
        now: DateTime<Utc>,
        played: &mut Played,
    ) -> Result<(), SampleError> {
        let at = (begins(day) + TimeDelta::seconds(5)).min(now);
        self.clock.set_wall(at.timestamp_millis());
        let recorded = self.runner.pass(self.app, Timestamp::from_datetime(at)).await?;
        played.by_the_runner += recorded as u64;
        Ok(())
    }

    /// What the office does on the spot about the result that came of a submission in this stream.
    fn told(&self, step: Step, stream: String) -> Result<Vec<Step>, SampleError> {
        let failed = |source| SampleError::Execute { stream: stream.clone(), source: Box::new(source) };
        let subject = self.app.subject(subject_of(&stream)).map_err(failed)?;
        let submitted = subject.assessments.get(stream.rsplit('/').next().unwrap_or_default());
        let graded = submitted.is_some_and(|of| of.state.stage == Stage::Submitted);
        Ok(if graded { telling::follows(&step, &subject) } else { vec![] })
    }

    /// Somebody says something; where it went.
    async fn says(&mut self, step: Step, played: &mut Played) -> Result<String, SampleError> {
        let stream = self.place_of(&step.stream);
        let who = match &step.by {
            By::Channel(name) => channel(name, &stream),
            By::Person(login) => self.keys.who(login),
        };
        let received = step.at.datetime() + TimeDelta::seconds(super::RECEIVED_AFTER_SECONDS);
        self.clock.set_wall(received.timestamp_millis());
        let opens = step.command.get("command").and_then(Value::as_str) == Some("open");
        let asked = Asked {
            id: Uuid::now_v7(),
            stream: stream.clone(),
            command: step.command,
            expected: None,
            occurred_at: step.at,
        };
        match self.app.execute(&who, asked).await {
            Ok(Done::Recorded(_) | Done::Nothing) => played.commands += 1,
            Err(ExecuteError::Rejected(rejection)) => {
                // the one that opened by itself is used instead
                if !(opens && self.uses_open_one(&stream)?) {
                    *played.refused.entry(rejection.code().to_owned()).or_default() += 1;
                }
            }
            Err(source) => return Err(SampleError::Execute { stream, source: Box::new(source) }),
        }
        Ok(stream)
    }

    /// Whether there is an open assessment of these premises; what is meant for this one goes there from now on.
    fn uses_open_one(&mut self, stream: &str) -> Result<bool, SampleError> {
        let own = subject_of(stream);
        let failed = |source| SampleError::Execute { stream: stream.to_owned(), source: Box::new(source) };
        let subject = self.app.subject(own).map_err(failed)?;
        let open = subject.assessments.iter().find(|(_, of)| of.state.stage == Stage::Open);
        let Some((key, _)) = open else { return Ok(false) };
        let meant = stream.rsplit('/').next().unwrap_or_default();
        self.renamed.insert(format!("{own}/{meant}"), key.clone());
        Ok(true)
    }

    /// Where it goes: into the assessment that is used, or the case that came from it.
    fn place_of(&self, stream: &str) -> String {
        let (own, last) = (subject_of(stream), stream.rsplit('/').next().unwrap_or_default());
        let (meant, indicator) = last.split_once('-').unwrap_or((last, ""));
        let place = if stream.contains("/assessment/") { "assessment" } else { "hazard" };
        match self.renamed.get(&format!("{own}/{meant}")) {
            Some(key) if stream.contains("/assessment/") => format!("{own}/{place}/{key}"),
            Some(key) if stream.contains("/hazard/") => format!("{own}/{place}/{key}-{indicator}"),
            _ => stream.to_owned(),
        }
    }
}

fn count(app: &App, played: &mut Played) -> Result<(), SampleError> {
    let reader = app.reader();
    played.entries = reader.size()?;
    reader.rows(0, played.entries, |row| {
        *played.events.entry(row.event_type.to_owned()).or_default() += 1;
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use wuping_replay::verify::verify_folder;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_street_is_played_soundly_and_by_a_seed_always_the_same() {
        let place = tempfile::tempdir().unwrap();
        let until = "2026-11-20".parse().unwrap();
        let street = Street { buildings: 2, units: 2, years: 1, until, seed: 11 };
        let now = "2026-11-20T04:00:00Z".parse().unwrap();
        let mut all = Vec::new();
        for name in ["one", "other"] {
            let (folder, mut days) = (place.path().join(name), 0);
            let played = play(&folder, &street, now, &mut |done, _| days = done).await.unwrap();
            assert!(days >= 365, "{days}");
            for kind in [
                "GradeDetermined",
                "HazardClosed",
                "HazardFellOverdue",
                "HazardFound",
                "PatrolAssigned",
                "PatrolMissed",
                "RectificationAccepted",
                "RemedyDatesFixed",
            ] {
                assert!(played.events.contains_key(kind), "{kind}: {played:?}");
            }
            let refused: u64 = played.refused.values().sum();
            assert!(refused * 25 < played.commands, "the rules refuse what people do: {:?}", played.refused);
            let verified = verify_folder(&folder).unwrap();
            assert!(verified.findings.is_empty(), "{:?}", verified.findings);
            all.push((played.commands, played.refused, played.events));
        }
        assert_eq!(all[0], all[1]);
    }
}
