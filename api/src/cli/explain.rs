//! Why premises have their grade, in the words of their page, and the cheapest way up.

use std::process::ExitCode;

use wuping_domain::grade::Determination;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::explain::{ExplainError, Explanation, explain};

use crate::cli::read::{reader, subject_of};
use crate::cli::{Common, Failure, print_json};
use crate::look::words::{Lang, plural};
use crate::web::why::{deducted, limits, lost, reckoned};

pub(super) fn tell(common: &Common, subject: &str, to_star: Option<u8>) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    let rulebooks = LedgerRulebooks::of(reader.clone());
    let subject = subject_of(common, &reader, subject)?;
    let told = explain(&reader, &rulebooks, subject.trim_start_matches("premises/"), to_star)?;
    if common.json {
        print_json(&told)?;
        return Ok(ExitCode::SUCCESS);
    }
    let id = || told.rulebook.id.clone();
    let rulebook = rulebooks.rulebook(&told.rulebook).ok_or_else(|| ExplainError::Rulebook { id: id() })?;
    in_words(common.lang(), &told, &rulebook).iter().for_each(|line| println!("{line}"));
    Ok(ExitCode::SUCCESS)
}

fn in_words(lang: Lang, told: &Explanation, rulebook: &Rulebook) -> Vec<String> {
    let grade = &told.determined;
    let state = match told.in_force == Some(grade.number) {
        true => lang.grade_state("in_force"),
        false => lang.pick("没有生效", "Not in force"),
    };
    let (id, sha256) = (&told.rulebook.id, &told.rulebook.sha256);
    let mut lines = vec![
        format!("{} — {}", told.premises, told.address),
        format!("{} · {state}", result(lang, grade)),
        lang.pick(format!("评分规则 {id}（sha256 {sha256}）"), format!("rulebook {id} (sha256 {sha256})")),
        reckoned(lang, &grade.assessed_on.to_string(), grade),
    ];
    lines.extend(deducted(lang, grade));
    let mut lost = lost(lang, grade, rulebook);
    lost.sort_by_key(|one| std::cmp::Reverse(one.lost));
    let colon = lang.pick("：", ": ");
    lines.extend(lost.iter().map(|one| format!("  −{}  {}{colon}{}", one.lost, one.name, one.found)));
    lines.extend(limits(lang, grade, rulebook).iter().map(|limit| format!("  {limit}")));
    if let Some(binds) = &told.binds {
        lines.push(format!("{}{colon}{}", lang.grade_state("in_force"), result(lang, binds)));
    }
    lines.extend(way_up(lang, told, rulebook));
    let entries: Vec<String> = told.positions.iter().map(u64::to_string).collect();
    let entries = lang.list(&entries);
    lines.push(lang.pick(format!("依据账本第 {entries} 条记录"), format!("rests on entries {entries}")));
    lines
}

/// Number, day, grade and cause of a determination.
fn result(lang: Lang, of: &Determination) -> String {
    let (number, on, trigger) = (of.number, of.determined_on, lang.trigger(&of.trigger));
    let grade = match of.star {
        Some(_) => lang.stars(of.star),
        None => of.band.as_str(),
    };
    lang.pick(
        format!("第 {number} 号评定结果（{on}，{trigger}）：{grade}"),
        format!("determination {number} of {on} ({trigger}): {grade}"),
    )
}

fn way_up(lang: Lang, told: &Explanation, rulebook: &Rulebook) -> Vec<String> {
    let Some(way) = &told.way_up else { return vec![] };
    let (star, zh) = (way.star, lang.stars(Some(way.star)));
    let stars = plural(u64::from(star), "star", "stars");
    let mut lines =
        vec![lang.pick(format!("要升到{zh}，须整改："), format!("to reach {star} {stars}, put right:"))];
    let steps = way.put_right.iter();
    lines.extend(steps.map(|step| format!("  +{}  {}", step.gain, lang.named(&step.zh, &step.en))));
    let lift = lang.pick("须先解除：", "to be lifted: ");
    lines.extend(way.lift.iter().map(|by| format!("  {lift}{}", lang.under(Some(rulebook)).cause(by))));
    if !way.reachable {
        let (after, needed) = (way.score_after, way.score_needed);
        lines.push(lang.pick(
            format!("  即使这样也只有 {after} 分，需要 {needed} 分"),
            format!("  even so the score would be {after} of {needed}"),
        ));
    }
    lines
}
