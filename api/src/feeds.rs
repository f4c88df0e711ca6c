//! Feeds: results that nobody types, shared by other systems (the police's register of tenants, the housing department's
//! register of leases …). A delivery is received, line by line, into the assessments that wait for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wuping_domain::assessment::Stage;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rejection::Rejection;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::Kind;
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::entry::derived_event_id;
use wuping_projections::ViewsError;

use crate::app::{App, Asked, Done, ExecuteError, Feed, Who};
use crate::office::{OfficeError, OpenFeed};
use crate::trying::Answer;

/// One result of a delivery.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Line {
    /// The premises, by id or any of their codes.
    pub code: String,
    /// The indicator.
    pub indicator: String,
    /// A row's id, `not_applicable`, a whole number, `{part, whole}`; as text also `3` and `2/5`.
    pub outcome: Value,
    /// What was written down besides: `observed_on` …
    #[serde(default)]
    pub measured: Map<String, Value>,
}

/// What became of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Delivery {
    /// Lines that are recorded, now or by the same delivery before.
    pub taken: u64,
    /// Lines that are not.
    pub refused: u64,
    /// Each line in its order.
    pub lines: Vec<Fate>,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fate {
    /// Which line, from 1.
    pub line: usize,
    /// The premises, as the line names them.
    pub code: String,
    /// The indicator.
    pub indicator: String,
    /// Where it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// Whether it was recorded before, or says nothing new.
    #[serde(skip)]
    pub nothing_new: bool,
    /// The assessment that it goes to.
    #[serde(skip)]
    pub stream: String,
}

/// Why a line was not taken, in both languages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refused {
    /// A stable code.
    pub code: String,
    /// What to do, in English.
    pub en: String,
    /// The same in Chinese.
    pub zh: String,
}

