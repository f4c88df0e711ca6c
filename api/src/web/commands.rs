//! Commands over REST: `POST /api/v1/commands/{stream…}/{command}`, and signing in and out.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::facts::Role;
use wuping_ledger::append::AppendError;
use wuping_ledger::away::is_away;
use wuping_ledger::disk_full::is_disk_full;
use wuping_ledger::keys::Kid;
use wuping_ledger::refusal::Refusal;

use crate::app::{App, Asked, Done, ExecuteError, Who};
use crate::look::words::Lang;
use crate::office::{Attempt, Entered, Session};
use crate::web::api::{not_read, problem, problem_with};
use crate::web::desk_page::full_text;
use crate::web::format_refusals::{known, of_the_sender};
use crate::web::json_body::StrictJson;
use crate::web::members::Unknown;
use crate::web::session::{
    SESSION, caller, cookie, lang_of, no_session_cookie, now_seconds, session_cookie, too_many_tries,
    wrong_credentials,
};
use wuping_projections::error::causes;

/// The routes that need the whole house.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/session", post(sign_in).delete(sign_out))
        .route("/api/v1/commands/{*path}", post(command))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    login: String,
    password: String,
}

async fn sign_in(
    State(app): State<Arc<App>>,
    extensions: Extensions,
    headers: HeaderMap,
    StrictJson(body): StrictJson,
) -> Response {
    let lang = lang_of(&headers);
    let credentials: Credentials = match serde_json::from_value(body) {
        Ok(credentials) => credentials,
        Err(error) => return of_the_sender(lang, &Refusal::new("request", error.to_string())),
    };
    let Credentials { login, password } = credentials;
    // programs are not known from one time to the next
    let attempt = Attempt { login, password, caller: caller(&extensions), browser: None };
    match app.office.let_in(attempt, now_seconds()).await {
        Ok(Entered::In { token, session, .. }) => {
            let body = Json(json!({ "account": session.account, "csrf": session.csrf }));
            ([(header::SET_COOKIE, session_cookie(&token))], body).into_response()
        }
        Ok(Entered::Later { seconds }) => {
            let detail = too_many_tries(lang, seconds);
            let mut answer = problem(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", &detail);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            answer
        }
        Ok(Entered::Wrong) => {
            problem(StatusCode::UNAUTHORIZED, "wrong_name_or_password", wrong_credentials(lang))
        }
        Err(error) => broken(lang, &error),
    }
}

async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(token) = cookie(&headers, SESSION)
        && let Err(error) = app.office.sign_out(&token)
    {
        return broken(lang_of(&headers), &error);
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, no_session_cookie())]).into_response()
}

