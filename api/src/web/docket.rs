//! A list of matters: what it is, where, how far, whom it waits on and until when; the same on every page that lists some.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use wuping_domain::facts::Actor;
use wuping_domain::matter::{Deadline, Hand, Kind, Whose};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::rulebook::Rulebook;
use wuping_projections::queries::{LateHand, Listed, MatterView};

use crate::app::App;
use crate::look::parts::*;
use crate::look::words::{Lang, plural};
use crate::people::{People, Told};
use crate::shelf::LAYERS;

/// What a list is told with: for whom, in which language, on which day.
pub(super) struct Teller<'a> {
    pub(super) lang: Lang,
    pub(super) today: NaiveDate,
    pub(super) actor: &'a Actor,
    /// Rulebooks whose indicators hazards are named by.
    pub(super) rulebooks: &'a [Arc<Rulebook>],
    /// The people whom matters wait on.
    pub(super) people: &'a People,
}

/// The people whom these matters wait on, and who are late, as somebody is told of them.
pub(super) fn hands<'r>(
    app: &App,
    actor: &Actor,
    rows: impl IntoIterator<Item = &'r MatterView>,
    late: &[LateHand],
) -> People {
    let waited = rows.into_iter().flat_map(|row| &row.waits_on).filter_map(|hand| hand.account.as_deref());
    let accounts: Vec<&str> = waited.chain(late.iter().filter_map(|hand| hand.account.as_deref())).collect();
    People::of(app, Told::to(actor), accounts)
}

