//! The shell around every page: header, banner, navigation, footer, print header.

use chrono::{DateTime, NaiveDate, Utc};
use maud::{DOCTYPE, Markup, html};

use super::parts::{Link, PersonView, moment, person_and_role};
use super::words::{Lang, short_hash};
use super::{icon, script, style};

/// The parts of the house that have a navigation of their own.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Area {
    /// Credit and legal staff.
    Audit,
    /// The office.
    Desk,
    /// Grid workers on the way.
    Field,
    /// Owners and stewards.
    My,
    /// Everybody.
    #[default]
    Public,
}

/// Where what the page shows comes from.
#[derive(Clone, Debug, Default)]
pub enum Origin {
    /// Real data taken over from somebody else.
    Imported {
        /// Who publishes it.
        source: String,
        /// Name of its licence, linked to its text.
        licence: Link,
        /// The day of the publication taken over.
        as_of: NaiveDate,
    },
    /// The invented sample beside real data of somebody else.
    Mixed {
        /// Who publishes the real part.
        source: String,
        /// Name of its licence, linked to its text.
        licence: Link,
    },
    /// The office's own records; no banner.
    #[default]
    Office,
    /// The invented sample.
    Sample,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person.
    pub person: PersonView,
    /// Their account, by which the browser keeps apart what different people have begun to write.
    pub account: String,
    /// The session's token against forged forms.
    pub csrf: String,
}

/// How far the ledger reaches on this page.
#[derive(Clone, Debug)]
pub struct LedgerFoot {
    /// Position of the last entry the page takes account of.
    pub position: u64,
    /// Root of the tree under the last checkpoint, hexadecimal.
    pub tree_head: String,
    /// When that checkpoint was signed.
    pub checkpoint_at: Option<DateTime<Utc>>,
}

/// What stands at the head of the printed page.
#[derive(Clone, Debug)]
pub struct PrintHeader {
    /// The page's full address.
    pub address: String,
    /// What of the ledger the page shows.
    pub shows: Shows,
    /// When the page was made.
    pub made_at: DateTime<Utc>,
}

/// By what somebody who holds the paper makes the same page again, or sees that it is another.
#[derive(Clone, Debug)]
pub enum Shows {
    /// A digest of what it says, hexadecimal.
    Digest(String),
    /// The newest entry of the ledger when it was made; none where it could not be read.
    Position(Option<u64>),
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its language.
    pub lang: Lang,
    /// Its title, which tells it from every other page.
    pub title: String,
    /// Where it lies.
    pub area: Area,
    /// Its navigation.
    pub nav: Vec<Link>,
    /// The address of the navigation's entry that this page belongs to.
    pub here: Option<String>,
    /// Other areas this person may enter.
    pub areas: Vec<Link>,
    /// The address of the same page in the other language.
    pub other_language: String,
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// Where its data comes from.
    pub origin: Origin,
    /// How far the ledger reaches.
    pub ledger: Option<LedgerFoot>,
    /// Head of the printed page.
    pub print: Option<PrintHeader>,
    /// Whether it uses the full width of a desk.
    pub wide: bool,
    /// What it shows.
    pub body: Markup,
}

impl Page {
    /// A page with nothing besides, but for the navigation of a public one; set the other fields as needed.
    pub fn new(lang: Lang, area: Area, title: impl Into<String>, body: Markup) -> Self {
        Self {
            lang,
            title: title.into(),
            area,
            nav: if area == Area::Public { public_nav(lang) } else { vec![] },
            here: None,
            areas: Vec::new(),
            other_language: format!("/language/{}", lang.other().code()),
            signed_in: None,
            origin: Origin::default(),
            ledger: None,
            print: None,
            wide: matches!(area, Area::Audit | Area::Desk),
            body,
        }
    }
}

/// The whole document.
pub fn page(page: &Page) -> Markup {
    let lang = page.lang;
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · " (lang.pick("屋评", "wuping")) }
                link rel="icon" type="image/svg+xml" href=(icon().path);
                link rel="stylesheet" href=(style().path);
                script src=(script().path) defer {}
            }
            body class=(area_class(page.area)) data-person=[page.signed_in.as_ref().map(|person| &person.account)] {
                a.skip href="#main" { (lang.pick("跳到正文", "Skip to the content")) }
                (header(page))
                @if let Some(print) = &page.print { (print_header(page, print)) }
                (banner(lang, &page.origin))
                main #main tabindex="-1" .wide[page.wide] { (page.body) }
                (footer(page))
            }
        }
    }
}

/// The navigation of the public pages. Other areas are walked from their own first pages, which offer what a person may open.
fn public_nav(lang: Lang) -> Vec<Link> {
    let link = |href: &str, zh, en| Link::new(href, lang.pick(zh, en));
    vec![
        link("/", "查等级", "Find a grade"),
        link("/board", "街道公示", "Notice board"),
        link("/vacancies", "出租空房", "Homes to let"),
        link("/track", "举报进展", "Follow a report"),
        link("/rules", "评分规则", "Rules"),
        link("/verify", "核验", "Verify"),
    ]
}

/// An area's name.
pub fn area_name(lang: Lang, area: Area) -> &'static str {
    match area {
        Area::Audit => lang.pick("信用与法务", "Credit and legal"),
        Area::Desk => lang.pick("办公", "Desk"),
        Area::Field => lang.pick("上门", "Field"),
        Area::My => lang.pick("我的", "My pages"),
        Area::Public => lang.pick("公开", "Public"),
    }
}