async fn command(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    StrictJson(body): StrictJson,
) -> Response {
    let lang = lang_of(&headers);
    let session = match signed_in(&app, lang, &headers) {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    let asked = match asked(&app, &path, lang, &headers, body) {
        Ok(asked) => asked,
        Err(detail) => return problem(StatusCode::BAD_REQUEST, "malformed", &detail),
    };
    if let Some(unknown) = Unknown::in_command(&asked.stream, &asked.command) {
        return unknown.answer(lang);
    }
    let kid = match Kid::parse(session.kid) {
        Ok(kid) => kid,
        Err(refusal) => return broken(lang, &refusal),
    };
    let again = match says_again(lang, &headers) {
        Ok(again) => again,
        Err(detail) => return problem(StatusCode::BAD_REQUEST, "malformed", &detail),
    };
    let who = Who::Person { account: session.account, kid };
    let done = match again {
        Some(doubtful) => app.execute_again(&who, asked, &doubtful).await,
        None => app.execute(&who, asked).await,
    };
    match done {
        Ok(done) => took(done),
        Err(error) => refused(lang, &error),
    }
}

/// The record under doubt that a command says again, where its header names one.
pub(super) fn says_again(lang: Lang, headers: &HeaderMap) -> Result<Option<Uuid>, String> {
    let named = headers.get(RECORDS_AGAIN).map(|id| id.to_str().ok().and_then(|id| id.parse().ok()));
    named.map(|id| id.ok_or(())).transpose().map_err(|()| {
        lang.say(
            "Records-Again 是存疑的那条记录的 event_id，一个 UUID。",
            "Records-Again is the event_id of the record that is under doubt, a UUID.",
        )
    })
}

/// What became of a command that was carried out.
pub(super) fn took(done: Done) -> Response {
    let Done::Recorded(receipt) = done else { return Json(json!({ "recorded": false })).into_response() };
    let status = if receipt.repeated { StatusCode::OK } else { StatusCode::CREATED };
    let body = json!({
        "recorded": true,
        "event_id": receipt.event_id,
        "position": receipt.position,
        "last_position": receipt.last_position,
        "version": receipt.version,
        "recorded_at": receipt.recorded_at.as_str(),
        "repeated": receipt.repeated,
    });
    (status, Json(body)).into_response()
}

/// The session of whoever only reads.
pub(super) fn in_session(app: &App, lang: Lang, headers: &HeaderMap) -> Result<Session, Box<Response>> {
    let session = cookie(headers, SESSION)
        .and_then(|token| app.office.session(&token, now_seconds()).transpose())
        .transpose();
    let session = session.map_err(|error| Box::new(broken(lang, &error)))?;
    let Some(session) = session else {
        let detail = lang.pick(
            "登录已经过期或还没有登录。请登录后再发送，本次没有记录。",
            "Your session has ended or there was none. Sign in, then send it again: nothing was recorded.",
        );
        return Err(Box::new(problem(StatusCode::UNAUTHORIZED, "not_signed_in", detail)));
    };
    Ok(session)
}

/// Refuses whoever does not hold a role, in these words.
pub(super) fn must_hold(
    app: &App,
    lang: Lang,
    session: &Session,
    role: Role,
    [zh, en]: [&str; 2],
) -> Result<(), Box<Response>> {
    let actor = app.actor(&session.account).map_err(|error| Box::new(not_read(lang, &error)))?;
    match actor.holds(role) {
        true => Ok(()),
        false => Err(Box::new(problem(StatusCode::FORBIDDEN, "not_yours", lang.pick(zh, en)))),
    }
}

/// The session, if the browser sends the token that its forms were given.
pub(super) fn signed_in(app: &App, lang: Lang, headers: &HeaderMap) -> Result<Session, Box<Response>> {
    let session = in_session(app, lang, headers)?;
    let sent = headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
    if sent != Some(session.csrf.as_str()) {
        let detail = lang.pick(
            "这个请求不是本次登录的页面发出的。请重新打开页面再发送。",
            "The request did not come from a page of this session. Reload the page and send it again.",
        );
        return Err(Box::new(problem(StatusCode::FORBIDDEN, "wrong_csrf_token", detail)));
    }
    Ok(session)
}

fn asked(app: &App, path: &str, lang: Lang, headers: &HeaderMap, body: Value) -> Result<Asked, String> {
    let (stream, name) = path.rsplit_once('/').ok_or_else(|| {
        lang.say(
            "路径由流和命令组成，例如 premises/p-1/register。",
            "The path is a stream and a command, premises/p-1/register.",
        )
    })?;
    let id = command_id(lang, headers)?;
    let expected = headers
        .get(header::IF_MATCH)
        .map(|value| value.to_str().ok().and_then(|text| text.trim_matches('"').parse().ok()))
        .map(|version| {
            version.ok_or_else(|| {
                lang.say(
                    "If-Match 是您看到的流的版本，一个整数。",
                    "If-Match is the stream's version that you saw, a whole number.",
                )
            })
        })
        .transpose()?;
    let Value::Object(mut members) = body else {
        return Err(lang.say(
            "正文应是一个对象，写明命令的各个字段。",
            "The body is an object with the command's fields.",
        ));
    };
    if members.insert("command".to_owned(), json!(name)).is_some_and(|other| other != name) {
        return Err(lang.say(
            "正文中的 command 与路径最后一段不同。命令只写在路径里。",
            "The body names another command than the path. The path alone says it.",
        ));
    }
    Ok(Asked {
        id,
        stream: stream.to_owned(),
        command: Value::Object(members),
        expected,
        occurred_at: app.now(),
    })
}

/// The id that the sender gave a command.
pub(super) fn command_id(lang: Lang, headers: &HeaderMap) -> Result<Uuid, String> {
    let id = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    // version 8 is for ids that are derived: one that is made up could be that of an event yet to come
    let id = id.and_then(|text| text.parse::<Uuid>().ok()).filter(|id| id.get_version_num() != 8);
    id.ok_or_else(|| {
        lang.say(
            "请在 Idempotency-Key 中给每个命令一个新的 UUID（第 4 或第 7 版），重发时用同一个。",
            "Send an Idempotency-Key: a fresh UUID of version 4 or 7 for each command, the same one for a retry.",
        )
    })
}

pub(super) fn refused(lang: Lang, error: &ExecuteError) -> Response {
    if let ExecuteError::Append(AppendError::Rule(refusal)) = error
        && let Some(response) = known(lang, refusal)
    {
        return response;
    }
    match error {
        ExecuteError::Rejected(rejection) => {
            let detail = lang.pick(rejection.zh(), rejection.en());
            problem_with(StatusCode::UNPROCESSABLE_ENTITY, rejection.code(), &detail, rejection.detail())
        }
        ExecuteError::RefusedBefore { detail } => {
            let said: Value = serde_json::from_str(detail).unwrap_or_default();
            let detail = said[lang.code()].as_str().unwrap_or(detail);
            problem_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                "refused_before",
                detail,
                json!({ "code": said["code"] }),
            )
        }
        ExecuteError::Append(AppendError::Conflict { actual, expected, .. }) => {
            let detail = lang.pick(
                format!("别人先记录了：您看到的是第 {expected} 版，现在是第 {actual} 版。请重新打开，看清变化后再决定。"),
                format!(
                    "Somebody else was first: you saw version {expected}, it is {actual} now. Reload, look at what changed, and decide again."
                ),
            );
            let versions = json!({ "actual": actual, "expected": expected });
            problem_with(StatusCode::CONFLICT, "stale_version", &detail, versions)
        }
        ExecuteError::Append(AppendError::Alarmed) => {
            let detail = lang.pick(
                "有见证人记下了另一份账本历史，查清以前不记录任何内容。请联系系统管理员。",
                "A witness knows another history of this ledger. Nothing is recorded until an operator has found out which one is true.",
            );
            problem(StatusCode::SERVICE_UNAVAILABLE, "fork_alarm", detail)
        }
        ExecuteError::Append(AppendError::NoKey { .. }) => {
            let detail = lang.pick(
                "您的签名密钥已经停用，不能再签名；内容没有记录。请联系管理员换一把新的。",
                "Your signing key has ended, so nothing can be signed with it and nothing was recorded. Ask the administrator for a new one.",
            );
            problem(StatusCode::FORBIDDEN, "key_ended", detail)
        }
        ExecuteError::Append(AppendError::Busy) => {
            let detail = lang.pick(
                "现在排队记录的太多。请一秒后再发送同一个命令。",
                "The ledger has more waiting than it takes. Send the same command again in a second.",
            );
            come_back("busy", detail, "1")
        }
        ExecuteError::Append(AppendError::DifferentCommand { .. }) => {
            let detail = lang.pick(
                "这个 Idempotency-Key 已用于别的命令，请换一个新的。",
                "This Idempotency-Key was used for another command. Make a new one.",
            );
            problem(StatusCode::CONFLICT, "different_command", detail)
        }
        ExecuteError::Append(AppendError::Clock(fault)) => {
            let detail = lang.pick(
                "服务器的时钟可能不准，在管理员核对以前不记录任何内容。请管理员校准时钟；如果时钟没错，停止服务后运行 wuping clock accept，再启动。"
                    .to_owned(),
                format!(
                    "{fault}. Nothing is recorded until an operator has looked at the server's clock: if it is right, \
                     stop the server, run “wuping clock accept”, and start it again."
                ),
            );
            problem(StatusCode::SERVICE_UNAVAILABLE, "clock", &detail)
        }
        ExecuteError::Append(AppendError::Rule(rule)) => {
            let detail = lang.pick(
                format!("账本的格式不允许这样记录：{rule}。本次没有记录。"),
                format!("The ledger's format does not allow it: {rule}. Nothing was recorded."),
            );
            problem(StatusCode::UNPROCESSABLE_ENTITY, "not_allowed", &detail)
        }
        ExecuteError::Rule(refusal) => of_the_sender(lang, refusal),
        ExecuteError::Command { .. } | ExecuteError::Unknown { .. } => {
            let why = causes(error).join(": ");
            let detail = lang.pick(format!("命令的格式不对：{why}。请对照 /api/v1/openapi.json。"), why);
            problem(StatusCode::BAD_REQUEST, "malformed", &detail)
        }
        error if is_disk_full(error) => full(lang, error),
        error if is_away(error) => away(lang, error),
        ExecuteError::Append(_)
        | ExecuteError::Read(_)
        | ExecuteError::Unreadable(_)
        | ExecuteError::Vault(_) => broken(lang, error),
    }
}

