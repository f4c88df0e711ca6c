//! A hazard's case: reviewed by its department, determined by the authority where it may be major, accepted, closed.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::facts::{Actor, Role};
use wuping_domain::hazard::{Hazard, Stage};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::policy::Department;
use wuping_domain::subject::{HazardOf, Subject};

use crate::app::App;
use crate::web::answering::{answered, asked_by_form};
use crate::web::desk_page::{broken_text, done_by, forged_text, refused_page, shown, unanswered_text};
use crate::web::look::parts::*;
use crate::web::look::words::Lang;
use crate::web::session::Signed;

/// The routes of a hazard's case page.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/desk/hazards/{premises}/{hazard}", get(show).post(act))
}

async fn show(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((premises, hazard)): Path<(String, String)>,
) -> Response {
    let lang = signed.lang;
    let stream = format!("premises/{premises}/hazard/{hazard}");
    let (Ok(subject), Ok(version), Ok(actor)) = (
        app.subject(&format!("premises/{premises}")),
        app.reader().version(&stream),
        app.actor(&signed.session.account),
    ) else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    if !STAFF.iter().any(|role| actor.holds(*role)) {
        let why = lang.pick(
            "隐患由主管部门和主管机关办理。",
            "Hazards are dealt with by the department and the authority that answer for them.",
        );
        return refused_page(&app, lang, Some(&signed), why);
    }
    let (Some(of), Some(register)) = (subject.hazards.get(&hazard), subject.premises.register.as_ref())
    else {
        let why = lang
            .pick("没有这个隐患，请从待办进入。", "There is no such hazard. Enter it from your work list.");
        return refused_page(&app, lang, Some(&signed), why);
    };
    let rulebook = rulebook_of(&app, &subject, of);
    let case = Case { lang, signed: &signed, actor: &actor, version, rulebook: rulebook.as_deref() };
    let body = html! {
        (page_heading(Some(lang.pick("隐患", "Hazard")), &register.address, None))
        (case_columns(lang, case.story(&premises, of), case.now(&of.state)))
    };
    shown(&app, lang, Some(&signed), &register.address, body).into_response()
}

/// What a case page is made from.
struct Case<'a> {
    lang: Lang,
    signed: &'a Signed,
    actor: &'a Actor,
    version: u64,
    rulebook: Option<&'a Rulebook>,
}

