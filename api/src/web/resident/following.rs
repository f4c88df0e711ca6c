//! Following a report by its number: how it stands, what was answered, and taking it back or saying that it is not fixed.

use std::sync::Arc;

use axum::extract::{Multipart, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use wuping_domain::deadline::Period;
use wuping_domain::hazard::Stage as HazardStage;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::report::{Report, Stage, case_of};
use wuping_domain::rulebook::Layer;
use wuping_domain::subject::{HazardOf, Subject};
use wuping_ledger::recorded::RecordedEntry;

use super::tracking::Tracking;
use super::{emergency, named, one, public_page, refused, resident, rulebook_of, sounds_urgent};
use crate::app::App;
use crate::look::parts::*;
use crate::look::words::{Lang, local_day};
use crate::web::answering::{asked_by_form, told};
use crate::web::desk_page::failed_text;
use crate::web::matter::filling::Filled;
use crate::web::matter::stage::report_stage;
use crate::web::matter::story::private;
use crate::web::state::{Asking, encoded};

/// What was typed into the search for a number.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    number: String,
}

/// The way to a report by its number.
pub(super) async fn find(
    State(app): State<Arc<App>>,
    asking: Asking,
    Query(sought): Query<Sought>,
) -> Response {
    let lang = asking.lang;
    if let Some(tracking) = Tracking::parse(&sought.number) {
        return Redirect::to(&format!("/track/{}", tracking.number())).into_response();
    }
    let wrong = !sought.number.is_empty();
    let body = html! {
        (page_heading(None, lang.pick("查询举报进展", "Follow a report"), None))
        @if wrong { (notice_box(Tone::Grave, lang.pick("没有这个编号", "There is no such number"), &[compare_text(lang)])) }
        (search_box(lang, &SearchBox {
            action: "/track".into(),
            name: "number".into(),
            value: sought.number.clone(),
            label: lang.say("举报编号", "Number of the report"),
            hint: lang.say("提交后给您的编号", "The number you were given when you sent it"),
        }))
    };
    let status = if wrong { StatusCode::NOT_FOUND } else { StatusCode::OK };
    (status, public_page(&app, &asking, lang.pick("查询举报进展", "Follow a report"), body)).into_response()
}

fn compare_text(lang: Lang) -> String {
    lang.say(
        "请对照提交时给您的编号再输一次。",
        "Compare it with the number you were given, and type it again.",
    )
}

/// What the page was opened with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Opened {
    new: String,
}

/// A report as whoever made it may follow it.
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    asking: Asking,
    Path(number): Path<String>,
    Query(opened): Query<Opened>,
) -> Response {
    match followed(&app, &number) {
        Some(followed) => track_page(&app, &asking, &followed, &opened.new, None),
        None => unknown_number(&app, &asking),
    }
}

/// A report that somebody follows.
struct Followed {
    tracking: Tracking,
    report: Report,
    subject: Subject,
    version: u64,
    answer: Option<String>,
    /// The day on which the report came.
    came_on: Option<NaiveDate>,
    /// Why it was dismissed, as a code; the words are the office's own.
    dismissed: Option<String>,
    urgent: bool,
    withdrawn: Option<Withdrawn>,
}

/// How a report was taken back.
enum Withdrawn {
    /// By its number.
    ByNumber,
    /// By staff, from a paper of this day; of old records the day is not known.
    ByStaff(Option<NaiveDate>),
}

impl Withdrawn {
    /// The newest taking back of these entries.
    fn of(entries: &[RecordedEntry]) -> Option<Self> {
        let entry = entries.iter().rfind(|entry| entry.event_type == "ReportWithdrawn")?;
        let said: serde_json::Value = serde_json::from_str(&entry.data).unwrap_or_default();
        if said.get("received").is_some() {
            return Some(Self::ByNumber);
        }
        Some(Self::ByStaff(said["handed_in_on"].as_str().and_then(|day| day.parse().ok())))
    }

    fn told(&self, lang: Lang) -> String {
        match self {
            Self::ByNumber => lang.say("凭编号在网上撤回", "On this page, by its number"),
            Self::ByStaff(None) => lang.say("由工作人员代录", "Recorded by staff"),
            Self::ByStaff(Some(on)) => lang.pick(
                format!("由工作人员代录：{}交来的书面撤回", lang.day(*on)),
                format!("Recorded by staff, from a paper handed in on {}", lang.day(*on)),
            ),
        }
    }
}

