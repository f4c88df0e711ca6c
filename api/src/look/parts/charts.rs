//! Charts: grades over time and bars, drawn as vectors, each with its table.

use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

use super::super::words::Lang;
use super::{Level, day, grade_line};

/// A grade from the day it began to hold.
#[derive(Clone, Debug)]
pub struct GradePoint {
    /// The day.
    pub on: NaiveDate,
    /// 5 to 0; `None` is «not assessed».
    pub stars: Option<u8>,
    /// The level, which gives the colour.
    pub level: Option<Level>,
    /// Why, in words.
    pub why: String,
    /// Where the reasons stand in full.
    pub href: Option<String>,
}

/// The grades as a step line up to `until`, and as a table, latest first. Points are taken in the order of
/// their days.
pub fn grade_steps(lang: Lang, points: &[GradePoint], until: NaiveDate) -> Markup {
    let mut points: Vec<&GradePoint> = points.iter().collect();
    points.sort_by_key(|point| point.on);
    let Some(first) = points.first() else { return html! {} };
    let scale = Scale { from: first.on, days: until.signed_duration_since(first.on).num_days().max(1) };
    html! {
        figure.steps {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
                aria-label=(lang.pick("历次等级，内容见下表", "Grades over time; the table below says the same")) {
                @for star in 0..=5_u8 {
                    line.grid-line x1=(LEFT) x2=(RIGHT) y1=(height_of(star)) y2=(height_of(star)) {}
                    text.tick x=(LEFT - 6) y=(height_of(star) + 4) text-anchor="end" {
                        (star_tick(lang, star))
                    }
                }
                @for (year, x) in scale.years(until) {
                    line.grid-line x1=(x) x2=(x) y1=(TOP) y2=(BOTTOM) {}
                    @if x > LEFT + 58 && x < RIGHT - 58 {
                        text.tick x=(x) y=(LABELS) text-anchor="middle" { (year) }
                    }
                }
                text.tick x=(LEFT) y=(LABELS) { (first.on.format("%Y-%m")) }
                text.tick x=(RIGHT) y=(LABELS) text-anchor="end" { (until.format("%Y-%m")) }
                (step_lines(&points, &scale))
            }
            table.list role="table" {
                caption.unseen { (lang.pick("历次等级", "Grades over time")) }
                thead role="rowgroup" { tr role="row" {
                    th scope="col" role="columnheader" { (lang.pick("从哪天起", "Since")) }
                    th scope="col" role="columnheader" { (lang.pick("等级", "Grade")) }
                    th scope="col" role="columnheader" { (lang.pick("原因", "Why")) }
                } }
                tbody role="rowgroup" {
                    @for point in points.iter().rev() {
                        tr.row role="row" {
                            th.row-head scope="row" role="rowheader" {
                                @if let Some(href) = &point.href {
                                    a.row-link href=(href) { (day(lang, point.on)) }
                                } @else {
                                    (day(lang, point.on))
                                }
                            }
                            td role="cell" data-label=(lang.pick("等级", "Grade")) {
                                (grade_line(lang, point.stars, point.level))
                            }
                            td role="cell" data-label=(lang.pick("原因", "Why")) { (point.why) }
                        }
                    }
                }
            }
        }
    }
}

fn step_lines(points: &[&GradePoint], scale: &Scale) -> Markup {
    let ends: Vec<i64> = points.iter().skip(1).map(|point| scale.x(point.on)).chain([RIGHT]).collect();
    html! {
        @for (i, (point, end)) in points.iter().zip(&ends).enumerate() {
            @let start = scale.x(point.on);
            @match point.stars {
                None => rect.step-gap x=(start) y=(TOP) width=(end - start) height=(BOTTOM - TOP) {},
                Some(star) => {
                    @let before = i.checked_sub(1).and_then(|before| points.get(before));
                    @if let Some(before) = before.and_then(|point| point.stars) {
                        line.step-rise x1=(start) x2=(start) y1=(height_of(before)) y2=(height_of(star)) {}
                    }
                    line class={ "step step-" (point.level.map_or("none", Level::code)) }
                        x1=(start) x2=(end) y1=(height_of(star)) y2=(height_of(star)) {}
                    circle class={ "dot dot-" (point.level.map_or("none", Level::code)) }
                        cx=(start) cy=(height_of(star)) r="3.5" {}
                },
            }
        }
    }
}

