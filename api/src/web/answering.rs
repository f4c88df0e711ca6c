//! How a form of a page becomes a command, and how the person is answered when it was not carried out.

use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;
use wuping_domain::rejection::{Missing, Rejection};
use wuping_ledger::append::AppendError;
use wuping_ledger::away::is_away;
use wuping_ledger::disk_full::is_disk_full;
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::entry::{MAX_LEAF, derived_event_id};
use wuping_projections::error::causes;

use crate::app::{App, Asked, Done, ExecuteError};
use crate::look::parts::Link;
use crate::look::words::Lang;
use crate::web::desk_page::{Refusal, broken_text, full_text, refused_with};
use crate::web::session::Signed;

/// A command of a form. Its id follows from the form's own and from what is said: a second tap says the same and is
/// recorded once, and a form that was refused, mended and sent again says something else.
pub(super) fn asked_by_form(
    app: &App,
    form: &str,
    stream: String,
    command: Value,
    expected: Option<u64>,
) -> Asked {
    let said = hex_encode(&sha256(command.to_string().as_bytes()));
    let id = derived_event_id(app.ledger.origin(), &format!("form/{form}/{stream}/{said}"), 1);
    Asked { id, stream, command, expected, occurred_at: app.now() }
}

/// Go on to a page once a command was carried out; or say why it was not, with the way back to the page it was sent
/// from.
pub(super) fn answered(
    app: &App,
    signed: &Signed,
    done: Result<Done, ExecuteError>,
    there: &str,
    here: &str,
) -> Response {
    let lang = signed.lang;
    let error = match done {
        Ok(_) => return Redirect::to(there).into_response(),
        Err(error) => error,
    };
    let again = Link::new(here, lang.say("重新打开这个页面", "Open the page again"));
    let (why, todo) = told(lang, &error);
    refused_with(app, signed, Refusal { why, todo, back: Some(again) })
}

/// Why a command was not carried out, and what to do.
pub(super) fn told(lang: Lang, error: &ExecuteError) -> (String, Vec<String>) {
    match error {
        ExecuteError::Rejected(rejection) => rejected(lang, rejection),
        ExecuteError::RefusedBefore { detail } => (refused_before(lang, detail), vec![reopen(lang)]),
        ExecuteError::Append(AppendError::Conflict { .. }) => (
            lang.say(
                "您看这一页的时候，别人已经记录了新的内容。",
                "While you were reading, somebody else recorded something here.",
            ),
            vec![reopen(lang)],
        ),
        ExecuteError::Append(AppendError::Alarmed) => (
            lang.say(
                "有见证人记下了另一份账本历史，查清以前不记录任何内容。",
                "A witness knows another history of this ledger; nothing is recorded until that is cleared up.",
            ),
            vec![lang.say("请联系系统管理员。", "Tell the operator.")],
        ),
        ExecuteError::Append(AppendError::NoKey { .. }) => (
            lang.say(
                "您的签名密钥已经停用，内容没有记录。",
                "Your signing key has ended, so nothing was recorded.",
            ),
            vec![lang.say("请联系管理员换一把新的。", "Ask the administrator for a new one.")],
        ),
        ExecuteError::Append(AppendError::Busy) => (
            lang.say("现在排队记录的人很多。", "The ledger has more waiting than it takes."),
            vec![lang.say("稍等几秒再提交一次。", "Wait a few seconds and send it again.")],
        ),
        ExecuteError::Append(AppendError::Clock(_)) => (
            lang.say(
                "服务器的时钟可能不准，核对以前不能记录。",
                "The server's clock may be wrong; nothing is recorded until it was looked at.",
            ),
            vec![lang.say(
                "请通知系统管理员核对时钟，然后再提交。",
                "Tell the operator, and send it again afterwards.",
            )],
        ),
        error if is_disk_full(error) => {
            tracing::error!(causes = %causes(error).join(": "), "a disk of the server is full");
            (full_text(lang), vec![])
        }
        ExecuteError::Append(AppendError::Rule(refusal)) if refusal.code == "entry-length" => (
            lang.pick(
                format!("内容太长，没有记录：一条记录最多 {MAX_LEAF} 字节。"),
                format!("This is too long and was not recorded: an entry has {MAX_LEAF} bytes at most."),
            ),
            vec![lang.say(
                "写短一些，或分几次记录。",
                "Shorten it, or record it in several parts.",
            )],
        ),
        error if is_away(error) => (
            lang.say("账本的数据库暂时没有回应。", "The ledger's database does not answer at the moment."),
            vec![lang.say("过一会儿再提交一次。", "Send it again in a while.")],
        ),
        error => {
            tracing::error!(causes = %causes(error).join(": "), "a command of a page was not carried out");
            (broken_text(lang), vec![])
        }
    }
}

/// What the rules say: who must still act stands line by line, for a list of thirty is not read in one sentence.
fn rejected(lang: Lang, rejection: &Rejection) -> (String, Vec<String>) {
    let by_collector = rejection.by_collector();
    if by_collector.is_empty() {
        return (lang.pick(rejection.zh(), rejection.en()), vec![]);
    }
    let why = match rejection {
        Rejection::NotYours { .. } => lang.say(
            "有的指标由其他人采集，本次没有保存。请去掉这些再保存：",
            "Somebody else collects some of these indicators. Nothing was saved; leave these out and save again:",
        ),
        _ => {
            let missing: usize = by_collector.iter().map(|(_, names)| names.len()).sum();
            lang.pick(
                format!("还有{missing}项指标没有结果。请补齐自己采集的，其余请联系采集人，再提交："),
                format!("{missing} indicator(s) have no result yet. Enter your own and ask for the others, then submit:"),
            )
        }
    };
    let line = |(first, names): &(&Missing, Vec<&Missing>)| {
        let names: Vec<&str> = names.iter().map(|m| lang.pick(m.zh.as_str(), m.en.as_str())).collect();
        let whose = lang.pick(first.whose_zh(), first.whose_en());
        format!("{whose}{}{}", lang.pick("：", ": "), names.join(lang.pick("、", ", ")))
    };
    (why, by_collector.iter().map(line).collect())
}

fn refused_before(lang: Lang, detail: &str) -> String {
    let said: Value = serde_json::from_str(detail).unwrap_or_default();
    let text = said[lang.code()].as_str();
    text.map_or_else(|| broken_text(lang), str::to_owned)
}

fn reopen(lang: Lang) -> String {
    lang.say(
        "重新打开页面，看清现在的情况，再决定。",
        "Open the page again, look at how things stand now, and decide again.",
    )
}