fn followed(app: &App, number: &str) -> Option<Followed> {
    let tracking = Tracking::parse(number)?;
    let subject = app.subject(&format!("premises/{}", tracking.premises())).ok()?;
    let report = subject.reports.get(&tracking.key())?.clone();
    let entries = app.reader().stream(&tracking.stream()).ok()?;
    let words = |event: &str| {
        let entry = entries.iter().rfind(|entry| entry.event_type == event)?;
        let private = private(app, entry).into_iter().flatten();
        private
            .into_iter()
            .find(|(name, _)| name == "text")
            .and_then(|(_, value)| value.as_str().map(str::to_owned))
    };
    let answer = words("ReportAnswered").filter(|_| report.stage == Stage::Answered);
    let urgent = words("ReportFiled").is_some_and(|text| sounds_urgent(&text));
    let version = entries.last().map_or(0, |entry| entry.version);
    let withdrawn = Withdrawn::of(&entries).filter(|_| report.stage == Stage::Withdrawn);
    let filed = entries.iter().find(|entry| entry.event_type == "ReportFiled");
    let came_on = filed.and_then(|entry| entry.recorded_at.parse().ok()).map(local_day);
    let dismissed = entries.iter().rfind(|entry| entry.event_type == "ReportDismissed");
    let dismissed = dismissed.filter(|_| report.stage == Stage::Dismissed).and_then(|entry| {
        let said: serde_json::Value = serde_json::from_str(&entry.data).ok()?;
        said["why"].as_str().map(str::to_owned)
    });
    Some(Followed { tracking, report, subject, version, answer, came_on, dismissed, urgent, withdrawn })
}

/// What was not recorded of what was said, and why: it is given back.
struct Unsaid {
    why: String,
    words: String,
}

fn track_page(
    app: &App,
    asking: &Asking,
    followed: &Followed,
    new: &str,
    unsaid: Option<&Unsaid>,
) -> Response {
    let lang = asking.lang;
    let number = followed.tracking.number();
    let today = app.today();
    let words = unsaid.map(|unsaid| unsaid.words.clone()).unwrap_or_default();
    let status = if unsaid.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let stage = report_stage(lang, &followed.report);
    let body = html! {
        (page_heading(Some(lang.pick("举报进展", "Your report")), &number, Some(&stage)))
        @if new == "again" {
            (notice_box(Tone::Calm, lang.pick("这件举报已经收到过", "This report came already"), &[
                lang.pick(format!("编号 {number}，没有重复登记。有别的问题，请另外提交一件。"), format!("Its number is {number}; it was not recorded twice. If you have another problem, make another report.")),
            ]))
        }
        @if new == "yes" {
            (notice_box(Tone::Good, lang.pick("已收到您的举报", "Your report was received"), &[
                lang.pick(format!("编号 {number}。请记下或收藏这一页，凭编号查进展。"), format!("Its number is {number}. Write it down or keep this page: it is how you follow it.")),
            ]))
        }
        @if followed.urgent && !new.is_empty() { (emergency(lang, true)) }
        @if let Some(unsaid) = unsaid { (notice_box(Tone::Grave, lang.pick("没有记录", "Nothing was recorded"), std::slice::from_ref(&unsaid.why))) }
        (section(lang.pick("现在", "Now"), html! {
            (facts(&standing(app, lang, followed, today)))
            @if let Some(answer) = &followed.answer { (notice_box(Tone::Calm, lang.pick("答复", "The answer"), std::slice::from_ref(answer))) }
        }))
        @if matches!(followed.report.stage, Stage::Answered | Stage::Dismissed) {
            (section(lang.pick("没有解决？", "Not fixed?"), not_fixed(lang, followed, words.clone())))
        }
        @if matches!(followed.report.stage, Stage::Received | Stage::Triaged) {
            (section(lang.pick("不想继续？", "Changed your mind?"), taking_back(lang, followed, words, unsaid.is_some())))
        }
        p { a href={ "/s/" (encoded(followed.tracking.premises())) } { (lang.pick("房屋的公开页面", "The public page of the premises")) } }
    };
    (status, public_page(app, asking, lang.pick("举报进展", "Your report"), body)).into_response()
}

