//! Evidence on pages: a legal officer gives out a bundle from a premises' audit page, and anybody has one checked. The routes
//! for programs are beside those of the pages.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Multipart, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::{Markup, html};
use tokio::sync::{Mutex, Semaphore};
use uuid::Uuid;
use wuping_domain::event::aggregate_type;
use wuping_domain::facts::Role;
use wuping_domain::record::RECIPIENTS;
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::keys::Kid;
use wuping_projections::error::causes;
use wuping_replay::evidence::{Question, VerifiedBundle, verify};
use wuping_replay::verify::State as Came;
use wuping_replay::witnessed::Trusted;

use crate::app::{App, ExecuteError, Who};
use crate::authorities::now;
use crate::evidence::{IssueError, Wanted, bundle_in, finding, issue, seen};
use crate::look::layout::{Area, Page, page};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::trusting::listed_in;
use crate::web::desk_page::{broken_text, failed_text, forged_text, refused_page, shown, unseen_page};
use crate::web::evidence_api;
use crate::web::matter::stage::kind;
use crate::web::matter::story::private;
use crate::web::matter::words::member;
use crate::web::session::{Signed, lang_of};
use crate::web::state::{encoded, origin_of};

/// The routes of evidence.
pub fn router(app: Arc<App>) -> Router {
    let checking = Router::new()
        .route("/verify/bundle", post(check))
        .route("/api/v1/bundles/check", post(evidence_api::check))
        .layer(DefaultBodyLimit::max(BUNDLE_BYTES_MAX))
        .layer(Extension(Arc::new(Semaphore::new(CHECKED_AT_ONCE))));
    let issuing = Router::new()
        .route("/audit/{code}/evidence", get(ask).post(give_out))
        .route("/api/v1/premises/{code}/evidence", post(evidence_api::give_out))
        .route("/api/v1/premises/{code}/determinations/{number}/impact", get(evidence_api::resting_on))
        .layer(Extension(Arc::new(Given::default())));
    checking.merge(issuing).with_state(app)
}

/// The form of a bundle about these premises, for a legal officer.
async fn ask(State(app): State<Arc<App>>, signed: Signed, Path(code): Path<String>) -> Response {
    let lang = signed.lang;
    let about = match About::of(&app, &signed, &code).await {
        Ok(about) => about,
        Err(page) => return *page,
    };
    let body = column(html! {
        (breadcrumbs(lang, &[Link::new(format!("/audit/{}", encoded(&code)), about.address.as_str())], title(lang)))
        (page_heading(Some(title(lang)), &about.address, Some(lang.pick(
            "证据包含这处房屋的全部记录和证明，不联网也能核对。出具会记入账本；公开的隐私内容逐条记入。",
            "The bundle holds everything recorded of these premises with its proofs and can be checked without a network. Giving it out is recorded, and so is each private value that you disclose.",
        ))))
        (asking_form(&signed, &code, &about))
    });
    shown(&app, lang, Some(&signed), title(lang), body).into_response()
}

/// What the form says; a private value is there once for each box that is ticked.
#[derive(Default)]
struct Asked {
    basis: String,
    command_id: Uuid,
    csrf: String,
    fields: Vec<String>,
    recipient: String,
    to: String,
    upto: String,
}

impl Asked {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut asked = Self { command_id: Uuid::now_v7(), ..Self::default() };
        for (name, text) in pairs {
            match name.as_str() {
                "basis" => asked.basis = text,
                "command_id" => asked.command_id = text.parse().unwrap_or(asked.command_id),
                "csrf" => asked.csrf = text,
                "fields" => asked.fields.extend(text.split_whitespace().map(str::to_owned)),
                "recipient" => asked.recipient = text,
                "to" => asked.to = text,
                "upto" => asked.upto = text,
                _ => {}
            }
        }
        asked
    }
}