impl Teller<'_> {
    /// The table; who reads only what waits on itself needs no column for it.
    pub(super) fn table(&self, caption: &str, rows: &[MatterView], own: bool) -> Markup {
        let lang = self.lang;
        let mut columns = vec![
            Column::text(lang.pick("事项", "Matter")),
            Column::text(lang.pick("地址", "Address")),
            Column::text(lang.pick("进展", "How far")),
        ];
        if !own {
            columns.push(Column::text(lang.pick("等谁", "Waits on")));
        }
        columns.push(Column::text(lang.pick("期限", "Due")));
        let rows = rows.iter().map(|row| {
            let mut cells =
                vec![self.name(row), html! { bdi { (self.place(row)) } }, html! { (self.stage(row)) }];
            if !own {
                cells.push(html! { (self.waits_on(row)) });
            }
            cells.push(self.due(row));
            Row { href: Some(href(row)), cells, tone: self.tone(row) }
        });
        data_table(&TableView { caption: caption.to_owned(), columns, rows: rows.collect() })
    }

    /// What it is: the kind, and what it is about.
    pub(super) fn name(&self, row: &MatterView) -> Markup {
        html! {
            (self.lang.matter_kind(row.kind.code())) (self.lang.pick("：", ": ")) (self.about(row))
            @if let Some(detail) = self.detail(row) { " " span.quiet { (detail) } }
        }
    }

    /// How far it is; a warning that was issued is served on nobody.
    pub(super) fn stage<'r>(&self, row: &'r MatterView) -> &'r str {
        match (row.kind, row.stage.as_str()) {
            (Kind::Alert, "issued") => self.lang.pick("已发布，没有解除", "Issued, not lifted"),
            (_, stage) => self.lang.matter_stage(stage),
        }
    }

    pub(super) fn about(&self, row: &MatterView) -> String {
        let lang = self.lang;
        match row.kind {
            Kind::Assessment => lang.assessment_reason(&row.about).to_owned(),
            Kind::Duty => lang.deadline(&row.about).to_owned(),
            Kind::Grade => lang.grade(&row.about).to_owned(),
            Kind::Hazard => self.hazard(&row.about),
            Kind::Alert | Kind::Incident => lang.incident(&row.about).to_owned(),
            Kind::Notice => lang.notice(&row.about).to_owned(),
            Kind::Report => self.reported(&row.about),
            _ => lang.matter(&row.about).to_owned(),
        }
    }

    pub(super) fn detail(&self, row: &MatterView) -> Option<String> {
        let lang = self.lang;
        let detail = row.detail.as_deref()?;
        match row.kind {
            Kind::Hazard => Some(lang.severity(detail).to_owned()),
            Kind::Incident => Some(lang.incident_severity(detail).to_owned()),
            Kind::Alert => Some(lang.incident(detail).to_owned()),
            Kind::Notice | Kind::Dispute => Some(detail.to_owned()),
            _ => None,
        }
    }

    /// A hazard's name by its indicator.
    pub(super) fn hazard(&self, id: &str) -> String {
        if let Some((category, severity)) =
            id.strip_prefix("incident:").and_then(|incident| incident.rsplit_once('_'))
        {
            return format!("{} {}", self.lang.incident(category), self.lang.incident_severity(severity));
        }
        let known = self.rulebooks.iter().find_map(|rulebook| rulebook.indicator(id));
        self.lang.hazard(id, known)
    }

    /// What a resident reported, in the words of the premises' own pages.
    fn reported(&self, category: &str) -> String {
        let lang = self.lang;
        let known = self.rulebooks.iter().find_map(|rulebook| rulebook.indicator(category));
        match (category, known) {
            (_, Some(_)) => lang.hazard(category, known),
            ("other", None) => lang.say("其他问题", "Something else"),
            _ => lang.matter(category).to_owned(),
        }
    }

    pub(super) fn place(&self, row: &MatterView) -> String {
        match &row.address {
            Some(address) => address.clone(),
            None if row.areas.is_empty() => self.lang.say("全区", "The whole district"),
            None => self.lang.list(&row.areas),
        }
    }

    /// Whom it waits on today, in words.
    pub(super) fn waits_on(&self, row: &MatterView) -> String {
        let lang = self.lang;
        let now = |hand: &&Hand| {
            hand.from.is_none_or(|from| from <= self.today)
                && hand.until.is_none_or(|until| self.today <= until)
        };
        let mut hands: Vec<String> = row.waits_on.iter().filter(now).map(|hand| self.hand(hand)).collect();
        hands.dedup();
        match hands.as_slice() {
            [] if row.ended_position.is_some() => lang.say("—", "—"),
            [] => lang.say("外部机构或日期", "somebody outside, or a date"),
            hands => lang.list(hands),
        }
    }

    /// A hand in words: oneself, a department's people, a role, the party.
    pub(super) fn hand(&self, hand: &Hand) -> String {
        let lang = self.lang;
        if let Some(account) = &hand.account {
            return match *account == self.actor.account {
                true => lang.say("您本人", "you"),
                false => {
                    let who = self.people.say(lang, account);
                    lang.pick(format!("经办人 {who}"), format!("in the hands of {who}"))
                }
            };
        }
        match (&hand.department, hand.role) {
            (Some(department), _) => lang.department(department).to_owned(),
            (None, Some(role)) => lang.role(role.code()).to_owned(),
            (None, None) => lang.say("有权办理的人", "whoever may"),
        }
    }

    /// What is due next and how far that is; without a deadline the day it came.
    fn due(&self, row: &MatterView) -> Markup {
        let lang = self.lang;
        let due = match self.is_party() {
            true => own_duty(row).or(row.due.as_ref()),
            false => row.due.as_ref(),
        };
        match (due, row.ended_on) {
            (_, Some(on)) => html! { (lang.pick("办结于 ", "ended ")) (day(lang, on)) },
            // what is owed is called what its deadline is called
            (Some(due), None) if row.kind == Kind::Duty => self.day_of(due),
            (Some(due), None) if self.is_party() && due.whose == Whose::Office => self.of_the_office(due),
            (Some(due), None) => self.clock(due),
            (None, None) => {
                html! { span.quiet { (lang.pick("没有期限，来自 ", "no deadline; since ")) (day(lang, row.opened_on)) } }
            }
        }
    }

    /// Whether a party reads the list, which is late on nothing of the office's.
    fn is_party(&self) -> bool {
        !self.actor.is_of_the_office()
    }

    /// A deadline of the office as a party reads it: whose it is and how late, and nothing that looks like the party's own lateness.
    fn of_the_office(&self, due: &Deadline) -> Markup {
        let lang = self.lang;
        let days = self.today.signed_duration_since(due.due).num_days().unsigned_abs();
        let late = due.late_since(self.today).map(|_| days);
        html! {
            (day(lang, due.due)) " " span.quiet {
                (lang.deadline(&due.rule)) (lang.pick("，机关的期限", ", a deadline of the office"))
                @if let Some(days) = late {
                    (lang.pick(format!("，机关已迟 {days} 天"), format!(", which is {days} {} late", plural(days, "day", "days"))))
                }
            }
        }
    }

    /// A deadline with its name.
    pub(super) fn clock(&self, due: &Deadline) -> Markup {
        html! { (self.day_of(due)) " " span.quiet { (self.lang.deadline(&due.rule)) } }
    }

    /// A deadline's day and how far it is.
    pub(super) fn day_of(&self, due: &Deadline) -> Markup {
        let standing = match due.due < self.today {
            _ if due.provisional => DeadlineStanding::Provisional,
            true if due.lapses => DeadlineStanding::Ended,
            _ => DeadlineStanding::Running,
        };
        let view = DeadlineView { due: due.due, today: self.today, standing };
        deadline(self.lang, &view)
    }

    fn tone(&self, row: &MatterView) -> Tone {
        let soon = self.today.checked_add_days(Days::new(SOON_DAYS));
        let duty =
            row.due.as_ref().filter(|due| !due.lapses && !due.provisional && row.ended_position.is_none());
        // what the office owes is no matter of the party's
        let (duty, late) = match self.is_party() {
            true => {
                let own = own_duty(row).filter(|due| !due.provisional);
                (own, own.is_some_and(|due| due.late_since(self.today).is_some()))
            }
            false => (duty, row.overdue_since.is_some()),
        };
        match duty {
            _ if late => Tone::Grave,
            Some(due) if soon.is_some_and(|soon| due.due <= soon) => Tone::Warning,
            _ => Tone::Calm,
        }
    }
}

