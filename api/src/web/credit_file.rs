//! A credit file as it is told from the ledger: the class and what decided it, each reason with the entry it came from; what is
//! public, told, objected to, repaired and reported; and who has read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wuping_domain::access::OWN_FILE;
use wuping_domain::credit::{CreditFile, DECIDE_OBJECTION, DECIDE_REPAIR, FileOf, Item, OwedAnswer, owed};
use wuping_domain::deadline::Period;
use wuping_domain::facts::{Actor, Role};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::subject::Subject;

use crate::app::{App, ExecuteError, Who};

/// The reason that a person usually has to read this file, where none is stated.
///
/// # Errors
/// If the person's account cannot be read.
pub(super) fn usual_reason(app: &App, who: &Who, party: &str) -> Result<&'static str, ExecuteError> {
    let (Who::Person { account, .. } | Who::Device { account, .. }) = who else { return Ok("casework") };
    let actor = app.actor(account)?;
    Ok(reason(&actor, party))
}

fn reason(actor: &Actor, party: &str) -> &'static str {
    let own = actor.grants.iter().any(|grant| grant.party.as_deref() == Some(party));
    match () {
        () if own => OWN_FILE,
        () if actor.holds(Role::CreditOfficer) => "credit_work",
        () if actor.holds(Role::LegalOfficer) => "legal_review",
        () if actor.holds(Role::Auditor) => "audit",
        () => "casework",
    }
}

/// The whole file; none of a party that is not registered.
///
/// # Errors
/// If the ledger cannot be read.
pub(super) fn told(app: &App, party: &str) -> Result<Option<Value>, ExecuteError> {
    let subject = app.subject(&format!("party/{party}"))?;
    let Some(registered) = &subject.party.registered else { return Ok(None) };
    let (of, file) = (&subject.credit, &subject.credit.state);
    Ok(Some(json!({
        "party": party,
        "kind": registered.kind.code(),
        "merged_into": subject.party.merged_into,
        "rating": file.rating,
        "rating_position": of.rated_at,
        "waits_for_confirmer": file.waits_for_confirmer(),
        "commitment": commitment(file),
        "conduct": conduct(&subject),
        "published": published(of),
        "told": named(&file.told, |on| json!(on)),
        "objections": objections(app, &subject),
        "repairs": repairs(app, &subject),
        "outbox": outbox(file),
    })))
}

fn commitment(file: &CreditFile) -> Option<Value> {
    let made = file.commitment.as_ref()?;
    Some(json!({
        "template": made.template, "signed_on": made.signed_on, "counts": made.counts(),
        "breached_on": made.breached.as_ref().map(|(on, ..)| on),
        "fulfilled_on": made.fulfilled_on, "withdrawn_on": made.withdrawn_on,
    }))
}

/// Every record of conduct with what became of it, and until when it counts where it does.
fn conduct(subject: &Subject) -> Vec<Value> {
    let (of, file) = (&subject.credit, &subject.credit.state);
    let counted = |number: u64| {
        let rating = file.rating.as_ref()?;
        rating.conduct.iter().find(|counted| counted.of.number == number)
    };
    let told = |(number, on_file): (&u64, &wuping_domain::credit::OnFile)| {
        let counts = counted(*number).filter(|counted| counted.conduct == on_file.conduct.conduct);
        json!({
            "number": number, "conduct": on_file.conduct.conduct, "degree": on_file.conduct.degree,
            "attributed_to": on_file.conduct.attributed_to, "decided_on": on_file.conduct.decided_on,
            "basis": on_file.conduct.basis, "computed": on_file.computed,
            "set_aside_on": on_file.set_aside_on, "repaired_on": on_file.repaired_on,
            "counts": counts.is_some(), "until": counts.map(|counted| counted.until),
            "repairable_from": counts.map(|counted| counted.repairable_from),
            "position": of.conduct_at.get(number),
        })
    };
    file.conduct.iter().map(told).collect()
}

fn published(of: &FileOf) -> Vec<Value> {
    named(
        &of.state.published,
        |published| json!({ "class": published.class, "on": published.on, "until": published.until, "report": published.report }),
    )
}

/// Parts of a file, each beside what is said of it.
fn named<V>(all: &BTreeMap<Item, V>, say: impl Fn(&V) -> Value) -> Vec<Value> {
    all.iter().map(|(item, said)| json!({ "item": item, "said": say(said) })).collect()
}

/// By when the office answers an objection or a request that is open; a day that may still move is marked as provisional.
pub(super) fn answered_by(app: &App, subject: &Subject, rule: &str, number: u64) -> Option<Period> {
    period_of(app, subject, &owed(&subject.credit).find(|owed| owed.rule == rule && owed.number == number)?)
}

/// The time that the office has for an answer.
pub(super) fn period_of(app: &App, subject: &Subject, owed: &OwedAnswer) -> Option<Period> {
    owed.period(&*app.shelf.rulebook(owed.scheme.as_ref()?)?, subject)
}

fn objections(app: &App, subject: &Subject) -> Vec<Value> {
    let of = &subject.credit;
    let told = |(number, objection): (&u64, &wuping_domain::credit::Objection)| {
        let answered_by = answered_by(app, subject, DECIDE_OBJECTION, *number);
        json!({
            "number": number, "item": objection.item, "on": objection.on, "decide_by": answered_by.or(objection.marked),
            "upheld": objection.decided.map(|(upheld, _)| upheld), "decided_on": objection.decided.map(|(_, on)| on),
            "position": of.objected_at.get(number),
        })
    };
    of.state.objections.iter().map(told).collect()
}

fn repairs(app: &App, subject: &Subject) -> Vec<Value> {
    let of = &subject.credit;
    let told = |(number, case): (&u64, &wuping_domain::credit::RepairCase)| {
        json!({
            "number": number, "conduct": case.conduct, "commitment": case.commitment, "on": case.on,
            "decide_by": answered_by(app, subject, DECIDE_REPAIR, *number),
            "granted": case.decided.map(|(granted, _)| granted), "decided_on": case.decided.map(|(_, on)| on),
            "position": of.asked_at.get(number),
        })
    };
    of.state.repairs.iter().map(told).collect()
}

fn outbox(file: &CreditFile) -> Vec<Value> {
    let told = |(number, report): (&u64, &wuping_domain::credit::Report)| {
        json!({
            "number": number, "item": report.item, "on": report.on, "state": report.state(),
            "acknowledged_on": report.acknowledged_on, "ended": report.ended, "recalled_on": report.recalled_on,
            "recall_acknowledged_on": report.recall_acknowledged_on,
        })
    };
    file.reports.iter().map(told).collect()
}