/// With whom it is, and until when what must happen. What concerns the party alone is not told.
fn standing(app: &App, lang: Lang, followed: &Followed, today: NaiveDate) -> Vec<Fact> {
    let (report, subject) = (&followed.report, &followed.subject);
    let mut told = about(app, lang, followed);
    told.push(Fact::text(lang.pick("进展", "Stage"), report_stage(lang, report)));
    told.extend(
        followed.dismissed.as_deref().map(|why| {
            Fact::text(lang.pick("为什么不成立", "Why it was dismissed"), dismissed_why(lang, why))
        }),
    );
    if let Some(withdrawn) = &followed.withdrawn {
        told.push(Fact::text(lang.pick("谁撤回的", "Taken back"), withdrawn.told(lang)));
    }
    let goes_on = goes_on(report, subject);
    if report.merged_with.is_some() {
        told.push(Fact::text(
            lang.pick("一并办理", "Joined to an earlier report"),
            lang.pick(
                format!(
                    "同一问题此前已有人举报，两件一并办理。那一件的进展：{}",
                    report_stage(lang, goes_on)
                ),
                format!(
                    "Somebody reported the same before, and both are dealt with as one. It is: {}",
                    report_stage(lang, goes_on)
                ),
            ),
        ));
    }
    if let Some(with) = &goes_on.with {
        told.push(Fact::text(lang.pick("办理部门", "With"), lang.department(with)));
    }
    let case = goes_on.substantiated.as_ref().and_then(|found| case_of(found, subject));
    let Some((key, of)) = case else { return told };
    told.push(Fact::text(lang.pick("隐患", "The hazard"), lang.case_state(of.state.stage.code())));
    if of.state.course.reopens.is_some() {
        told.push(Fact::text(
            lang.pick("重新立案", "Opened again"),
            lang.pick(
                "原来的案件已结，您说没有解决，已另立一案，由部门重新核查",
                "Its first case was closed. As it is not fixed, another case goes on from it, which its department looks at anew",
            ),
        ));
    }
    let reviews = review_by(app, subject, key, of).filter(|_| of.state.stage == HazardStage::PendingReview);
    if let Some((due, period)) = reviews.and_then(|period| Some((period.date()?, period))) {
        let standing = match period.provisional {
            true => DeadlineStanding::Provisional,
            false => DeadlineStanding::Running,
        };
        let view = DeadlineView { due, today, standing };
        told.push(Fact::new(lang.pick("部门核查期限", "To be looked at by"), deadline(lang, &view)));
    }
    if let Some(due) = of.due(&subject.served).filter(|_| of.state.stage.is_unsettled()) {
        let view = DeadlineView { due: due.day, today, standing: DeadlineStanding::Running };
        told.push(Fact::new(lang.pick("整改期限", "To be put right by"), deadline(lang, &view)));
    }
    if of.is_put_right() {
        told.push(Fact::text(
            lang.pick("整改", "The repair"),
            lang.pick("已整改，部门已查看合格", "Put right, and checked by the department"),
        ));
    }
    told
}

/// Of which house it is, about what, and since when.
fn about(app: &App, lang: Lang, followed: &Followed) -> Vec<Fact> {
    let subject = &followed.subject;
    let register = subject.premises.register.as_ref();
    let layer = register.map_or(Layer::Building, |register| register.layer);
    let rulebook = rulebook_of(app, subject, layer);
    let what = named(lang, rulebook.as_deref(), &followed.report.category);
    let mut told: Vec<Fact> = register
        .map(|register| Fact::text(lang.pick("房屋", "Premises"), register.address.clone()))
        .into_iter()
        .collect();
    told.push(Fact::text(lang.pick("问题", "About"), what));
    told.extend(followed.came_on.map(|on| Fact::text(lang.pick("收到日期", "Received on"), lang.day(on))));
    told
}

/// Why a report led to nothing, as whoever made it is told.
fn dismissed_why(lang: Lang, code: &str) -> &str {
    match code {
        "elsewhere" => lang.pick("问题不在这处房屋", "it is not in these premises"),
        "malicious" => lang.pick("认为不是善意的举报", "it was not taken to be made in good faith"),
        "not_found" => lang.pick("查看后没有发现", "it was looked for and not found"),
        "out_of_scope" => lang.pick("不属于本平台办理的事", "it is nothing that is dealt with here"),
        other => other,
    }
}

/// The report under which this one is dealt with: itself, or the first about the same that it was joined to.
fn goes_on<'a>(report: &'a Report, subject: &'a Subject) -> &'a Report {
    let mut goes_on = report;
    // one is joined to another of the same house, so that there are no more steps than reports
    for _ in 0..subject.reports.len() {
        match goes_on.merged_with.as_ref().and_then(|first| subject.reports.get(first)) {
            Some(first) => goes_on = first,
            None => break,
        }
    }
    goes_on
}

/// By when the department must have looked at the case.
fn review_by(app: &App, subject: &Subject, key: &str, of: &HazardOf) -> Option<Period> {
    let rulebook = app.shelf.rulebook(&subject.hazard_scheme(key)?)?;
    let running = of.office_deadlines(&rulebook);
    running.into_iter().find(|(rule, _)| *rule == "hazard_review").map(|(_, period)| period)
}