impl Case<'_> {
    fn story(&self, premises: &str, of: &HazardOf) -> Markup {
        let lang = self.lang;
        let on =
            |on: Option<chrono::NaiveDate>| on.map_or_else(|| lang.say("尚未", "not yet"), |on| lang.day(on));
        let found = of.state.found.as_ref();
        let text =
            |what: fn(&wuping_domain::hazard::Found) -> &String| found.map(what).cloned().unwrap_or_default();
        let determined = match (of.state.determined, found.is_some_and(|found| found.suspected)) {
            (Some(true), _) => lang.pick("重大隐患", "major"),
            (Some(false), _) => lang.pick("不属于重大隐患", "not major"),
            (None, true) => {
                lang.pick("疑似重大，待主管机关认定", "suspected of being major, not determined yet")
            }
            (None, false) => lang.pick("无须认定", "no determination needed"),
        };
        html! {
            (facts(&[
                Fact::text(lang.pick("隐患", "Hazard"), self.name(&text(|found| &found.indicator))),
                Fact::text(lang.pick("严重程度", "Severity"), lang.severity(&text(|found| &found.severity))),
                Fact::text(lang.pick("整改类别", "Works"), lang.works(&text(|found| &found.works))),
                Fact::text(lang.pick("主管部门", "Department"), lang.department(&of.state.competent)),
                Fact::text(lang.pick("现在", "Now"), lang.case_state(of.state.stage.code())),
                Fact::text(lang.pick("发现", "Found"), on(of.found_on)),
                Fact::text(lang.pick("核实", "Confirmed"), on(of.confirmed_on)),
                Fact::text(lang.pick("重大隐患认定", "Determination"), determined),
            ]))
            (link_list(&[
                Link::new(format!("/s/{premises}"), lang.say("公开页面", "The public page")),
                Link::new(format!("/audit/{premises}"), lang.say("每一条记录和证明", "Every record and its proof")),
            ]))
        }
    }

    /// What this person can do now; what others must do is said in its place.
    fn now(&self, hazard: &Hazard) -> Markup {
        let lang = self.lang;
        let of_department = self.actor.holds(Role::DepartmentOfficer) && self.actor.is_of(&hazard.competent);
        let department = lang.department(&hazard.competent).to_owned();
        let only = |allowed: bool, who: String, fields: Markup| {
            if allowed { fields } else { done_by(lang, &who) }
        };
        let officer = |fields| only(of_department, department.clone(), fields);
        let suspected = hazard.found.as_ref().is_some_and(|found| found.suspected);
        html! {
            @match hazard.stage {
                Stage::PendingReview => (section(lang.pick("核实", "Review"), officer(self.step("review", lang.say("记录核实结果", "Record the review"), html! { (self.outcomes()) (self.words("text", lang.say("说明", "In your words"), TextKind::Long, false)) })))),
                Stage::Confirmed | Stage::Rectifying | Stage::Submitted => (section(lang.pick("验收", "Acceptance"), officer(self.step("accept", lang.say("整改合格", "The rectification is good"), self.words("text", lang.say("验收情况", "What you found"), TextKind::Long, true))))),
                Stage::Accepted | Stage::Dismissed => (section(lang.pick("结案", "Close"), officer(self.step("close", lang.say("结案", "Close the case"), html! {})))),
                Stage::Absent | Stage::Closed => (empty_state(lang.pick("已经结案，没有要办的事。", "The case is closed; nothing is left to do."), None)),
            }
            @if suspected && hazard.determined.is_none() && hazard.is_open() {
                (section(lang.pick("重大隐患认定", "Determination"), only(
                    self.actor.holds(Role::CompetentAuthority) && self.actor.is_of(&hazard.competent),
                    lang.pick(Role::CompetentAuthority.zh(), Role::CompetentAuthority.en()).to_owned(),
                    self.step("determine", lang.say("记录认定", "Record the determination"), html! {
                        (choice_field(lang, "major", lang.pick("是否属于重大隐患", "Is it major?"), None, &[
                            Choice::new("yes", lang.say("属于", "Major"), ""),
                            Choice::new("no", lang.say("不属于", "Not major"), ""),
                        ], None))
                        (self.words("document_number", lang.say("认定文号", "Number of the document"), TextKind::Short, true))
                    }),
                )))
            }
        }
    }

    fn outcomes(&self) -> Markup {
        let lang = self.lang;
        let departments =
            self.rulebook.map(|rulebook| rulebook.policy.departments.as_slice()).unwrap_or_default();
        let mut choices: Vec<Choice> = vec![Choice::new("", "—", "")];
        let named = |one: &Department| Choice::new(&one.id, lang.department(&one.id).to_owned(), "");
        choices.extend(departments.iter().map(named));
        html! {
            (choice_field(lang, "outcome", lang.pick("核实结果", "What it is"), None, &[
                Choice::new("confirmed", lang.say("属实", "It is a hazard"), ""),
                Choice::new("dismissed", lang.say("不属实", "It is none"), ""),
                Choice::new("passed_on", lang.say("转其他部门（期限不重新计算）", "Another department's (the clock goes on)"), ""),
            ], None))
            (select_field(lang, "to", lang.pick("转给（选“转其他部门”时填）", "To which department, if passed on"), &choices, None))
        }
    }

    fn step(&self, action: &str, label: String, fields: Markup) -> Markup {
        let view = FormView {
            action: String::new(),
            csrf: self.signed.session.csrf.clone(),
            command_id: Uuid::now_v7().to_string(),
            expected: Some(self.version.to_string()),
            files: false,
            submit: label,
        };
        form(&view, html! { input type="hidden" name="action" value=(action); (fields) })
    }

    fn words(&self, name: &str, label: String, kind: TextKind, required: bool) -> Markup {
        let field = TextField { name: name.into(), label, required, kind, ..TextField::default() };
        text_field(self.lang, &field)
    }

    fn name(&self, id: &str) -> String {
        let known = self.rulebook.and_then(|rulebook| rulebook.indicator(id));
        known.map_or_else(|| id.to_owned(), |known| self.lang.pick(&known.zh, &known.en).clone())
    }
}