/// The bundle with what explains it, as a download. A second tap gets the first one's bytes.
async fn give_out(
    State(app): State<Arc<App>>,
    Extension(given): Extension<Arc<Given>>,
    signed: Signed,
    Path(code): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let (lang, asked) = (signed.lang, Asked::of(pairs));
    let about = match About::of(&app, &signed, &code).await {
        Ok(about) => about,
        Err(page) => return *page,
    };
    if asked.csrf != signed.session.csrf {
        return refused_page(&app, lang, Some(&signed), &forged_text(lang));
    }
    let Who::Person { account, kid } = signed.who.clone() else {
        return refused_page(&app, lang, Some(&signed), &broken_text(lang));
    };
    let grade = format!("{}/grade", about.path);
    let recipient = asked.recipient.trim();
    let wanted = Wanted {
        path: about.path.clone(),
        upto: asked.upto.parse().ok().map(|number| (grade, number)),
        fields: asked.fields,
        basis: asked.basis,
        to: asked.to,
        recipient: (!recipient.is_empty()).then(|| recipient.to_owned()),
    };
    match given_out(&app, &given, (account, asked.command_id), kid, &wanted).await {
        Ok(bytes) => download(&code, bytes),
        Err(error) => refused_page(&app, lang, Some(&signed), &why_not(lang, &error)),
    }
}

/// Gives out a bundle once for each request of an account, one after the other: whoever asks a second time waits for the first
/// and gets what it got.
pub(super) async fn given_out(
    app: &App,
    given: &Given,
    request: (String, Uuid),
    kid: Kid,
    wanted: &Wanted,
) -> Result<Bytes, IssueError> {
    let mut kept = given.0.lock().await;
    if let Some((_, bytes)) = kept.iter().find(|(known, _)| *known == request) {
        return Ok(bytes.clone());
    }
    let issued = issue(app, &request.0, kid, wanted).await?;
    let bytes = Bytes::from(issued.package.to_zip()?);
    kept.push_back((request, bytes.clone()));
    if kept.len() > KEPT_MAX {
        kept.pop_front();
    }
    Ok(bytes)
}

/// A bundle that somebody was handed is checked here, by what this ledger knows of itself; nothing is kept.
async fn check(
    State(app): State<Arc<App>>,
    Extension(places): Extension<Arc<Semaphore>>,
    headers: axum::http::HeaderMap,
    form: Multipart,
) -> Response {
    let lang = lang_of(&headers);
    let failed = |why: &str| {
        told(
            &app,
            lang,
            notice_box(Tone::Grave, lang.pick("没有核对", "It was not checked"), &[why.to_owned()]),
        )
    };
    let Some(bytes) = uploaded(form).await else {
        return failed(lang.pick(
            "请选择证据包文件（.zip）再核对；网页核对的文件不超过 32 MB，更大的请用命令“wuping verify-bundle”。",
            "Choose the bundle’s file (.zip). The page takes up to 32 MB; check a larger one with “wuping verify-bundle”.",
        ));
    };
    let Ok(_place) = places.acquire().await else { return failed(&unread(lang)) };
    let checking = app.clone();
    let checked = tokio::task::spawn_blocking(move || checked(&checking, &bytes)).await;
    let body = match checked {
        Ok(Ok(verified)) => outcome(lang, &verified),
        Ok(Err(Unchecked::NoBundle(why))) => notice_box(
            Tone::Grave,
            lang.pick("证据包已损坏或不是证据包", "The file is damaged, or is no bundle"),
            &[
                lang.say(
                    "文件里有内容被改动，或没有完整传来。请向出具机关要原文件再核对。程序的说明：",
                    "Something in it was changed, or it did not arrive whole. Ask whoever gave it out for the file again. The program says:",
                ),
                why,
            ],
        ),
        Ok(Err(Unchecked::Failed(error))) => {
            let causes = causes(&*error).join(": ");
            tracing::error!(%causes, "a bundle was not checked");
            return failed(&unread(lang));
        }
        Err(_) => return failed(&unread(lang)),
    };
    told(&app, lang, body)
}

/// The public page that says what came of it.
fn told(app: &App, lang: Lang, body: Markup) -> Response {
    let title = lang.pick("核对证据包", "A bundle checked");
    let again = [Link::new("/verify", lang.pick("核对另一个", "Check another"))];
    let body = column(html! { (page_heading(None, title, None)) (body) (link_list(&again)) });
    let nav = vec![
        Link::new("/", lang.say("查询", "Find a grade")),
        Link::new("/verify", lang.say("核验", "Verify")),
    ];
    page(&Page { nav, origin: origin_of(app), ..Page::new(lang, Area::Public, title, body) }).into_response()
}

fn unread(lang: Lang) -> String {
    lang.say(
        "平台自己出了故障，没有核对成，原因已写入运行日志。请再试一次，或用命令“wuping verify-bundle”。",
        "The platform itself failed and the bundle was not checked; the operator's log says why. Try again, or use “wuping verify-bundle”.",
    )
}

