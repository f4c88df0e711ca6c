//! Soundness: what must hold of a rulebook before anybody is graded by it.
//!
//! All faults are gathered, each with where it is and what to do, so that whoever writes a rulebook mends it in
//! one go.

use std::collections::BTreeSet;

use super::policy::{FAILED, FLOOR, IncidentEffectKind, LEAVES_DENOMINATOR, OPEN_HAZARDS, REJECT};
use super::scheme::{HazardClass, Indicator, Kind, Row, Veto};
use super::{Rulebook, repeated};
use crate::facts::Role;
use crate::hazard::ESCALATIONS;

/// Everything that keeps the rulebook from holding together, one sentence each; nothing if it holds.
pub(super) fn faults(rulebook: &Rulebook) -> Vec<String> {
    let mut faults = Vec::new();
    scoring(rulebook, &mut faults);
    bands(rulebook, &mut faults);
    levels(rulebook, &mut faults);
    points(rulebook, &mut faults);
    ids(rulebook, &mut faults);
    for indicator in &rulebook.scheme.indicators {
        let mut found = Vec::new();
        rows(indicator, &mut found);
        references(rulebook, indicator, &mut found);
        faults.extend(found.into_iter().map(|fault| format!("indicator {}: {fault}", indicator.id)));
    }
    derived_caps(rulebook, &mut faults);
    incidents(rulebook, &mut faults);
    hazards(rulebook, &mut faults);
    names(rulebook, &mut faults);
    credit(rulebook, &mut faults);
    calendar(rulebook, &mut faults);
    faults
}

/// The engine has one way to do each of these; a rulebook that asks for another must not be graded by.
fn scoring(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let scoring = &rulebook.policy.scoring;
    for (member, written, known) in [
        ("incomplete", &scoring.incomplete, REJECT),
        ("not_applicable", &scoring.not_applicable, LEAVES_DENOMINATOR),
        ("percent_rounding", &scoring.percent_rounding, FLOOR),
        ("survey_too_few", &scoring.survey_too_few, LEAVES_DENOMINATOR),
        ("share_of_nothing", &scoring.share_of_nothing, LEAVES_DENOMINATOR),
    ] {
        if written != known {
            faults.push(format!("scoring.{member} is {written}; the engine knows {known} only, write that"));
        }
    }
    if scoring.total != 100 {
        faults.push(format!("scoring.total is {}; scores run to 100, write that", scoring.total));
    }
    if let Some(deduction) = &rulebook.policy.deduction {
        if deduction.from != OPEN_HAZARDS {
            faults.push(format!("deduction.from is {}; write {OPEN_HAZARDS}", deduction.from));
        }
        if rulebook.policy.hazard_register.is_none() {
            faults.push("deduction needs [hazard_register] to say which hazards count; add it".to_owned());
        }
    }
}

/// Every score from 0 to 100 has one band.
fn bands(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let bands = &rulebook.policy.bands;
    if bands.last().is_none_or(|band| band.min_score != 0) {
        faults.push("the last [[band]] must begin at min_score = 0, so that every score has one".to_owned());
    }
    if bands.first().is_some_and(|band| band.min_score > 100) {
        faults.push("the first [[band]] begins above 100, so no score reaches it; lower it".to_owned());
    }
    if bands.windows(2).any(|pair| pair[0].min_score <= pair[1].min_score) {
        faults.push("the [[band]]s must run from the highest min_score down, no two alike".to_owned());
    }
    let starred = bands.iter().filter(|band| band.star.is_some()).count();
    if starred != 0 && starred != bands.len() {
        faults
            .push("some [[band]]s have a star and some have none; give all of them one, or none".to_owned());
    }
    if bands.windows(2).any(|pair| pair[0].star.is_some() && pair[0].star <= pair[1].star) {
        faults.push("the stars must fall with the [[band]]s".to_owned());
    }
    if bands.iter().any(|band| band.name().is_empty()) {
        faults.push("every [[band]] needs a word, a zh or a grade to be called by".to_owned());
    }
}

