//! Soundness: what must hold of a rulebook before anybody is graded by it.
//!
//! All faults are gathered, each with where it is and what to do, so that whoever writes a rulebook mends it in
//! one go. What is asked of indicators, of hazards and incidents, and of names that lead elsewhere stands in a file each.

mod cases;
mod indicators;
mod names;

use super::fault::Fault;
use super::policy::{FLOOR, LEAVES_DENOMINATOR, OPEN_HAZARDS, REJECT};
use super::{Rulebook, repeated};

/// Everything that keeps the rulebook from holding together, one sentence each; nothing if it holds.
pub(super) fn faults(rulebook: &Rulebook) -> Vec<Fault> {
    let mut faults = Vec::new();
    scoring(rulebook, &mut faults);
    bands(rulebook, &mut faults);
    levels(rulebook, &mut faults);
    points(rulebook, &mut faults);
    ids(rulebook, &mut faults);
    indicators::faults(rulebook, &mut faults);
    cases::faults(rulebook, &mut faults);
    names::faults(rulebook, &mut faults);
    calendar(rulebook, &mut faults);
    faults
}

/// The engine has one way to do each of these; a rulebook that asks for another must not be graded by.
fn scoring(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let scoring = &rulebook.policy.scoring;
    for (member, written, known) in [
        ("incomplete", &scoring.incomplete, REJECT),
        ("not_applicable", &scoring.not_applicable, LEAVES_DENOMINATOR),
        ("percent_rounding", &scoring.percent_rounding, FLOOR),
        ("survey_too_few", &scoring.survey_too_few, LEAVES_DENOMINATOR),
        ("share_of_nothing", &scoring.share_of_nothing, LEAVES_DENOMINATOR),
    ] {
        if written != known {
            faults.push(Fault::new(
                format!("scoring.{member} 写的是 {written}，系统只认 {known}，请改成它"),
                format!("scoring.{member} is {written}; the engine knows {known} only, write that"),
            ));
        }
    }
    if scoring.total != 100 {
        let total = scoring.total;
        faults.push(Fault::new(
            format!("scoring.total 写的是 {total}，满分是 100，请改成 100"),
            format!("scoring.total is {total}; scores run to 100, write that"),
        ));
    }
    if let Some(deduction) = &rulebook.policy.deduction {
        let from = &deduction.from;
        if from != OPEN_HAZARDS {
            faults.push(Fault::new(
                format!("deduction.from 写的是 {from}，请写 {OPEN_HAZARDS}"),
                format!("deduction.from is {from}; write {OPEN_HAZARDS}"),
            ));
        }
        if rulebook.policy.hazard_register.is_none() {
            faults.push(Fault::new(
                "有 [deduction] 就要有 [hazard_register] 说明哪些隐患计入，请补上",
                "deduction needs [hazard_register] to say which hazards count; add it",
            ));
        }
    }
}

/// Every score from 0 to 100 has one band.
fn bands(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let bands = &rulebook.policy.bands;
    let starred = bands.iter().filter(|band| band.star.is_some()).count();
    let must: [(bool, &str, &str); 6] = [
        (
            bands.last().is_some_and(|band| band.min_score == 0),
            "最后一个 [[band]] 要从 min_score = 0 开始，这样每个得分都有等级",
            "the last [[band]] must begin at min_score = 0, so that every score has one",
        ),
        (
            bands.first().is_none_or(|band| band.min_score <= 100),
            "第一个 [[band]] 从 100 以上开始，没有得分能达到，请改低",
            "the first [[band]] begins above 100, so no score reaches it; lower it",
        ),
        (
            bands.windows(2).all(|pair| pair[0].min_score > pair[1].min_score),
            "[[band]] 要按 min_score 从高到低排列，不能有两个相同",
            "the [[band]]s must run from the highest min_score down, no two alike",
        ),
        (
            starred == 0 || starred == bands.len(),
            "有的 [[band]] 有 star，有的没有；请都写上，或者都不写",
            "some [[band]]s have a star and some have none; give all of them one, or none",
        ),
        (
            bands.windows(2).all(|pair| pair[0].star.is_none() || pair[0].star > pair[1].star),
            "[[band]] 的 star 要随 min_score 一起从高到低",
            "the stars must fall with the [[band]]s",
        ),
        (
            bands.iter().all(|band| !band.name().is_empty()),
            "每个 [[band]] 都要有名称：word、zh 或 grade",
            "every [[band]] needs a word, a zh or a grade to be called by",
        ),
    ];
    faults.extend(must.into_iter().filter(|(holds, ..)| !holds).map(|(_, zh, en)| Fault::new(zh, en)));
}