struct Scale {
    from: NaiveDate,
    days: i64,
}

impl Scale {
    fn x(&self, on: NaiveDate) -> i64 {
        let passed = on.signed_duration_since(self.from).num_days().clamp(0, self.days);
        LEFT + passed * (RIGHT - LEFT) / self.days
    }

    /// First days of the years inside, with their place.
    fn years(&self, until: NaiveDate) -> Vec<(i32, i64)> {
        (self.from.year() + 1..=until.year())
            .filter_map(|year| Some((year, self.x(NaiveDate::from_ymd_opt(year, 1, 1)?))))
            .collect()
    }
}

fn height_of(star: u8) -> i64 {
    BOTTOM - i64::from(star.min(5)) * STEP
}

fn star_tick(lang: Lang, star: u8) -> &'static str {
    match star {
        5 => lang.pick("五星", "5 stars"),
        4 => lang.pick("四星", "4 stars"),
        3 => lang.pick("三星", "3 stars"),
        2 => lang.pick("二星", "2 stars"),
        1 => lang.pick("一星", "1 star"),
        _ => lang.pick("禁租级", "0 stars"),
    }
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it counts.
    pub label: String,
    /// How many.
    pub value: u64,
    /// The list that proves it.
    pub href: Option<String>,
    /// The level, where the bar counts one.
    pub level: Option<Level>,
}

/// Bars in a table, so that the numbers can be read as well as seen.
pub fn bar_chart(lang: Lang, caption: &str, bars: &[Bar]) -> Markup {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    html! {
        table.bars {
            caption { (caption) }
            tbody {
                @for bar in bars {
                    tr {
                        th scope="row" {
                            @if let Some(href) = &bar.href {
                                a href=(href) { (bar.label) }
                            } @else {
                                (bar.label)
                            }
                        }
                        td.bars-bar aria-hidden="true" {
                            svg viewBox="0 0 1000 10" preserveAspectRatio="none" {
                                rect class={ "bar bar-" (bar.level.map_or("none", Level::code)) }
                                    width=(per_mille(bar.value, most)) height="10" {}
                            }
                        }
                        td.number { (lang.count(bar.value)) }
                    }
                }
            }
        }
    }
}

/// One place's premises by level.
#[derive(Clone, Debug)]
pub struct LevelShares {
    /// The place, such as a subdistrict.
    pub label: String,
    /// The list that proves it.
    pub href: Option<String>,
    /// How many are lenient, attention, strict, prohibited, in the order of `Level::ALL`.
    pub counts: [u64; 4],
    /// How many are not assessed.
    pub not_assessed: u64,
}

/// Shares of the levels by place: a bar each, and every number beside it.
pub fn level_shares(lang: Lang, caption: &str, places: &[LevelShares]) -> Markup {
    html! {
        table.list.shares role="table" {
            caption { (caption) }
            thead role="rowgroup" { tr role="row" {
                th scope="col" role="columnheader" { (lang.pick("地方", "Place")) }
                th.shares-bar scope="col" role="columnheader" { span.unseen { (lang.pick("比例", "Shares")) } }
                @for level in Level::ALL { th.number scope="col" role="columnheader" { (level.word(lang)) } }
                th.number scope="col" role="columnheader" { (lang.stars(None)) }
                th.number scope="col" role="columnheader" { (lang.pick("合计", "Total")) }
            } }
            tbody role="rowgroup" { @for place in places { (share_row(lang, place)) } }
        }
    }
}