/// Why a delivery as a whole could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Nothing in it. No line is not "nothing to report": an empty file is more often a fault of the sender.
    #[error("the delivery is empty; nothing was changed. If there is really nothing to report, send nothing")]
    Empty,
    /// A file that is no table of results.
    #[error("line {line}: {detail}. Nothing was taken; put the file right and send it again")]
    Malformed {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// The ledger or the rules' side failed; the lines before it may be recorded.
    #[error("the delivery stopped; send it again, lines that are recorded are not recorded twice")]
    Stopped(#[from] ExecuteError),
    /// The views could not be read.
    #[error("the premises could not be looked up")]
    Views(#[from] ViewsError),
    /// The office's records could not be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

/// Take a delivery: one command for each assessment that it reaches. `key` is the sender's own, the same on a retry, so
/// that a delivery sent twice is recorded once.
///
/// # Errors
/// [`DeliveryError`]; a line that does not fit refuses its own assessment's lines only.
pub async fn take(app: &App, feed: &OpenFeed, key: &str, lines: &[Line]) -> Result<Delivery, DeliveryError> {
    carry(app, feed, key, lines, false).await
}

/// What taking a delivery would do; nothing is recorded, and no line has a position but those recorded before.
///
/// # Errors
/// As [`take`].
pub async fn try_out(
    app: &App,
    feed: &OpenFeed,
    key: &str,
    lines: &[Line],
) -> Result<Delivery, DeliveryError> {
    carry(app, feed, key, lines, true).await
}

async fn carry(
    app: &App,
    feed: &OpenFeed,
    key: &str,
    lines: &[Line],
    dry_run: bool,
) -> Result<Delivery, DeliveryError> {
    if lines.is_empty() {
        return Err(DeliveryError::Empty);
    }
    let mut fates: Vec<Option<Fate>> = vec![None; lines.len()];
    let mut by_premises: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        match app.views.views().premises_by_code(&line.code)? {
            Some(found) => by_premises.entry(found.id).or_default().push(place),
            None => fates[place] = Some(fate(place, line, Err(no_premises()))),
        }
    }
    for (premises, places) in by_premises {
        let told = supply(app, feed, key, &premises, lines, &places, dry_run).await?;
        for place in places {
            fates[place] = Some(fate(place, &lines[place], told.clone()));
        }
    }
    let mut delivery = Delivery { lines: fates.into_iter().flatten().collect(), ..Delivery::default() };
    for fate in &delivery.lines {
        *if fate.refused.is_none() { &mut delivery.taken } else { &mut delivery.refused } += 1;
    }
    Ok(delivery)
}

/// What was said to an assessment, now or before.
#[derive(Clone)]
struct Supplied {
    nothing_new: bool,
    position: Option<u64>,
    stream: String,
}

/// Say to the open assessment of some premises what the feed says of them, or try to.
async fn supply(
    app: &App,
    feed: &OpenFeed,
    key: &str,
    premises: &str,
    lines: &[Line],
    places: &[usize],
    dry_run: bool,
) -> Result<Result<Supplied, Refused>, DeliveryError> {
    let subject = app.subject(&format!("premises/{premises}"))?;
    let said: Vec<&Line> = places.iter().map(|place| &lines[*place]).collect();
    let content = sha256(json!(said).to_string().as_bytes());
    let cause = format!("feed/{}/{key}/{premises}/{}", feed.channel, hex_encode(&content));
    let id = derived_event_id(app.ledger.origin(), &cause, 1);
    let open = subject.assessments.iter().find(|(_, of)| of.state.stage == Stage::Open);
    let supplied = |nothing_new: bool, position: Option<u64>| {
        let stream = open.map(|(key, _)| format!("premises/{premises}/assessment/{key}")).unwrap_or_default();
        Ok(Supplied { nothing_new, position, stream })
    };
    let before = || -> Result<Option<u64>, DeliveryError> {
        let outcome = app.reader().outcome(&id).map_err(ExecuteError::from)?;
        let receipt = outcome.map(|outcome| outcome.receipt()).transpose().map_err(ExecuteError::from)?;
        Ok(receipt.flatten().map(|receipt| receipt.position))
    };
    let Some((assessment, of)) = open else {
        // it may have been submitted since the delivery first came
        return Ok(match before()? {
            Some(position) => supplied(true, Some(position)),
            None => Err(no_assessment()),
        });
    };
    let rulebook = of.state.scheme.as_ref().and_then(|scheme| app.shelf.rulebook(scheme));
    let results: Vec<Value> = said
        .iter()
        .map(|line| {
            let outcome = as_collected(rulebook.as_deref(), &line.indicator, &line.outcome);
            json!({ "indicator": line.indicator, "outcome": outcome, "measured": line.measured })
        })
        .collect();
    let who = Who::Feed(Feed {
        channel: feed.channel.clone(),
        departments: feed.departments.clone(),
        reference: key.to_owned(),
        row: None,
    });
    let asked = Asked {
        id,
        stream: format!("premises/{premises}/assessment/{assessment}"),
        command: json!({ "command": "supply", "results": results }),
        expected: None,
        occurred_at: app.now(),
    };
    let rejected = |rejection: &Rejection| Refused {
        code: rejection.code().to_owned(),
        en: rejection.en(),
        zh: rejection.zh(),
    };
    if dry_run {
        if let Some(position) = before()? {
            return Ok(supplied(true, Some(position)));
        }
        return Ok(match app.trial(&who, &asked.stream)?.answer(&asked.command) {
            Answer::New => supplied(false, None),
            Answer::Nothing => supplied(true, None),
            Answer::Refused(rejection) => Err(rejected(&rejection)),
            Answer::Unreadable => Err(unreadable()),
        });
    }
    match app.execute(&who, asked).await {
        Ok(Done::Recorded(receipt)) => Ok(supplied(receipt.repeated, Some(receipt.position))),
        Ok(Done::Nothing) => Ok(supplied(true, None)),
        Err(ExecuteError::Rejected(rejection)) => Ok(Err(rejected(&rejection))),
        Err(ExecuteError::RefusedBefore { .. }) => Ok(Err(refused_before())),
        Err(error) => Err(error.into()),
    }
}

/// A result written as text, as the indicator's kind takes it.
fn as_collected(rulebook: Option<&Rulebook>, indicator: &str, outcome: &Value) -> Value {
    let Some(text) = outcome.as_str() else { return outcome.clone() };
    let kind = rulebook.and_then(|rulebook| rulebook.indicator(indicator)).map(|indicator| indicator.kind);
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match kind {
        Some(Kind::Count) => number(text).map_or_else(|| outcome.clone(), |count| json!(count)),
        Some(Kind::Share) => {
            let parts = text.split_once('/').and_then(|(part, whole)| Some((number(part)?, number(whole)?)));
            parts.map_or_else(|| outcome.clone(), |(part, whole)| json!({ "part": part, "whole": whole }))
        }
        _ => outcome.clone(),
    }
}

fn fate(place: usize, line: &Line, told: Result<Supplied, Refused>) -> Fate {
    let (code, indicator) = (line.code.clone(), line.indicator.clone());
    let (supplied, refused) = match told {
        Ok(supplied) => (supplied, None),
        Err(refused) => {
            (Supplied { nothing_new: true, position: None, stream: String::new() }, Some(refused))
        }
    };
    let Supplied { nothing_new, position, stream } = supplied;
    Fate { line: place + 1, code, indicator, position, refused, nothing_new, stream }
}

fn unreadable() -> Refused {
    Refused {
        code: "malformed".into(),
        en: "These lines have not the form that results need. Compare them with the interface description."
            .into(),
        zh: "这些数据不符合格式。请对照接口说明检查。".into(),
    }
}

fn no_premises() -> Refused {
    Refused {
        code: "not_found".into(),
        en: "No premises go by that code. Check it, or have them registered first.".into(),
        zh: "没有这个编码的房屋。请核对编码，或先登记。".into(),
    }
}

fn no_assessment() -> Refused {
    Refused {
        code: "no_open_assessment".into(),
        en: "No assessment of these premises is open. Send the line again once one is.".into(),
        zh: "该房屋现在没有进行中的评定。开始评定后请再次发送。".into(),
    }
}

fn refused_before() -> Refused {
    Refused {
        code: "refused_before".into(),
        en: "These lines were refused under the same key. Put them right and send them under a new one."
            .into(),
        zh: "这些数据在同一批次中已被拒绝。请更正后换一个批次号再发送。".into(),
    }
}
