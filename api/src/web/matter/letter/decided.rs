//! What a notice on paper decides, in words: the result with its stars, its level and what it lost; the hazard with what is to be
//! done about it and by when; the ban with its ground; the decision on an appeal. It is read from what the notice names as it stood
//! when the notice was issued, so that the same paper comes out of the printer years later.

use wuping_domain::appeal;
use wuping_domain::event::Event;
use wuping_domain::grade::{self, Determination};
use wuping_domain::hazard;
use wuping_domain::notice::{Issued, Kind};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::Recorded;
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::recorded::RecordedEntry;
use wuping_projections::recording::recorded;

use super::word;
use crate::app::App;
use crate::look::words::{Lang, plural};
use crate::web::matter::reading::Matter;
use crate::web::matter::story::may_read;
use crate::web::why::{limits, lost, reckoned};

/// What was decided, one sentence a line.
pub(super) fn decided(app: &App, matter: &Matter, issued: &Issued, position: u64) -> Vec<String> {
    let before = Before { app, matter, position };
    let told = match issued.kind {
        Kind::AppealDecision => before.appeal(&issued.about),
        Kind::Prohibition => before.ban(&issued.about),
        Kind::Rectification => before.order(&issued.about),
        Kind::Downgrade | Kind::Proposal | Kind::ResultNotice => {
            issued.determination.and_then(|number| before.result(&issued.about, number))
        }
        Kind::Credit | Kind::CreditRepairInformation | Kind::Hearing | Kind::RiskNotice => None,
    };
    told.unwrap_or_default()
}

/// The ledger as it was when a notice was issued.
struct Before<'a> {
    app: &'a App,
    matter: &'a Matter,
    position: u64,
}

