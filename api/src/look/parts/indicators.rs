//! Indicators: every answer with its points, and the points lost, largest first.

use std::cmp::Reverse;

use chrono::NaiveDate;
use maud::{Markup, html};

use super::super::words::Lang;
use super::{Photo, in_tongues, photo_strip};

/// One indicator's result.
#[derive(Clone, Debug)]
pub struct IndicatorRow {
    /// Its id in the rulebook.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The answer in the rulebook's words.
    pub answer: String,
    /// Points earned.
    pub earned: u32,
    /// Points it is worth; 0 where it does not apply.
    pub points: u32,
    /// Who gathered it: a code of `Lang::collect`.
    pub collect: String,
    /// The day it was first checked, where it was carried over.
    pub carried_from: Option<NaiveDate>,
    /// A note by the collector.
    pub note: Option<String>,
    /// The highest star it allows while it stays failed.
    pub cap: Option<u8>,
    /// Its photos.
    pub photos: Vec<Photo>,
}

/// Indicators of one aspect, with its subtotal.
#[derive(Clone, Debug)]
pub struct IndicatorGroup {
    /// The aspect's name.
    pub name: String,
    /// Points earned.
    pub earned: u32,
    /// Points that apply.
    pub applicable: u32,
    /// The indicators.
    pub rows: Vec<IndicatorRow>,
}

/// Every indicator by aspect: answer, points, note, photos.
pub fn indicator_groups(lang: Lang, groups: &[IndicatorGroup]) -> Markup {
    html! {
        @for group in groups {
            section.aspect {
                h3.aspect-head {
                    span { (in_tongues(lang, &group.name)) }
                    span.points { (points(lang, group.earned, group.applicable)) }
                }
                ul.indicators { @for row in &group.rows { (indicator_row(lang, row)) } }
            }
        }
    }
}

/// One indicator, as an `li`.
pub fn indicator_row(lang: Lang, row: &IndicatorRow) -> Markup {
    let standing = match (row.points, row.earned) {
        (0, _) => "none",
        (points, earned) if earned >= points => "full",
        (_, 0) => "lost",
        _ => "part",
    };
    html! {
        li class={ "indicator indicator-" (standing) } {
            div.indicator-head {
                span.indicator-name { (in_tongues(lang, &row.name)) }
                span.points { (points(lang, row.earned, row.points)) }
            }
            p.indicator-answer {
                (in_tongues(lang, &row.answer))
                @if let Some(stars) = row.cap { " " span.flag { (lang.cap(stars)) } }
            }
            @if let Some(note) = &row.note { p.quiet { (lang.pick("说明：", "Note: ")) (in_tongues(lang, note)) } }
            p.quiet.small {
                (lang.collect(&row.collect))
                @if let Some(day) = row.carried_from {
                    " · " (lang.pick(format!("沿用 {day} 的结果"), format!("carried over from {day}")))
                }
                " · " code { (row.id) }
            }
            @if !row.photos.is_empty() { (photo_strip(lang, &row.photos)) }
        }
    }
}

/// Points that were lost on one indicator.
#[derive(Clone, Debug)]
pub struct LostPoints {
    /// The indicator's name.
    pub name: String,
    /// Points lost.
    pub lost: u32,
    /// What was found.
    pub found: String,
    /// The answer that earns full points.
    pub remedy: Option<String>,
    /// The highest star it allows while it stays failed.
    pub cap: Option<u8>,
}

/// Where the points were lost, largest first whatever the order given, with a bar for each.
pub fn lost_points(lang: Lang, lost: &[LostPoints]) -> Markup {
    let mut sorted: Vec<&LostPoints> = lost.iter().collect();
    sorted.sort_by_key(|row| Reverse(row.lost));
    let most = sorted.first().map_or(1, |first| first.lost.max(1));
    html! {
        ol.lost {
            @for row in sorted {
                li.lost-row {
                    span.lost-name { (in_tongues(lang, &row.name)) }
                    span.lost-points { (lang.pick(format!("−{} 分", row.lost), format!("−{}", row.lost))) }
                    svg.lost-bar viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                        rect.bar-ground width="100" height="4" {}
                        rect.bar width=(row.lost * 100 / most) height="4" {}
                    }
                    p.lost-found {
                        (in_tongues(lang, &row.found))
                        @if let Some(stars) = row.cap { " " span.flag { (lang.cap(stars)) } }
                    }
                    @if let Some(remedy) = &row.remedy {
                        p.lost-remedy { span.quiet { (lang.pick("满分标准：", "Full points: ")) } (in_tongues(lang, remedy)) }
                    }
                }
            }
        }
    }
}

fn points(lang: Lang, earned: u32, points: u32) -> String {
    match points {
        0 => lang.say("不计分", "not counted"),
        _ => lang.pick(format!("{earned} / {points} 分"), format!("{earned} / {points}")),
    }
}
