//! Diary: what is said about one house, in order, each at a believable hour of a day counted back from the first start.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde_json::{Value, json};
use wuping_domain::calendar::Calendar;
use wuping_domain::rulebook::Layer;
use wuping_domain::rulebook::scheme::{Collect, Indicator};
use wuping_ledger::timestamp::Timestamp;

use super::findings::{Found, failing, results};
use super::photos::Photos;
use crate::shelf::Compiled;

/// One thing that is said.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// When.
    pub(super) at: Timestamp,
    /// By whom.
    pub(super) by: By,
    /// Where it goes.
    pub(super) stream: String,
    /// `{"command": name, …}`.
    pub(super) command: Value,
}

/// Who says it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum By {
    /// Somebody without a key, by the name of the channel: a system that shares data, a party at the counter.
    Channel(String),
    /// A person, by login.
    Person(&'static str),
}

/// What every diary of the sample needs to know.
pub(super) struct Almanac {
    /// The day of the first start, at UTC+8.
    pub(super) today: NaiveDate,
    /// The three rulebooks: unit, building, estate.
    pub(super) rulebooks: [Compiled; 3],
    /// Photos to show for what was seen.
    pub(super) photos: Photos,
}

/// How far an assessment comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Until {
    /// It is only opened.
    Opened,
    /// The grid worker's part is done; departments and feeds still owe theirs.
    GridDone,
    /// It is submitted, and so graded.
    Submitted,
}

/// What is assessed, by whom.
pub(super) struct Assessed<'a> {
    /// Id of the premises.
    pub(super) premises: &'a str,
    /// Their layer.
    pub(super) layer: Layer,
    /// A building's units.
    pub(super) units: &'a [String],
    /// Login of the grid worker who leads it.
    pub(super) lead: &'static str,
}

/// The diary of a house.
pub(super) struct Diary<'a> {
    pub(super) almanac: &'a Almanac,
    now: NaiveDateTime,
    steps: Vec<Step>,
}

impl Almanac {
    /// The day so many days before today.
    pub(super) fn day(&self, back: u32) -> NaiveDate {
        self.today - Days::new(u64::from(back))
    }

    /// The last working day on or before that day.
    pub(super) fn working_day(&self, back: u32) -> NaiveDate {
        let calendar: &Calendar = &self.rulebooks[0].rulebook.calendar;
        let published = calendar.published();
        let mut day = self.day(back);
        while !published.is_working_day(day) {
            day = day - Days::new(1);
        }
        day
    }

    /// How many days ago something was served whose term of working days ended on the last working day before today.
    pub(super) fn ended_yesterday(&self, deadline: &str) -> u32 {
        let rulebook = &self.rulebooks[1].rulebook;
        let mut left = rulebook.deadline_rule(deadline).map_or(0, |rule| rule.n);
        let published = rulebook.calendar.published();
        let mut back = 1;
        while left > 0 {
            left -= u32::from(published.is_working_day(self.day(back)));
            back += 1;
        }
        back
    }

    /// The rulebook of a layer.
    pub(super) fn of(&self, layer: Layer) -> &Compiled {
        let [unit, building, estate] = &self.rulebooks;
        match layer {
            Layer::Unit => unit,
            Layer::Building => building,
            Layer::Estate => estate,
        }
    }
}