fn header(page: &Page) -> Markup {
    let lang = page.lang;
    html! {
        header.top {
            div.top-row {
                a.brand href="/" {
                    (lang.pick("屋评", "wuping")) " "
                    span.brand-code lang=(lang.other().tag()) { (lang.pick("wuping", "屋评")) }
                }
                span.area { (area_name(lang, page.area)) }
                div.top-end {
                    @for area in &page.areas { a href=(area.href) { (area.label) } }
                    a href=(page.other_language) lang=(lang.other().tag()) hreflang=(lang.other().tag()) {
                        (lang.other().own_name())
                    }
                    (sign_in_or_out(page))
                }
            }
            @if !page.nav.is_empty() {
                nav.nav aria-label=(lang.pick("主菜单", "Main menu")) {
                    ul {
                        @for link in &page.nav {
                            li {
                                @let here = page.here.as_ref() == Some(&link.href);
                                a href=(link.href) aria-current=[here.then_some("page")] { (link.label) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sign_in_or_out(page: &Page) -> Markup {
    let lang = page.lang;
    html! {
        @if let Some(signed_in) = &page.signed_in {
            (person_and_role(lang, &signed_in.person))
            form.sign-out method="post" action="/sign-out" {
                input type="hidden" name="csrf" value=(signed_in.csrf);
                button.link-button type="submit" { (lang.pick("退出", "Sign out")) }
            }
        } @else {
            a href="/sign-in" { (lang.pick("登录", "Sign in")) }
        }
    }
}

fn banner(lang: Lang, origin: &Origin) -> Markup {
    html! {
        @match origin {
            Origin::Office => {},
            Origin::Sample => div.origin.origin-sample role="note" {
                p {
                    strong { (lang.pick("虚构示例", "Invented sample")) } " "
                    (lang.pick(
                        "房屋、人和评定结果都是编的。评分表是示例，不是市里的正式标准。",
                        "Premises, people and grades are made up; the indicator table is not the city's standard.",
                    ))
                }
            },
            Origin::Mixed { source, licence } => div.origin.origin-sample role="note" {
                p {
                    strong { (lang.pick("虚构示例和真实公开数据", "Invented sample and real open data")) } " "
                    (lang.pick("真实部分的来源：", "The real part is from ")) bdi { (source) }
                    (lang.pick("；许可：", "; licence: ")) a href=(licence.href) { (licence.label) }
                    (lang.pick("。", "."))
                    (lang.gap())
                    (lang.pick("其余都是编的。", "All else is made up."))
                }
            },
            Origin::Imported { source, licence, as_of } => div.origin.origin-imported role="note" {
                p {
                    strong { (lang.pick("真实公开数据", "Real open data")) } " "
                    (lang.pick("来源：", "Source: ")) bdi { (source) }
                    (lang.pick("，", ", ")) (as_of) (lang.pick(" 版；", " edition; "))
                    (lang.pick("许可：", "licence: ")) a href=(licence.href) { (licence.label) }
                    (lang.pick("。", "."))
                    (lang.gap())
                    (lang.pick("按来源的规则评定，不是深圳的等级。", "Graded by the source's own rules."))
                    (lang.gap())
                    (lang.pick(
                        "文件里没有业主、照片、巡查和签名的人，这里也没有；评定人按选区代记，时刻一律记作正午。",
                        "Owners, photos, patrols and signers are in no public file, nor here; the assessor is filled in by ward, the hour as noon.",
                    ))
                }
            },
        }
    }
}

fn footer(page: &Page) -> Markup {
    let lang = page.lang;
    html! {
        footer.foot {
            @if let Some(ledger) = &page.ledger {
                p {
                    (lang.pick(
                        format!("按账本第 {} 条为止的记录显示", lang.count(ledger.position)),
                        format!("Shown as of ledger entry {}", lang.count(ledger.position)),
                    ))
                    " · " (lang.pick("树头", "tree head")) " " code title=(ledger.tree_head) {
                        (short_hash(&ledger.tree_head))
                    }
                    @if let Some(at) = ledger.checkpoint_at {
                        " · " (lang.pick("检查点", "checkpoint")) " " (moment(lang, at))
                    }
                    " · " a href="/verify" { (lang.pick("怎么核验", "How to verify")) }
                }
            }
            p {
                (lang.pick(
                    "等级由人签名的事实按公布的规则算出，谁都可以重新算一遍。",
                    "Grades follow from signed facts by published rules; anyone can compute them again.",
                ))
            }
        }
    }
}

fn print_header(page: &Page, print: &PrintHeader) -> Markup {
    let lang = page.lang;
    html! {
        div.print-head {
            p { strong { (lang.pick("屋评", "wuping")) } " · " (page.title) }
            p { (lang.pick("网址 ", "Address ")) code { (print.address) } }
            p {
                (lang.pick("打印内容生成于 ", "Made ")) (moment(lang, print.made_at))
                @match &print.shows {
                    Shows::Digest(digest) => { " · " (lang.pick("内容指纹 ", "digest ")) code.hash { (digest) } }
                    Shows::Position(Some(position)) => { " · " (lang.pick("账本位置 ", "ledger entry ")) (lang.count(*position)) }
                    Shows::Position(None) => {}
                }
            }
        }
    }
}

const fn area_class(area: Area) -> &'static str {
    match area {
        Area::Audit => "area-audit",
        Area::Desk => "area-desk",
        Area::Field => "area-field",
        Area::My => "area-my",
        Area::Public => "area-public",
    }
}
