//! Publishing (公示): told first, public once the policy's days have passed since, for its span; reported to the public credit platform through an outbox, and taken
//! back from it whenever the publication ends.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::item::Item;
use super::rule::policy_of;
use super::{CreditFile, Event, must_have_document};
use crate::calendar::add_days;
use crate::derivation::Either;
use crate::facts::Facts;
use crate::party;
use crate::rejection::Rejection;
use crate::rulebook::credit::CreditPolicy;
use crate::said::{Private, Said};

/// What is public now.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The class, where it is one.
    pub class: Option<String>,
    /// Since when.
    pub on: NaiveDate,
    /// The day on which its span is over, not included.
    pub until: Option<NaiveDate>,
    /// Number of its report to the public platform.
    pub report: Option<u64>,
}

/// An entry of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was reported.
    pub item: Item,
    /// The day on which it was put into the outbox.
    pub on: NaiveDate,
    /// The day on which the platform took it.
    pub acknowledged_on: Option<NaiveDate>,
    /// Why its publication ended, once it has.
    pub ended: Option<String>,
    /// The day on which it was recalled.
    pub recalled_on: Option<NaiveDate>,
    /// The day on which the platform took the recall.
    pub recall_acknowledged_on: Option<NaiveDate>,
}

impl Report {
    /// `waits` for the platform to take it, `taken`, `recall_waits`, `recalled`.
    pub const fn state(&self) -> &'static str {
        match (self.recalled_on, self.recall_acknowledged_on, self.acknowledged_on) {
            (Some(_), Some(_), _) => "recalled",
            (Some(_), None, _) => "recall_waits",
            (None, _, Some(_)) => "taken",
            (None, _, None) => "waits",
        }
    }
}

/// That something is public no more.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Unpublished {
    /// What.
    pub item: Item,
    /// `span_over`, `repaired`, `objection_upheld`, `basis_set_aside`, `superseded`, `merged`; what an officer says otherwise.
    pub why: String,
    /// Since when.
    pub on: NaiveDate,
    /// Who took it back; absent where it follows by rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Something was put into the outbox to the public credit platform.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Reported {
    /// 1, 2, 3 … of the file.
    pub number: u64,
    /// What is reported.
    pub item: Item,
    /// The class, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// When.
    pub on: NaiveDate,
    /// The day on which its span is over, not included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// A report is taken back.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Recalled {
    /// Number of the report.
    pub number: u64,
    /// What was reported.
    pub item: Item,
    /// Why.
    pub why: String,
    /// When.
    pub on: NaiveDate,
}

impl CreditFile {
    pub(super) fn give_notice(
        &self,
        item: Item,
        method: String,
        document_number: String,
        text: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        self.must_be_on_file(item)?;
        must_have_document(&document_number)?;
        if !METHODS.contains(&method.as_str()) {
            return Err(Rejection::Malformed { field: "method", needs: "direct, post or electronic" });
        }
        if self.told.contains_key(&item) {
            return Err(Rejection::AlreadyExists { what: "notice of this" });
        }
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::CreditNoticeGiven { item, method, document_number, on, by };
        Ok(vec![Said::with(event, Private::none().with("text", text))])
    }

    pub(super) fn publish(
        &self,
        item: Item,
        channels: Vec<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        if channels.iter().all(|channel| channel.trim().is_empty()) {
            return Err(Rejection::Malformed { field: "channels", needs: "where it is published" });
        }
        let policy = policy_of(facts.rulebook()?)?;
        let kind = facts.party.as_ref().and_then(|party| party.registered.as_ref()).map(|of| of.kind);
        if !kind.is_some_and(|kind| policy.publish_class_of.iter().any(|of| of == kind.code())) {
            return Err(Rejection::because("person_not_published", Value::Null));
        }
        self.must_be_on_file(item)?;
        let same =
            |held: &Item| matches!((held, item), (Item::Class { .. }, Item::Class { .. })) || *held == item;
        if self.published.keys().any(same) {
            return Ok(vec![]); // one class is public at a time, and ends when another holds
        }
        let against = |objection: &&super::Objection| objection.item == item;
        match self.objections.values().rfind(against).map(|objection| objection.decided) {
            Some(None) => return Err(Rejection::because("objection_pending", Value::Null)),
            Some(Some((true, _))) => return Err(Rejection::because("objection_was_upheld", Value::Null)),
            _ => {}
        }
        let Some(rating) = &self.rating else { return Err(Rejection::because("no_rating", Value::Null)) };
        let (class, conduct, until, adverse) = match item {
            Item::Class { rating: number } => {
                let class = rating.class.as_ref().filter(|_| rating.number == number);
                let stale =
                    || Rejection::because("not_the_newest_rating", json!({ "rating": rating.number }));
                let class = class.ok_or_else(stale)?;
                (Some(class.shown.clone()), None, None, policy.is_adverse(&class.shown))
            }
            Item::Conduct { number } => {
                let on_file = self.conduct.get(&number).map(|on_file| &on_file.conduct);
                let counts = rating.conduct.iter().find(|counted| {
                    counted.of.number == number
                        && facts.stream == format!("party/{}/credit", counted.of.party)
                });
                let counted = counts.filter(|_| self.conduct.get(&number).is_some_and(super::OnFile::stands));
                let lasts = counted.filter(|counted| facts.today < counted.until);
                match (on_file, lasts) {
                    (Some(conduct), _) if conduct.degree == MINOR => {
                        return Err(Rejection::because("minor_not_published", Value::Null));
                    }
                    (Some(conduct), Some(lasts)) => {
                        (None, Some(conduct.conduct.clone()), Some(lasts.until), true)
                    }
                    _ => return Err(Rejection::because("conduct_does_not_count", Value::Null)),
                }
            }
        };
        if adverse {
            self.must_have_been_told(item, policy, facts)?;
        }
        let (on, by) = (facts.today, facts.actor.account.clone());
        Ok(vec![Said::openly(Event::CreditPublished { item, class, conduct, until, channels, on, by })])
    }

