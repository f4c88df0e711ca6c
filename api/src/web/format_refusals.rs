//! What the ledger's format refuses, as a problem document: a stable type for whoever programs against it, the format's own
//! code beside it, and for a person what to do.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use wuping_ledger::refusal::Refusal;

use crate::look::words::Lang;
use crate::web::api::problem_with;

/// The problem that a refusal of the format is, if it is the sender's.
pub(super) fn known(lang: Lang, refusal: &Refusal) -> Option<Response> {
    let (status, kind, zh, en) = match refusal.code {
        "key-not-enrolled" => (
            StatusCode::FORBIDDEN,
            "key_unknown",
            "账本里没有这个密钥。请先在这台设备上登记密钥。",
            "The ledger does not know this key. Enrol the device's key first.",
        ),
        "key-revoked" => (
            StatusCode::FORBIDDEN,
            "key_ended",
            "这个密钥已经停用，签名不再有效；内容没有记录。请登记一个新密钥，再用它签名发送。",
            "This key has ended and signs nothing more; nothing was recorded. Enrol a new key, sign with it and send again.",
        ),
        "key-of-another" => (
            StatusCode::FORBIDDEN,
            "key_of_another",
            "这个密钥是别人的。请用登录人自己的设备签名。",
            "This key is somebody else's. Sign with a device of the person who is signed in.",
        ),
        "key-authority" => (
            StatusCode::FORBIDDEN,
            "key_authority",
            "这种密钥不能签这类内容。",
            "A key of this kind does not sign this.",
        ),
        code if code.starts_with("sig-") || code == "key-pop" => (
            StatusCode::FORBIDDEN,
            "wrong_signature",
            "签名不成立，没有存下任何内容。请在设备上重新签名再发送。",
            "The signature does not hold, so nothing was stored. Sign again on the device and send it.",
        ),
        "key-length" | "key-not-canonical-point" | "key-small-order" | "key-torsion" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "weak_key",
            "这个公钥不安全，不能登记。请在设备上重新生成密钥。",
            "This public key is weak and is not enrolled. Make a new key on the device.",
        ),
        "key-reenrolled" => (
            StatusCode::CONFLICT,
            "key_enrolled_before",
            "这个密钥以前登记过，一个密钥只登记一次。请在设备上生成新的密钥。",
            "This key was enrolled before, and a key is enrolled once. Make a new key on the device.",
        ),
        "key-suspect_from" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "suspect_from",
            "可疑起点应是账本里已有的位置。",
            "The position from which on a key is doubted is one that the ledger has already.",
        ),
        "not-decided" | "device-event" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "not_decided",
            "设备签名的内容与规则得出的事件不一致，没有记录。请对照 found 重新签名。",
            "What the device signed is not what the command decides, so nothing was recorded. Compare with “found”, and sign again.",
        ),
        "occurred_at-future" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "claimed_time_ahead",
            "发生时间比收到时间晚 48 小时以上，没有记录。请校准设备时钟，重新签名。",
            "The claimed time is more than 48 hours after receipt, so nothing was recorded. Set the device's clock and sign again.",
        ),
        "occurred-at-before" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "claimed_time_before_last",
            "发生时间早于这个密钥上一条记录的发生时间，没有记录。请按先后次序签名发送。",
            "The claimed time is before that of this key's last entry, so nothing was recorded. Sign and send in the order of what happened.",
        ),
        "entry-length" => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "内容太长，一条记录最多 65,535 字节，没有记录。请分成几条，或作为附件上传。",
            "This is too long: an entry has at most 65,535 bytes, and nothing was recorded. Part it, or attach it as a file.",
        ),
        code if code.starts_with("disclosure") || code == "photos" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "disclosures_differ",
            "不公开字段与签名里的摘要不能一一对应，没有记录。",
            "The private fields and the digests that were signed do not match one to one, so nothing was recorded.",
        ),
        _ => return None,
    };
    Some(told(status, kind, lang.pick(zh, en), refusal))
}

/// The same, for what a sender has sent: what is not known above has not the right form.
pub(super) fn of_the_sender(lang: Lang, refusal: &Refusal) -> Response {
    known(lang, refusal).unwrap_or_else(|| {
        let detail = lang.pick(
            format!("格式不对：{refusal}。请对照 /api/v1/openapi.json 和 docs/format.md。"),
            format!(
                "It does not have the right form: {refusal}. See /api/v1/openapi.json and docs/format.md."
            ),
        );
        told(StatusCode::BAD_REQUEST, "malformed", &detail, refusal)
    })
}

fn told(status: StatusCode, kind: &str, detail: &str, refusal: &Refusal) -> Response {
    problem_with(status, kind, detail, json!({ "code": refusal.code, "found": refusal.detail }))
}
