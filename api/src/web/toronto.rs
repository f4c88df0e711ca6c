//! One click away from the sample: Toronto's real evaluations before 2023, which come with the program. One import at a
//! time, and the same one again writes nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use wuping_ledger::reader::Reader;
use wuping_projections::error::causes;

use super::origins::origin_of_premises;
use super::session::lang_of;
use super::signing_in::sent_from_here;
use super::state::{nothing_here, origin_of};
use crate::app::App;
use crate::import::Summary;
use crate::import::toronto::{TORONTO_PRE2023, toronto_evaluations_bytes};
use crate::look::layout::{Area, Page, page};
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::sample::is_sample;

/// `/sample/toronto`: what it is, the button, and how far it has come.
pub fn router(app: Arc<App>) -> Router {
    let import = Arc::new(Import { app, progress: Mutex::new(Progress::Idle) });
    Router::new().route(PATH, get(show).post(begin)).with_state(import)
}

/// The notice on the sample's front page that leads here.
pub(super) fn notice(lang: Lang, there: bool) -> Markup {
    let heading = lang
        .pick("想看真实数据？多伦多 2017 至 2023 年的评定", "Real data? Toronto's evaluations, 2017 to 2023");
    html! {
        div.notice.notice-calm role="note" {
            p.notice-head { strong { (heading) } }
            p.card-text {
                (lang.pick(
                    "9359 条真实记录，按多伦多自己的规则重新算一遍。许可：Open Government Licence – Toronto。",
                    "9 359 rows as published, graded again by that city's own rules. Open Government Licence – Toronto.",
                ))
            }
            @if there {
                p { a href=(PATH) { (lang.pick("已经导入，看来源和说明", "It is here: source and remarks")) } }
            } @else {
                form method="post" action=(PATH) {
                    p.form-end {
                        button.button type="submit" { (lang.pick("导入多伦多数据", "Bring in Toronto's data")) }
                    }
                }
            }
        }
    }
}

/// What the licence asks to be said beside any figure of theirs.
pub(super) fn attribution(lang: Lang) -> Markup {
    html! {
        p.quiet {
            span lang="en" { "Contains information licensed under the " }
            a lang="en" href=(LICENCE) { "Open Government Licence – Toronto" } (lang.pick("。", "."))
        }
    }
}

/// Whether all of it is recorded: the row that is recorded last is there.
pub(super) fn is_there(reader: &Reader) -> bool {
    reader.version(LAST_ROW).is_ok_and(|version| version > 0)
}

/// The import, of which there is one.
struct Import {
    app: Arc<App>,
    progress: Mutex<Progress>,
}

/// How far it has come in this process.
#[derive(Clone)]
enum Progress {
    Idle,
    Running { done: u64, total: u64 },
    Done(Summary),
    Failed(String),
}

impl Import {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Start unless it runs, or all is there already.
    fn start(self: &Arc<Self>) {
        let mut progress = self.progress();
        if matches!(*progress, Progress::Running { .. }) || is_there(self.app.reader()) {
            return;
        }
        *progress = Progress::Running { done: 0, total: 0 };
        drop(progress);
        let import = self.clone();
        tokio::task::spawn_blocking(move || import.run());
    }

    fn run(&self) {
        let app = &self.app;
        let told = &mut |done, total| *self.progress() = Progress::Running { done, total };
        let imported = toronto_evaluations_bytes(&app.ledger, &app.vault, FILE, TORONTO_PRE2023, told);
        app.views.appended();
        *self.progress() = match imported {
            Ok(summary) => Progress::Done(summary),
            Err(error) => {
                let causes = causes(&error).join(": ");
                tracing::error!(%causes, "the import of Toronto's evaluations stopped");
                Progress::Failed(causes)
            }
        };
    }
}

async fn begin(State(import): State<Arc<Import>>, headers: HeaderMap) -> Response {
    if !is_sample(import.app.ledger.origin()) || !sent_from_here(&headers) {
        return nowhere(&import, lang_of(&headers));
    }
    import.start();
    Redirect::to(PATH).into_response()
}

async fn show(State(import): State<Arc<Import>>, headers: HeaderMap) -> Response {
    let lang = lang_of(&headers);
    if !is_sample(import.app.ledger.origin()) {
        return nowhere(&import, lang);
    }
    let progress = import.progress().clone();
    let running = matches!(progress, Progress::Running { .. });
    let page = shown(lang, told(lang, &progress, is_there(import.app.reader())));
    // Without a script: the browser asks again by itself while there is something to wait for.
    let again = running.then_some([(header::REFRESH, "1")]);
    match again {
        Some(again) => (again, page).into_response(),
        None => page.into_response(),
    }
}

fn told(lang: Lang, progress: &Progress, there: bool) -> Markup {
    html! {
        @match progress {
            Progress::Running { done, total } => (running(lang, *done, *total)),
            Progress::Failed(why) => {
                (notice_box(Tone::Grave, lang.pick("导入停下了", "The import stopped"), &[
                    why.clone(),
                    lang.say("再点一次会接着导入，已有的不会重复。", "Click again to go on; nothing is recorded twice."),
                ]))
                (button(lang))
            },
            Progress::Done(summary) => (done(lang, Some(summary))),
            Progress::Idle if there => (done(lang, None)),
            Progress::Idle => (button(lang)),
        }
    }
}

