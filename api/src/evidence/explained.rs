//! The page that explains a bundle to whoever reads no ledger: what was recorded, why each grade is what it is, what is
//! disclosed and what was erased, in Chinese and in English. It is made of the bundle alone and opens without a network.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use wuping_ledger::bundle::Bundle;
use wuping_ledger::bundle::check::{Checked, Erasure};
use wuping_ledger::disclosure::Disclosure;
use wuping_ledger::entry::Entry;
use wuping_ledger::stream::under;
use wuping_replay::evidence::{Graded, VerifiedBundle, grades};

use crate::look::style;
use crate::look::words::Lang;
use crate::web::why::why;

/// The page.
#[must_use]
pub fn explained(bundle: &Bundle, checked: &Checked, verified: &VerifiedBundle) -> Markup {
    let subject = verified.subject.as_deref().unwrap_or_default();
    let own: Vec<&Entry> =
        checked.entries.values().filter(|entry| under(entry.meta.stream.as_str(), subject)).collect();
    let address = own.iter().find_map(|entry| entry.data["address"].as_str()).unwrap_or_default();
    let grades = grades(bundle, checked);
    html! {
        (DOCTYPE)
        html lang=(Lang::Zh.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "证据说明 Evidence explained · " (subject) }
                style { (PreEscaped(style().body)) }
            }
            body {
                main.wide {
                    h1 { "证据说明" br; span lang=(Lang::En.tag()) { "Evidence explained" } }
                    p { strong { (address) } " " code { (subject) } }
                    (about(verified))
                    (remarks(verified))
                    @for graded in &grades { (grade(graded)) }
                    (story(checked, &own))
                }
            }
        }
    }
}

/// A line in both languages.
fn both(zh: &str, en: &str) -> Markup {
    html! { p { (zh) br; span.quiet lang=(Lang::En.tag()) { (en) } } }
}

fn about(verified: &VerifiedBundle) -> Markup {
    let origin = verified.origin.as_deref().unwrap_or_default();
    let heads = verified.complete_as_of.unwrap_or_default();
    let as_of = verified.complete_as_of_time.as_deref().unwrap_or_default();
    html! {
        (both(
            &format!("这份证据取自账本 {origin}，共 {} 条记录，截至第 {heads} 条（{as_of}，世界时）一条不少；之后的记录不在内。", verified.entries),
            &format!("This evidence is from the ledger {origin}: {} entries, none left out as of entry {heads} ({as_of} UTC); what came later is not in it.", verified.entries),
        ))
        (both(
            "本页只为便于阅读，由证据包生成。以证据包为准：用“wuping verify-bundle”可在不联网的电脑上核对，每一条是否被改过、是否齐全、评定结果能否照规则重新算出。",
            "This page is for reading and was made from the bundle. The bundle is what counts: “wuping verify-bundle” checks it on a computer without a network, whether any entry was changed or left out, and whether each grade can be computed again by its rules.",
        ))
    }
}

fn remarks(verified: &VerifiedBundle) -> Markup {
    html! {
        @for of in &verified.erased {
            (both(
                &format!("第 {} 条：{} 项隐私内容已于 {} 永久删除，决定机关：{}，原因：{}（见第 {} 条）。", of.position, of.values, of.recorded_at, of.authority, of.reason, of.said_in),
                &format!("Entry {}: {} private value(s) were erased for ever on {} by {}: {} (entry {}).", of.position, of.values, of.recorded_at, of.authority, of.reason, of.said_in),
            ))
        }
        @for key in &verified.ended_keys {
            @if let Some(from) = key.contested_from {
                (both(
                    &format!("{} 的签名密钥已于 {} 作废（第 {} 条）：第 {from} 条之前的签名仍然有效，之后的存疑。", key.holder, key.recorded_at, key.ended_at),
                    &format!("The key of {} was revoked on {} (entry {}): what it signed before entry {from} stays good, from there on it is contested.", key.holder, key.recorded_at, key.ended_at),
                ))
            } @else {
                (both(
                    &format!("{} 的签名密钥已更换（第 {} 条）：更换前的签名仍然有效。", key.holder, key.ended_at),
                    &format!("The key of {} was replaced (entry {}): what it signed before stays good.", key.holder, key.ended_at),
                ))
            }
        }
    }
}

/// A grade with its reasons, by the rulebook that is in the bundle.
fn grade(graded: &Graded) -> Markup {
    let Graded { entry, determination, rulebook } = graded;
    let heading = |lang: Lang| {
        let (number, on) = (determination.number, determination.determined_on);
        let band = determination
            .star
            .map_or_else(|| determination.band.clone(), |star| lang.stars(Some(star)).to_owned());
        lang.pick(
            format!("第 {number} 次评定（{on}）：{band}，{} 分", determination.score),
            format!("Determination {number} of {on}: {band}, {} points", determination.score),
        )
    };
    html! {
        section {
            @for lang in Lang::ALL {
                div lang=(lang.tag()) {
                    h2 { (heading(lang)) }
                    p.quiet {
                        (lang.pick("记录", "Entry")) " " (entry.sequence) " · " (lang.trigger(&determination.trigger)) " · "
                        (lang.pick("规则", "Rulebook")) " " code { (rulebook.id) }
                    }
                    (why(lang, determination, rulebook))
                }
            }
        }
    }
}

/// Everything recorded of the subject, in order.
fn story(checked: &Checked, own: &[&Entry]) -> Markup {
    html! {
        h2 { "全部记录" br; span lang=(Lang::En.tag()) { "Every entry" } }
        table {
            thead { tr {
                th { "序号 No." } th { "收到 Received" } th { "所称时间 Claimed" } th { "事项 What" } th { "卷 Stream" } th { "签名 Signed by" }
            } }
            tbody {
                @for entry in own {
                    tr {
                        td { (entry.sequence) }
                        td { (Lang::Zh.moment_to_second(entry.recorded_at.datetime())) }
                        td { (Lang::Zh.moment_to_second(entry.meta.occurred_at.datetime())) }
                        td {
                            (Lang::Zh.event(&entry.event_type)) br; span lang=(Lang::En.tag()) { (Lang::En.event(&entry.event_type)) }
                            (values(checked, entry))
                        }
                        td { code { (entry.meta.stream) } }
                        td {
                            (checked.holders.get(&entry.kid).map(String::as_str).unwrap_or_default())
                            @if checked.contested.contains(&entry.sequence) { br; strong { "存疑 contested" } }
                        }
                    }
                }
            }
        }
    }
}

/// The private values of an entry: what is disclosed, what was erased, how many stay closed.
fn values(checked: &Checked, entry: &Entry) -> Markup {
    let disclosed = checked.disclosed.get(&entry.sequence).map(Vec::as_slice).unwrap_or_default();
    let gone = |digest: &&str| {
        let names =
            |of: &&Erasure| of.position == entry.sequence && of.digests.iter().any(|gone| gone == digest);
        checked.erased.iter().any(|of| names(&of))
    };
    let erased = entry.digests().filter(gone).count();
    let closed = entry.digests().count().saturating_sub(disclosed.len()).saturating_sub(erased);
    html! {
        @for Disclosure { name, value, .. } in disclosed {
            br; span.small { code { (name) } "：" (shown(value)) }
        }
        @if erased > 0 { br; span.small { "已删除 " (erased) " 项 · " (erased) " erased" } }
        @if closed > 0 { br; span.small.quiet { "未公开 " (closed) " 项 · " (closed) " not disclosed" } }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