/// Every star is in one management level, and every level's patrol rule has its place.
fn levels(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let levels = &rulebook.policy.management_levels;
    if levels.is_empty() {
        return;
    }
    for star in rulebook.policy.bands.iter().filter_map(|band| band.star) {
        let taken = levels.iter().filter(|level| level.stars.contains(&star)).count();
        if taken != 1 {
            faults.push(format!("star {star} is in {taken} management levels; put it in exactly one"));
        }
    }
    if let Some(patrol) = &rulebook.policy.patrol {
        let rules = levels.iter().map(|level| level.patrol.rule).chain([patrol.suspected_major_rule]);
        for rule in rules.filter(|rule| !patrol.rules.contains(rule)) {
            faults.push(format!("patrol.rules does not rank {rule:?}; add it, strictest first"));
        }
    }
}

/// The points add up to what the scheme and its aspects state.
fn points(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let scheme = &rulebook.scheme;
    let sum = |aspect: Option<&str>| -> u64 {
        let counted = scheme.indicators.iter().filter(|one| aspect.is_none_or(|id| one.aspect == id));
        counted.fold(0, |sum, one| sum.saturating_add(one.points))
    };
    if scheme.indicators.is_empty() {
        faults.push("the scheme has no [[indicator]]; add one".to_owned());
    }
    if let Some(total) = scheme.total.filter(|total| *total != sum(None)) {
        faults.push(format!("the points add up to {}, not to total = {total}; mend either", sum(None)));
    }
    for aspect in &scheme.aspects {
        let stated = aspect.points.filter(|points| *points != sum(Some(&aspect.id)));
        if let Some(points) = stated {
            let found = sum(Some(&aspect.id));
            faults.push(format!("aspect {}: its points add up to {found}, not to {points}", aspect.id));
        }
    }
}

/// No id names two things.
fn ids(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let (scheme, policy) = (&rulebook.scheme, &rulebook.policy);
    let mut check = |what: &str, repeats: Vec<&str>| {
        faults.extend(repeats.into_iter().map(|id| format!("{what} {id} is there twice; rename one")));
    };
    check("aspect", repeated(scheme.aspects.iter().map(|one| one.id.as_str())));
    check("indicator", repeated(scheme.indicators.iter().map(|one| one.id.as_str())));
    check("column", repeated(scheme.indicators.iter().filter_map(|one| one.column.as_deref())));
    check("management level", repeated(policy.management_levels.iter().map(|one| one.id.as_str())));
    check("hazard severity", repeated(policy.hazards.iter().map(|one| one.severity.as_str())));
    check("works", repeated(policy.works.iter().map(|one| one.id.as_str())));
    check("deadline", repeated(policy.deadlines.iter().map(|one| one.id.as_str())));
    check("department", repeated(policy.departments.iter().map(|one| one.id.as_str())));
    check("derived cap", repeated(policy.derived_caps.iter().map(|one| one.id.as_str())));
    check("measure", repeated(policy.measures.iter().map(|one| one.id.as_str())));
    check("escalation", repeated(policy.escalations.iter().map(|one| one.level.as_str())));
    check("prohibition ground", repeated(policy.prohibition_grounds.iter().map(|one| one.id.as_str())));
}

