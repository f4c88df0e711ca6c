//! How premises stand now, at the head of their page: the grade in force, a ban on letting, who assesses and who looks after them, and
//! the units of a building.

use maud::{Markup, html};
use wuping_domain::rulebook::Layer;
use wuping_projections::queries::{Page as ViewPage, Paged, PremisesLine};

use super::reading::{Matter, Sight};
use crate::app::App;
use crate::look::parts::*;

/// What is in force, and in whose hands the premises are.
pub(super) fn standing(matter: &Matter) -> Markup {
    let (lang, Some(subject)) = (matter.lang, matter.subject()) else { return html! {} };
    let today = matter.today();
    let mut told = vec![Fact::new(lang.pick("生效的等级", "Grade in force"), in_force(matter))];
    if let Some((_, ban)) = subject.grade.ban_in_force() {
        told.push(Fact::text(lang.pick("禁止租赁", "Letting is prohibited"), &ban.document_number));
    }
    if let Some(ban) = &matter.building_ban {
        let words = lang.pick(
            format!("所在楼栋禁止租赁，{}", ban.document_number),
            format!("with the whole building, {}", ban.document_number),
        );
        told.push(Fact::text(lang.pick("禁止租赁", "Letting is prohibited"), words));
    }
    if matter.sight != Sight::Public {
        let assessors = subject.premises.assessors.iter().filter(|one| one.span.holds_on(today));
        let assessors: Vec<String> = assessors
            .map(|one| {
                let who = matter.people.say(lang, &one.account);
                match &one.department {
                    Some(department) => format!("{who} · {}", matter.ruled().department(department)),
                    None => who,
                }
            })
            .collect();
        let stewards = subject.premises.stewards.iter().filter(|one| one.span.holds_on(today));
        let stewards: Vec<String> = stewards.map(|one| matter.people.say(lang, &one.account)).collect();
        let hands = |all: &[String]| match all {
            [] => lang.say("还没有", "nobody yet"),
            all => lang.list(all),
        };
        told.push(Fact::text(lang.pick("评定人员", "Assessed by"), hands(&assessors)));
        told.push(Fact::text(lang.pick("楼栋长", "Steward"), hands(&stewards)));
    }
    section(lang.pick("现在", "As it stands"), facts(&told))
}

fn in_force(matter: &Matter) -> Markup {
    let lang = matter.lang;
    let binding = matter.subject().and_then(|subject| subject.grade.in_force());
    let Some(binding) = binding else { return html! { (lang.pick("还没有", "none yet")) } };
    let determined = &binding.determination;
    html! {
        (lang.stars(determined.star))
        @if let Some(level) = &determined.management_level { " · " (matter.ruled().level(level)) }
        " " span.quiet { (lang.pick("自 ", "since ")) (day(lang, binding.effective_from)) (lang.pick(" 起", "")) }
    }
}

/// The units of a building, each a link with its grade; nothing of what is no building.
pub(super) fn units(app: &App, matter: &Matter) -> Markup {
    let lang = matter.lang;
    if matter.register().is_none_or(|register| register.layer == Layer::Unit) {
        return html! {};
    }
    let Ok(found) = app.views.views().children(matter.key(), ViewPage::of(1)) else { return html! {} };
    if found.total == 0 {
        return html! {};
    }
    let heading = format!("{} {}", lang.pick("下面的房屋", "What is in it"), lang.count(found.total));
    section(
        &heading,
        html! {
            (table(matter, &found))
            @if found.pages > 1 {
                p.quiet { (lang.pick(
                    format!("只列出前 {} 处，其余按编码或地址查询。", found.rows.len()),
                    format!("The first {} are listed; the others are found by code or address.", found.rows.len()),
                )) }
            }
        },
    )
}

fn table(matter: &Matter, found: &Paged<PremisesLine>) -> Markup {
    let lang = matter.lang;
    let columns = vec![
        Column::text(lang.pick("地址", "Address")),
        Column::text(lang.pick("等级", "Grade")),
        Column::text(lang.pick("自", "Since")),
    ];
    let rows = found.rows.iter().map(|line| Row {
        href: Some(format!("/desk/premises/{}", line.id)),
        cells: vec![
            html! { bdi { (line.address) } },
            html! {
                @if line.closed_on.is_some() { (lang.pick("已注销", "closed")) }
                @else { (lang.stars(line.star)) @if line.prohibited { " " span.flag { (lang.pick("禁止租赁", "letting is prohibited")) } } }
            },
            html! { @if let Some(from) = line.effective_from { (day(lang, from)) } @else { "—" } },
        ],
        tone: Tone::Calm,
    });
    let caption = lang.say("下面的房屋", "What is in it");
    data_table(&TableView { caption, columns, rows: rows.collect() })
}
