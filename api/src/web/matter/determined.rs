//! Decisions on premises by name, as lists of them tell them apart: a result by its number, its stars and its day; a ban on letting
//! by its document; a hazard by what was found.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::appeal::{Against, Reckoned, reckoned};
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::grade;
use wuping_projections::recording::recorded;

use super::reading::Matter;
use crate::app::App;
use crate::look::parts::*;
use crate::trying::Trial;

/// What a list says of a result.
#[derive(Debug)]
pub(crate) struct DeterminedOn {
    star: Option<u8>,
    band: String,
    on: NaiveDate,
}

/// The results of these premises by number, where the page offers or names some.
pub(super) fn determinations(app: &App, trial: &Trial) -> BTreeMap<u64, DeterminedOn> {
    let stream = &trial.facts.stream;
    let premises = stream.strip_prefix("premises/").and_then(|rest| rest.split('/').next());
    let Some(premises) = premises.filter(|_| NAMING.contains(&aggregate_type(stream))) else {
        return BTreeMap::new();
    };
    let entries = app.reader().stream(&format!("premises/{premises}/grade")).unwrap_or_default();
    let of = |event| match event {
        Event::Grade(grade::Event::GradeDetermined(computed)) => {
            let result = computed.result;
            let of = DeterminedOn { star: result.star, band: result.band, on: result.determined_on };
            Some((result.number, of))
        }
        _ => None,
    };
    entries.iter().filter_map(|entry| of(recorded(&entry.row()).ok()?.event)).collect()
}

impl Matter {
    /// A result of these premises: which in number, its stars and its day.
    pub(crate) fn determination(&self, number: u64) -> String {
        let lang = self.lang;
        let Some(of) = self.determinations.get(&number) else {
            return lang.pick(format!("第 {number} 次等级结果"), format!("Grade no. {number}"));
        };
        let grade = if of.star.is_some() { lang.stars(of.star) } else { of.band.as_str() };
        let on = lang.day(of.on);
        lang.pick(
            format!("第 {number} 次等级结果（{grade}，{on} 认定）"),
            format!("Grade no. {number} ({grade}, determined on {on})"),
        )
    }

    /// What an appeal is against, by name.
    fn contested(&self, against: &Against) -> String {
        let lang = self.lang;
        let ban = |document: &str| {
            lang.pick(format!("禁止租赁决定 {document}"), format!("Prohibition of letting {document}"))
        };
        match (against.determination, against.prohibition) {
            (Some(number), _) => self.determination(number),
            (None, Some(number)) => {
                let own =
                    self.premises().is_some_and(|own| against.stream == format!("premises/{own}/grade"));
                let own = self.subject().filter(|_| own).and_then(|of| of.grade.bans.get(&number));
                let building = self.building_ban.as_ref().filter(|ban| ban.stream == against.stream);
                let building = building.map(|ban| ban.document_number.as_str());
                ban(own.map(|ban| ban.document_number.as_str()).or(building).unwrap_or_default())
            }
            (None, None) => {
                let hazard = self.hazard(against.stream.rsplit('/').next().unwrap_or_default());
                lang.pick(format!("隐患：{hazard}"), format!("Hazard: {hazard}"))
            }
        }
    }
}

/// On an appeal's own page: which decision it is against, when it was filed, and whether that was in time; nothing on any other page.
pub(super) fn appealed(matter: &Matter) -> Markup {
    let lang = matter.lang;
    let of = matter.subject().filter(|_| matter.concept() == "appeal");
    let Some(appeal) = of.and_then(|of| of.appeals.get(matter.key())).map(|of| &of.state) else {
        return html! {};
    };
    let Some(against) = &appeal.against else { return html! {} };
    let link = html! { a href=(super::address_of(&against.stream)) { (matter.contested(against)) } };
    let mut told = vec![Fact::new(lang.pick("不服的决定", "Against"), link)];
    told.extend(appeal.filed_on.map(|on| Fact::text(lang.pick("提出", "Filed"), lang.day(on))));
    told.extend(
        in_time(matter, against, appeal.filed_on)
            .map(|words| Fact::text(lang.pick("是否按时", "In time"), words)),
    );
    section(lang.pick("申诉", "The appeal"), facts(&told))
}

/// Whether it came in time, with the days by which that is reckoned; nothing where its time never began.
fn in_time(matter: &Matter, against: &Against, filed_on: Option<NaiveDate>) -> Option<String> {
    let lang = matter.lang;
    let of_building = matter.building_ban.as_ref().filter(|ban| ban.stream == against.stream);
    let rulebook = of_building.and_then(|ban| ban.rulebook.as_ref()).or_else(|| matter.rulebook())?;
    let Reckoned { served_on, due, in_time, provisional, .. } =
        reckoned(against, filed_on?, matter.subject()?, rulebook).ok()??;
    let (served, due) = (lang.day(served_on), lang.day(due));
    let until = match provisional {
        true => lang.pick(format!("暂定到 {due}"), format!("provisionally until {due}")),
        false => lang.pick(format!("到 {due}"), format!("until {due}")),
    };
    Some(match in_time {
        true => lang.pick(
            format!("按时提出：决定 {served} 送达，申诉期限{until}"),
            format!("Yes: it was served on {served}, and could be appealed against {until}"),
        ),
        false => lang.pick(
            format!("已逾期提出：决定 {served} 送达，申诉期限{until}"),
            format!("No, it came late: it was served on {served}, and could be appealed against {until}"),
        ),
    })
}

/// Whose pages offer decisions, or name one.
const NAMING: [&str; 4] = ["appeal", "dispute", "notice", "premises"];
