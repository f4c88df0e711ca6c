//! Credit files over REST, for whoever is signed in and may read them: one file, the list, and what the public credit platform has
//! not taken yet. A reading is recorded before anything is answered; a list is one entry with the digest of what is answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::facts::Role;
use wuping_domain::rejection::Rejection;
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::jcs;
use wuping_ledger::keys::Kid;
use wuping_ledger::stream::is_path;
use wuping_projections::queries::{CreditFilter, Page};

use crate::app::{App, Asked, Done, ExecuteError, Who};
use crate::look::words::Lang;
use crate::web::api::problem;
use crate::web::commands::{broken, in_session, refused};
use crate::web::credit_file::{self, usual_reason};
use crate::web::docket_api::blocking;
use crate::web::paging;
use crate::web::session::lang_of;

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/credit", get(listed))
        .route("/api/v1/credit/outbox", get(outbox))
        .route("/api/v1/parties/{party}/credit", get(one))
        .with_state(app)
}

/// Why something is read, and which part of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    class: String,
    page: String,
    purpose: String,
    waiting: String,
    why: String,
}

impl Wanted {
    fn stated(text: &str) -> Option<&str> {
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// The files that are asked for; none where it is not said in a known way.
    fn filter(&self) -> Option<CreditFilter> {
        let waiting = match self.waiting.as_str() {
            "" | "false" | "0" => false,
            "true" | "1" => true,
            _ => return None,
        };
        Some(CreditFilter { class: Self::stated(&self.class).map(str::to_owned), waiting })
    }

    fn page(&self) -> Option<Page> {
        paging::stated(&self.page).map(Page::of)
    }
}

async fn one(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(party): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let lang = lang_of(&headers);
    let who = match person(&app, lang, &headers) {
        Ok(who) => who,
        Err(refused) => return *refused,
    };
    if !is_path(&format!("party/{party}")) {
        return nothing(lang);
    }
    if let Err(error) = read(&app, &who, &party, &wanted.why, &wanted.purpose).await {
        return unread(lang, &error);
    }
    let house = app.clone();
    match blocking(move || Ok(credit_file::told(&house, &party)?)).await {
        Ok(Some(told)) => sent(Json(told).into_response()),
        Ok(None) => nothing(lang),
        Err(error) => broken(lang, error.as_ref()),
    }
}

/// Record that a person reads a file, before anything of it is sent: answers the position of the record.
///
/// # Errors
/// Why the person may not, or why it could not be recorded.
pub(super) async fn read(
    app: &App,
    who: &Who,
    party: &str,
    why: &str,
    purpose: &str,
) -> Result<u64, ExecuteError> {
    let why = match Wanted::stated(why) {
        Some(why) => why.to_owned(),
        None => usual_reason(app, who, party)?.to_owned(),
    };
    let command = json!({ "command": "read_file", "why": why, "purpose": Wanted::stated(purpose) });
    let done = app.execute(who, asked(app, format!("access/{party}"), command)).await;
    match done.inspect_err(|error| is_attempted(who, party, error))? {
        Done::Recorded(receipt) => Ok(receipt.position),
        // every reading is a new one: nothing is shown where none was recorded
        Done::Nothing => Err(ExecuteError::Command { detail: "no reading was recorded".to_owned() }),
    }
}

async fn listed(State(app): State<Arc<App>>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response {
    let lang = lang_of(&headers);
    let who = match person(&app, lang, &headers) {
        Ok(who) => who,
        Err(refused) => return *refused,
    };
    let Some((page, filter)) = wanted.page().zip(wanted.filter()) else { return malformed(lang) };
    let house = app.clone();
    let found = blocking(move || Ok(house.views.views().credit_files(&filter, page)?)).await;
    let found = match found {
        Ok(found) => found,
        Err(error) => return broken(lang, error.as_ref()),
    };
    let files = found.rows.len();
    let body = json!({ "rows": found.rows, "page": found.page, "pages": found.pages, "total": found.total });
    let bytes = match jcs::canonical(&body) {
        Ok(bytes) => bytes,
        Err(error) => return broken(lang, &error),
    };
    handed_out(&app, lang, &who, (&wanted.why, &wanted.purpose), files, bytes).await
}

/// What a list says, once it is recorded that it was read.
async fn handed_out(
    app: &App,
    lang: Lang,
    who: &Who,
    said: (&str, &str),
    files: usize,
    bytes: Vec<u8>,
) -> Response {
    match read_list(app, who, said, files, &bytes).await {
        // the bytes whose digest was recorded
        Ok(()) => sent(([(header::CONTENT_TYPE, "application/json")], bytes).into_response()),
        Err(error) => unread(lang, &error),
    }
}

/// Records that somebody reads a list of so many files, before it is shown: why, for what, and the digest of what it says.
pub(super) async fn read_list(
    app: &App,
    who: &Who,
    (why, purpose): (&str, &str),
    files: usize,
    bytes: &[u8],
) -> Result<(), ExecuteError> {
    let why = match Wanted::stated(why) {
        Some(why) => why.to_owned(),
        None => usual_reason(app, who, LIST)?.to_owned(),
    };
    let list = json!({ "sha256": hex_encode(&sha256(bytes)), "files": files });
    let purpose = Wanted::stated(purpose);
    let command = json!({ "command": "read_list", "why": why, "list": list, "purpose": purpose });
    let done = app.execute(who, asked(app, format!("access/{LIST}"), command)).await;
    done.map(drop).inspect_err(|error| is_attempted(who, LIST, error))
}

/// A reading that the rules refused is in the server's log, with who asked.
fn is_attempted(who: &Who, party: &str, error: &ExecuteError) {
    if let (Who::Person { account, .. }, ExecuteError::Rejected(rejection)) = (who, error) {
        not_shown(account, party, rejection.code());
    }
}

/// Somebody asked for a file, or for the list of them, and was not shown it.
pub(super) fn not_shown(account: &str, party: &str, code: &str) {
    tracing::warn!(account, party, code, "a credit file was asked for and not shown");
}

async fn outbox(State(app): State<Arc<App>>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response {
    let lang = lang_of(&headers);
    let who = match person(&app, lang, &headers) {
        Ok(who) => who,
        Err(refused) => return *refused,
    };
    let actor = in_session(&app, lang, &headers).map(|session| app.actor(&session.account));
    let actor = match actor {
        Ok(Ok(actor)) => actor,
        Ok(Err(error)) => return broken(lang, &error),
        Err(refused) => return *refused,
    };
    if ![Role::CreditOfficer, Role::Auditor].iter().any(|role| actor.holds(*role)) {
        not_shown(&actor.account, LIST, "role_needed");
        let told = lang.pick(
            "报送清单由信用管理人员和审计人员查看。",
            "What is reported is read by credit officers and auditors.",
        );
        return problem(StatusCode::FORBIDDEN, "role_needed", told);
    }
    let Some(page) = wanted.page() else { return malformed(lang) };
    let house = app.clone();
    let found = match blocking(move || Ok(house.views.views().credit_outbox(page)?)).await {
        Ok(found) => found,
        Err(error) => return broken(lang, error.as_ref()),
    };
    let parties: BTreeSet<&str> = found.rows.iter().map(|row| row.party.as_str()).collect();
    match jcs::canonical(&json!(found)) {
        Ok(bytes) => handed_out(&app, lang, &who, (&wanted.why, &wanted.purpose), parties.len(), bytes).await,
        Err(error) => broken(lang, &error),
    }
}

fn person(app: &App, lang: Lang, headers: &HeaderMap) -> Result<Who, Box<Response>> {
    let session = in_session(app, lang, headers)?;
    let kid = Kid::parse(session.kid).map_err(|refusal| Box::new(broken(lang, &refusal)))?;
    Ok(Who::Person { account: session.account, kid })
}

fn asked(app: &App, stream: String, command: Value) -> Asked {
    Asked { id: Uuid::now_v7(), stream, command, expected: None, occurred_at: app.now() }
}

/// A reading that was refused: nothing of the file is said.
fn unread(lang: Lang, error: &ExecuteError) -> Response {
    let ExecuteError::Rejected(rejection) = error else { return refused(lang, error) };
    match rejection {
        Rejection::DepartmentNeeded { .. } | Rejection::OutOfReach { .. } | Rejection::RoleNeeded { .. } => {
            problem(StatusCode::FORBIDDEN, rejection.code(), &lang.pick(rejection.zh(), rejection.en()))
        }
        _ => refused(lang, error),
    }
}

/// What was answered is kept by nobody on its way.
fn sent(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

fn nothing(lang: Lang) -> Response {
    let told = lang.pick("没有这个主体。", "There is no such party.");
    problem(StatusCode::NOT_FOUND, "not_found", told)
}

fn malformed(lang: Lang) -> Response {
    let told = lang.pick(
        "page 要写从 1 起的整数，waiting 要写 true 或 false。",
        "Write page as a whole number from 1, waiting as true or false.",
    );
    problem(StatusCode::BAD_REQUEST, "malformed", told)
}

/// The log of readings that lists stand in.
const LIST: &str = "list";

#[cfg(test)]
mod tests {
    use std::io::{Result as Written, Write};
    use std::sync::{Mutex, PoisonError};

    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::web;

    /// What the server would write to its log.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> Written<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> Written<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Log {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[tokio::test]
    async fn who_asked_for_a_file_and_was_not_shown_it_is_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), "ledger.example/attempts", false).unwrap());
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        let neighbour = json!({ "command": "grant", "role": "owner", "party": "y-2" });
        for (stream, command) in [
            ("party/y-1", json!({ "command": "register", "kind": "person", "name": "黄某" })),
            ("account/a-7", json!({ "command": "open", "name": "邻居" })),
            ("account/a-7", neighbour),
        ] {
            app.execute(&counter, asked(&app, stream.to_owned(), command)).await.unwrap();
        }
        let kid = app.ledger.enrol_officer("a-7").await.unwrap();
        app.office.set_login("neighbour", "a-7", kid.as_str(), "a long password").unwrap();
        let routes = web::router(app.clone(), "");
        let sign_in = json!({ "login": "neighbour", "password": "a long password" }).to_string();
        let sign_in = Request::post("/api/v1/session")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(sign_in));
        let signed_in = routes.clone().oneshot(sign_in.unwrap()).await.unwrap();
        let cookie =
            signed_in.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();

        let log = Log::default();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
        let _told = tracing::subscriber::set_default(lines);
        for path in
            ["/api/v1/parties/y-1/credit", "/audit/credit/y-1", "/api/v1/credit", "/api/v1/credit/outbox"]
        {
            log.0.lock().unwrap().clear();
            let ask = Request::get(path).header("cookie", &cookie).body(Body::empty()).unwrap();
            let answer = routes.clone().oneshot(ask).await.unwrap();
            assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
            let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            let named = if path.contains("y-1") { "party=\"y-1\"" } else { "party=\"list\"" };
            for says in ["asked for and not shown", "account=\"a-7\"", named] {
                assert!(told.contains(says), "{path} {says}: {told}");
            }
            assert!(!told.contains("黄某") && !told.contains("邻居"), "no name: {told}");
        }
    }
}
