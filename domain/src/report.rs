//! Report (举报): what a resident says is wrong, followed by its number.
//!
//! Invariants:
//! - a report acts through the hazard that it opens, and in no other way;
//! - who reported, and in which words, is private;
//! - the reporter takes it back, and nobody who had a hand in the house's case writes that down;
//! - it is answered as rectified only when its hazard was;
//! - “not fixed” opens a case that goes on from the closed one, with a review and a deadline of its own.

mod following;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::following::case_of;
pub(crate) use self::following::{follow, found, reopened, reopened_due};
use crate::aggregate::{Concept, named};
use crate::counter::{self, Word};
use crate::facts::{Facts, Role};
use crate::permission::{NOBODY, Permission, anywhere};
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A report as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Report {
    /// What it is about, as a code.
    pub category: String,
    /// How far it is.
    pub stage: Stage,
    /// With whom it is: a department.
    pub with: Option<String>,
    /// What was found true.
    pub substantiated: Option<Substantiated>,
    /// The report that goes on in place of this one: its stream's last segment.
    pub merged_with: Option<String>,
    /// What it was answered with.
    pub answer: Option<Answer>,
    /// How often the reporter said that it is not fixed.
    pub reopened: u32,
}

/// How far a report is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    #[default]
    Absent,
    Received,
    Triaged,
    Substantiated,
    Dismissed,
    Answered,
    Merged,
    Withdrawn,
}

impl Stage {
    /// The state's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Answered => "answered",
            Self::Dismissed => "dismissed",
            Self::Merged => "merged",
            Self::Received => "received",
            Self::Substantiated => "substantiated",
            Self::Triaged => "triaged",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What was found true, and the case it acts through.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Substantiated {
    /// The case: its stream's last segment.
    pub hazard: String,
    /// The indicator of a case that is opened by it; absent where the case was there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<String>,
    /// Who found it true: not who reviews the hazard.
    pub by: String,
}

/// Where a report goes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Triage {
    /// Somebody has a look.
    Check {
        /// Whose task it is: a department.
        with: String,
    },
    /// It was reported before.
    Merged {
        /// The first report, of the same premises: its stream's last segment.
        with: String,
    },
}

/// Why a report leads to nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DismissedWhy {
    /// It is elsewhere.
    Elsewhere,
    /// Reported in bad faith.
    Malicious,
    /// It was looked for and not found.
    NotFound,
    /// It is nothing the platform deals with.
    OutOfScope,
}