/// The form of `/verify`.
pub(super) fn upload_form(lang: Lang) -> Markup {
    html! {
        form.form method="post" action="/verify/bundle" enctype="multipart/form-data" {
            div.field {
                label.label for="bundle" { (lang.pick("证据包文件（.zip）", "The bundle’s file (.zip)")) }
                input #bundle type="file" name="bundle" accept=".zip,application/zip" required;
            }
            p.form-end { button.button type="submit" { (lang.pick("核对证据包", "Check the bundle")) } }
        }
    }
}

/// Premises that a legal officer may give evidence of.
struct About {
    path: String,
    address: String,
    determinations: Vec<u64>,
    /// Private values that are still there, by name: in records of which concept, and how many.
    names: BTreeMap<String, BTreeMap<String, u64>>,
}

impl About {
    async fn of(app: &Arc<App>, signed: &Signed, code: &str) -> Result<Self, Box<Response>> {
        let lang = signed.lang;
        let page = |why: &str| Box::new(refused_page(app, lang, Some(signed), why));
        let actor = app.actor(&signed.session.account).map_err(|_| page(&broken_text(lang)))?;
        if !actor.holds(Role::LegalOfficer) {
            let why = lang.pick("证据包由法制人员出具。", "Evidence is given out by a legal officer.");
            return Err(Box::new(unseen_page(app, lang, signed, why)));
        }
        let (reading, code) = (app.clone(), code.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            let Some(premises) = reading.views.views().premises_by_code(&code).ok()? else {
                return Some(None);
            };
            let path = format!("premises/{}", premises.id);
            let subject = reading.subject(&path).ok()?;
            let names = private_values(&reading, &path).ok()?;
            let determinations = subject.grade.determined.keys().copied().collect();
            Some(Some(Self { path, address: premises.address, determinations, names }))
        });
        match read.await {
            Ok(Some(Some(about))) => Ok(about),
            Ok(Some(None)) => Err(page(lang.pick("没有这处房屋。", "There are no such premises."))),
            Ok(None) | Err(_) => Err(page(&broken_text(lang))),
        }
    }
}

/// The private values of premises that are still there, each with the records that it is in.
fn private_values(app: &App, path: &str) -> Result<BTreeMap<String, BTreeMap<String, u64>>, ExecuteError> {
    let mut names: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for entry in app.reader().subject(path, None)? {
        let there = private(app, &entry).into_iter().flatten().filter(|(_, value)| !value.is_null());
        for (name, _) in there {
            let concept = aggregate_type(&entry.stream).to_owned();
            *names.entry(name).or_default().entry(concept).or_default() += 1;
        }
    }
    Ok(names)
}

/// A private value in words, with the records that it is in.
fn value_in_words(lang: Lang, name: &str, places: &BTreeMap<String, u64>) -> String {
    let known = VALUES.iter().find(|known| known.0 == name);
    let word = known.map_or_else(|| member(lang, name), |known| lang.pick(known.1, known.2));
    let place = |(concept, count): (&String, &u64)| {
        let kind =
            if concept == "assessment" { lang.pick("评定", "Assessment") } else { kind(lang, concept) };
        lang.pick(format!("{kind} {count} 条"), format!("{kind}, {count}"))
    };
    let places: Vec<String> = places.iter().map(place).collect();
    lang.pick(format!("{word}（{}）", places.join("、")), format!("{word} (records: {})", places.join("; ")))
}

