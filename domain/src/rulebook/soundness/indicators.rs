//! What must hold of each indicator: its rows take in every result, and what it names exists.

use super::cases::hazard_class;
use super::{Fault, department, star, twice};
use crate::rulebook::policy::FAILED;
use crate::rulebook::scheme::{Indicator, Kind, Row, Veto};
use crate::rulebook::{Rulebook, repeated};

pub(super) fn faults(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    for indicator in &rulebook.scheme.indicators {
        let mut found = Vec::new();
        rows(indicator, &mut found);
        references(rulebook, indicator, &mut found);
        let id = &indicator.id;
        let place = Fault::new(format!("指标 {id}"), format!("indicator {id}"));
        faults.extend(found.into_iter().map(|fault| fault.at(&place)));
    }
    derived_caps(rulebook, faults);
}

/// Every possible result falls in a row, and no row gives more than the indicator has.
fn rows(indicator: &Indicator, faults: &mut Vec<Fault>) {
    let rows = &indicator.rows;
    if rows.is_empty() {
        faults.push(Fault::new("没有 levels，请至少写一档", "it has no levels; add at least one row"));
    }
    for row in rows.iter().filter(|row| row.points > indicator.points) {
        let (id, points, most) = (&row.id, row.points, indicator.points);
        faults.push(Fault::new(
            format!("{id} 一档给 {points} 分，超过指标的 {most} 分；请改低这一档，或者提高指标的分值"),
            format!("row {id} gives {points} points of {most}; lower the row or raise the indicator"),
        ));
    }
    if rows.windows(2).any(|pair| pair[0].points < pair[1].points) {
        faults.push(Fault::new("各档要按分值从高到低排列", "its rows must run from most points to fewest"));
    }
    faults.extend(
        repeated(rows.iter().map(|row| row.id.as_str())).into_iter().map(|id| twice("档", "row", id)),
    );
    match indicator.kind {
        Kind::Binary if rows.len() != 2 => faults.push(Fault::new(
            "kind = \"binary\" 恰好有两档；请增减，或者改写 levels",
            "kind binary has exactly two rows; add or remove some, or write levels",
        )),
        Kind::Binary | Kind::Levels => {}
        Kind::Count if !counts_covered(rows) => faults.push(Fault::new(
            "各档的数有空缺或重叠；from 要从 0 开始，每一档接着上一档的 to",
            "its counts leave a gap or overlap; let from begin at 0 and follow each to",
        )),
        Kind::Count => {}
        Kind::Share | Kind::Survey => {
            if rows.last().is_none_or(|row| row.from_percent != Some(0)) {
                faults.push(Fault::new(
                    "最后一档要写 from_percent = 0",
                    "its last row must have from_percent = 0",
                ));
            }
            if rows.windows(2).any(|pair| pair[0].from_percent <= pair[1].from_percent) {
                faults.push(Fault::new(
                    "from_percent 要一档比一档低",
                    "its from_percent must fall from row to row",
                ));
            }
        }
    }
}

/// Whether the rows take in each whole number from 0 exactly once.
fn counts_covered(rows: &[Row]) -> bool {
    let mut spans: Vec<(u64, Option<u64>)> = rows.iter().map(|row| (row.from.unwrap_or(0), row.to)).collect();
    spans.sort_unstable_by_key(|(from, _)| *from);
    let mut next = Some(0);
    for (from, to) in spans {
        if next != Some(from) || to.is_some_and(|to| to < from) {
            return false;
        }
        next = to.and_then(|to| to.checked_add(1));
    }
    next.is_none()
}

/// What an indicator names exists.
fn references(rulebook: &Rulebook, indicator: &Indicator, faults: &mut Vec<Fault>) {
    if indicator.points == 0 {
        faults.push(Fault::new(
            "没有分值；请写上，或者改为 [[office_item]]",
            "it has no points; give it some, or make it an [[office_item]]",
        ));
    }
    let aspect = &indicator.aspect;
    if !rulebook.scheme.aspects.iter().any(|one| one.id == *aspect) {
        faults.push(Fault::new(
            format!("没有方面 {aspect}，请补上 [[aspect]]，或者改写别的方面"),
            format!("there is no aspect {aspect}; add it or name another"),
        ));
    }
    faults.extend(department(rulebook, &indicator.competent));
    if let Some(class) = &indicator.hazard {
        faults.extend(hazard_class(rulebook, class));
    }
    if indicator.veto == Some(Veto::AfterDetermination) && rulebook.policy.major_hazard.is_none() {
        faults.push(Fault::new(
            "要等认定，办法里却没有 [major_hazard]，请补上",
            "it waits for a determination, but the policy has no [major_hazard]; add it",
        ));
    }
    if indicator.veto.is_some() && rulebook.band_of_star(0).is_none() && !rulebook.stars_only() {
        faults.push(Fault::new(
            "是一票否决项，却没有 star = 0 的 [[band]]，请补上",
            "it is a veto, but no [[band]] has star = 0; add one",
        ));
    }
    let caps = indicator.cap.into_iter().chain(indicator.rows.iter().filter_map(|row| row.cap));
    faults.extend(caps.filter_map(|cap| star(rulebook, "cap", cap)));
}

/// The rules over several indicators name indicators of their layer.
fn derived_caps(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    for rule in rulebook.policy.derived_caps.iter().filter(|rule| rule.layer == rulebook.layer) {
        let mut found = Vec::new();
        for id in rule.indicators.iter().filter(|id| rulebook.position(id).is_none()) {
            found.push(Fault::new(
                format!("没有指标 {id}，请改正或去掉"),
                format!("there is no indicator {id}; correct or remove it"),
            ));
        }
        let counts = &rule.counts;
        if counts != FAILED {
            found.push(Fault::new(
                format!("counts 写的是 {counts}，请写 {FAILED}"),
                format!("counts is {counts}; write {FAILED}"),
            ));
        }
        found.extend(star(rulebook, "cap", rule.cap));
        let place = Fault::new(format!("[[derived_cap]] {}", rule.id), format!("derived cap {}", rule.id));
        faults.extend(found.into_iter().map(|fault| fault.at(&place)));
    }
}