    /// Nothing adverse is public on the day on which the party is told of it, nor before the policy's days have passed since.
    fn must_have_been_told(&self, item: Item, policy: &CreditPolicy, facts: &Facts) -> Result<(), Rejection> {
        let Some(told) = self.told.get(&item) else {
            return Err(Rejection::because("notice_first", Value::Null));
        };
        let from = add_days(*told, policy.publish_after_notice_days.saturating_add(1));
        if facts.today < from {
            return Err(Rejection::because("published_too_soon", json!({ "on": told, "from": from })));
        }
        Ok(())
    }

    pub(super) fn unpublish(
        &self,
        item: Item,
        why: String,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        if !self.published.contains_key(&item) {
            return Err(Rejection::because("not_published", Value::Null));
        }
        if why.trim().is_empty() {
            return Err(Rejection::Malformed { field: "why", needs: "why it is taken back, as a code" });
        }
        let (on, by) = (facts.today, Some(facts.actor.account.clone()));
        let event = Event::CreditUnpublished(Either::Stated(Unpublished { item, why, on, by }));
        Ok(vec![Said::with(event, Private::none().with("reason", reason))])
    }

    pub(super) fn acknowledge(
        &self,
        number: u64,
        recall: bool,
        receipt: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        let Some(report) = self.reports.get(&number) else {
            return Err(Rejection::NotFound { what: "report to the credit platform" });
        };
        match (recall, report.recalled_on) {
            (true, None) => return Err(Rejection::because("not_recalled", Value::Null)),
            (true, _) if report.recall_acknowledged_on.is_some() => return Ok(vec![]),
            (false, _) if report.acknowledged_on.is_some() => return Ok(vec![]),
            _ => {}
        }
        let (on, by) = (facts.today, facts.actor.account.clone());
        Ok(vec![Said::openly(Event::CreditReportAcknowledged { number, recall, on, receipt, by })])
    }

    /// Refuses what the file does not hold, or what does not hold any more.
    pub(super) fn must_be_on_file(&self, item: Item) -> Result<(), Rejection> {
        match item {
            // what is public can be told of and objected to, though another rating says the same since
            item if self.published.contains_key(&item) => Ok(()),
            Item::Class { rating } => match &self.rating {
                None => Err(Rejection::because("no_rating", Value::Null)),
                Some(newest) if newest.number != rating => {
                    Err(Rejection::because("not_the_newest_rating", json!({ "rating": newest.number })))
                }
                Some(_) => Ok(()),
            },
            Item::Conduct { number } => match self.conduct.get(&number) {
                None => Err(Rejection::NotFound { what: "record of conduct" }),
                Some(on_file) if !on_file.stands() => Err(Rejection::because("conduct_ended", Value::Null)),
                Some(_) => Ok(()),
            },
        }
    }

    pub(super) fn shown(&mut self, event: &Event) {
        match event {
            Event::CreditPublished { item, class, until, on, .. } => {
                let published = Published { class: class.clone(), on: *on, until: *until, report: None };
                self.published.insert(*item, published);
            }
            Event::CreditReported(computed) => {
                let reported = &computed.result;
                if let Some(published) = self.published.get_mut(&reported.item) {
                    published.report = Some(reported.number);
                }
                let report = Report {
                    item: reported.item,
                    on: reported.on,
                    acknowledged_on: None,
                    ended: None,
                    recalled_on: None,
                    recall_acknowledged_on: None,
                };
                self.reports.insert(reported.number, report);
            }
            Event::CreditUnpublished(unpublished) => {
                let unpublished = unpublished.facts();
                let report = self.published.remove(&unpublished.item).and_then(|published| published.report);
                if let Some(report) = report.and_then(|number| self.reports.get_mut(&number)) {
                    report.ended = Some(unpublished.why.clone());
                }
            }
            Event::CreditRecalled(computed) => {
                if let Some(report) = self.reports.get_mut(&computed.result.number) {
                    report.recalled_on = Some(computed.result.on);
                }
            }
            Event::CreditReportAcknowledged { number, recall, on, .. } => {
                if let Some(report) = self.reports.get_mut(number) {
                    let taken = if *recall {
                        &mut report.recall_acknowledged_on
                    } else {
                        &mut report.acknowledged_on
                    };
                    *taken = Some(*on);
                }
            }
            _ => {}
        }
    }

    /// The report that the first publication without one needs.
    pub(super) fn to_report(&self, on: NaiveDate) -> Option<Reported> {
        let (item, published) = self.published.iter().find(|(_, published)| published.report.is_none())?;
        let number = self.reports.last_key_value().map_or(1, |(number, _)| number + 1);
        let (class, until) = (published.class.clone(), published.until);
        Some(Reported { number, item: *item, class, on, until })
    }

    /// The recall that the first report whose publication ended needs.
    pub(super) fn to_recall(&self, on: NaiveDate) -> Option<Recalled> {
        let ended = |(number, report): (&u64, &Report)| {
            let why = report.ended.clone().filter(|_| report.recalled_on.is_none())?;
            Some(Recalled { number: *number, item: report.item, why, on })
        };
        self.reports.iter().find_map(ended)
    }
}

impl party::Kind {
    /// Its name in the policy.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Person => "person",
        }
    }
}

const METHODS: [&str; 3] = ["direct", "post", "electronic"];
/// The degree of conduct that is never published.
const MINOR: &str = "minor";