fn running(lang: Lang, done: u64, total: u64) -> Markup {
    let said = if total == 0 {
        lang.say("正在读文件……", "Reading the file …")
    } else {
        lang.pick(
            format!("已处理 {} / {} 条。", lang.count(done), lang.count(total)),
            format!("{} of {} rows done.", lang.count(done), lang.count(total)),
        )
    };
    html! {
        div.progress role="status" {
            p { strong { (lang.pick("正在导入", "Bringing it in")) } " " (said) }
            @if total > 0 { progress value=(done) max=(total) {} }
        }
        p.quiet { (lang.pick("本页会自己更新，可以先去看别的页面。", "This page renews itself; feel free to look elsewhere.")) }
    }
}

fn done(lang: Lang, summary: Option<&Summary>) -> Markup {
    let mut said = vec![lang.say(
        "数据已经在账本里，再点也不会重复记录。",
        "The data is in the ledger; clicking again records nothing twice.",
    )];
    if let Some(summary) = summary {
        said.push(lang.pick(
            format!(
                "{} 条记录，{} 处房屋，写入 {} 条，每秒 {} 条。",
                lang.count(summary.rows),
                lang.count(summary.premises),
                lang.count(summary.events_written),
                lang.count(summary.events_per_second)
            ),
            format!(
                "{} rows of {} premises: {} entries written, {} a second.",
                lang.count(summary.rows),
                lang.count(summary.premises),
                lang.count(summary.events_written),
                lang.count(summary.events_per_second)
            ),
        ));
        if !summary.findings.is_empty() {
            let differ = summary.findings.len() as u64;
            said.push(lang.pick(
                format!("有 {} 条和公布的结果算得不一样，两个结果都留着。", lang.count(differ)),
                format!(
                    "{} rows compute to another result than was published; both stand.",
                    lang.count(differ)
                ),
            ));
        }
    }
    let links = [
        Link::new("/", lang.pick("看各区的等级", "Grades by ward, on the front page")),
        Link::new("/s/4155584", lang.pick("看其中一栋", "One of the buildings")),
    ];
    html! {
        (notice_box(Tone::Good, lang.pick("已经导入", "It is here"), &said))
        (link_list(&links))
    }
}

fn button(lang: Lang) -> Markup {
    html! {
        form method="post" action=(PATH) {
            p.form-end { button.button type="submit" { (lang.pick("导入 9359 条记录", "Bring in 9 359 rows")) } }
        }
    }
}

fn shown(lang: Lang, state: Markup) -> Markup {
    let title = lang.pick("多伦多的真实评定", "Toronto's real evaluations");
    let lead = lang.pick(
        "2017 至 2023 年出租公寓楼的评定，原样收入，再按当时的规则重算。",
        "Evaluations of rental apartment buildings, 2017 to 2023, received as published and computed again.",
    );
    let licence = html! { a href=(LICENCE) { "Open Government Licence – Toronto" } };
    let body = column(html! {
        (page_heading(None, title, Some(lead)))
        (state)
        (section(lang.pick("来源和许可", "Source and licence"), html! {
            (facts(&[
                Fact::text(lang.pick("来源", "Source"), "City of Toronto Open Data, “Pre-2023 Apartment Building Evaluations”"),
                Fact::new(lang.pick("许可", "Licence"), licence),
                Fact::text(lang.pick("范围", "Span"), "2017-09-13 … 2023-05-30"),
            ]))
            (attribution(lang))
        }))
        (section(lang.pick("文件里没有、这里也没有编的", "What the file does not have, and nobody made up here"), html! {
            p { (lang.pick(
                "业主、照片、巡查、通知书、签名的人。评定人按选区代记（toronto-ward-…），一天里的时刻一律记作正午。",
                "Owners, photos, patrols, notices, signers. The assessor is filled in by ward (toronto-ward-…), and every time of day as noon.",
            )) }
        }))
    });
    let nav = vec![
        Link::new("/", lang.say("查等级", "Find a grade")),
        Link::new("/board", lang.say("街道公示", "Notice board")),
    ];
    let origin = origin_of_premises(lang, PREMISES, None).unwrap_or_default();
    page(&Page { nav, origin, ..Page::new(lang, Area::Public, title, body) })
}

fn nowhere(import: &Import, lang: Lang) -> Response {
    let view = nothing_here(lang);
    let body = error_page(lang, &view);
    let page =
        page(&Page { origin: origin_of(&import.app), ..Page::new(lang, Area::Public, &view.what, body) });
    (StatusCode::NOT_FOUND, page).into_response()
}

const PATH: &str = "/sample/toronto";
const FILE: &str = "toronto_eval_pre2023.csv.gz";
const LICENCE: &str = "https://open.toronto.ca/open-data-licence/";
/// What the ids of imported premises begin with.
const PREMISES: &str = "toronto-";
/// The assessment of the row that is recorded last: rows go in by day and number.
const LAST_ROW: &str = "premises/toronto-4304347/assessment/1";
