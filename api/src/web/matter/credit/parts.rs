//! The parts of a credit file's page: the class and what decided it, records, what is public and reported, what the party said,
//! who has read it.

use maud::{Markup, html};
use wuping_domain::credit::{Basis, Counted, DECIDE_OBJECTION, DECIDE_REPAIR, Item, Rating};
use wuping_domain::deadline::Period;
use wuping_domain::recorded::local_date;
use wuping_domain::subject::Subject;

use super::super::reading::Matter;
use super::super::story;
use crate::app::App;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::credit_file::answered_by;

/// What kind of party it is.
pub(super) fn kind(lang: Lang, subject: &Subject) -> &'static str {
    use wuping_domain::party::Kind;
    match subject.party.registered.as_ref().map(|registered| registered.kind) {
        Some(Kind::Enterprise) => lang.pick("出租屋企业", "Rental company"),
        _ => lang.pick("自然人（信用等级不公布）", "A natural person: no class is published"),
    }
}

/// How the file stands, in a line.
pub(super) fn stands(lang: Lang, subject: &Subject) -> String {
    if let Some(into) = &subject.party.merged_into {
        return lang
            .pick(format!("已并入 {into}，在那里计算"), format!("Merged into {into}, and counted there"));
    }
    let file = &subject.credit.state;
    let class = file.rating.as_ref().and_then(|rating| rating.class.as_ref());
    let Some(class) = class else {
        return lang.say("还没有信用等级：没有评定过的房屋", "No class yet: no premises are graded");
    };
    let shown = lang.credit(&class.shown);
    match file.waits_for_confirmer() {
        true => {
            let proposed = lang.credit(&class.proposed);
            lang.pick(
                format!("{shown}；“{proposed}”等待确认人决定"),
                format!("{shown}; “{proposed}” waits for a confirmer"),
            )
        }
        false => shown.to_owned(),
    }
}

/// What a confirmer decides on.
pub(super) fn waiting(matter: &Matter, subject: &Subject) -> Markup {
    let lang = matter.lang;
    let rating = subject.credit.state.rating.as_ref();
    let counted = rating.into_iter().flat_map(|rating| &rating.conduct);
    let leading: Vec<&Counted> = counted.filter(|counted| counted.needs_confirmer).collect();
    section(
        lang.pick("等待确认的最低信用等级", "The lowest class that waits"),
        html! {
            p { (lang.pick(
                "以下失信行为导致最低等级。确认人没有参与记录或者查办，才能决定。",
                "This conduct leads to the lowest class. Who confirms had no hand in it.",
            )) }
            ul.doors { @for counted in leading { li { (record(lang, subject, counted)) } } }
        },
    )
}

fn record(lang: Lang, subject: &Subject, counted: &Counted) -> Markup {
    let on_file = subject.credit.state.conduct.get(&counted.of.number);
    let document = on_file.map(|on_file| on_file.conduct.basis.document_number.clone()).unwrap_or_default();
    html! {
        strong { (lang.credit(&counted.conduct)) } " " (document) " " (day(lang, counted.from))
    }
}

/// Everything of the file.
pub(super) fn whole(app: &App, matter: &Matter, party: &str, subject: &Subject) -> Markup {
    let lang = matter.lang;
    let mut entries = story::story(app, matter);
    entries.reverse();
    html! {
        @if let Some(rating) = &subject.credit.state.rating { (class(lang, subject, rating)) }
        (records(matter, subject))
        (public(lang, subject))
        (said(app, matter, subject))
        (readings(app, lang, party))
        (section(lang.pick("经过（最近的在前）", "History, newest first"), timeline(lang, &entries)))
    }
}

