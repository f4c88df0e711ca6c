//! What waits on somebody and is no matter of premises: what a credit file waits for, and a drafted rulebook that a second person
//! publishes. Of a credit file a list says whose it is and what waits, and nothing that the file says: that opens with its reading recorded.

use chrono::NaiveDate;
use maud::{Markup, html};
use serde_json::{Value, json};
use wuping_domain::credit::{DECIDE_OBJECTION, owed};
use wuping_domain::facts::{Actor, Role};
use wuping_domain::rulebook::Layer;
use wuping_projections::queries::{CreditFilter, CreditLine, Page as ViewPage};

use crate::app::{App, ExecuteError, Who};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::rulemaking::{published, waiting_drafts};
use crate::trying::{Answer, Trial};
use crate::web::credit_file::period_of;
use crate::web::docket_api::Failure;
use crate::web::rulebooks_page::is_stale;

/// One thing that waits.
pub(super) struct Errand {
    of: Of,
    /// What is to be done, in both languages.
    what: [&'static str; 2],
    /// The party's id, or the rulebook's.
    about: String,
    /// Where it is done.
    href: String,
    /// Since when it waits, where that is known.
    since: Option<NaiveDate>,
    /// By when it is to be done, where there is such a day.
    due: Option<DeadlineView>,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Of {
    /// A credit file.
    Credit,
    /// A rulebook.
    Rulebook,
}

impl Of {
    /// Every kind.
    pub(super) const ALL: [Self; 2] = [Self::Credit, Self::Rulebook];

    /// Its name in an address.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Credit => "credit_file",
            Self::Rulebook => "rulebook",
        }
    }

    /// The kind of this name.
    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.code() == code)
    }

    /// Its name in words.
    pub(super) fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Credit => lang.pick("信用档案", "Credit file"),
            Self::Rulebook => lang.pick("评分规则", "Rulebook"),
        }
    }
}

impl Errand {
    /// Whether its day is over.
    pub(super) fn is_late(&self) -> bool {
        let running = |due: &DeadlineView| matches!(due.standing, DeadlineStanding::Running);
        self.due.as_ref().is_some_and(|due| running(due) && due.due < due.today)
    }

    /// Of which kind it is.
    pub(super) const fn of(&self) -> Of {
        self.of
    }
}

/// What waits on this person: what is late first, then by the day.
///
/// # Errors
/// If the ledger or the views cannot be read.
pub(super) fn waiting(app: &App, who: &Who, actor: &Actor) -> Result<Vec<Errand>, Failure> {
    let mut found = Vec::new();
    if actor.holds(Role::CreditOfficer) || actor.holds(Role::Confirmer) {
        found.extend(of_credit(app, who, actor)?);
    }
    if actor.holds(Role::CommissionAdmin) {
        // what is stale nobody publishes: it is drafted again
        let published = published(app.reader())?;
        let drafts = waiting_drafts(app)?.into_iter();
        let others =
            drafts.filter(|draft| draft.by != actor.account && !is_stale(&published, &draft.drafted));
        found.extend(others.map(|draft| Errand {
            of: Of::Rulebook,
            what: ["由您审定后发布", "To be looked at and published by you"],
            about: draft.drafted.id,
            href: format!("/desk/rulebooks/drafts/{}", draft.key),
            since: None,
            due: None,
        }));
    }
    found.sort_by_key(|errand| {
        (errand.due.is_none(), errand.due.map(|due| due.due), errand.since, errand.about.clone())
    });
    Ok(found)
}

fn of_credit(app: &App, who: &Who, actor: &Actor) -> Result<Vec<Errand>, Failure> {
    let views = app.views.views();
    let rulebook = app.operating(Layer::Building)?;
    let policy = rulebook.as_ref().and_then(|rulebook| rulebook.policy.credit.as_ref());
    let adverse = |class: &String| policy.is_none_or(|policy| policy.is_adverse(class));
    let officer = actor.holds(Role::CreditOfficer);
    let may_wait = |line: &CreditLine| {
        let to_publish = line.conduct > 0 || line.shown.as_ref().is_some_and(adverse);
        line.waits_for_confirmer && actor.holds(Role::Confirmer)
            || officer && (line.objections + line.repairs + line.outbox > 0 || to_publish)
    };
    let mut found = Vec::new();
    for line in views.credit_files(&CreditFilter::default(), ViewPage::whole())?.rows {
        if may_wait(&line) {
            let trial = app.trial(who, &format!("party/{}/credit", line.party))?.under(rulebook.clone());
            found.extend(of_file(app, &trial, &line)?);
        }
    }
    Ok(found)
}