fn sending(followed: &Followed, submit: String) -> FormView {
    FormView {
        action: format!("/track/{}", followed.tracking.number()),
        csrf: String::new(),
        command_id: Uuid::now_v7().to_string(),
        expected: Some(followed.version.to_string()),
        files: true,
        submit,
    }
}

fn words_field(lang: Lang, value: String) -> Markup {
    let label = lang.say("说明", "In your words");
    let field = TextField { name: "text".into(), label, value, kind: TextKind::Long, ..TextField::default() };
    text_field(lang, &field)
}

fn not_fixed(lang: Lang, followed: &Followed, words: String) -> Markup {
    form(
        &sending(followed, lang.say("说明没有解决", "Say that it is not fixed")),
        html! {
            input type="hidden" name="step" value="reopen";
            (words_field(lang, words))
            (photos_field(lang, &PhotosField { name: "photos".into(), label: lang.say("照片", "Photos"), several: true, ..PhotosField::default() }))
        },
    )
}

/// Nobody takes a report back by one tap: it is asked once more, and the button is not the page's first.
fn taking_back(lang: Lang, followed: &Followed, words: String, unfolded: bool) -> Markup {
    let view = sending(followed, String::new());
    html! {
        details.more open[unfolded] {
            summary { (lang.pick("撤回举报", "Take the report back")) }
            form.form method="post" action=(view.action) enctype="multipart/form-data" {
                input type="hidden" name="command_id" value=(view.command_id);
                @if let Some(expected) = &view.expected { input type="hidden" name="expected" value=(expected); }
                input type="hidden" name="step" value="withdraw";
                (words_field(lang, words))
                (tick_field("sure", lang.pick("我确定要撤回。撤回后不再办理。", "Yes, I take it back. Nothing more is done then."), false))
                p.form-end { button.button.button-plain type="submit" { (lang.pick("撤回举报", "Take the report back")) } }
            }
        }
    }
}

/// The reporter takes it back, or says that it is not fixed.
pub(super) async fn say(
    State(app): State<Arc<App>>,
    asking: Asking,
    Path(number): Path<String>,
    form: Multipart,
) -> Response {
    let lang = asking.lang;
    let Some(found) = followed(&app, &number) else { return unknown_number(&app, &asking) };
    let mut filled = match Filled::read(form, lang).await {
        Ok(filled) => filled,
        Err(why) => return refused(&app, &asking, StatusCode::PAYLOAD_TOO_LARGE, &why),
    };
    let words = one(&filled, "text").unwrap_or_default();
    let again = |followed: &Followed, why: String| {
        track_page(&app, &asking, followed, "", Some(&Unsaid { why, words: words.clone() }))
    };
    if let Some(error) = filled.wrong.first() {
        return again(&found, error.text.clone());
    }
    if filled.step != "reopen" && !filled.sure {
        let why = lang.say(
            "要撤回举报，请先勾选“我确定要撤回”。",
            "To take the report back, tick first that you are sure.",
        );
        return again(&found, why);
    }
    if let Err(error) = filled.keep(&app).await {
        return again(&found, failed_text(lang, &error));
    }
    let mut command = json!({ "command": "withdraw", "text": one(&filled, "text") });
    if filled.step == "reopen" {
        command["command"] = json!("reopen");
        command["photos"] = json!(filled.kept.get("photos").cloned().unwrap_or_default());
    }
    let id = filled.command_id.unwrap_or_else(Uuid::now_v7);
    let asked = asked_by_form(&app, &id.to_string(), found.tracking.stream(), command, filled.expected);
    match app.execute(&resident(&found.tracking), asked).await {
        Ok(_) => Redirect::to(&format!("/track/{}", found.tracking.number())).into_response(),
        Err(error) => {
            let (why, todo) = told(lang, &error);
            let text = [vec![why], todo].concat().join(lang.gap());
            let now = followed(&app, &number).unwrap_or(found);
            again(&now, text)
        }
    }
}

fn unknown_number(app: &App, asking: &Asking) -> Response {
    let lang = asking.lang;
    let view = ErrorView {
        what: lang.say("没有这个编号", "There is no such number"),
        why: lang.say("没有找到这个编号的举报。", "No report goes by this number."),
        todo: vec![compare_text(lang)],
        links: vec![Link::new("/track", lang.say("重新输入编号", "Type the number again"))],
        reference: None,
    };
    (StatusCode::NOT_FOUND, public_page(app, asking, &view.what, error_page(lang, &view))).into_response()
}
