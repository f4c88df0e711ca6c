//! What a colleague has in hand, handed over to another: premises, assessments under way, rounds, tasks, and appeals under review.

use chrono::NaiveDate;
use serde_json::json;
use wuping_domain::facts::Actor;
use wuping_domain::matter::{Kind as MatterKind, Sight, sights};
use wuping_domain::recorded::local_date;
use wuping_domain::subject::Subject;
use wuping_domain::task::Dispatch;
use wuping_projections::ViewsError;
use wuping_projections::queries::{
    AssessmentFilter, MatterFilter, MatterView, Page, Paged, WaitingOn, WorkerDay,
};

use super::{Kind, Part, Unclear};
use crate::app::App;

/// The appeals that somebody reviews and has not decided. Whether the other may review each is asked of its own rules.
pub(super) fn appeals_of(app: &App, from: &str, to: &str) -> Result<Vec<Part>, Unclear> {
    let everywhere = vec![Sight::Office { area: None, kinds: &[MatterKind::Appeal] }];
    let running = MatterFilter::running(everywhere, local_date(app.now().datetime()));
    let filter = MatterFilter { kind: Some(MatterKind::Appeal), ..running };
    let mut parts = Vec::new();
    for (matter, subject, key) in matters_of(app, &filter)? {
        let appeal = subject.appeals.get(&key).map(|of| &of.state);
        if appeal.is_some_and(|appeal| appeal.is_running() && appeal.reviewer.as_deref() == Some(from)) {
            parts.push(Part {
                stream: matter.stream,
                command: json!({ "command": "assign", "reviewer": to }),
                kind: Kind::Appeal,
                address: matter.address.unwrap_or_default(),
            });
        }
    }
    Ok(parts)
}

/// All that somebody has in hand: premises assigned, assessments led, rounds and tasks given to this person by name.
pub(super) fn of_colleague(
    app: &App,
    actor: &Actor,
    (from, to): (&str, &str),
    why: &str,
) -> Result<Vec<Part>, Unclear> {
    let views = app.views.views();
    let mut parts = Vec::new();
    for line in every(|page| views.premises_assessed_by(from, page))? {
        parts.push(Part {
            stream: format!("premises/{}", line.id),
            command: json!({ "command": "hand_over_assignments", "from": from, "to": to, "why": why }),
            kind: Kind::Premises,
            address: line.address,
        });
    }
    let filter = AssessmentFilter { lead: Some(from.to_owned()), ..AssessmentFilter::default() };
    for open in every(|page| views.open_assessments(&filter, page))? {
        parts.push(Part {
            stream: format!("premises/{}/assessment/{}", open.premises, open.assessment),
            command: json!({ "command": "hand_over", "to": to }),
            kind: Kind::Assessment,
            address: open.address,
        });
    }
    let rounds = WorkerDay { worker: from.to_owned(), areas: vec![], day: some_day() };
    for round in every(|page| views.patrols_of(&rounds, page))? {
        let Some(due) = round.due else { continue };
        parts.push(Part {
            stream: format!("premises/{}/patrol/{}", round.premises, due.format("%Y")),
            command: json!({ "command": "reassign", "due": due, "to": to, "route": round.route }),
            kind: Kind::Round,
            address: round.address,
        });
    }
    parts.extend(tasks_of(app, actor, from, to)?);
    Ok(parts)
}

/// The tasks that somebody has taken, or that were meant for this person alone: sent on as they were.
fn tasks_of(app: &App, actor: &Actor, from: &str, to: &str) -> Result<Vec<Part>, Unclear> {
    let filter = MatterFilter {
        kind: Some(MatterKind::Task),
        waiting_on: Some(WaitingOn::account(from)),
        ..MatterFilter::running(sights(actor), local_date(app.now().datetime()))
    };
    let mut parts = Vec::new();
    for (matter, subject, key) in matters_of(app, &filter)? {
        let Some(dispatch) = subject.tasks.get(&key).and_then(|task| task.dispatched.clone()) else {
            continue;
        };
        let mut command = json!(Dispatch { account: Some(to.to_owned()), ..dispatch });
        command["command"] = json!("dispatch");
        let address = matter.address.unwrap_or_default();
        parts.push(Part { stream: matter.stream, command, kind: Kind::Task, address });
    }
    Ok(parts)
}

/// Matters of a list, each with the premises it lies under and its own key there.
fn matters_of(app: &App, filter: &MatterFilter) -> Result<Vec<(MatterView, Subject, String)>, Unclear> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let listed = app.views.views().matters(filter, after.as_deref(), AT_A_TIME)?;
        for matter in listed.rows {
            let (Some(premises), Some((_, key))) = (&matter.premises, matter.stream.rsplit_once('/')) else {
                continue;
            };
            let key = key.to_owned();
            let subject = app.subject(&format!("premises/{premises}"));
            let subject = subject.map_err(|error| Unclear::Failed(error.into()))?;
            all.push((matter, subject, key));
        }
        match listed.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

/// A day by which every round is due, as the views write days.
fn some_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default()
}

/// The rows of all pages.
fn every<T>(of_page: impl Fn(Page) -> Result<Paged<T>, ViewsError>) -> Result<Vec<T>, ViewsError> {
    let mut all = Vec::new();
    let mut number = 1;
    loop {
        let found = of_page(Page::of(number))?;
        all.extend(found.rows);
        if number >= found.pages {
            return Ok(all);
        }
        number += 1;
    }
}

/// How many matters are read at a time.
const AT_A_TIME: u64 = 200;
