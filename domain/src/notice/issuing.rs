//! Issuing: what a notice must name, and the remedies it tells, in words from the policy.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::concerning::must_concern_something;
use super::{Event, Kind};
use crate::derivation::SchemeRef;
use crate::facts::Facts;
use crate::reaction::building_of;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::rulebook::procedure::{DeadlineRule, TimeUnit};
use crate::said::{Photo, Private, Said};
use crate::subject::Subject;

/// A notice as it is to be issued. All of it is public.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
pub struct Draft {
    /// What kind it is.
    pub kind: Kind,
    /// The stream it is about: the grade, a hazard, an appeal.
    pub about: String,
    /// Of a grade, the number of the determination.
    #[serde(default)]
    pub determination: Option<u64>,
    /// The party it goes to; every one that answers for the premises where absent.
    #[serde(default)]
    pub to: Option<String>,
    /// In whose name it is issued: a department of the rulebook's list, by its id or name, or a registered authority by its id or
    /// name.
    #[serde(default)]
    pub authority: String,
    /// Its number.
    #[serde(default)]
    pub document_number: String,
    /// The law it rests on.
    #[serde(default)]
    pub legal_basis: String,
    /// Accounts of the officers who handle it: open ones of the office, of that department where they are of one.
    #[serde(default)]
    pub handling_officers: Vec<String>,
    /// Version of the text it is written from.
    #[serde(default)]
    pub text_version: String,
    /// The policy's deadlines that are its remedies: `appeal_file`, `administrative_reconsideration`, `litigation`.
    #[serde(default)]
    pub remedies: Vec<String>,
    /// The rulebook by which they run, of a notice that lies under a party; under premises it is theirs.
    #[serde(default)]
    pub scheme: Option<SchemeRef>,
}

/// A notice as it was issued.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Issued {
    /// What kind it is.
    pub kind: Kind,
    /// The stream it is about.
    pub about: String,
    /// Of a grade, the number of the determination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub determination: Option<u64>,
    /// Of a prohibition of letting, its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prohibition: Option<u64>,
    /// Where that prohibition is of the building that these premises are in, the building: `premises/b-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prohibition_of: Option<String>,
    /// The party it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// In whose name.
    pub authority: String,
    /// Its number.
    pub document_number: String,
    /// The law it rests on.
    pub legal_basis: String,
    /// Accounts of the officers who handle it.
    pub handling_officers: Vec<String>,
    /// Version of the text it is written from.
    pub text_version: String,
    /// What can be done against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
    /// The rulebook by which they run, where it is not that of the premises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SchemeRef>,
    /// The day of issue.
    pub on: NaiveDate,
    /// Who issued it.
    pub by: String,
}

/// What can be done against a decision, and its period in words.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Remedy {
    /// The policy's deadline.
    pub rule: String,
    /// In Chinese: 申诉提出：自送达之日起10个工作日内.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Remedy {
    /// The remedy of a policy's deadline, in words.
    ///
    /// # Errors
    /// `unknown_rule`, by its id; `remedy_of_another_decision` for one that runs from the service of what somebody else decides.
    pub fn of(rulebook: &Rulebook, id: &str) -> Result<Self, Rejection> {
        let rule = rulebook
            .deadline_rule(id)
            .ok_or_else(|| Rejection::because("unknown_rule", json!({ "ids": [id] })))?;
        if id == AFTER_RECONSIDERATION {
            let detail = json!({ "remedy_zh": rule.zh, "remedy_en": name_in_english(rule) });
            return Err(Rejection::because("remedy_of_another_decision", detail));
        }
        Ok(Self { rule: id.to_owned(), zh: in_chinese(rule), en: in_english(rule) })
    }
}

fn in_chinese(rule: &DeadlineRule) -> String {
    let unit = match rule.unit {
        TimeUnit::Months => "个月",
        TimeUnit::NaturalDays => "日",
        TimeUnit::WorkingDays => "个工作日",
    };
    format!("{}：自送达之日起{}{unit}内", rule.zh, rule.n)
}

fn in_english(rule: &DeadlineRule) -> String {
    let (one, many) = match rule.unit {
        TimeUnit::Months => ("month", "months"),
        TimeUnit::NaturalDays => ("day", "days"),
        TimeUnit::WorkingDays => ("working day", "working days"),
    };
    let unit = if rule.n == 1 { one } else { many };
    format!("{}: within {} {unit} of service", name_in_english(rule), rule.n)
}

/// The rulebook's own English name, else that of the program; a rule that neither names is called by its id.
fn name_in_english(rule: &DeadlineRule) -> String {
    let named = || REMEDIES.iter().find(|(id, _)| *id == rule.id).map(|(_, en)| (*en).to_owned());
    Some(rule.en.clone())
        .filter(|en| !en.is_empty())
        .or_else(named)
        .unwrap_or_else(|| rule.id.replace('_', " "))
}