/// Every star is in one management level, and every level's patrol rule has its place.
fn levels(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let levels = &rulebook.policy.management_levels;
    if levels.is_empty() {
        return;
    }
    for star in rulebook.policy.bands.iter().filter_map(|band| band.star) {
        let taken = levels.iter().filter(|level| level.stars.contains(&star)).count();
        if taken != 1 {
            faults.push(Fault::new(
                format!("{star} 星属于 {taken} 个管理等级，请放进恰好一个 [[management_level]]"),
                format!("star {star} is in {taken} management levels; put it in exactly one"),
            ));
        }
    }
    if let Some(patrol) = &rulebook.policy.patrol {
        let rules = levels.iter().map(|level| level.patrol.rule).chain([patrol.suspected_major_rule]);
        for rule in rules.filter(|rule| !patrol.rules.contains(rule)) {
            let rule = rule.code();
            faults.push(Fault::new(
                format!("patrol.rules 里没有排 {rule}，请补上，最严的排在最前"),
                format!("patrol.rules does not rank {rule}; add it, strictest first"),
            ));
        }
    }
}

/// The points add up to what the scheme and its aspects state.
fn points(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let scheme = &rulebook.scheme;
    let sum = |aspect: Option<&str>| -> u64 {
        let counted = scheme.indicators.iter().filter(|one| aspect.is_none_or(|id| one.aspect == id));
        counted.fold(0, |sum, one| sum.saturating_add(one.points))
    };
    if scheme.indicators.is_empty() {
        faults.push(Fault::new(
            "没有一个 [[indicator]]，请至少写一项",
            "the scheme has no [[indicator]]; add one",
        ));
    }
    if let Some(total) = scheme.total.filter(|total| *total != sum(None)) {
        let found = sum(None);
        faults.push(Fault::new(
            format!("各项指标的分值合计 {found}，与 total = {total} 不符，请改其中一处"),
            format!("the points add up to {found}, not to total = {total}; mend either"),
        ));
    }
    for aspect in &scheme.aspects {
        let (id, found) = (&aspect.id, sum(Some(&aspect.id)));
        if let Some(points) = aspect.points.filter(|points| *points != found) {
            faults.push(Fault::new(
                format!("方面 {id}：其中指标的分值合计 {found}，与 points = {points} 不符，请改其中一处"),
                format!("aspect {id}: its points add up to {found}, not to {points}; mend either"),
            ));
        }
    }
}

/// No id names two things.
fn ids(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    let (scheme, policy) = (&rulebook.scheme, &rulebook.policy);
    let mut check = |zh: &str, en: &str, repeats: Vec<&str>| {
        faults.extend(repeats.into_iter().map(|id| twice(zh, en, id)));
    };
    check("方面", "aspect", repeated(scheme.aspects.iter().map(|one| one.id.as_str())));
    check("指标", "indicator", repeated(scheme.indicators.iter().map(|one| one.id.as_str())));
    check("列", "column", repeated(scheme.indicators.iter().filter_map(|one| one.column.as_deref())));
    check(
        "管理等级",
        "management level",
        repeated(policy.management_levels.iter().map(|one| one.id.as_str())),
    );
    check("隐患级别", "hazard severity", repeated(policy.hazards.iter().map(|one| one.severity.as_str())));
    check("整改类别", "works", repeated(policy.works.iter().map(|one| one.id.as_str())));
    check("期限", "deadline", repeated(policy.deadlines.iter().map(|one| one.id.as_str())));
    check("部门", "department", repeated(policy.departments.iter().map(|one| one.id.as_str())));
    check("合并封顶", "derived cap", repeated(policy.derived_caps.iter().map(|one| one.id.as_str())));
    check("处置措施", "measure", repeated(policy.measures.iter().map(|one| one.id.as_str())));
    check("逾期升级", "escalation", repeated(policy.escalations.iter().map(|one| one.level.as_str())));
    check(
        "禁止依据",
        "prohibition ground",
        repeated(policy.prohibition_grounds.iter().map(|one| one.id.as_str())),
    );
}