fn share_row(lang: Lang, place: &LevelShares) -> Markup {
    let total = place.counts.iter().sum::<u64>() + place.not_assessed;
    let mut left = 0;
    let parts: Vec<(&str, u64, u64)> = Level::ALL
        .iter()
        .zip(place.counts)
        .map(|(level, count)| {
            let width = per_mille(count, total.max(1));
            let part = (level.code(), left, width);
            left += width;
            part
        })
        .collect();
    html! {
        tr.row role="row" {
            th.row-head scope="row" role="rowheader" {
                @if let Some(href) = &place.href {
                    a.row-link href=(href) { (place.label) }
                } @else {
                    (place.label)
                }
            }
            td.shares-bar role="cell" aria-hidden="true" {
                svg viewBox="0 0 1000 10" preserveAspectRatio="none" {
                    rect.bar-ground width="1000" height="10" {}
                    @for (code, x, width) in &parts {
                        rect class={ "bar bar-" (code) } x=(x) width=(width) height="10" {}
                    }
                }
            }
            @for (level, count) in Level::ALL.iter().zip(place.counts) {
                td.number role="cell" data-label=(level.word(lang)) { (lang.count(count)) }
            }
            td.number role="cell" data-label=(lang.stars(None)) { (lang.count(place.not_assessed)) }
            td.number role="cell" data-label=(lang.pick("合计", "Total")) { strong { (lang.count(total)) } }
        }
    }
}

/// At least 4 of 1000 where there is anything at all, so that one case among thousands is still seen.
fn per_mille(part: u64, whole: u64) -> u64 {
    match part {
        0 => 0,
        _ => (part.saturating_mul(1_000) / whole.max(1)).max(4),
    }
}

const WIDTH: i64 = 340;
const HEIGHT: i64 = 172;
const LEFT: i64 = 58;
const RIGHT: i64 = 332;
const TOP: i64 = 10;
const STEP: i64 = 26;
const BOTTOM: i64 = TOP + 5 * STEP;
const LABELS: i64 = BOTTOM + 22;

#[cfg(test)]
mod tests {
    use super::*;

    fn point(on: &str, stars: Option<u8>) -> GradePoint {
        GradePoint { on: on.parse().unwrap(), stars, level: None, why: "复评".to_owned(), href: None }
    }

    #[test]
    fn the_latest_grade_reaches_the_right_edge_and_the_first_starts_at_the_left() {
        let points = [point("2026-01-01", Some(3)), point("2025-01-01", Some(5))];
        let drawn = grade_steps(Lang::Zh, &points, "2027-01-01".parse().unwrap()).into_string();
        assert!(drawn.contains(r#"<circle class="dot dot-none" cx="58" cy="10""#), "{drawn}");
        assert!(drawn.contains(r#"x1="195" x2="332" y1="62" y2="62""#), "{drawn}");
        let (newer, older) = (drawn.find("2026-01-01").unwrap(), drawn.rfind("2025-01-01").unwrap());
        assert!(newer < older, "the table is latest first");
    }

    #[test]
    fn a_time_without_an_assessment_is_a_gap_and_no_star() {
        let points = [point("2025-01-01", Some(3)), point("2025-06-01", None), point("2025-09-01", Some(4))];
        let drawn = grade_steps(Lang::Zh, &points, "2026-01-01".parse().unwrap()).into_string();
        assert_eq!(drawn.matches("step-gap").count(), 1);
        assert_eq!(drawn.matches("<circle").count(), 2);
        assert!(!drawn.contains("step-rise"), "nothing rises out of a gap");
    }

    #[test]
    fn no_history_draws_nothing() {
        assert_eq!(grade_steps(Lang::En, &[], "2026-01-01".parse().unwrap()).into_string(), "");
    }

    #[test]
    fn one_among_thousands_is_still_seen() {
        assert_eq!(per_mille(1, 50_000), 4);
        assert_eq!(per_mille(0, 50_000), 0);
        assert_eq!(per_mille(50_000, 50_000), 1_000);
    }
}
