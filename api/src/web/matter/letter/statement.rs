//! The right to be heard, as a notice tells it that invites the party before something adverse binds: how long there is, and its
//! last day once the time runs.

use wuping_domain::event::Event;
use wuping_domain::grade::{self, Invitation};
use wuping_domain::notice::{Issued, Remedy};
use wuping_domain::reaction::Rulebooks;
use wuping_projections::recording::recorded;

use super::in_words;
use crate::app::App;
use crate::web::matter::reading::Matter;

/// The right and its last day, one sentence a line; nothing where the notice invites to no statement.
pub(super) fn right(app: &App, matter: &Matter, issued: &Issued, position: u64) -> Vec<String> {
    sentences(app, matter, issued, position).unwrap_or_default()
}

fn sentences(app: &App, matter: &Matter, issued: &Issued, position: u64) -> Option<Vec<String>> {
    let lang = matter.lang;
    let number = issued.determination.filter(|_| issued.kind.invites())?;
    let (mut scheme, mut invited) = (None, None);
    for entry in app.reader().stream(&issued.about).unwrap_or_default() {
        let Ok(said) = recorded(&entry.row()) else { continue };
        match said.event {
            Event::Grade(grade::Event::GradeDetermined(computed)) if computed.result.number == number => {
                scheme = computed.result.adverse.then_some(computed.derivation.scheme);
            }
            // what was confirmed before it was issued invites to nothing
            Event::Grade(grade::Event::AdverseGradeConfirmed { determination, .. })
                if determination == number && entry.position < position =>
            {
                return None;
            }
            Event::Grade(grade::Event::StatementInvited(of)) if of.facts().determination == number => {
                invited = Some(of.facts().clone());
            }
            _ => {}
        }
    }
    let rulebook = app.shelf.rulebook(&scheme?)?;
    let remedy = Remedy::of(&rulebook, &rulebook.policy.statement.as_ref()?.deadline).ok()?;
    let term = in_words(lang, &remedy);
    let mut told = vec![lang.pick(
        format!("您有权陈述、申辩（{term}）。可以书面或者口头向本机关提出，也可以在本平台提交；机关考虑您的意见以后才作决定。"),
        format!(
            "You have the right to make a statement ({term}): to this authority in writing or by word of mouth, or on this \
             platform. It is considered before anything is decided."
        ),
    )];
    told.extend(last_day(matter, number, invited.as_ref()));
    Some(told)
}

/// The last day of the statement; that it has not begun where others who answer for the premises were not served yet.
fn last_day(matter: &Matter, number: u64, invited: Option<&Invitation>) -> Option<String> {
    let lang = matter.lang;
    let served = matter.subject()?.notices.get(matter.key())?.state.served.is_some();
    let Some(invited) = invited else {
        return served.then(|| {
            lang.say(
                "这份已经送达。期限从最后一位责任人收到之日起算，还没有开始。",
                "This one was served. The time runs from the last service on those who answer for the premises, and has not begun.",
            )
        });
    };
    // a later calendar may have made the day final since
    let grade = &matter.subject()?.grade;
    let waits = grade.waiting().is_some_and(|(waiting, _)| waiting.number == number);
    let effect = matter.subject()?.effect(matter.rulebook()?).and_then(Result::ok).filter(|_| waits);
    let now = effect.and_then(|effect| Some((effect.statement_by?, effect.provisional)));
    let (due, provisional) = now.or_else(|| Some((invited.statement_by?, invited.provisional)))?;
    let due = lang.day(due);
    Some(match provisional {
        true => lang.pick(
            format!("陈述、申辩的最后一天暂定为 {due}：之后的放假安排公布以前只会更晚。"),
            format!("The last day for it is provisionally {due}: it may only move later once the holidays after it are published."),
        ),
        false => {
            lang.pick(format!("陈述、申辩的最后一天：{due}。"), format!("The last day for it: {due}."))
        }
    })
}