/// Every year called published is there, and lists days of its own.
fn calendar(rulebook: &Rulebook, faults: &mut Vec<Fault>) {
    use chrono::Datelike;
    let calendar = &rulebook.calendar;
    for year in calendar.years.iter().filter(|year| !calendar.by_year.contains_key(*year)) {
        faults.push(Fault::new(
            format!("日历的 years 说 {year} 年已公布，却没有 [year.{year}]，请补上"),
            format!("the calendar calls {year} published but has no [year.{year}]; add it"),
        ));
    }
    for (year, published) in &calendar.by_year {
        let off = published.off.iter().flat_map(|off| [off.from, off.to]);
        for day in off.chain(published.work.iter().copied()).filter(|day| day.year() != *year) {
            faults.push(Fault::new(
                format!("日历把 {day} 列在 [year.{year}] 下，请移到它自己的年份"),
                format!("the calendar lists {day} under {year}; move it to its own year"),
            ));
        }
        for off in published.off.iter().filter(|off| off.to < off.from) {
            let (from, to) = (off.from, off.to);
            faults.push(Fault::new(
                format!("日历里有一个假期从 {from} 到 {to}，请把两个日期对调"),
                format!("the calendar has a holiday from {from} to {to}; swap them"),
            ));
        }
    }
}

/// Something is there twice.
fn twice(zh: &str, en: &str, id: &str) -> Fault {
    Fault::new(
        format!("{zh} {id} 出现了两次，请给其中一个改名"),
        format!("{en} {id} is there twice; rename one"),
    )
}

/// A star that a member leaves, which a band must have.
fn star(rulebook: &Rulebook, member: &str, star: u8) -> Option<Fault> {
    let beyond = rulebook.top_star().is_none_or(|top| star > top);
    beyond.then(|| {
        Fault::new(
            format!("{member} 写的是 {star} 星，没有 [[band]] 有这个星，请改低或去掉"),
            format!("{member} is star {star}, which no [[band]] has; lower or remove it"),
        )
    })
}

/// A body that is competent, which must be a department.
fn department(rulebook: &Rulebook, id: &str) -> Option<Fault> {
    let departments = &rulebook.policy.departments;
    let unknown = !departments.iter().any(|department| department.id == id);
    unknown.then(|| {
        Fault::new(
            format!("competent：没有 [[department]] {id}，请补上，或者改写别的部门"),
            format!("competent: there is no [[department]] {id}; add it or name another"),
        )
    })
}

/// What keeps a rulebook that holds together from being worked by: a deadline that the rules ask for by its name and that it
/// lacks is one that nobody ever misses, and danger does not wait for an appeal. Asked of what is written anew, and of nothing that was published.
pub(super) fn unfit_to_operate(rulebook: &Rulebook) -> Vec<Fault> {
    let policy = &rulebook.policy;
    if !policy.operating {
        return vec![];
    }
    let credit: &[&str] = if policy.credit.is_some() { &OF_CREDIT } else { &[] };
    let lacks = OF_THE_OFFICE.iter().chain(credit).filter(|id| rulebook.deadline_rule(id).is_none());
    let told = |id: &&str| {
        Fault::new(
            format!("没有 [[deadline]] {id}，这件事就永远不会超期，请补上"),
            format!("there is no [[deadline]] {id}, so that nobody would ever be late with it; add it"),
        )
    };
    let mut faults: Vec<Fault> = lacks.map(told).collect();
    if policy.appeal.is_some_and(|appeal| appeal.suspends_safety_measures) {
        faults.push(Fault::new(
            "appeal.suspends_safety_measures 写的是 true：申诉期间巡查和风险提示照常进行，请改成 false；其他措施暂缓请写 suspends_measures",
            "appeal.suspends_safety_measures is true, but rounds and warnings go on while an appeal runs; write false, and suspends_measures for what may wait",
        ));
    }
    faults
}

/// The deadlines by name without which an office cannot work by a rulebook: people's rights run by them.
const OF_THE_OFFICE: [&str; 10] = [
    "acceptance",
    "announcement_service",
    "appeal_decide",
    "appeal_file",
    "hazard_review",
    "plaque_post",
    "plaque_put_up",
    "plaque_take_down",
    "reevaluation",
    "result_notice",
];
/// Those that a policy may leave open: then nobody is ever late with it, which is told to whoever drafts it.
pub(crate) const LEFT_OPEN: [&str; 5] =
    ["appeal_admit", "extension", "rectification_order", "risk_notice", "works_plan"];
/// Those of credit files.
const OF_CREDIT: [&str; 2] = ["credit_objection_decide", "credit_repair"];
