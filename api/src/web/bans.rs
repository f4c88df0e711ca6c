//! Bans on letting in words: on the page of premises, and first in every row that shows them. A building's ban stands over each
//! unit in it, whatever the unit's own grade.

use chrono::NaiveDate;
use maud::{Markup, html};
use wuping_domain::rulebook::Layer;
use wuping_projections::queries::{BanLine, PremisesLine, ProhibitionView, SubjectView};

use crate::look::words::Lang;

/// The bans over premises in a list, each in red; nothing where letting is free.
pub(super) fn flags(lang: Lang, line: &PremisesLine) -> Markup {
    html! { @for told in in_short(lang, line) { span.flag.flag-grave { (told) } " " } }
}

/// The bans over premises in a list, each in a sentence.
pub(super) fn in_short(lang: Lang, line: &PremisesLine) -> Vec<String> {
    let told = |ban: &BanLine| short(lang, whose(line.layer, ban.of), ban.from, &ban.scope);
    line.bans.iter().map(told).collect()
}

/// The bans over premises as their own page says them: the building's first, with ground and document, then what it means to
/// who lives there.
pub(super) fn in_full(lang: Lang, view: &SubjectView) -> Vec<String> {
    let mut told = each(lang, view);
    if !told.is_empty() {
        told.push(living(lang, vacates(view)));
    }
    told
}

/// The bans over premises, the building's first, each with ground and document.
pub(super) fn each(lang: Lang, view: &SubjectView) -> Vec<String> {
    over(view).map(|(whose, ban)| full(lang, whose, ban)).collect()
}

/// Whether one of them says that those who live there are to leave.
pub(super) fn vacates(view: &SubjectView) -> bool {
    over(view).any(|(_, ban)| ban.scope == "vacate")
}

fn over(view: &SubjectView) -> impl Iterator<Item = (Whose, &ProhibitionView)> {
    let own = view.grade.as_ref().and_then(|grade| grade.prohibition.as_ref());
    let building = view.building_ban.as_ref();
    building.map(|ban| (Whose::Building, ban)).into_iter().chain(own.map(|ban| (Whose::Own, ban)))
}

/// Over what a ban was issued, from where it is read.
#[derive(Clone, Copy)]
enum Whose {
    Building,
    Own,
}

fn whose(layer: Layer, of: Layer) -> Whose {
    if layer == of { Whose::Own } else { Whose::Building }
}

fn short(lang: Lang, whose: Whose, from: Option<NaiveDate>, scope: &str) -> String {
    let scope = lang.prohibition(scope);
    let [zh, en] = match from.map(|from| lang.day(from)) {
        Some(day) => [format!("自 {day} 起"), format!(" since {day}")],
        None => [String::new(), String::new()],
    };
    match whose {
        Whose::Building => lang.pick(
            format!("所在楼栋{zh}禁止出租：{scope}"),
            format!("Letting is prohibited in the whole building{en}: {scope}"),
        ),
        Whose::Own => {
            lang.pick(format!("{zh}禁止出租：{scope}"), format!("Letting is prohibited{en}: {scope}"))
        }
    }
}

fn full(lang: Lang, whose: Whose, ban: &ProhibitionView) -> String {
    let told = short(lang, whose, ban.from, &ban.scope);
    let (ground, authority) = (lang.prohibition(&ban.ground), lang.department(&ban.authority));
    let number = &ban.document_number;
    lang.pick(
        format!("{told}。依据：{ground}。{authority}，文号 {number}。"),
        format!("{told}. Ground: {ground}. {authority}, document {number}."),
    )
}

fn living(lang: Lang, vacate: bool) -> String {
    if vacate {
        return lang.say(
            "住在这里的人：请按书面通知搬离；需要帮助，请找社区工作站。",
            "If you live here: move out as the written notice says. The community service station helps.",
        );
    }
    lang.say(
        "住在这里的人：可以继续住，请留意书面风险提示；需要帮助，请找社区工作站。请不要在这里新租房。",
        "If you live here: you may stay; heed the written risk notice. The community service station helps. \
         Rent nothing here anew.",
    )
}