/// What a party has to do next of a matter that runs.
fn own_duty(row: &MatterView) -> Option<&Deadline> {
    let mut duties = row.deadlines.iter().filter(|_| row.ended_position.is_none());
    duties.find(|due| due.whose == Whose::Party && !due.lapses)
}

/// How many there are, which are shown, and the way on. `seen` were shown before.
pub(super) fn ways_on<T>(
    lang: Lang,
    listed: &Listed<T>,
    seen: u64,
    here: impl Fn(&[(&str, &str)]) -> String,
) -> Markup {
    let last = seen.saturating_add(listed.rows.len() as u64);
    let after = last.to_string();
    let next = listed.next.as_ref().map(|next| here(&[("after", next), ("seen", &after)]));
    pagination(
        lang,
        &PagesView {
            total: listed.total,
            first: if listed.rows.is_empty() { 0 } else { seen + 1 },
            last,
            position: None,
            previous: (seen > 0).then(|| here(&[])),
            next,
        },
    )
}

/// The page of a matter.
pub(super) fn href(row: &MatterView) -> String {
    let key = row.stream.rsplit('/').next().unwrap_or_default();
    match (row.kind, &row.premises) {
        (Kind::Assessment, Some(premises)) if row.ended_position.is_none() => {
            format!("/desk/assessments/{premises}/{key}")
        }
        // plaques hang by the grade; notices begin on the page of the premises
        (Kind::Duty, Some(premises)) => match row.about.as_str() {
            "plaque_post" | "plaque_put_up" => {
                format!("/desk/matters/premises/{premises}/grade#step-hang_plaque")
            }
            "plaque_take_down" => format!("/desk/matters/premises/{premises}/grade#step-remove_plaque"),
            _ => format!("/desk/premises/{premises}#step-issue"),
        },
        (Kind::Grade, Some(premises)) => format!("/desk/grades/{premises}"),
        _ => format!("/desk/matters/{}", row.stream),
    }
}

/// The operating rulebooks of a day, by which indicators are named.
pub(super) fn rulebooks(
    app: &App,
    today: NaiveDate,
) -> Result<Vec<Arc<Rulebook>>, wuping_projections::ViewsError> {
    let mut rulebooks = Vec::new();
    for layer in LAYERS {
        let operating = app.views.views().operating_rulebook(layer, today)?;
        rulebooks.extend(operating.and_then(|operating| app.shelf.rulebook(&operating.scheme)));
    }
    Ok(rulebooks)
}

/// A duty due within so many days is shown as near.
const SOON_DAYS: u64 = 3;