/// The class, what decided it, and the inspections that follow.
fn class(lang: Lang, subject: &Subject, rating: &Rating) -> Markup {
    let number = |n: u64| lang.count(n);
    let mut told = vec![
        Fact::new(lang.pick("计算日期", "Rated on"), day(lang, rating.on)),
        Fact::text(lang.pick("第几次", "Rating number"), number(rating.number)),
    ];
    if let Some(position) = subject.credit.rated_at {
        told.push(Fact::text(lang.pick("账本位置", "Ledger position"), number(position)));
    }
    if let Some(class) = &rating.class {
        told.push(Fact::text(lang.pick("按房屋等级", "By grades alone"), lang.credit(&class.base)));
        told.push(Fact::text(
            lang.pick("按等级和行为", "By grades and conduct"),
            lang.credit(&class.proposed),
        ));
        told.push(Fact::text(lang.pick("现在", "Now"), lang.credit(&class.shown)));
        let months = class.inspection_months;
        let every = lang.pick(format!("每 {months} 个月一次"), format!("every {months} months"));
        told.push(Fact::text(lang.pick("部门检查", "Inspections"), every));
    }
    let commitment = if rating.commitment { lang.pick("有", "made") } else { lang.pick("没有", "none") };
    told.push(Fact::text(lang.pick("信用承诺", "Commitment"), commitment));
    let levels = rating
        .levels
        .iter()
        .filter_map(|(level, n)| Some(format!("{} {}", Level::from_code(level)?.word(lang), number(*n))));
    told.push(Fact::text(
        lang.pick("房屋", "Premises"),
        levels.collect::<Vec<_>>().join(lang.pick("、", ", ")),
    ));
    section(
        lang.pick("等级和理由", "Class and reasons"),
        html! {
            (facts(&told))
            @if !rating.weights.is_empty() {
                details.more {
                    summary { (lang.pick("不是宽管级的房屋", "Premises that are not lenient")) }
                    ul.doors { @for weight in &rating.weights { li {
                        a href={ "/audit/" (weight.premises) } { (weight.premises) } " "
                        (level_chip(lang, Level::from_code(&weight.level))) " "
                        span.quiet { (lang.pick("第 ", "grade no. ")) (weight.determination) (lang.pick(" 次等级结果", "")) }
                    } } }
                }
            }
        },
    )
}

/// Every record of conduct: what it rests on, what became of it, until when it counts.
fn records(matter: &Matter, subject: &Subject) -> Markup {
    let lang = matter.lang;
    let file = &subject.credit.state;
    let heading = lang.pick("失信行为", "Conduct");
    if file.conduct.is_empty() {
        return section(heading, empty_state(lang.pick("没有记录。", "Nothing is on record."), None));
    }
    let columns = [
        lang.pick("行为", "Conduct"),
        lang.pick("文书", "Document"),
        lang.pick("依据", "Rests on"),
        lang.pick("状态", "State"),
        lang.pick("账本位置", "Ledger position"),
    ];
    let rows = file.conduct.iter().rev().map(|(number, on_file)| {
        let conduct = &on_file.conduct;
        let counted = file.rating.iter().flat_map(|rating| &rating.conduct);
        let counted = counted.filter(|_| on_file.stands()).find(|counted| counted.of.number == *number);
        let state = match (on_file.set_aside_on, on_file.repaired_on, counted) {
            (Some(on), ..) => html! { (lang.pick("异议成立，终止于 ", "ended by an objection on ")) (day(lang, on)) },
            (_, Some(on), _) => html! { (lang.pick("已修复，终止于 ", "repaired on ")) (day(lang, on)) },
            (.., Some(counted)) => html! {
                (lang.pick("计入，到 ", "counts until ")) (day(lang, counted.until))
                br; span.quiet { (lang.pick("最早可以修复 ", "may be repaired from ")) (day(lang, counted.repairable_from)) }
            },
            _ => html! { (lang.pick("不计入", "does not count")) },
        };
        Row {
            href: None,
            cells: vec![
                html! { (number) ". " (lang.credit(&conduct.conduct)) " " span.quiet { (lang.credit(&conduct.degree)) } },
                html! {
                    (conduct.basis.document_number) br; (day(lang, conduct.decided_on))
                    @if let Some(authority) = authority_of(matter, &conduct.basis) { br; span.quiet { (authority) } }
                },
                html! { @match &conduct.basis.stream {
                    Some(stream) => a href=(super::super::address_of(stream)) { (lang.pick("隐患", "Hazard")) },
                    None => (lang.pick("决定文书", "The document")),
                } },
                state,
                html! { @if let Some(position) = subject.credit.conduct_at.get(number) { (lang.count(*position)) } },
            ],
            tone: if counted.is_some() { Tone::Warning } else { Tone::Calm },
        }
    });
    let columns = columns.into_iter().map(Column::text).collect();
    section(heading, data_table(&TableView { caption: heading.to_owned(), columns, rows: rows.collect() }))
}

/// Whose document a record rests on: an authority known here by its name, else the organ elsewhere as it was written.
fn authority_of(matter: &Matter, basis: &Basis) -> Option<String> {
    let known = basis.authority.as_deref().map(|authority| matter.ruled().department(authority));
    known.or_else(|| basis.outside_authority.clone())
}

/// What of a file, in words.
fn named(lang: Lang, item: Item) -> String {
    match item {
        Item::Class { rating } => {
            lang.pick(format!("信用等级（第 {rating} 次）"), format!("Class (rating {rating})"))
        }
        Item::Conduct { number } => lang.pick(format!("第 {number} 条记录"), format!("Record {number}")),
    }
}