fn asking_form(signed: &Signed, code: &str, about: &About) -> Markup {
    let lang = signed.lang;
    let view = FormView {
        action: format!("/audit/{}/evidence", encoded(code)),
        csrf: signed.session.csrf.clone(),
        command_id: Uuid::now_v7().to_string(),
        expected: None,
        files: false,
        submit: lang.say("出具并下载", "Give out and download"),
    };
    let recipients: Vec<Choice> =
        RECIPIENTS.iter().map(|to| Choice::new(*to, recipient(lang, to), "court")).collect();
    let whole = Choice::new("", lang.pick("不截断：到现在为止", "Not cut: up to now"), "");
    let numbered = about.determinations.iter().rev().map(|number| {
        Choice::new(
            number.to_string(),
            lang.pick(format!("到第 {number} 次评定"), format!("up to determination {number}")),
            "",
        )
    });
    let cuts: Vec<Choice> = std::iter::once(whole).chain(numbered).collect();
    let values: Vec<Choice> = about
        .names
        .iter()
        .map(|(name, places)| Choice::new(name.as_str(), value_in_words(lang, name, places), ""))
        .collect();
    let text = |name: &str, label: String, hint: String, required: bool| {
        text_field(
            lang,
            &TextField { name: name.into(), label, hint: Some(hint), required, ..TextField::default() },
        )
    };
    form(
        &view,
        html! {
            (choice_field(lang, "to", lang.pick("给谁", "To whom"), None, &recipients, None))
            (text(
                "basis",
                lang.say("依据", "On what basis"),
                lang.say("法律条款或文书编号。会公开记入账本，不要写个人姓名。", "The law, or the number of the order. It stands in the ledger for everybody: name no person."),
                true,
            ))
            (text(
                "recipient",
                lang.say("接收人", "Who takes it"),
                lang.say("不公开。", "Kept private."),
                false,
            ))
            (select_field(lang, "upto", lang.pick("截止", "Up to"), &cuts, None))
            (several_field(
                lang,
                "fields",
                lang.pick("公开哪些隐私内容", "Private values to disclose"),
                Some(lang.pick(
                    "不勾选就都不公开。勾选一种，所列记录里的这种内容都公开。",
                    "None is disclosed where none is ticked. One that is ticked is disclosed in all the records named.",
                )),
                &values,
                None,
            ))
        },
    )
}

fn recipient(lang: Lang, code: &str) -> String {
    match code {
        "auditor" => lang.say("审计机关", "An auditor"),
        "court" => lang.say("法院", "A court"),
        "party" => lang.say("当事人", "A party"),
        "prosecutor" => lang.say("检察院", "A prosecutor"),
        "reconsideration_organ" => lang.say("行政复议机关", "An organ of administrative reconsideration"),
        other => other.to_owned(),
    }
}

fn why_not(lang: Lang, error: &IssueError) -> String {
    match error {
        IssueError::Execute(ExecuteError::Rejected(rejection)) => lang.pick(rejection.zh(), rejection.en()),
        IssueError::NoField { field, has, .. } => lang.pick(
            format!("没有名为“{field}”的隐私内容；这里有：{}。", has.join("、")),
            format!("There is no private value “{field}”; there are {}.", has.join(", ")),
        ),
        IssueError::NoDetermination { number, .. } => {
            lang.pick(format!("没有第 {number} 次评定。"), format!("There is no determination {number}."))
        }
        other => {
            let causes = causes(other).join(": ");
            tracing::error!(%causes, "evidence was not given out");
            failed_text(lang, other)
        }
    }
}

pub(super) fn download(code: &str, bytes: Bytes) -> Response {
    let name: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let disposition = format!("attachment; filename=\"evidence-{name}.zip\"");
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, bytes).into_response()
}

async fn uploaded(mut form: Multipart) -> Option<Bytes> {
    while let Some(field) = form.next_field().await.ok()? {
        if field.name() == Some("bundle") {
            return field.bytes().await.ok().filter(|bytes| !bytes.is_empty());
        }
    }
    None
}

/// Why a file was not checked.
pub(super) enum Unchecked {
    Failed(Box<dyn std::error::Error + Send + Sync>),
    NoBundle(String),
}

/// Level 5, by the key, the first entry and the witnesses of this ledger.
pub(super) fn checked(app: &App, bytes: &[u8]) -> Result<VerifiedBundle, Unchecked> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Unchecked::Failed(error);
    let bundle = bundle_in(bytes).map_err(|refusal| Unchecked::NoBundle(refusal.to_string()))?;
    let listed = listed_in(&app.folder).map_err(|error| failed(error.into()))?;
    let genesis = app.reader().row(0).map_err(|error| failed(error.into()))?;
    let trusted = Trusted {
        log: Some(stated_log_key(app.reader()).map_err(|error| failed(error.into()))?),
        genesis: genesis.map(|first| first.leaf_hash.hex()),
        ..listed
    };
    let asks_who_saw_it = !trusted.witnesses.is_empty() && !trusted.tsa_roots.is_empty();
    let question = Question { level: 5, require: None, trusted, asks_who_saw_it, now: Some(now()) };
    Ok(verify(&bundle, &question).map_err(|refusal| failed(refusal.into()))?.verified)
}

