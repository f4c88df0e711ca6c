//! What a rehearsal of a rulebook found, in words.

use wuping_domain::rehearsal::Doubt;
use wuping_replay::rehearsal::Move;

use crate::look::words::Lang;

/// Why, in a line: indicators with their points, caps and vetoes that came or went.
pub(crate) fn because(lang: Lang, of: &Move) -> String {
    let Some(why) = &of.rehearsed.why else { return String::new() };
    let points =
        |points: Option<(u64, u64)>| points.map_or_else(|| "–".to_owned(), |(e, a)| format!("{e}/{a}"));
    let cause = |by: &str| lang.cause(by, |_| None);
    let mut said: Vec<String> = why
        .indicators
        .iter()
        .map(|shift| format!("{} {} → {}", shift.indicator, points(shift.was), points(shift.is)))
        .collect();
    said.extend(why.caps_gained.iter().map(|cap| format!("{} ({})", lang.cap(cap.star), cause(&cap.by))));
    said.extend(why.caps_lost.iter().map(|cap| {
        lang.pick(
            format!("不再{}（{}）", lang.cap(cap.star), cause(&cap.by)),
            format!("no longer {} ({})", lang.cap(cap.star), cause(&cap.by)),
        )
    }));
    said.extend(why.vetoes_gained.iter().map(|veto| cause(veto)));
    said.extend(why.vetoes_lost.iter().map(|veto| {
        lang.pick(format!("不再一票否决：{}", cause(veto)), format!("no longer a veto: {}", cause(veto)))
    }));
    if said.is_empty() {
        said.push(lang.say("分数线变了", "the score is in another band"));
    }
    said.join(lang.pick("；", "; "))
}

/// What can never happen under a rulebook, in a sentence.
pub(crate) fn doubtful(lang: Lang, doubt: &Doubt) -> String {
    match doubt {
        Doubt::IdleCap { by, star } => lang.pick(
            format!("{by} 封顶在最高的 {star} 星，不起作用。"),
            format!("{by} caps at star {star}, the highest: it lowers nothing."),
        ),
        Doubt::ImpossibleGrade { band, best_score: Some(best), .. } => lang.pick(
            format!("什么结果都得不到“{band}”：最高只能到 {best} 分。"),
            format!("No results lead to {band}: {best} is the most that can be reached."),
        ),
        Doubt::ImpossibleGrade { band, .. } => lang.pick(
            format!("什么结果都得不到“{band}”：总有封顶在它以下。"),
            format!("No results lead to {band}: a cap below it always holds."),
        ),
        Doubt::NeverLate { deadline } => lang.pick(
            format!("没有 [[deadline]] {deadline}：办公室办这件事没有期限，永远不算超期。"),
            format!("There is no [[deadline]] {deadline}: the office has no term for it and is never late."),
        ),
        Doubt::NeverApplies { by, at_least, indicators } => lang.pick(
            format!("{by} 要 {at_least} 项不合格，可它只数 {indicators} 项。"),
            format!("{by} asks for {at_least} failures and counts {indicators} indicators."),
        ),
    }
}
