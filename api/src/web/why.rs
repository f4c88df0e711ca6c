//! Why a grade is what it is: lost points, caps and vetoes, then every indicator, in the rulebook's own words.

use maud::{Markup, html};
use wuping_domain::grade::Determination;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::Indicator;

use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::rules::outcome_words;

/// Lost points, caps and vetoes, then every indicator by aspect.
pub(crate) fn why(lang: Lang, determination: &Determination, rulebook: &Rulebook) -> Markup {
    let points = |indicator: &Indicator| points(determination, indicator);
    let lost = lost(lang, determination, rulebook);
    let groups = rulebook.scheme.aspects.iter().map(|aspect| {
        let (earned, applicable) = determination.aspects.get(&aspect.id).copied().unwrap_or_default();
        let own = rulebook.scheme.indicators.iter().filter(|indicator| indicator.aspect == aspect.id);
        let rows = own.map(|indicator| {
            let (earned, worth) = points(indicator);
            let collect = serde_json::to_value(indicator.collect).ok();
            IndicatorRow {
                id: indicator.id.clone(),
                name: name_of(lang, indicator).to_owned(),
                answer: answer(lang, indicator, earned, worth),
                earned,
                points: worth,
                collect: collect.as_ref().and_then(|code| code.as_str()).unwrap_or_default().to_owned(),
                carried_from: None,
                note: None,
                cap: indicator.cap.filter(|_| determination.failed.contains(&indicator.id)),
                photos: Vec::new(),
            }
        });
        IndicatorGroup {
            name: lang.named(&aspect.zh, &aspect.en).to_owned(),
            earned: small(earned),
            applicable: small(applicable),
            rows: rows.collect(),
        }
    });
    let groups: Vec<IndicatorGroup> = groups.collect();
    let limits = limits(lang, determination, rulebook);
    html! {
        (section(lang.pick("为什么是这个等级", "Why this grade"), html! {
            p {
                (reckoned(lang, &determination.assessed_on.to_string(), determination))
                @if let Some(deducted) = deducted(lang, determination) { (lang.gap()) (deducted) }
            }
            @if !limits.is_empty() { ul { @for limit in &limits { li { (in_tongues(lang, limit)) } } } }
            @if lost.is_empty() { p { (lang.pick("没有失分。", "No points were lost.")) } } @else { (lost_points(lang, &lost)) }
        }))
        (section(lang.pick("全部指标", "All indicators"), indicator_groups(lang, &groups)))
    }
}

/// Of how many points how many were earned, and the score that they make; the day as its reader writes it.
pub(crate) fn reckoned(lang: Lang, assessed_on: &str, determination: &Determination) -> String {
    let Determination { earned, applicable, score, .. } = determination;
    lang.pick(
        format!("{assessed_on} 评定，得 {earned} / {applicable} 分，折合 {score} 分。"),
        format!("Assessed on {assessed_on}: {earned} of {applicable} points, a score of {score}."),
    )
}

/// What was taken off the score for hazards, if anything was.
pub(crate) fn deducted(lang: Lang, determination: &Determination) -> Option<String> {
    let points = Some(determination.deducted).filter(|points| *points > 0)?;
    Some(lang.pick(format!("隐患扣 {points} 分。"), format!("{points} taken off for hazards.")))
}

/// What caps the stars, and what vetoes them, each with its cause.
pub(crate) fn limits(lang: Lang, determination: &Determination, rulebook: &Rulebook) -> Vec<String> {
    let ruled = lang.under(Some(rulebook));
    let caps = determination.caps.iter();
    let caps = caps.map(|cap| format!("{} — {}", ruled.cause(&cap.by), lang.cap(cap.star)));
    let vetoes = determination.vetoes.iter();
    let vetoes = vetoes.map(|veto| format!("{} — {}", ruled.cause(veto), lang.pick("一票否决", "veto")));
    caps.chain(vetoes).collect()
}

/// Where points were lost, and what would earn them back.
pub(crate) fn lost(lang: Lang, determination: &Determination, rulebook: &Rulebook) -> Vec<LostPoints> {
    let lost = rulebook.scheme.indicators.iter().filter_map(|indicator| {
        let (earned, worth) = points(determination, indicator);
        let lost = worth.checked_sub(earned).filter(|lost| *lost > 0)?;
        Some(LostPoints {
            name: name_of(lang, indicator).to_owned(),
            lost,
            found: answer(lang, indicator, earned, worth),
            remedy: indicator.rows.first().map(|best| outcome_words(lang, best)),
            cap: indicator.cap.filter(|_| determination.failed.contains(&indicator.id)),
        })
    });
    lost.collect()
}

/// Earned and applicable points of an indicator.
fn points(determination: &Determination, indicator: &Indicator) -> (u32, u32) {
    let points = determination.points.get(&indicator.id);
    points.map_or((0, 0), |(earned, worth)| (small(*earned), small(*worth)))
}

/// The outcome that earns these points, in the rulebook's words.
fn answer(lang: Lang, indicator: &Indicator, earned: u32, worth: u32) -> String {
    if worth == 0 {
        return lang.outcome("not_applicable").to_owned();
    }
    let row = indicator.rows.iter().find(|row| row.points == u64::from(earned));
    row.map(|row| outcome_words(lang, row)).unwrap_or_default()
}

fn name_of(lang: Lang, indicator: &Indicator) -> &str {
    lang.named(&indicator.zh, &indicator.en)
}

/// Points as the pages' parts take them.
fn small(points: u64) -> u32 {
    u32::try_from(points).unwrap_or(u32::MAX)
}