/// What of a file this person would be let do, by the rules themselves.
fn of_file(app: &App, trial: &Trial, line: &CreditLine) -> Result<Vec<Errand>, ExecuteError> {
    let subject = app.subject(&format!("party/{}", line.party))?;
    let file = &subject.credit.state;
    let today = app.today();
    let would = |command: &Value| matches!(trial.answer(command), Answer::New);
    let errand = |what: [&'static str; 2], step: &str, since: Option<NaiveDate>| Errand {
        of: Of::Credit,
        what,
        about: line.party.clone(),
        href: format!("/audit/credit/{}#step-{step}", line.party),
        since,
        due: None,
    };
    let mut found = Vec::new();
    let rating = file.rating.as_ref().map_or(0, |rating| rating.number);
    if file.waits_for_confirmer()
        && would(&json!({ "command": "confirm_lowest", "rating": rating, "document_number": "…" }))
    {
        let what = ["最低信用等级由您确认", "The lowest class, to be confirmed by you"];
        found.push(errand(what, "confirm_lowest", line.rated_on));
    }
    for answer in owed(&subject.credit) {
        let (what, step, command, since) = if answer.rule == DECIDE_OBJECTION {
            (
                ["信用异议待答复", "An objection to be answered"],
                "decide_objection",
                json!({ "command": "decide_objection", "number": answer.number, "upheld": false, "document_number": "…", "reason": "…" }),
                file.objections.get(&answer.number).map(|objection| objection.on),
            )
        } else {
            (
                ["信用修复申请待答复", "A request for repair to be answered"],
                "decide_repair",
                json!({
                    "command": "decide_repair", "number": answer.number, "granted": false, "corrected": false,
                    "document_number": "…", "reason": "…",
                }),
                file.repairs.get(&answer.number).map(|case| case.on),
            )
        };
        if would(&command) {
            let due = period_of(app, &subject, &answer).and_then(|period| {
                let standing = match period.provisional {
                    true => DeadlineStanding::Provisional,
                    false => DeadlineStanding::Running,
                };
                Some(DeadlineView { due: period.date()?, today, standing })
            });
            found.push(Errand { due, ..errand(what, step, since) });
        }
    }
    for (item, told) in file.told.iter().filter(|(item, _)| !file.published.contains_key(item)) {
        if would(&json!({ "command": "publish", "item": item, "channels": ["credit_website"] })) {
            found.push(errand(
                ["已告知当事人，可以公布", "The party was told: to be published"],
                "publish",
                Some(*told),
            ));
        }
    }
    for (number, report) in &file.reports {
        let (what, recall, since) = match report.state() {
            "waits" => (
                ["已报送，等平台回执", "Reported: the platform's receipt is to be recorded"],
                false,
                Some(report.on),
            ),
            "recall_waits" => (
                ["已撤回报送，等平台回执", "Recalled: the platform's receipt is to be recorded"],
                true,
                report.recalled_on,
            ),
            _ => continue,
        };
        if would(&json!({ "command": "acknowledge_report", "number": number, "recall": recall })) {
            found.push(errand(what, "acknowledge", since));
        }
    }
    Ok(found)
}

/// The list; nothing where nothing waits.
pub(super) fn table(lang: Lang, errands: &[&Errand]) -> Markup {
    let rows: Vec<Row> = errands.iter().map(|errand| row(lang, errand)).collect();
    if rows.is_empty() {
        return html! {};
    }
    let columns = vec![
        Column::text(lang.pick("事项", "Matter")),
        Column::text(lang.pick("主体或规则", "Party or rulebook")),
        Column::text(lang.pick("期限", "Due")),
    ];
    let caption = lang.say("信用档案和评分规则", "Credit files and rulebooks");
    data_table(&TableView { caption, columns, rows })
}

fn row(lang: Lang, errand: &Errand) -> Row {
    let [zh, en] = errand.what;
    let tone = if errand.is_late() { Tone::Grave } else { Tone::Calm };
    Row {
        href: Some(errand.href.clone()),
        cells: vec![
            html! {
                (errand.of.word(lang)) (lang.pick("：", ": ")) (lang.pick(zh, en))
            },
            html! { bdi { (errand.about) } },
            html! {
                @match (&errand.due, errand.since) {
                    (Some(due), _) => (deadline(lang, due)),
                    (None, Some(since)) => span.quiet { (lang.pick("没有期限，来自 ", "no deadline; since ")) (day(lang, since)) },
                    (None, None) => "—",
                }
            },
        ],
        tone,
    }
}