/// Its days run from the service of a decision on reconsideration (行政诉讼法 第四十五条), which is none of the office's: the organ that
/// decides tells it.
const AFTER_RECONSIDERATION: &str = "litigation_after_reconsideration";
/// What can be done against a decision, where the rulebook has no English name for it.
const REMEDIES: [(&str, &str); 4] = [
    ("administrative_reconsideration", "Apply for administrative reconsideration"),
    ("appeal_file", "Appeal to the office that decided"),
    ("litigation", "Bring an administrative lawsuit"),
    (AFTER_RECONSIDERATION, "Bring a lawsuit against the decision on reconsideration"),
];

/// A new notice.
pub(super) fn issue(
    draft: Draft,
    text: Option<String>,
    document: Option<Photo>,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    let issued = issued(draft, facts)?;
    Ok(vec![Said::with(Event::NoticeIssued(issued), private(text, document))])
}

/// The notice anew, in place of what was wrong.
pub(super) fn reissue(
    draft: Draft,
    why: String,
    text: Option<String>,
    document: Option<Photo>,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    if why.trim().is_empty() {
        return Err(Rejection::Malformed { field: "why", needs: "what was wrong with the notice before" });
    }
    let issued = issued(draft, facts)?;
    Ok(vec![Said::with(Event::NoticeReissued { issued, why }, private(text, document))])
}

fn private(text: Option<String>, document: Option<Photo>) -> Private {
    Private::none().with("text", text).with("document", document)
}

fn issued(draft: Draft, facts: &Facts) -> Result<Issued, Rejection> {
    must_concern_something(&draft, facts)?;
    must_be_formal(&draft, facts)?;
    must_be_issued_by_somebody(&draft, facts)?;
    let (prohibition, prohibition_of) = prohibition(&draft, facts).unzip();
    let told = draft.remedies.iter().map(|id| Remedy::of(facts.rulebook()?, id));
    let remedies = told.collect::<Result<Vec<_>, _>>()?;
    Ok(Issued {
        kind: draft.kind,
        about: draft.about,
        determination: draft.determination,
        prohibition,
        prohibition_of: prohibition_of.flatten(),
        to: draft.to,
        authority: draft.authority,
        document_number: draft.document_number,
        legal_basis: draft.legal_basis,
        handling_officers: draft.handling_officers,
        text_version: draft.text_version,
        remedies,
        scheme: of_building(facts).or(draft.scheme).filter(|_| facts.have_no_rulebook_of_their_own()),
        on: facts.today,
        by: facts.actor.account.clone(),
    })
}

/// The number of the prohibition that a notice of one tells of, and the building where it is the building's. Where both are
/// prohibited a notice about the premises tells of their own, and one about the building's grade of the building's.
fn prohibition(draft: &Draft, facts: &Facts) -> Option<(u64, Option<String>)> {
    let subject = facts.subject.as_deref().filter(|_| draft.kind == Kind::Prohibition)?;
    let number = |of: &Subject| of.grade.ban_in_force().map(|(number, _)| number);
    let own = number(subject).filter(|_| facts.is_of_subject(&draft.about)).map(|number| (number, None));
    own.or_else(|| Some((number(facts.building.as_deref()?)?, building_of(subject))))
}

/// A flat that was never assessed is told by its building's rulebook what it can do.
fn of_building(facts: &Facts) -> Option<SchemeRef> {
    facts.building.as_deref()?.scheme()
}

/// Whoever is named in it is there, be it a formal notice or not: the authority, and the officers for it.
fn must_be_issued_by_somebody(draft: &Draft, facts: &Facts) -> Result<(), Rejection> {
    let named = Some(draft.authority.trim()).filter(|named| !named.is_empty());
    let department = named.map(|named| facts.must_know_authority(named)).transpose()?.flatten();
    facts.must_know_officers(&draft.handling_officers, department)
}

fn must_be_formal(draft: &Draft, facts: &Facts) -> Result<(), Rejection> {
    let policy = facts.rulebook.as_deref().and_then(|rulebook| rulebook.policy.notice.as_ref());
    if policy.is_some_and(|policy| policy.informal.iter().any(|kind| kind == draft.kind.code())) {
        return Ok(());
    }
    let named = |text: &str, code: &str| {
        if text.trim().is_empty() { Err(Rejection::because(code, Value::Null)) } else { Ok(()) }
    };
    named(&draft.authority, "notice_without_authority")?;
    named(&draft.document_number, "notice_without_document")?;
    named(&draft.legal_basis, "notice_without_basis")?;
    named(draft.handling_officers.first().map_or("", String::as_str), "notice_without_officers")?;
    let remedy = draft.remedies.first().map(String::as_str);
    named(remedy.unwrap_or(if draft.kind.decides() { "" } else { "none" }), "notice_without_remedy")
}