fn outcome(lang: Lang, verified: &VerifiedBundle) -> Markup {
    let subject = verified.subject.as_deref().unwrap_or_default();
    let as_of = verified.complete_as_of_time.as_deref().unwrap_or_default();
    let findings = verified.findings.iter().take(FINDINGS_SHOWN_MAX);
    html! {
        @if verified.is_sound() {
            (notice_box(Tone::Good, lang.pick("核对无误", "Sound"), &[lang.pick(
                format!("这是本账本的证据包：{subject}，{} 条记录，截至 {as_of}（世界时）一条不少，{} 个评定结果照规则重新算出，全部一致。", verified.entries, verified.results_rederived),
                format!("This bundle is of this ledger: {subject}, {} entries, none left out as of {as_of} UTC; {} results were computed again by their rules and are equal.", verified.entries, verified.results_rederived),
            )]))
        } @else {
            (notice_box(Tone::Grave, lang.pick("核对不通过", "Not sound"), &[wrong_at(lang, verified)]))
            ul { @for found in findings { li { (finding(found, lang)) } } }
        }
        @if let Some(third) = verified.levels.get(3).filter(|_| verified.reached >= Some(3)) {
            p {
                @match third.state {
                    Came::Established => { (lang.pick("见证和时间戳：", "Seen by others: ")) (seen(&verified.seen, lang)) }
                    _ => { (lang.pick("本账本没有配置见证和时间戳。", "This ledger lists no witness or time-stamping authority.")) }
                }
            }
        }
        @for gone in &verified.erased {
            p { (lang.pick(
                format!("第 {} 条：{} 项隐私内容已于 {} 由 {} 决定永久删除，原因：{}。", gone.position, gone.values, gone.recorded_at, gone.authority, gone.reason),
                format!("Entry {}: {} private value(s) were erased for ever on {} by {}: {}.", gone.position, gone.values, gone.recorded_at, gone.authority, gone.reason),
            )) }
        }
        @if !verified.contested_positions.is_empty() {
            p { (lang.pick(
                format!("签名密钥后来作废、需再核实的记录：{:?}", verified.contested_positions),
                format!("Contested since their key was revoked: {:?}", verified.contested_positions),
            )) }
        }
    }
}

/// What it means that a level fails.
fn wrong_at(lang: Lang, verified: &VerifiedBundle) -> String {
    match verified.findings.first().map_or(0, |found| found.level) {
        0 => lang.say(
            "有文件损坏、缺失或被改动，见下面各行。",
            "A file is damaged, missing or was changed; the lines below say which.",
        ),
        1 => lang.say(
            "有记录的签名不符：内容被改动，或不是所称的人签的。",
            "A signature does not hold: the content was changed, or somebody else signed it.",
        ),
        2 => lang.say(
            "有记录不在本账本中，或不在它所说的位置。",
            "An entry is not in this ledger, or not at the place it says.",
        ),
        3 => lang.say(
            "没有足够的见证方和时间戳机构确认过它。",
            "Not enough witnesses, or no authority, have seen it.",
        ),
        4 => lang.say(
            "记录不齐全，或签名密钥当时无权签名，或公开了已删除的内容。",
            "Something was left out, a key might not sign what it signed, or an erased value is shown.",
        ),
        _ => lang.say(
            "有评定结果照规则重新计算后不一致。",
            "A result is another when it is computed again by its rules.",
        ),
    }
}

fn title(lang: Lang) -> &'static str {
    lang.pick("出具证据包", "Give out evidence")
}

/// What was given out last, by who asked and the form's id.
#[derive(Default)]
pub(super) struct Given(Mutex<VecDeque<((String, Uuid), Bytes)>>);

/// Private values that no page of a matter tells in words.
const VALUES: &[(&str, &str, &str)] = &[
    ("answers", "问卷答案", "Answers of the survey"),
    ("certificate", "证件编号", "Number of the certificate"),
    ("changes", "要求更正的内容", "What was asked to be changed"),
    ("coordinates", "定位", "Where it was"),
    ("document", "文书原件", "The document"),
    ("evidence", "证据材料", "Evidence"),
    ("id_number", "证件号码", "Number of the identity paper"),
    ("power_of_attorney", "授权委托书", "Power of attorney"),
    ("purpose", "用途", "What it is for"),
    ("receipt", "送达回证", "Receipt of service"),
    ("reference", "核验编号", "Reference of a check"),
    ("scan", "扫描件", "Scan"),
    ("second_certificate", "另一位执法人员的证件编号", "Number of the second officer's certificate"),
];
const BUNDLE_BYTES_MAX: usize = 32 << 20;
const CHECKED_AT_ONCE: usize = 2;
const FINDINGS_SHOWN_MAX: usize = 50;
const KEPT_MAX: usize = 4;