impl Before<'_> {
    /// What a stream said until then, each with its entry.
    fn told(&self, stream: &str) -> Vec<(RecordedEntry, Recorded<Event>)> {
        let entries = self.app.reader().stream(stream).unwrap_or_default().into_iter();
        let before = entries.filter(|entry| entry.position <= self.position);
        before.filter_map(|entry| recorded(&entry.row()).ok().map(|event| (entry, event))).collect()
    }

    fn result(&self, stream: &str, number: u64) -> Option<Vec<String>> {
        let lang = self.matter.lang;
        let all = self.told(stream);
        let (determination, scheme) = all.iter().find_map(|(_, said)| match &said.event {
            Event::Grade(grade::Event::GradeDetermined(computed)) if computed.result.number == number => {
                Some((&computed.result, &computed.derivation.scheme))
            }
            _ => None,
        })?;
        let confirmed_on = all.iter().find_map(|(_, said)| match &said.event {
            Event::Grade(
                grade::Event::AdverseGradeConfirmed { determination, on, .. }
                | grade::Event::LiftFromProhibitedConfirmed { determination, on, .. },
            ) if *determination == number => Some(*on),
            _ => None,
        });
        let from = match (confirmed_on, determination.needs_confirmer) {
            (Some(on), _) => Some(on),
            (None, false) => Some(determination.determined_on),
            (None, true) => None,
        };
        let rulebook = self.app.shelf.rulebook(scheme);
        let mut told = vec![result_in_words(lang, determination, rulebook.as_deref())];
        told.push(match from {
            Some(from) => lang.pick(
                format!("自 {} 起生效。", lang.day(from)),
                format!("It holds from {}.", lang.day(from)),
            ),
            None => lang.say(
                "尚未生效：由确认人确认后才生效。",
                "It does not bind yet: it does once a named person confirms it.",
            ),
        });
        told.push(reckoned(lang, &lang.day(determination.assessed_on), determination));
        told.extend(rulebook.map(|rulebook| self.reasons(determination, &rulebook)).unwrap_or_default());
        Some(told)
    }

    /// Caps, vetoes and lost points.
    fn reasons(&self, determination: &Determination, rulebook: &Rulebook) -> Vec<String> {
        let lang = self.matter.lang;
        let mut told = limits(lang, determination, rulebook);
        let mut points = lost(lang, determination, rulebook);
        points.sort_by_key(|of| std::cmp::Reverse(of.lost));
        told.extend(points.into_iter().map(|of| {
            lang.pick(
                format!("{}：{}，失 {} 分。", of.name, of.found, of.lost),
                format!("{}: {}; {} lost.", of.name, of.found, counted(of.lost, "point", "points")),
            )
        }));
        told
    }

    fn order(&self, stream: &str) -> Option<Vec<String>> {
        let lang = self.matter.lang;
        let all = self.told(stream);
        let found = all.iter().find_map(|(_, said)| match &said.event {
            Event::Hazard(hazard::Event::HazardFound(found)) => Some(found.facts()),
            _ => None,
        })?;
        let name = self.matter.found(&found.indicator);
        let severity = self.matter.ruled().severity(&found.severity);
        let mut told = vec![
            lang.pick(format!("隐患：{name}（{severity}）。"), format!("The hazard: {name} ({severity}).")),
        ];
        let ordered = all.iter().rev().find_map(|(entry, said)| match &said.event {
            Event::Hazard(hazard::Event::RectificationOrdered { order, .. }) => Some((entry, order)),
            _ => None,
        });
        if let Some((entry, order)) = ordered {
            if let Some(what) = self.words(entry, "what") {
                told.push(
                    lang.pick(format!("请采取以下措施：{what}"), format!("What is to be done: {what}")),
                );
            }
            told.push(lang.pick(
                format!("期限：自本通知书送达之日起 {} 日内完成整改。", order.days),
                format!(
                    "To be put right within {} of service of this notice.",
                    counted(order.days, "day", "days")
                ),
            ));
        }
        Some(told)
    }

    /// A ban of these premises, else of the building that they are in.
    fn ban(&self, stream: &str) -> Option<Vec<String>> {
        let parent = self.matter.register().and_then(|register| register.parent.as_ref());
        let building = parent.map(|parent| format!("premises/{parent}/grade"));
        self.ban_in(stream).or_else(|| self.ban_in(&building?))
    }

    fn ban_in(&self, stream: &str) -> Option<Vec<String>> {
        let lang = self.matter.lang;
        let mut newest = None;
        for (_, said) in self.told(stream) {
            match said.event {
                Event::Grade(grade::Event::ProhibitionConfirmed { prohibition, .. }) => {
                    newest = Some((prohibition, wuping_domain::recorded::local_date(said.occurred_at)));
                }
                Event::Grade(grade::Event::ProhibitionSetAside(computed)) if computed.result.of.is_some() => {
                }
                Event::Grade(
                    grade::Event::ProhibitionLiftConfirmed { .. } | grade::Event::ProhibitionSetAside(_),
                ) => newest = None,
                _ => {}
            }
        }
        let (ban, on) = newest?;
        let ruled = self.matter.ruled();
        let (ground, scope) = (ruled.ground(&ban.ground), lang.prohibition(&ban.scope));
        let (authority, number) = (ruled.department(&ban.authority), &ban.document_number);
        Some(vec![
            lang.pick(
                format!("自 {} 起禁止租赁：{scope}。", lang.day(on)),
                format!("Letting is prohibited from {}: {scope}.", lang.day(on)),
            ),
            lang.pick(format!("理由：{ground}。"), format!("The ground: {ground}.")),
            lang.pick(
                format!("决定机关：{authority}；决定文号：{number}。"),
                format!("Decided by: {authority}; number of the decision: {number}."),
            ),
        ])
    }

    fn appeal(&self, stream: &str) -> Option<Vec<String>> {
        let lang = self.matter.lang;
        self.told(stream).into_iter().rev().find_map(|(entry, said)| match said.event {
            Event::Appeal(appeal::Event::AppealDecided(decision)) => {
                let outcome = match decision.outcome {
                    appeal::Outcome::Rejected => lang
                        .pick("申诉不成立，原决定维持", "the appeal is rejected and what was decided stands"),
                    appeal::Outcome::Upheld => lang.pick(
                        "申诉成立，原决定撤销",
                        "the appeal is upheld and what was decided is set aside",
                    ),
                    appeal::Outcome::Varied => lang.pick(
                        "原决定变更，按更正的结果重新计算",
                        "what was decided is varied and computed again",
                    ),
                };
                let (on, number) = (lang.day(decision.on), &decision.document_number);
                let mut told = vec![lang.pick(
                    format!("{on} 决定：{outcome}。决定文号：{number}。"),
                    format!("Decided on {on}: {outcome}. Number of the decision: {number}."),
                )];
                let reasons = self.words(&entry, "reasons");
                told.extend(reasons.map(|why| lang.pick(format!("理由：{why}"), format!("Reasons: {why}"))));
                Some(told)
            }
            Event::Appeal(appeal::Event::AppealRefusedAdmission { on, .. }) => {
                let on = lang.day(on);
                let mut told = vec![lang.pick(
                    format!("{on} 决定：申诉不予受理。"),
                    format!("Decided on {on}: the appeal is not admitted."),
                )];
                let reason = self.words(&entry, "reason");
                told.extend(reason.map(|why| lang.pick(format!("理由：{why}"), format!("Reasons: {why}"))));
                Some(told)
            }
            _ => None,
        })
    }

    /// Private words of an entry, for whom they are.
    fn words(&self, entry: &RecordedEntry, name: &str) -> Option<String> {
        may_read(self.matter.sight, &entry.stream, &entry.event_type).then(|| word(self.app, entry, name))?
    }
}

/// The stars and the level, and what held before.
fn result_in_words(lang: Lang, determination: &Determination, rulebook: Option<&Rulebook>) -> String {
    let grade = match determination.star {
        Some(_) => lang.stars(determination.star),
        None => determination.band.as_str(),
    };
    let level = determination.management_level.as_deref().map(|level| lang.under(rulebook).level(level));
    let level = level
        .map(|level| lang.pick(format!("，管理等级：{level}"), format!(", level of management: {level}")));
    let before = determination.previous.as_ref().map(|previous| lang.stars(previous.star));
    let before =
        before.map(|before| lang.pick(format!("（此前为{before}）"), format!(" (before: {before})")));
    let (level, before) = (level.unwrap_or_default(), before.unwrap_or_default());
    lang.pick(format!("评定结果：{grade}{level}{before}。"), format!("The result: {grade}{level}{before}."))
}

fn counted(n: u32, one: &'static str, many: &'static str) -> String {
    format!("{n} {}", plural(u64::from(n), one, many))
}
