//! What else falls if a determination is set aside.

use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use wuping_domain::event::aggregate_type;
use wuping_domain::grade::impact::{Because, Impact, Standing};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded;
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::reader::Reader;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::impact::{determination_named, folded, impact};

use crate::cli::read::{reader, subject_of};
use crate::cli::{Common, Failure, print_json};
use crate::look::words::Lang;

pub(super) fn tell(common: &Common, determination: &str) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    // a code, as people and publishers have it
    let named = match determination.rsplit_once('#') {
        Some((code, number)) if !code.contains('/') => {
            format!("{}#{number}", subject_of(common, &reader, code)?)
        }
        _ => determination.to_owned(),
    };
    let told = impact(&reader, &named)?;
    match common.json {
        true => print_json(&told)?,
        false => {
            let rulebook = rulebook_of(&reader, &named, &told.assessment)?;
            let lines = in_words(common.lang(), &told, rulebook.as_deref());
            lines.iter().for_each(|line| println!("{line}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The rulebook of a determination's assessment, which names what it is about.
fn rulebook_of(reader: &Reader, named: &str, assessment: &str) -> Result<Option<Arc<Rulebook>>, Failure> {
    let (stream, _) = determination_named(named)?;
    let subject = folded(reader, recorded::subject_of(&stream))?;
    let scheme = subject.assessments.get(assessment).and_then(|of| of.state.scheme.as_ref());
    Ok(scheme.and_then(|scheme| LedgerRulebooks::of(reader.clone()).rulebook(scheme)))
}

fn in_words(lang: Lang, told: &Impact, rulebook: Option<&Rulebook>) -> Vec<String> {
    let ruled = lang.under(rulebook);
    let (number, star, assessment) = (told.determination, stars(lang, told.star), &told.assessment);
    let standing = match told.standing {
        Standing::InForce => lang.grade_state("in_force"),
        Standing::Past => lang.direction("ended"),
        Standing::SetAside => lang.grade_state("void"),
        Standing::Waiting => lang.grade_state("awaiting_confirmation"),
    };
    let mut lines = vec![lang.pick(
        format!("第 {number} 号评定结果（{star}，评定 {assessment}）：{standing}"),
        format!("determination {number} ({star}, assessment {assessment}): {standing}"),
    )];
    lines.push(match &told.holds_then {
        Some(then) => {
            let (number, star) = (then.number, stars(lang, then.star));
            lang.pick(
                format!("撤销以后，生效的是第 {number} 号：{star}"),
                format!("then determination {number} holds: {star}"),
            )
        }
        None => lang.say("撤销以后，没有等级生效", "then no grade holds"),
    });
    lines.extend(told.determinations.iter().map(|of| {
        let (number, star) = (of.number, stars(lang, of.star));
        let because = match of.because {
            Because::ComparedWithIt => lang.pick("与它比较过升降", "was compared with it"),
            Because::SameAssessment => lang.pick("由同一次评定算出", "was computed from the same assessment"),
        };
        lang.pick(
            format!("第 {number} 号评定结果（{star}）{because}"),
            format!("determination {number} ({star}) {because}"),
        )
    }));
    lines.extend(told.hazards.iter().map(|of| {
        let indicator = rulebook.and_then(|rulebook| rulebook.indicator(&of.indicator));
        let (stream, what) = (&of.stream, lang.hazard(&of.indicator, indicator));
        let stage = lang.case_state(of.stage);
        lang.pick(
            format!("隐患 {stream}（{what}，{stage}）由它的评定发现"),
            format!("case {stream} ({what}, {stage}) was opened by its assessment"),
        )
    }));
    lines.extend(told.vetoes.iter().map(|veto| {
        let cause = ruled.cause(veto);
        lang.pick(format!("一票否决（{cause}）不再成立"), format!("veto ({cause}) ends"))
    }));
    lines.extend(told.units.iter().map(|unit| {
        lang.pick(format!("套间 {unit} 因它不能出租"), format!("unit {unit} may not be let because of it"))
    }));
    lines.extend(told.measures.iter().map(|of| {
        let (stream, what, stage) = (&of.stream, ruled.measure(&of.measure), lang.undertaking(of.stage));
        lang.pick(
            format!("措施 {stream}（{what}，{stage}）随它的管理等级变动"),
            format!("measure {stream} ({what}, {stage}) goes with its level"),
        )
    }));
    lines.extend(in_files(lang, told));
    lines.extend(told.notices.iter().map(|of| {
        let (stream, kind) = (&of.stream, lang.notice(of.kind));
        let served = lang.matter_stage(if of.served { "served" } else { "issued" });
        lang.pick(
            format!("文书 {stream}（{kind}，{served}）告知的是它"),
            format!("notice {stream} ({kind}, {served}) tells of it"),
        )
    }));
    lines.extend(told.contested_in.iter().map(|stream| {
        let kind = lang.matter_kind(aggregate_type(stream));
        lang.pick(format!("{stream}（{kind}）针对它"), format!("{stream} ({kind}) is against it"))
    }));
    lines.extend(told.plaques.iter().map(|plaque| {
        let plaque = lang.plaque(*plaque);
        lang.pick(format!("{plaque}按它张挂"), format!("{plaque} hangs by it"))
    }));
    if let Some(rounds) = &told.patrol {
        let now = often(lang, &rounds.now);
        let then = rounds
            .then
            .map_or_else(|| lang.say("不再按等级巡查", "none by a grade"), |then| often(lang, &then));
        lines.push(
            lang.pick(format!("巡查现在{now}，撤销以后{then}"), format!("rounds {now} now, then {then}")),
        );
    }
    if told.is_public {
        lines.push(lang.say("公开网页显示的就是它", "the public pages show it"));
    }
    lines
}

/// What of it stands in credit files.
fn in_files(lang: Lang, told: &Impact) -> Vec<String> {
    let mut lines = Vec::new();
    for of in &told.credit {
        let party = &of.party;
        if of.weighs {
            lines.push(lang.pick(
                format!("{party} 的信用等级把它计算在内"),
                format!("it weighs in the credit file of {party}"),
            ));
        }
        lines.extend(of.conduct.iter().map(|number| {
            lang.pick(
                format!("{party} 信用档案的第 {number} 条失信记录来自它的评定发现的隐患"),
                format!(
                    "conduct {number} in the credit file of {party} follows from a case of its assessment"
                ),
            )
        }));
    }
    lines
}

/// Its stars; that it has none where its rulebook gives none.
fn stars(lang: Lang, of: Option<u8>) -> &'static str {
    of.map_or_else(|| lang.pick("没有星级", "no star"), |_| lang.stars(of))
}

/// How often rounds are made.
fn often<T: Serialize>(lang: Lang, rule: &T) -> String {
    let code = serde_json::to_value(rule).unwrap_or_default();
    lang.patrol_rule(code.as_str().unwrap_or_default()).to_owned()
}
