//! What an appeal's form says of its time: until when each result here can be appealed against, reckoned as the admission reckons
//! it (`domain/src/appeal`), and what is left where that day has passed.

use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::appeal::{Reckoned, reckoned};
use wuping_domain::deadline::{PeriodQuestion, period};

use super::choices::{case_of, contested};
use super::reading::{Matter, Sight};
use super::step::Step;
use crate::look::parts::*;

/// Beside a form that files an appeal, a sentence for each result that was served; nothing beside any other form.
pub(super) fn beside(matter: &Matter, step: &Step) -> Markup {
    if step.concept != "appeal" || step.command != "file" || matter.sight == Sight::Public {
        return html! {};
    }
    let told: Vec<Told> = contested(matter).into_iter().filter_map(|case| told(matter, case)).collect();
    let (late, running): (Vec<Told>, Vec<Told>) = told.into_iter().partition(|told| told.late);
    let sentences = |all: Vec<Told>| all.into_iter().map(|told| told.sentence).collect::<Vec<String>>();
    let lang = matter.lang;
    html! {
        @if !late.is_empty() {
            (notice_box(Tone::Warning, lang.pick("申诉期限已过", "The time to appeal is over"), &sentences(late)))
        }
        @for sentence in sentences(running) { p.hint { (sentence) } }
    }
}

struct Told {
    late: bool,
    sentence: String,
}

/// When it was served, and until when it can be appealed against; nothing of what was not served, for its time has not begun.
fn told(matter: &Matter, (case, name): (String, String)) -> Option<Told> {
    let (lang, today) = (matter.lang, matter.today());
    let (subject, against) = (matter.subject()?, case_of(&case));
    let of_building = matter.building_ban.as_ref().filter(|ban| ban.stream == against.stream);
    let rulebook = of_building.and_then(|ban| ban.rulebook.as_ref()).or_else(|| matter.rulebook())?;
    let Reckoned { served_on, due, provisional, in_time, .. } =
        reckoned(&against, today, subject, rulebook).ok()??;
    let (served, due) = (lang.day(served_on), lang.day(due));
    if in_time && provisional {
        let sentence = lang.pick(
            format!("{name}：{served} 送达，申诉期限暂定到 {due}：之后的放假安排公布以前只会更晚，不算逾期。"),
            format!(
                "{name}: served on {served}; it can be appealed against until {due}, which is provisional: it may only move later \
                 once the holidays after it are published, and nobody is late before."
            ),
        );
        return Some(Told { late: false, sentence });
    }
    if in_time {
        let sentence = lang.pick(
            format!("{name}：{served} 送达，申诉期限到 {due} 为止。"),
            format!("{name}: served on {served}; it can be appealed against until {due}."),
        );
        return Some(Told { late: false, sentence });
    }
    let reconsideration = period(rulebook, &PeriodQuestion::of(RECONSIDERATION, served_on)).ok();
    let open = reconsideration.filter(|period| !period.over_on(today)).and_then(|period| period.date());
    let sentence = lang.pick(
        format!(
            "{name}：{served} 送达，申诉期限已于 {due} 届满。仍然可以提交，会按逾期处理：不予受理，机关可以依职权复查。{}",
            open.map_or_else(String::new, |day: NaiveDate| format!("行政复议可以申请到 {}。", lang.day(day))),
        ),
        format!(
            "{name}: served on {served}; the time to appeal ended on {due}. It can still be handed in and is then late: it is not \
             admitted, and the authority may look at it of its own motion.{}",
            open.map_or_else(String::new, |day| format!(
                " Reconsideration can be asked for until {}.",
                lang.day(day)
            )),
        ),
    );
    Some(Told { late: true, sentence })
}

/// The policy's deadline for reconsideration.
const RECONSIDERATION: &str = "administrative_reconsideration";