/// What is told and public, and what the public platform has taken.
fn public(lang: Lang, subject: &Subject) -> Markup {
    let file = &subject.credit.state;
    let state = |state: &str| match state {
        "waits" => lang.pick("等待平台接收", "waits for the platform"),
        "taken" => lang.pick("平台已接收", "taken by the platform"),
        "recall_waits" => lang.pick("已撤回，等待平台接收", "recalled, waits for the platform"),
        _ => lang.pick("已撤回，平台已接收", "recalled, taken by the platform"),
    };
    section(
        lang.pick("告知、公布和报送", "Told, public, reported"),
        html! {
            @if file.told.is_empty() && file.published.is_empty() && file.reports.is_empty() {
                (empty_state(lang.pick("没有告知，也没有公布。", "Nothing was told or published."), None))
            }
            ul.doors {
                @for (item, on) in &file.told { li {
                    (named(lang, *item)) " — " (lang.pick("告知于 ", "told on ")) (day(lang, *on))
                } }
                @for (item, published) in &file.published { li {
                    strong { (named(lang, *item)) } " — " (lang.pick("公布于 ", "public since ")) (day(lang, published.on))
                    @if let Some(until) = published.until { (lang.pick("，到 ", ", until ")) (day(lang, until)) }
                } }
                @for (number, report) in &file.reports { li {
                    (lang.pick("报送 ", "Report ")) (number) " " (named(lang, report.item)) " — " (state(report.state()))
                } }
            }
        },
    )
}

/// Objections and requests for repair, with their deadlines.
fn said(app: &App, matter: &Matter, subject: &Subject) -> Markup {
    let lang = matter.lang;
    let file = &subject.credit.state;
    if file.objections.is_empty() && file.repairs.is_empty() {
        return html! {};
    }
    let answer = |decided: Option<(bool, chrono::NaiveDate)>,
                  yes: [&'static str; 2],
                  no: [&'static str; 2]| match decided {
        Some((true, on)) => html! { (lang.pick(yes[0], yes[1])) " " (day(lang, on)) },
        Some((false, on)) => html! { (lang.pick(no[0], no[1])) " " (day(lang, on)) },
        None => html! { (lang.pick("等待答复", "waits for an answer")) },
    };
    let answer_by = |rule: &str, number: u64| {
        let period = answered_by(app, subject, rule, number);
        let standing = |period: Period| match period.provisional {
            true => DeadlineStanding::Provisional,
            false => DeadlineStanding::Running,
        };
        let view = |period: Period| {
            Some(DeadlineView { due: period.date()?, today: matter.today(), standing: standing(period) })
        };
        html! { @if let Some(view) = period.and_then(view) { " " (deadline(lang, &view)) } }
    };
    section(
        lang.pick("异议和修复", "Objections and repair"),
        html! { ul.doors {
            @for (number, objection) in &file.objections { li {
                strong { (lang.pick("异议 ", "Objection ")) (number) } " " (named(lang, objection.item)) " — "
                (answer(objection.decided, ["成立", "upheld"], ["不成立", "not upheld"]))
                (answer_by(DECIDE_OBJECTION, *number))
            } }
            @for (number, case) in &file.repairs { li {
                strong { (lang.pick("修复申请 ", "Request for repair ")) (number) } " "
                (named(lang, Item::Conduct { number: case.conduct })) " — "
                (answer(case.decided, ["同意", "granted"], ["不同意", "not granted"]))
                (answer_by(DECIDE_REPAIR, *number))
            } }
        } },
    )
}

/// Who has read the file, newest first.
fn readings(app: &App, lang: Lang, party: &str) -> Markup {
    let entries = app.reader().stream(&format!("access/{party}")).unwrap_or_default();
    let why = |code: &str| match code {
        "own_file" => lang.say("本人查看", "the party itself"),
        "credit_work" => lang.say("信用管理", "credit work"),
        "legal_review" => lang.say("法制审核", "legal review"),
        "audit" => lang.say("审计", "audit"),
        "inspection" => lang.say("安排检查", "inspection"),
        _ => lang.say("办理案件", "casework"),
    };
    let told = entries.iter().rev().take(READINGS_SHOWN).filter_map(|entry| {
        let said: serde_json::Value = serde_json::from_str(&entry.data).ok()?;
        let on = entry.occurred_at.parse().map(local_date).ok()?;
        let by = said["by"].as_str().unwrap_or_default().to_owned();
        let role = app.actor(&by).ok().and_then(|actor| Some(actor.grants.first()?.role.code()));
        Some((on, role.map_or(by, |role| lang.role(role).to_owned()), why(said["why"].as_str()?)))
    });
    html! {
        details.more {
            summary { (lang.pick("谁看过这份档案", "Who has read this file")) }
            ul.doors { @for (on, who, why) in told { li { (day(lang, on)) " " (who) " — " (why) } } }
        }
    }
}

/// Readings on a page; the ledger has them all.
const READINGS_SHOWN: usize = 50;
