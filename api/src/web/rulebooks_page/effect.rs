//! What a draft changes, and whom it would move.

use maud::{Markup, html};
use wuping_domain::rehearsal::Direction;
use wuping_domain::rulebook::difference::Difference;
use wuping_replay::rehearsal::{Move, Rehearsal};

use crate::look::parts::*;
use crate::look::words::Lang;
use crate::look::words::rehearsals::{because, doubtful};

/// What a draft changes and whom it would move.
pub(super) fn told(lang: Lang, base: Option<&str>, differences: &[Difference], came: &Rehearsal) -> Markup {
    let figure = |label: String, value: u64| Figure { label, value, href: "#moves".to_owned(), note: None };
    html! {
        (section(lang.pick("试算", "Rehearsed"), html! {
            (figures(lang, &[
                figure(lang.say("会降", "Would fall"), came.down),
                figure(lang.say("会升", "Would rise"), came.up),
                figure(lang.say("不变", "Would stay"), came.same),
                figure(lang.say("只有分数变", "Only the score"), came.only_score),
            ]))
            @if !came.doubts.is_empty() {
                (notice_box(Tone::Grave, lang.pick("写了却不会发生", "Written, and can never happen"),
                    &came.doubts.iter().map(|doubt| doubtful(lang, doubt)).collect::<Vec<_>>()))
            }
            @for (indicator, count) in &came.assumed {
                p.note { (lang.pick(
                    format!("新指标 {indicator} 没有人查过（{count} 次评定），试算时当作合格。"),
                    format!("Nobody has checked {indicator}, which is new ({count} assessments); it was taken to be met."),
                )) }
            }
            @for (why, count) in &came.ungradable {
                p.note { (lang.pick(format!("{count} 次评定算不出来：{why}"), format!("{count} assessments cannot be graded: {why}"))) }
            }
            @if came.moves.is_empty() {
                p #moves { (lang.pick("没有房屋会升降。", "Nobody would move.")) }
            } @else {
                div #moves { (data_table(&moves(lang, &came.moves))) }
                @if came.moves.len() > MOVES_SHOWN_MAX {
                    p.quiet { (lang.pick(
                        format!("只列出 {MOVES_SHOWN_MAX} 处；全部用 wuping scheme rehearse 查看。"),
                        format!("Only {MOVES_SHOWN_MAX} are listed; wuping scheme rehearse shows all."),
                    )) }
                }
            }
        }))
        (section(&lang.pick(format!("改了什么（{} 处）", differences.len()), format!("What is changed ({})", differences.len())), html! {
            @if let Some(base) = base { p { (lang.pick("与之比较：", "Compared with ")) code { (base) } } }
            (changes(lang, differences))
        }))
    }
}

/// What differs between two rulebooks, member by member.
pub(super) fn changes(lang: Lang, differences: &[Difference]) -> Markup {
    if differences.is_empty() {
        return html! {};
    }
    let text = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string)
    };
    let columns = [("哪里", "Where"), ("原来", "Was"), ("现在", "Is")];
    let rows = differences.iter().take(CHANGES_SHOWN_MAX).map(|one| Row {
        href: None,
        cells: vec![html! { code { (one.path) } }, html! { (text(&one.was)) }, html! { (text(&one.is)) }],
        tone: Tone::Calm,
    });
    data_table(&TableView {
        caption: lang.say("改动", "Changes"),
        columns: columns.map(|(zh, en)| Column::text(lang.pick(zh, en))).to_vec(),
        rows: rows.collect(),
    })
}

fn moves(lang: Lang, all: &[Move]) -> TableView {
    let held = |held: &wuping_domain::rehearsal::Held| match held.star {
        Some(star) => format!("{} · {}", held.score, lang.stars(Some(star))),
        None => format!("{} · {}", held.score, held.band),
    };
    let row = |of: &Move| {
        let falls = of.rehearsed.direction == Direction::Down;
        Row {
            href: Some(format!("/desk/premises/{}", of.premises)),
            cells: vec![
                html! { (of.code) },
                html! { (lang.direction(if falls { "down" } else { "up" })) },
                html! { (held(&of.rehearsed.was)) },
                html! { (held(&of.rehearsed.is)) },
                html! { (because(lang, of)) },
            ],
            tone: if falls { Tone::Grave } else { Tone::Calm },
        }
    };
    TableView {
        caption: lang.say("会升降的房屋", "Who would move"),
        columns: [
            ("房屋", "Premises"),
            ("升降", "Direction"),
            ("原来", "Was"),
            ("试算", "Would be"),
            ("原因", "Why"),
        ]
        .map(|(zh, en)| Column::text(lang.pick(zh, en)))
        .to_vec(),
        rows: all.iter().take(MOVES_SHOWN_MAX).map(row).collect(),
    }
}

const CHANGES_SHOWN_MAX: usize = 200;
const MOVES_SHOWN_MAX: usize = 200;