/// The database is away for a while: nobody's fault here, and the same command may be sent again.
pub(super) fn away(lang: Lang, error: &(dyn std::error::Error + 'static)) -> Response {
    let causes = causes(error).join(": ");
    tracing::error!(%causes, "the ledger's database does not answer");
    let detail = lang.pick(
        "账本的数据库暂时没有回应。过一会儿再发送一次同一个命令，就知道有没有记录。",
        "The ledger's database does not answer at the moment. Send the same command again in a while to learn whether it was recorded.",
    );
    come_back("database_away", detail, "2")
}

/// A disk has no room: somebody has to make some before anything is recorded.
fn full(lang: Lang, error: &(dyn std::error::Error + 'static)) -> Response {
    let causes = causes(error).join(": ");
    tracing::error!(%causes, "a disk of the server is full");
    problem(StatusCode::INSUFFICIENT_STORAGE, "disk_full", &full_text(lang))
}

/// Nothing is wrong with what was sent: it may be sent again after so many seconds.
pub(super) fn come_back(kind: &str, detail: &str, seconds: &'static str) -> Response {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, kind, detail);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    response
}

/// What could not be done for no fault of the caller: told in the log with its causes, here without them.
pub(super) fn broken(lang: Lang, error: &(dyn std::error::Error + 'static)) -> Response {
    if is_disk_full(error) {
        return full(lang, error);
    }
    if is_away(error) {
        return away(lang, error);
    }
    let causes = causes(error).join(": ");
    tracing::error!(%causes, "a command could not be carried out");
    let detail = lang.pick(
        "没有完成，原因已写入运行日志。再发送一次同一个命令，就知道有没有记录。",
        "It could not be carried out; the operator's log says why. Send the same command again to learn whether it was recorded.",
    );
    problem(StatusCode::INTERNAL_SERVER_ERROR, "not_carried_out", detail)
}

/// The header by which a command says again what a key under doubt signed.
const RECORDS_AGAIN: &str = "records-again";
const BODY_BYTES_MAX: usize = 256 * 1024;