impl<'a> Diary<'a> {
    pub(super) fn new(almanac: &'a Almanac) -> Self {
        Self { almanac, now: NaiveDateTime::MIN, steps: Vec::new() }
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Turn to the working day so many days before today, at this local time, or a little after what was said last.
    pub(super) fn on(&mut self, back: u32, hour: u32, minute: u32) -> NaiveDate {
        self.turn_to(self.almanac.working_day(back), hour, minute)
    }

    /// As [`Diary::on`], working day or not: rounds are made on every day of the week.
    pub(super) fn on_any_day(&mut self, back: u32, hour: u32, minute: u32) -> NaiveDate {
        self.turn_to(self.almanac.day(back), hour, minute)
    }

    /// Let minutes pass.
    pub(super) fn minutes(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
    }

    /// A person says something now.
    pub(super) fn say(&mut self, login: &'static str, stream: impl Into<String>, command: Value) {
        self.write(By::Person(login), stream.into(), command);
    }

    /// The office receives something at a channel now.
    pub(super) fn receive(&mut self, channel: &str, stream: impl Into<String>, command: Value) {
        self.write(By::Channel(channel.to_owned()), stream.into(), command);
    }

    /// An assessment, beginning now: everybody enters what is theirs.
    pub(super) fn assess(
        &mut self,
        what: &Assessed<'_>,
        key: &str,
        reason: &str,
        found: Found,
        until: Until,
    ) {
        let compiled = self.almanac.of(what.layer);
        let rulebook = &compiled.rulebook;
        let stream = format!("premises/{}/assessment/{key}", what.premises);
        let scheme = json!({ "id": compiled.scheme.id, "sha256": compiled.scheme.sha256 });
        let open = json!({ "command": "open", "scheme": scheme, "reason": reason, "units": what.units });
        self.say(what.lead, &stream, open);
        if until == Until::Opened {
            return;
        }
        let photos = &self.almanac.photos;
        let of = |collect: Collect, competent: Option<&str>| {
            let theirs = |indicator: &Indicator| {
                indicator.collect == collect && competent.is_none_or(|body| indicator.competent == body)
            };
            results(rulebook, &theirs, found, photos)
        };
        self.minutes(35);
        self.say(what.lead, &stream, json!({ "command": "check", "results": of(Collect::Grid, None) }));
        if until == Until::GridDone {
            return;
        }
        for department in &rulebook.policy.departments {
            let checked = of(Collect::Department, Some(&department.id));
            if let Some(officer) = inspector_of(&department.id).filter(|_| !checked.is_empty()) {
                self.minutes(20);
                self.say(officer, &stream, json!({ "command": "check", "results": checked }));
            }
            let shared = of(Collect::Feed, Some(&department.id));
            if !shared.is_empty() {
                self.receive(
                    &format!("feed-{}", department.id),
                    &stream,
                    json!({ "command": "supply", "results": shared }),
                );
            }
        }
        self.minutes(4);
        self.say(what.lead, &stream, json!({ "command": "submit" }));
    }

    /// The departments review the hazards that an assessment opened by its failed rows.
    pub(super) fn hazards(&mut self, what: &Assessed<'_>, key: &str, found: Found, back: u32) {
        let failed = failing(&self.almanac.of(what.layer).rulebook, found);
        if failed.is_empty() {
            return;
        }
        self.on(back, 15, 10);
        for (indicator, officer) in reviewers(&failed) {
            let review =
                json!({ "command": "review", "outcome": "confirmed", "reason": "照片与现场一致，情况属实" });
            self.say(officer, hazard(what, key, indicator), review);
        }
    }

    /// The departments accept the repair of those hazards, which closes them.
    pub(super) fn hazards_put_right(&mut self, what: &Assessed<'_>, key: &str, found: Found, back: u32) {
        let failed = failing(&self.almanac.of(what.layer).rulebook, found);
        self.on(back, 10, 20);
        for (indicator, officer) in reviewers(&failed) {
            let photos = [self.almanac.photos.of(indicator)];
            let accept =
                json!({ "command": "accept", "findings": "已到现场复查，整改到位", "photos": photos });
            self.say(officer, hazard(what, key, indicator), accept);
        }
    }

    /// A round of the building.
    pub(super) fn round(&mut self, worker: &'static str, premises: &str, back: u32, units: u32) {
        let key = format!("v{}", self.almanac.day(back).format("%Y%m%d"));
        self.on_any_day(back, 9 + back % 8, (back * 7) % 60);
        let visit = json!({
            "command": "make", "kind": "patrol", "persons_present": 1 + back % 2, "record_signed": true,
            "units_entered": units, "units_unanswered": 0, "units_refused": 0,
        });
        self.say(worker, format!("premises/{premises}/visit/{key}"), visit);
    }

    fn turn_to(&mut self, day: NaiveDate, hour: u32, minute: u32) -> NaiveDate {
        let time = NaiveTime::from_hms_opt(hour.min(23), minute.min(59), 0).unwrap_or_default();
        self.now = day.and_time(time).max(self.now + TimeDelta::minutes(BETWEEN_MINUTES));
        self.now.date()
    }

    fn write(&mut self, by: By, stream: String, command: Value) {
        let at = Timestamp::from_datetime((self.now - TimeDelta::hours(LOCAL_HOURS)).and_utc());
        self.steps.push(Step { at, by, stream, command });
        self.minutes(BETWEEN_MINUTES);
    }
}

/// The failed indicators, each with the login of who reviews its hazard.
fn reviewers(failed: &[(String, String)]) -> impl Iterator<Item = (&str, &'static str)> {
    failed.iter().filter_map(|(indicator, competent)| Some((indicator.as_str(), officer_of(competent)?)))
}

/// The stream of the hazard that a failed row opened.
fn hazard(what: &Assessed<'_>, key: &str, indicator: &str) -> String {
    format!("premises/{}/hazard/{key}-{indicator}", what.premises)
}

/// The login of the department's officer: its id, but for the grid's own office.
pub(super) fn officer_of(department: &str) -> Option<&'static str> {
    let login = if department == "grid" { "grid-office" } else { department };
    super::people::person(login).map(|person| person.login)
}

/// The login of who enters the department's results: somebody else than who reviews the hazards that come of them, where the department
/// has two officers.
fn inspector_of(department: &str) -> Option<&'static str> {
    let second = super::people::person(&format!("{department}-inspector"));
    second.map(|person| person.login).or_else(|| officer_of(department))
}

/// The office's time is eight hours ahead of the ledger's.
const LOCAL_HOURS: i64 = 8;
const BETWEEN_MINUTES: i64 = 2;
