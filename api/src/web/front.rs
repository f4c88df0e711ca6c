//! Front page and notice board: finding premises, and what is in force where.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use wuping_domain::rulebook::Layer;
use wuping_projections::queries::{
    BoardFilter, CountLine, Page as ViewPage, Paged, PremisesLine, SearchFilter, SubdistrictLine,
};

use super::evidence::upload_form;
use super::paging::{self, page_number};
use super::state::{Asking, ReadError, Site, address, encoded};
use super::{bans, origins, toronto, vacancies};
use crate::look::layout::Origin;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::sample;

/// `/`, `/board` and `/verify`.
pub fn routes() -> Router<Site> {
    Router::new().route("/", get(front)).route("/board", get(board)).route("/verify", get(verify))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sought {
    q: String,
    page: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct BoardQuery {
    subdistrict: String,
    level: String,
    band: String,
    layer: String,
    page: String,
}

async fn front(State(site): State<Site>, asking: Asking, Query(sought): Query<Sought>) -> Response {
    let lang = asking.lang;
    let text = sought.q.trim().to_owned();
    let page = page_number(&sought.page);
    let (asked, empty) = (text.clone(), text.is_empty());
    let read = site.read(move |site| {
        if empty {
            let counts = (site.views().subdistricts()?, site.views().counts(None)?);
            let to_let = site.views().vacancies(None, ViewPage { number: 1, size: NEWEST_TO_LET })?;
            return Ok((None, counts, Some(to_let)));
        }
        let found = site.views().search(&asked, &SearchFilter::default(), ViewPage::of(page))?;
        Ok((Some(found), (Vec::new(), Vec::new()), None))
    });
    let (found, (subdistricts, counts), to_let) = match read.await {
        Ok(read) => read,
        Err(error) => return site.broken(&asking, &error).await,
    };
    let origin = found.as_ref().and_then(|found| origins::origin_of_list(lang, &found.rows, &site.origin));
    let (title, body) = match found {
        Some(found) => {
            (lang.pick(format!("查找“{text}”"), format!("Search for “{text}”")), results(lang, &text, &found))
        }
        None => (
            lang.say("查一查房屋的安全等级", "Look up a home's safety grade"),
            html! {
                (notice_boards(lang, &subdistricts, &counts))
                @if let Some(to_let) = &to_let { (vacancies::newest(lang, to_let)) }
                (link_list(&[Link::new("/credit/published", lang.say("公示的信用信息", "Published credit"))]))
                @if matches!(site.origin, Origin::Sample) { (toronto::notice(lang, toronto::is_there(&site.reader))) }
            },
        ),
    };
    let welcome = text.is_empty() && matches!(site.origin, Origin::Sample);
    let story = welcome && site.read(|site| Ok(sample::story_is_in(site.views()))).await.unwrap_or_default();
    let heading = lang.pick("查一查房屋的安全等级", "Look up a home's safety grade");
    let body = html! {
        (page_heading(None, heading, None))
        (search(lang, &text))
        @if welcome { (ways_in(lang, story)) }
        (body)
    };
    site.page_from(&asking, "/", &title, body, origin).await.into_response()
}

/// Where to begin in the sample: a house with a life story, where it is there, and the people of the office.
fn ways_in(lang: Lang, story_is_there: bool) -> Markup {
    let (story, records) =
        (format!("/s/{}", sample::story_code()), format!("/audit/{}", sample::story_code()));
    html! {
        ul.cards {
            @if story_is_there {
                li.card {
                    h2.card-title { (lang.pick("看一栋楼的来历", "Follow one building's story")) }
                    p.card-text { (lang.pick(
                        "示例楼1：先评四星，巡查发现隐患降到一星，听取陈述、实名确认，整改验收后升上来。每一步都有签名。",
                        "示例楼1: four stars, then one after a hazard was found, a hearing, a named confirmation, the repair, and up again. Every step is signed.",
                    )) }
                    p {
                        a.button href=(story) { (lang.pick("打开示例楼1", "Open 示例楼1")) } " "
                        a href=(records) { (lang.pick("每一条记录", "every record")) }
                    }
                }
            }
            li.card {
                h2.card-title { (lang.pick("换个身份进去看", "Go in as one of the office")) }
                p.card-text { (lang.pick(
                    "网格员、部门、确认人、业主、审计人员……点一下就能进，不要密码。",
                    "Grid worker, department, confirmer, owner, auditor … one click each, no password.",
                )) }
                p { a.button href="/sign-in" { (lang.pick("选一个身份", "Choose a role")) } }
            }
        }
    }
}

async fn board(State(site): State<Site>, asking: Asking, Query(query): Query<BoardQuery>) -> Response {
    let lang = asking.lang;
    let asked = query.clone();
    let read = site.read(move |site| Ok((listed(site, &asked)?, site.views().subdistricts()?)));
    let (rows, subdistricts) = match read.await {
        Ok(read) => read,
        Err(error) => return site.broken(&asking, &error).await,
    };
    let origin = rows.as_ref().ok().and_then(|rows| origins::origin_of_list(lang, &rows.rows, &site.origin));
    let list = match rows {
        Ok(rows) => {
            let at = |number: u64| {
                address(
                    "/board",
                    &[
                        ("subdistrict", &query.subdistrict),
                        ("level", &query.level),
                        ("band", &query.band),
                        ("layer", &query.layer),
                        ("page", &number.to_string()),
                    ],
                )
            };
            list(lang, &rows, at)
        }
        Err(counts) => notice_boards(lang, &subdistricts, &counts),
    };
    let title = match query.subdistrict.as_str() {
        "" => lang.say("街道公示", "Notice board"),
        name => lang.pick(format!("街道公示：{name}"), format!("Notice board: {name}")),
    };
    let lead =
        lang.pick("这里只列出已经生效、公开的等级。", "Only grades that are in force and public are listed.");
    let body = html! {
        (page_heading(None, &title, Some(lead)))
        (filters(lang, &query, &subdistricts))
        (list)
    };
    site.page_from(&asking, "/board", &title, body, origin).await.into_response()
}

/// The board's rows, of one subdistrict or of all; where nothing at all is chosen the counts of each.
fn listed(site: &Site, query: &BoardQuery) -> Result<Result<Paged<PremisesLine>, Vec<CountLine>>, ReadError> {
    let stated = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if [&query.subdistrict, &query.level, &query.band, &query.layer].iter().all(|asked| asked.is_empty()) {
        return Ok(Err(site.views().counts(None)?));
    }
    let subdistrict = Some(query.subdistrict.as_str()).filter(|name| !name.is_empty());
    let filter = BoardFilter {
        layer: query.layer.parse::<Layer>().ok(),
        management_level: stated(&query.level),
        band: stated(&query.band),
    };
    Ok(Ok(site.views().board(subdistrict, &filter, ViewPage::of(page_number(&query.page)))?))
}

async fn verify(State(site): State<Site>, asking: Asking) -> Response {
    let lang = asking.lang;
    let title = lang.pick("核验", "Verify");
    let lead = lang.pick(
        "每条记录都有签名，并按顺序锁在账本里。下面的文件可以用来自己核对。",
        "Every record is signed and locked into the ledger in order. These files let you check it yourself.",
    );
    let links = [
        Link::new("/log/checkpoint", lang.pick("最新的检查点", "Newest checkpoint")),
        Link::new("/log/keys", lang.pick("登记过的密钥", "Enrolled keys")),
        Link::new("/rules", lang.pick("公布的评分规则", "Published rulebooks")),
    ];
    let body = html! {
        (page_heading(None, title, Some(lead)))
        (link_list(&links))
        (notice_box(Tone::Calm, lang.pick("整本核对", "To check the whole"), &[lang.say(
            "在一份拷贝上运行下面的命令，会逐条重算，并指出第一处不对的地方。",
            "Run the command below on a copy: it computes every entry again and names the first that is wrong.",
        )]))
        p { code { "wuping verify" } }
        (section(lang.pick("核对一份证据包", "To check an evidence bundle"), html! {
            p { (lang.pick(
                "上传收到的证据包，看它有没有被改动、是否齐全、评定结果能否重新算出。不联网时用“wuping verify-bundle”。",
                "Upload a bundle that you were handed: whether it was changed, whether it is whole, whether its grades can be computed again. Without a network, use “wuping verify-bundle”.",
            )) }
            (upload_form(lang))
        }))
    };
    site.page(&asking, "/verify", title, body).await.into_response()
}

fn search(lang: Lang, text: &str) -> Markup {
    search_box(
        lang,
        &SearchBox {
            action: "/".into(),
            name: "q".into(),
            value: text.to_owned(),
            label: lang.say("房屋编码或地址", "Code or address"),
            hint: lang
                .say("门牌上的编码，或者路名和门牌号。", "The code on the door plate, or street and number."),
        },
    )
}

fn results(lang: Lang, text: &str, found: &Paged<PremisesLine>) -> Markup {
    if found.total == 0 {
        let why = lang.pick(
            format!("没有找到“{text}”。可能写法不同，或者这套房还没有登记。少写几个字再试一次。"),
            format!("Nothing found for “{text}”. It may be written otherwise or not be registered. Try fewer words."),
        );
        return empty_state(&why, Some(&Link::new("/board", lang.pick("按街道查看", "Look by subdistrict"))));
    }
    list(lang, found, |number| address("/", &[("q", text), ("page", &number.to_string())]))
}

fn list(lang: Lang, found: &Paged<PremisesLine>, at: impl Fn(u64) -> String) -> Markup {
    html! {
        @if found.rows.is_empty() {
            (empty_state(lang.pick("这里没有符合条件的房屋。", "No premises here fit these filters."), None))
        } @else { (premises_table(lang, lang.pick("房屋", "Premises"), &found.rows)) }
        (paging::ways(lang, found, at))
    }
}

/// Premises with what is in force, each a link to its page.
pub(super) fn premises_table(lang: Lang, caption: &str, rows: &[PremisesLine]) -> Markup {
    let columns = vec![
        Column::text(lang.pick("地址", "Address")),
        Column::text(lang.pick("类型", "Kind")),
        Column::text(lang.pick("等级", "Grade")),
        Column::number(lang.pick("得分", "Score")),
        Column::text(lang.pick("从哪天起", "Since")),
    ];
    let rows = rows.iter().map(|line| Row {
        href: Some(subject_address(line)),
        cells: vec![
            html! { bdi { (line.address) } },
            html! { (lang.layer(&line.layer.to_string())) },
            grade_cell(lang, line),
            html! { @if let Some(score) = line.score { (score) } @else { "—" } },
            html! { @if let Some(since) = line.effective_from { (day(lang, since)) } @else { "—" } },
        ],
        tone: if line.prohibited { Tone::Grave } else { Tone::Calm },
    });
    data_table(&TableView { caption: caption.to_owned(), columns, rows: rows.collect() })
}

fn grade_cell(lang: Lang, line: &PremisesLine) -> Markup {
    html! {
        (bans::flags(lang, line))
        @if line.star.is_some() || line.band.is_none() {
            (grade_line(lang, line.star, line.management_level.as_deref().and_then(Level::from_code)))
        } @else if let Some(band) = &line.band { (band) }
    }
}

/// Where the page of premises lies: under the code on their door.
pub(super) fn subject_address(line: &PremisesLine) -> String {
    format!("/s/{}", encoded(code_of(&line.codes, &line.id)))
}

/// The code by which premises are known: the house code, else the key of an import's source, else the id.
pub(super) fn code_of<'a>(codes: &'a BTreeMap<String, String>, id: &'a str) -> &'a str {
    codes.get("house_code").or_else(|| codes.get("rsn")).map_or(id, String::as_str)
}

/// The board of what is graded by levels, and one by itself of what was taken over and has bands instead.
fn notice_boards(lang: Lang, subdistricts: &[SubdistrictLine], counts: &[CountLine]) -> Markup {
    let taken_over = |subdistrict: &str| {
        let mut graded =
            counts.iter().filter(|count| count.subdistrict == subdistrict && count.band.is_some());
        graded.clone().next().is_some() && graded.all(|count| count.management_level.is_none())
    };
    let (theirs, own): (Vec<_>, Vec<_>) =
        subdistricts.iter().cloned().partition(|line| taken_over(&line.subdistrict));
    let (their_counts, own_counts): (Vec<_>, Vec<_>) =
        counts.iter().cloned().partition(|count| taken_over(&count.subdistrict));
    html! {
        @if !own.is_empty() || theirs.is_empty() {
            (section(lang.pick("各街道的等级", "Grades by subdistrict"), notice_board(lang, lang.pick("街道", "Subdistrict"), &own, &own_counts)))
        }
        @if !theirs.is_empty() {
            (section(lang.pick("多伦多各选区（真实公开数据）", "Toronto, by ward (real open data)"), html! {
                (toronto::attribution(lang))
                (notice_board(lang, lang.pick("选区", "Ward"), &theirs, &their_counts))
            }))
        }
    }
}

/// How many premises of each grade, by subdistrict; every number leads to the list that proves it.
fn notice_board(lang: Lang, place: &str, subdistricts: &[SubdistrictLine], counts: &[CountLine]) -> Markup {
    if subdistricts.is_empty() {
        let why = lang.pick("还没有登记任何房屋。", "No premises are registered yet.");
        return empty_state(why, None);
    }
    let kinds = kinds(counts);
    let mut columns = vec![Column::text(place)];
    columns.extend(kinds.iter().map(|kind| Column::number(kind.label(lang))));
    columns.push(Column::number(lang.pick("未评定", "Not assessed")));
    columns.push(Column::number(lang.pick("合计", "All")));
    let rows = subdistricts.iter().map(|line| {
        let mut cells = vec![html! {
            @if line.subdistrict.is_empty() { (lang.pick("没有写明", "not stated")) } @else { (line.subdistrict) }
        }];
        for kind in &kinds {
            let of_kind = |count: &&CountLine| count.subdistrict == line.subdistrict && kind.counts(count);
            let number: u64 = counts.iter().filter(of_kind).map(|count| count.premises).sum();
            let href = address("/board", &[("subdistrict", &line.subdistrict), kind.parameter()]);
            cells.push(html! { @if number == 0 { "0" } @else { a href=(href) { (lang.count(number)) } } });
        }
        cells.push(html! { (lang.count(line.premises.saturating_sub(line.graded))) });
        cells.push(html! { (lang.count(line.premises)) });
        let href = (!line.subdistrict.is_empty())
            .then(|| address("/board", &[("subdistrict", &line.subdistrict)]));
        Row { href, cells, tone: Tone::Calm }
    });
    let caption = lang.pick(
        format!("各{place}各等级的房屋数"),
        format!("Premises of each grade by {}", place.to_lowercase()),
    );
    data_table(&TableView { caption, columns, rows: rows.collect() })
}

/// What a column of the board counts: a management level, or a band of a scheme without levels.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum KindOfGrade {
    Level(String),
    Band(String),
}

impl KindOfGrade {
    fn of(count: &CountLine) -> Option<Self> {
        let level = count.management_level.clone().map(Self::Level);
        level.or_else(|| count.band.clone().map(Self::Band))
    }

    fn counts(&self, count: &CountLine) -> bool {
        Self::of(count).as_ref() == Some(self)
    }

    fn label(&self, lang: Lang) -> String {
        match self {
            Self::Level(code) => lang.level(code).to_owned(),
            Self::Band(word) => word.clone(),
        }
    }

    fn parameter(&self) -> (&'static str, &str) {
        match self {
            Self::Level(code) => ("level", code),
            Self::Band(word) => ("band", word),
        }
    }
}

/// The columns, the strictest level first; bands follow.
fn kinds(counts: &[CountLine]) -> Vec<KindOfGrade> {
    let mut kinds: Vec<KindOfGrade> = counts.iter().filter_map(KindOfGrade::of).collect();
    let strictness = |kind: &KindOfGrade| match kind {
        KindOfGrade::Level(code) => {
            Level::ALL.iter().rev().position(|level| level.code() == code).unwrap_or(Level::ALL.len())
        }
        KindOfGrade::Band(_) => usize::MAX,
    };
    kinds.sort_by(|one, other| strictness(one).cmp(&strictness(other)).then(one.cmp(other)));
    kinds.dedup();
    kinds
}

fn filters(lang: Lang, query: &BoardQuery, subdistricts: &[SubdistrictLine]) -> Markup {
    let any = || Choice::new("", lang.pick("全部", "All"), "-");
    let choice = |name: &str, label: &str, choices: Vec<Choice>| Filter {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: FilterKind::Choice(choices),
    };
    let named = subdistricts.iter().filter(|line| !line.subdistrict.is_empty());
    let places = named.map(|line| Choice::new(&line.subdistrict, &line.subdistrict, &query.subdistrict));
    let levels = Level::ALL.map(|level| Choice::new(level.code(), level.word(lang), &query.level));
    let layers = crate::shelf::LAYERS.map(|layer| {
        let code = layer.to_string();
        Choice::new(code.as_str(), lang.layer(&code), &query.layer)
    });
    let clear =
        [&query.subdistrict, &query.level, &query.layer, &query.band].iter().any(|set| !set.is_empty());
    let mut hidden = Vec::new();
    if !query.band.is_empty() {
        hidden.push(("band".to_owned(), query.band.clone()));
    }
    filter_bar(
        lang,
        &FilterBar {
            action: "/board".into(),
            filters: vec![
                choice(
                    "subdistrict",
                    lang.pick("街道", "Subdistrict"),
                    [any()].into_iter().chain(places).collect(),
                ),
                choice("level", lang.pick("管理等级", "Level"), [any()].into_iter().chain(levels).collect()),
                choice("layer", lang.pick("类型", "Kind"), [any()].into_iter().chain(layers).collect()),
            ],
            hidden,
            clear: clear.then(|| "/board".to_owned()),
        },
    )
}

/// Vacant homes on the front page.
const NEWEST_TO_LET: u64 = 5;