#[derive(Deserialize)]
struct Acting {
    action: String,
    command_id: Uuid,
    csrf: String,
    #[serde(default)]
    document_number: String,
    expected: u64,
    #[serde(default)]
    major: Option<String>,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    to: String,
}

async fn act(
    State(app): State<Arc<App>>,
    signed: Signed,
    Path((premises, hazard)): Path<(String, String)>,
    Form(acting): Form<Acting>,
) -> Response {
    let lang = signed.lang;
    if acting.csrf != signed.session.csrf {
        return refused_page(&app, lang, Some(&signed), &forged_text(lang));
    }
    let stream = format!("premises/{premises}/hazard/{hazard}");
    let stage = app.subject(&format!("premises/{premises}")).ok();
    let stage = stage.and_then(|subject| subject.hazards.get(&hazard).map(|of| of.state.stage));
    let Some(command) = command(&acting, stage) else {
        return refused_page(&app, lang, Some(&signed), &unanswered_text(lang));
    };
    let form = acting.command_id.to_string();
    let asked = asked_by_form(&app, &form, stream, command, Some(acting.expected));
    let here = format!("/desk/hazards/{premises}/{hazard}");
    answered(&app, &signed, app.execute(&signed.who, asked).await, &here, &here)
}

/// The command of a form; none where a question was left open.
fn command(acting: &Acting, stage: Option<Stage>) -> Option<Value> {
    let text = Some(acting.text.trim()).filter(|text| !text.is_empty());
    Some(match acting.action.as_str() {
        "accept" => json!({ "command": "accept", "findings": text }),
        "close" => {
            let how = if stage == Some(Stage::Dismissed) { "dismissed" } else { "rectified" };
            json!({ "command": "close", "how": how })
        }
        "determine" => {
            let major = acting.major.as_deref()? == "yes";
            json!({ "command": "determine", "major": major, "document_number": acting.document_number })
        }
        "review" => match acting.outcome.as_deref()? {
            "passed_on" if acting.to.is_empty() => return None,
            "passed_on" => {
                json!({ "command": "review", "outcome": { "passed_on": { "to": acting.to } }, "reason": text })
            }
            outcome => json!({ "command": "review", "outcome": outcome, "reason": text }),
        },
        other => json!({ "command": other }),
    })
}

/// The rulebook of the assessment that the hazard came from, or of the newest grade.
fn rulebook_of(app: &App, subject: &Subject, of: &HazardOf) -> Option<Arc<Rulebook>> {
    let caused_by = of.state.found.as_ref().and_then(|found| found.caused_by.as_deref());
    let key = caused_by.and_then(|stream| stream.rsplit('/').next());
    let graded = subject.grade.latest.as_ref().map(|latest| latest.assessment.as_str());
    let assessment = [key, graded].into_iter().flatten().find_map(|key| subject.assessments.get(key))?;
    app.shelf.rulebook(assessment.state.scheme.as_ref()?)
}

const STAFF: [Role; 7] = [
    Role::CommunityLead,
    Role::CompetentAuthority,
    Role::Confirmer,
    Role::DepartmentOfficer,
    Role::GridWorker,
    Role::LegalOfficer,
    Role::StreetLead,
];