/// Every possible result falls in a row, and no row gives more than the indicator has.
fn rows(indicator: &Indicator, faults: &mut Vec<String>) {
    let rows = &indicator.rows;
    if rows.is_empty() {
        faults.push("it has no levels; add at least one row".to_owned());
    }
    for row in rows.iter().filter(|row| row.points > indicator.points) {
        let (id, points, most) = (&row.id, row.points, indicator.points);
        faults
            .push(format!("row {id} gives {points} points of {most}; lower the row or raise the indicator"));
    }
    if rows.windows(2).any(|pair| pair[0].points < pair[1].points) {
        faults.push("its rows must run from most points to fewest".to_owned());
    }
    for id in repeated(rows.iter().map(|row| row.id.as_str())) {
        faults.push(format!("row {id} is there twice; rename one"));
    }
    match indicator.kind {
        Kind::Binary if rows.len() != 2 => {
            faults.push("kind binary has exactly two rows; add or remove some, or write levels".to_owned());
        }
        Kind::Binary | Kind::Levels => {}
        Kind::Count if !counts_covered(rows) => {
            faults
                .push("its counts leave a gap or overlap; let from begin at 0 and follow each to".to_owned());
        }
        Kind::Count => {}
        Kind::Share | Kind::Survey => {
            if rows.last().is_none_or(|row| row.from_percent != Some(0)) {
                faults.push("its last row must have from_percent = 0".to_owned());
            }
            if rows.windows(2).any(|pair| pair[0].from_percent <= pair[1].from_percent) {
                faults.push("its from_percent must fall from row to row".to_owned());
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
fn references(rulebook: &Rulebook, indicator: &Indicator, faults: &mut Vec<String>) {
    if indicator.points == 0 {
        faults.push("it has no points; give it some, or make it an [[office_item]]".to_owned());
    }
    if !rulebook.scheme.aspects.iter().any(|aspect| aspect.id == indicator.aspect) {
        faults.push(format!("there is no aspect {}; add it or name another", indicator.aspect));
    }
    department(rulebook, &indicator.competent, faults);
    if let Some(class) = &indicator.hazard {
        hazard_class(rulebook, class, faults);
    }
    if indicator.veto == Some(Veto::AfterDetermination) && rulebook.policy.major_hazard.is_none() {
        faults.push("it waits for a determination, but the policy has no [major_hazard]; add it".to_owned());
    }
    if indicator.veto.is_some() && rulebook.band_of_star(0).is_none() && !rulebook.stars_only() {
        faults.push("it is a veto, but no [[band]] has star = 0; add one".to_owned());
    }
    for cap in indicator.cap.into_iter().chain(indicator.rows.iter().filter_map(|row| row.cap)) {
        star(rulebook, "its cap", cap, faults);
    }
}

/// The rules over several indicators name indicators of their layer.
fn derived_caps(rulebook: &Rulebook, faults: &mut Vec<String>) {
    for rule in rulebook.policy.derived_caps.iter().filter(|rule| rule.layer == rulebook.layer) {
        let name = format!("derived cap {}", rule.id);
        for id in rule.indicators.iter().filter(|id| rulebook.position(id).is_none()) {
            faults.push(format!("{name}: there is no indicator {id}; correct or remove it"));
        }
        if rule.counts != FAILED {
            faults.push(format!("{name}: counts is {}; write {FAILED}", rule.counts));
        }
        star(rulebook, &name, rule.cap, faults);
    }
}

/// Each incident rule has what its effect needs.
fn incidents(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for rule in &rulebook.policy.incident_rules {
        let name = format!("incident {} {}", rule.category, rule.severity);
        if !seen.insert((&rule.category, &rule.severity)) {
            faults.push(format!("{name} is there twice; remove one"));
        }
        let (complete, needed) = match rule.effect {
            IncidentEffectKind::AssessmentDue => (rule.days.is_some(), "days"),
            IncidentEffectKind::Cap => (rule.cap.is_some(), "cap"),
            IncidentEffectKind::Hazard => (rule.hazard.is_some(), "hazard"),
            IncidentEffectKind::None => (true, ""),
            IncidentEffectKind::Veto => (rule.veto.is_some(), "veto"),
        };
        if !complete {
            faults.push(format!("{name}: its effect needs {needed}; add it"));
        }
        if let Some(veto) =
            rule.veto.as_ref().filter(|id| !rulebook.policy.vetoes.iter().any(|v| v.id == **id))
        {
            faults.push(format!("{name}: there is no [[veto]] {veto}; add it"));
        }
        if let Some(cap) = rule.cap {
            star(rulebook, &name, cap, faults);
        }
        if let Some(class) = &rule.hazard {
            let mut found = Vec::new();
            hazard_class(rulebook, class, &mut found);
            faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
}

/// Severities, and where stars exist a place for stars only and for hazards determined not major.
fn hazards(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let policy = &rulebook.policy;
    if rulebook.stars_only() && policy.estate.is_none() {
        faults.push("the layer has stars only, but the policy has no [estate]; add it".to_owned());
    }
    if !policy.hazards.is_empty() && policy.hazard_register.is_none() {
        faults.push("there are [[hazard]]s but no [hazard_register] to say which count; add it".to_owned());
    }
    for rule in &policy.hazards {
        for cap in [rule.open_cap, rule.overdue_cap] {
            star(rulebook, &format!("hazard {}", rule.severity), cap, faults);
        }
    }
    escalations(rulebook, faults);
    if let Some(rule) = &policy.major_hazard {
        star(rulebook, "major_hazard.suspected_cap", rule.suspected_cap, faults);
        if rulebook.hazard_rule(&rule.not_major_severity).is_none() {
            let severity = &rule.not_major_severity;
            faults.push(format!("major_hazard: there is no [[hazard]] of severity {severity}; add it"));
        }
    }
    if let Some(estate) = &policy.estate {
        star(rulebook, "estate.major_hazard_cap", estate.major_hazard_cap, faults);
        star(rulebook, "estate.lowest_star", estate.lowest_star, faults);
    }
}

/// Ids that name measures, deadlines and departments elsewhere in the policy.
fn names(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let policy = &rulebook.policy;
    for level in &policy.management_levels {
        for id in level.measures.iter().filter(|id| !policy.measures.iter().any(|one| one.id == **id)) {
            faults.push(format!("management level {}: there is no [[measure]] {id}; add it", level.id));
        }
    }
    if let Some(adverse) = &policy.adverse {
        for id in adverse.levels.iter().filter(|id| rulebook.level(id).is_none()) {
            faults.push(format!("adverse.levels: there is no management level {id}; correct it"));
        }
    }
    let statement = policy.statement.as_ref().map(|statement| &statement.deadline);
    for id in statement.into_iter().filter(|id| rulebook.deadline_rule(id).is_none()) {
        faults.push(format!("statement.deadline: there is no [[deadline]] {id}; add it"));
    }
    for ground in &policy.prohibition_grounds {
        let mut found = Vec::new();
        department(rulebook, &ground.competent, &mut found);
        faults.extend(found.into_iter().map(|fault| format!("prohibition ground {}: {fault}", ground.id)));
    }
}

/// Classes lead to classes.
fn credit(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let Some(credit) = &rulebook.policy.credit else { return };
    let class = |id: &String| credit.classes.iter().any(|class| class.id == *id);
    let open = |class: &super::credit::CreditClass| {
        !class.by_conduct_only && class.min_lenient_percent.is_none() && class.max_low_percent.is_none()
    };
    if !credit.classes.iter().any(open) {
        faults.push("every credit class has a condition; one must be open to everybody else".to_owned());
    }
    for id in credit.classes.iter().filter_map(|class| class.shown_until_confirmed.as_ref()) {
        if !class(id) {
            faults.push(format!("credit: shown_until_confirmed names no class {id}; correct it"));
        }
    }
    for rule in credit.conduct.iter().filter(|rule| !class(&rule.at_best)) {
        faults.push(format!("conduct {}: there is no credit class {}; correct it", rule.id, rule.at_best));
    }
}

/// Every year called published is there, and lists days of its own.
fn calendar(rulebook: &Rulebook, faults: &mut Vec<String>) {
    use chrono::Datelike;
    let calendar = &rulebook.calendar;
    for year in calendar.years.iter().filter(|year| !calendar.by_year.contains_key(*year)) {
        faults.push(format!("the calendar calls {year} published but has no [year.{year}]; add it"));
    }
    for (year, published) in &calendar.by_year {
        let off = published.off.iter().flat_map(|off| [off.from, off.to]);
        for day in off.chain(published.work.iter().copied()).filter(|day| day.year() != *year) {
            faults.push(format!("the calendar lists {day} under {year}; move it to its own year"));
        }
        for off in published.off.iter().filter(|off| off.to < off.from) {
            faults.push(format!("the calendar has a holiday from {} to {}; swap them", off.from, off.to));
        }
    }
}

fn department(rulebook: &Rulebook, id: &str, faults: &mut Vec<String>) {
    let departments = &rulebook.policy.departments;
    if !departments.iter().any(|department| department.id == id) {
        faults.push(format!("competent: there is no [[department]] {id}; add it or name another"));
    }
}

fn hazard_class(rulebook: &Rulebook, class: &HazardClass, faults: &mut Vec<String>) {
    if rulebook.hazard_rule(&class.severity).is_none() {
        faults.push(format!("there is no [[hazard]] of severity {}; add it", class.severity));
    }
    match rulebook.works(&class.works) {
        None => faults.push(format!("there is no [[works]] {}; add it", class.works)),
        Some(works) if !works.days.contains_key(&class.severity) => {
            faults.push(format!("works {} has no days for severity {}; add them", works.id, class.severity));
        }
        Some(_) => {}
    }
}

/// Levels of lateness follow each other, and there are not more of them than the engine tells apart.
fn escalations(rulebook: &Rulebook, faults: &mut Vec<String>) {
    let levels = &rulebook.policy.escalations;
    if levels.len() > ESCALATIONS.len() {
        let most = ESCALATIONS.len();
        faults.push(format!("there are {} [[escalation]]s; keep {most} at most", levels.len()));
    }
    if levels.first().is_some_and(|level| level.after_days == 0) {
        faults
            .push("the first [[escalation]] comes on the due day itself; give it after_days = 1".to_owned());
    }
    if levels.windows(2).any(|pair| pair[0].after_days >= pair[1].after_days) {
        faults.push("the [[escalation]]s must come one after the other; raise after_days".to_owned());
    }
    for level in levels {
        let known = Role::ALL.iter().any(|role| role.code() == level.to)
            || rulebook.policy.departments.iter().any(|department| department.id == level.to);
        if !known {
            let to = &level.to;
            faults.push(format!("escalation {}: {to} is no role and no department; name one", level.level));
        }
    }
}

fn star(rulebook: &Rulebook, name: &str, cap: u8, faults: &mut Vec<String>) {
    if rulebook.top_star().is_none_or(|top| cap > top) {
        faults.push(format!("{name} is star {cap}, which no [[band]] has; lower or remove it"));
    }
}

/// What keeps a rulebook that holds together from being worked by: a deadline that the rules ask for by its name and that it
/// lacks is one that nobody ever misses. Asked of what is written anew, and of nothing that was published.
pub(super) fn unfit_to_operate(rulebook: &Rulebook) -> Vec<String> {
    let policy = &rulebook.policy;
    if !policy.operating {
        return vec![];
    }
    let credit: &[&str] = if policy.credit.is_some() { &OF_CREDIT } else { &[] };
    let lacks = OF_THE_OFFICE.iter().chain(credit).filter(|id| rulebook.deadline_rule(id).is_none());
    lacks
        .map(|id| format!("there is no [[deadline]] {id}, so that nobody would ever be late with it; add it"))
        .collect()
}

/// The deadlines that the rules of an operating rulebook ask for by name.
const OF_THE_OFFICE: [&str; 13] = [
    "acceptance",
    "announcement_service",
    "appeal_admit",
    "appeal_decide",
    "appeal_file",
    "extension",
    "hazard_review",
    "plaque_post",
    "plaque_put_up",
    "plaque_take_down",
    "reevaluation",
    "result_notice",
    "works_plan",
];
/// Those of credit files.
const OF_CREDIT: [&str; 2] = ["credit_objection_decide", "credit_repair"];