/// What a reporter is told came of it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing was found.
    NotFound,
    /// It was put right, and looked at again.
    Rectified,
    /// It is there, and not put right.
    Unfixed,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Tell the reporter what came of it.
    Answer {
        /// What.
        answer: Answer,
        /// In the office's words: private.
        text: String,
    },
    /// It leads to nothing.
    Dismiss {
        /// Why.
        why: DismissedWhy,
        /// In the officer's words: private.
        reason: String,
    },
    /// Report something.
    File {
        /// What it is about, as a code: `fire`, `gas`, `structure` …
        category: String,
        /// The reporter's words: private.
        #[serde(default)]
        text: Option<String>,
        /// The reporter's name: private.
        #[serde(default)]
        name: Option<String>,
        /// The reporter's telephone: private.
        #[serde(default)]
        phone: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// It is not fixed.
    Reopen {
        /// The reporter's words: private.
        #[serde(default)]
        text: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// It is true. Names the open case it belongs to, or the indicator of the one to be opened.
    Substantiate {
        /// An open case of these premises: its stream's last segment.
        #[serde(default)]
        hazard: Option<String>,
        /// An indicator of the rulebook.
        #[serde(default)]
        indicator: Option<String>,
        /// What was found: private.
        #[serde(default)]
        findings: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Send it where it belongs.
    Triage {
        /// Where.
        outcome: Triage,
        /// In the officer's words: private.
        #[serde(default)]
        note: Option<String>,
    },
    /// The reporter takes it back.
    Withdraw {
        /// The reporter's words: private.
        #[serde(default)]
        text: Option<String>,
        /// The day it was handed in on paper, when staff record it for the reporter.
        #[serde(default)]
        handed_in_on: Option<NaiveDate>,
        /// The signed paper: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    ReportAnswered {
        answer: Answer,
        by: String,
    },
    ReportDismissed {
        why: DismissedWhy,
        by: String,
    },
    ReportFiled {
        category: String,
    },
    ReportReopened {},
    ReportSubstantiated(Substantiated),
    ReportTriaged {
        outcome: Triage,
        by: String,
    },
    ReportWithdrawn {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handed_in_on: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_by: Option<String>,
    },
}

named!(Event {
    ReportAnswered,
    ReportDismissed,
    ReportFiled,
    ReportReopened,
    ReportSubstantiated,
    ReportTriaged,
    ReportWithdrawn,
});

impl Concept for Report {
    const TYPE: &'static str = "report";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Answer { .. } | Command::Dismiss { .. } | Command::Substantiate { .. } => {
                const { &[anywhere(Role::GridWorker), anywhere(Role::DepartmentOfficer)] }
            }
            // a reporter has no key: what he says comes in through a channel, or is taken down by staff; he takes a report back
            // by its number, or on paper
            Command::Withdraw { handed_in_on: None, .. } => NOBODY,
            Command::File { .. }
            | Command::Reopen { .. }
            | Command::Triage { .. }
            | Command::Withdraw { .. } => {
                const {
                    &[
                        anywhere(Role::GridWorker),
                        anywhere(Role::DepartmentOfficer),
                        anywhere(Role::Dispatcher),
                    ]
                }
            }
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        Ok(vec![match (self.stage, command) {
            (Stage::Absent, Command::File { category, text, name, phone, photos: taken }) => {
                file(category, (text, name, phone), &taken, facts)?
            }
            (Stage::Absent, _) => return Err(Rejection::NotFound { what: "report" }),
            (_, Command::File { .. }) => return Err(Rejection::AlreadyExists { what: "report" }),
            (Stage::Received | Stage::Triaged, Command::Triage { outcome, note }) => {
                must_lead_somewhere(&outcome, facts)?;
                Said::with(Event::ReportTriaged { outcome, by }, Private::none().with("note", note))
            }
            (
                Stage::Received | Stage::Triaged,
                Command::Substantiate { hazard, indicator, findings, photos: taken },
            ) => {
                let substantiated = substantiated(hazard, indicator, by, facts)?;
                let private = Private::none().with("findings", findings).with("photos", photos(&taken));
                Said::with(Event::ReportSubstantiated(substantiated), private)
            }
            (Stage::Received | Stage::Triaged, Command::Dismiss { why, reason }) => {
                must_be_said("reason", &reason)?;
                let private = Private::none().with("reason", Some(reason));
                Said::with(Event::ReportDismissed { why, by }, private)
            }
            (Stage::Substantiated | Stage::Dismissed, Command::Answer { answer, text }) => {
                must_be_said("text", &text)?;
                self.must_be_so(answer, facts)?;
                Said::with(Event::ReportAnswered { answer, by }, Private::none().with("text", Some(text)))
            }
            (Stage::Answered | Stage::Dismissed, Command::Reopen { text, photos: taken }) => {
                let private = Private::none().with("text", text).with("photos", photos(&taken));
                Said::with(Event::ReportReopened {}, private)
            }
            (Stage::Received | Stage::Triaged, Command::Withdraw { text, handed_in_on, photos: papers }) => {
                let Word { taken_by, .. } = counter::word(handed_in_on, None, &papers, facts)?;
                let private = Private::none().with("text", text).with("photos", photos(&papers));
                Said::with(Event::ReportWithdrawn { handed_in_on, taken_by }, private)
            }
            (stage, command) => {
                return Err(Rejection::WrongState { is: stage.code(), needs: command.needs() });
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::ReportAnswered { answer, .. } => {
                self.answer = Some(*answer);
                self.stage = Stage::Answered;
            }
            Event::ReportDismissed { .. } => self.stage = Stage::Dismissed,
            Event::ReportFiled { category } => {
                self.category.clone_from(category);
                self.stage = Stage::Received;
            }
            Event::ReportReopened {} => {
                self.reopened += 1;
                self.stage = Stage::Received;
            }
            Event::ReportSubstantiated(substantiated) => {
                self.substantiated = Some(substantiated.clone());
                self.stage = Stage::Substantiated;
            }
            Event::ReportTriaged { outcome: Triage::Check { with }, .. } => {
                self.with = Some(with.clone());
                self.stage = Stage::Triaged;
            }
            Event::ReportTriaged { outcome: Triage::Merged { with }, .. } => {
                self.merged_with = Some(with.clone());
                self.stage = Stage::Merged;
            }
            Event::ReportWithdrawn { .. } => self.stage = Stage::Withdrawn,
        }
    }
}

impl Report {
    /// Nobody is told that it was put right before its hazard was accepted.
    fn must_be_so(&self, answer: Answer, facts: &Facts) -> Result<(), Rejection> {
        let fits = match (self.stage, answer) {
            (Stage::Dismissed, answer) => answer == Answer::NotFound,
            (_, Answer::NotFound) => false,
            (_, Answer::Unfixed) => true,
            (_, Answer::Rectified) => {
                let of = self.substantiated.as_ref().map(|found| &found.hazard);
                let hazard = facts.subject()?.hazards.get(of.map_or("", String::as_str));
                hazard.is_some_and(|of| of.is_put_right())
            }
        };
        if fits { Ok(()) } else { Err(refused("answer_not_so")) }
    }
}

impl Command {
    const fn needs(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "substantiated or dismissed",
            Self::Dismiss { .. } | Self::Substantiate { .. } | Self::Triage { .. } => "received",
            Self::File { .. } => "new",
            Self::Reopen { .. } => "answered",
            Self::Withdraw { .. } => "not yet decided",
        }
    }
}

/// What a reporter's number leads to: the report's own key, where nobody could guess it.
pub fn tracking(key: &str) -> Option<&str> {
    (key.len() >= UNGUESSABLE).then_some(key)
}

/// A report without a photo is taken; one without anything to go by is not.
fn file(
    category: String,
    (text, name, phone): (Option<String>, Option<String>, Option<String>),
    taken: &[Photo],
    facts: &Facts,
) -> Result<Said<Event>, Rejection> {
    facts.subject()?.must_be_open()?;
    if category.is_empty() || !category.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        return Err(Rejection::Malformed { field: "category", needs: "one of the categories shown" });
    }
    let silent = text.as_ref().is_none_or(|text| text.trim().is_empty());
    if silent && taken.is_empty() {
        return Err(Rejection::Malformed { field: "text", needs: "a few words, or a photo" });
    }
    let private = Private::none().with("text", text).with("name", name).with("phone", phone);
    Ok(Said::with(Event::ReportFiled { category }, private.with("photos", photos(taken))))
}

fn must_lead_somewhere(outcome: &Triage, facts: &Facts) -> Result<(), Rejection> {
    match outcome {
        Triage::Check { with } => {
            let known = facts.rulebook.as_deref().is_none_or(|rulebook| {
                rulebook.policy.departments.iter().any(|department| department.id == *with)
            });
            if known { Ok(()) } else { Err(refused("unknown_department")) }
        }
        Triage::Merged { with } => {
            let first = facts.subject()?.reports.get(with).filter(|_| with != facts.last_segment());
            let goes_on = first.is_some_and(|first| {
                !matches!(first.stage, Stage::Absent | Stage::Merged | Stage::Withdrawn)
            });
            if goes_on { Ok(()) } else { Err(refused("no_report_to_merge_with")) }
        }
    }
}

fn substantiated(
    hazard: Option<String>,
    indicator: Option<String>,
    by: String,
    facts: &Facts,
) -> Result<Substantiated, Rejection> {
    let subject = facts.subject()?;
    match (hazard, indicator) {
        (Some(hazard), None) => {
            let open = subject.hazards.get(&hazard).is_some_and(|of| of.state.is_open());
            if open {
                Ok(Substantiated { hazard, indicator: None, by })
            } else {
                Err(refused("no_open_case"))
            }
        }
        (None, Some(indicator)) => {
            let known = facts.rulebook()?.indicator(&indicator);
            if known.is_none_or(|known| known.hazard.is_none()) {
                return Err(refused("no_hazard_of_that_kind"));
            }
            let hazard = following::key_of(facts.last_segment(), subject);
            Ok(Substantiated { hazard, indicator: Some(indicator), by })
        }
        _ => {
            Err(Rejection::Malformed { field: "hazard", needs: "an open case or an indicator, one of both" })
        }
    }
}

fn must_be_said(field: &'static str, words: &str) -> Result<(), Rejection> {
    if words.trim().is_empty() {
        return Err(Rejection::Malformed { field, needs: "it written out in words" });
    }
    Ok(())
}

fn refused(code: &str) -> Rejection {
    Rejection::Rule { code: code.to_owned(), detail: serde_json::Value::Null }
}

/// What a refusal of this concept says and what to do, in Chinese and in English.
pub(crate) fn told(code: &str) -> Option<[String; 2]> {
    let [zh, en] = match code {
        "answer_not_so" => [
            "答复与事实不符：隐患验收合格后才能答复“已整改”，不成立的举报答复“未发现”。请改选答复。",
            "The answer is not so: “rectified” is told after the hazard was accepted, “not found” of what was dismissed. Choose the answer that fits.",
        ],
        "no_hazard_of_that_kind" => [
            "规则中这个指标不产生隐患，请选择其他指标。",
            "The rulebook opens no hazard for that indicator. Choose another one.",
        ],
        "no_open_case" => [
            "没有这个仍在办理的隐患，请选择其他案件或指标。",
            "There is no such open case. Choose another one, or the indicator of a new one.",
        ],
        "no_report_to_merge_with" => [
            "没有可以并入的举报，请填写同一房屋、仍有效的另一举报编号。",
            "There is no such report to merge with. Name another one of these premises that goes on.",
        ],
        _ => return None,
    };
    Some([zh.to_owned(), en.to_owned()])
}

/// A key of so many characters was drawn by lot.
const UNGUESSABLE: usize = 20;

#[cfg(test)]
mod tests;
