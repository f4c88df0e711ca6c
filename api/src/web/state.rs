//! What every page handler has at hand, and how it reads, shows and fails.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use maud::Markup;
use uuid::Uuid;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::local_date;
use wuping_ledger::away::is_away;
use wuping_ledger::clock::Clock;
use wuping_ledger::encoding::Hash;
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::note::{Checkpoint, VerifierKey, open_checkpoint};
use wuping_ledger::proofs::ProofError;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::writer::WriterHandle;
use wuping_projections::error::causes;
use wuping_projections::{Views, ViewsError, ViewsHandle, ViewsState};
use wuping_replay::report::ReportError;

use crate::anchors::Anchors;
use crate::app::App;
use crate::authorities::Authorities;
use crate::sample::is_sample;

use super::session::lang_of;
use crate::look::layout::{Area, LedgerFoot, Origin, Page, page};
use crate::look::parts::{ErrorView, Link, Tone, could_not, error_page, notice_box};
use crate::look::words::Lang;

/// What the public pages, the tiles and the reading half of the REST interface are made from. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    /// Witnesses, and what they have said.
    pub anchors: Arc<Anchors>,
    /// The clock that the ledger goes by.
    pub clock: Arc<dyn Clock>,
    /// Time-stamping authorities.
    pub authorities: Arc<Authorities>,
    /// Where what they said is kept.
    pub folder: PathBuf,
    /// The ledger.
    pub reader: Reader,
    /// Whether the ledger takes anything.
    pub writer: WriterHandle,
    /// The read models and how they stand.
    pub views: Arc<ViewsHandle>,
    /// Published rulebooks.
    pub shelf: Arc<dyn Rulebooks + Send + Sync>,
    /// Where the data comes from, for the banner of each page.
    pub origin: Origin,
    /// The address that people type, without a slash at its end; QR codes begin with it. Where it is empty they begin
    /// with the host that was asked.
    pub public_address: String,
}

/// In what language a page is asked for, and where it lies.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The host that was asked, as the browser names it.
    pub host: String,
    /// The language.
    pub lang: Lang,
    /// Path and query of the request.
    pub uri: Uri,
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The views.
    #[error("the views could not be read")]
    Views(#[from] ViewsError),
    /// The ledger.
    #[error("the ledger could not be read")]
    Ledger(#[from] StoreError),
    /// A proof.
    #[error("a proof could not be made")]
    Proof(#[from] ProofError),
    /// The newest checkpoint is not what the log's key signed.
    #[error("the newest checkpoint does not verify")]
    Checkpoint(#[from] Refusal),
    /// A report.
    #[error("the report could not be made")]
    Report(#[from] ReportError),
    /// The thread that read ended before it had an answer.
    #[error("the reading did not come to its end")]
    Ended(#[from] tokio::task::JoinError),
}

impl Site {
    /// Read with the disk's patience, on a thread that may wait.
    ///
    /// # Errors
    /// What `question` answered.
    pub async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Site) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let site = self.clone();
        tokio::task::spawn_blocking(move || question(&site)).await?
    }

    /// The site of a house in operation.
    pub fn of(app: &App, public_address: &str) -> Self {
        Self {
            anchors: app.anchors.clone(),
            authorities: app.authorities.clone(),
            clock: app.clock(),
            folder: app.folder.clone(),
            reader: app.reader().clone(),
            writer: app.ledger.writer().clone(),
            views: app.views.clone(),
            shelf: app.shelf.clone(),
            origin: origin_of(app),
            public_address: public_address.trim_end_matches('/').to_owned(),
        }
    }

    /// The day by the clock that the ledger goes by, at UTC+8.
    pub fn today(&self) -> NaiveDate {
        local_date(DateTime::from_timestamp_millis(self.clock.wall_ms()).unwrap_or_else(Utc::now))
    }

    /// The full address of a path.
    pub fn full_address(&self, asking: &Asking, path: &str) -> String {
        match self.public_address.as_str() {
            "" => format!("http://{}{path}", asking.host),
            public => format!("{public}{path}"),
        }
    }

    /// The read models.
    pub fn views(&self) -> &Views {
        self.views.views()
    }

    /// A public page.
    pub async fn page(&self, asking: &Asking, here: &str, title: &str, body: Markup) -> Markup {
        let shown = self.shown(asking, Area::Public, title, body).await;
        page(&Page { here: Some(here.to_owned()), ..shown })
    }

    /// As [`Site::page`], about things that may come from elsewhere: then with the publisher's banner.
    pub async fn page_from(
        &self,
        asking: &Asking,
        here: &str,
        title: &str,
        body: Markup,
        origin: Option<Origin>,
    ) -> Markup {
        let shown = self.shown(asking, Area::Public, title, body).await;
        let origin = origin.unwrap_or_else(|| self.origin.clone());
        page(&Page { here: Some(here.to_owned()), origin, ..shown })
    }

    /// A page of any area, with its banner, its foot and the way to the other language. A notice stands first where the
    /// views do not follow the ledger.
    pub async fn shown(&self, asking: &Asking, area: Area, title: &str, body: Markup) -> Page {
        let lang = asking.lang;
        let ledger = self.read(|site| site.foot()).await.ok().flatten();
        let body = match behind(lang, &self.views.state()) {
            Some(notice) => maud::html! { (notice) (body) },
            None => body,
        };
        let to = asking.uri.path_and_query().map_or("/", |path| path.as_str());
        Page {
            origin: self.origin.clone(),
            other_language: format!("/language/{}?to={}", lang.other().code(), encoded(to)),
            ledger,
            ..Page::new(lang, area, title, body)
        }
    }

    /// A page that says why there is nothing here.
    pub async fn not_found(&self, asking: &Asking, view: &ErrorView) -> Response {
        let body = error_page(asking.lang, view);
        (StatusCode::NOT_FOUND, self.page(asking, "", &view.what, body).await).into_response()
    }

    /// A page that says the platform itself failed, with a number under which the log says why.
    pub async fn broken(&self, asking: &Asking, error: &ReadError) -> Response {
        let number = logged(error);
        let view = could_not(asking.lang, Some((number, Utc::now())));
        // The foot is left out: it may be what cannot be read.
        let shown = Page {
            origin: self.origin.clone(),
            nav: Vec::new(),
            ..Page::new(asking.lang, Area::Public, &view.what, error_page(asking.lang, &view))
        };
        let status =
            if is_away(error) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        (status, page(&shown)).into_response()
    }

    /// The newest checkpoint, its signature verified with the key that the ledger's first entry states; none before the first is signed.
    ///
    /// # Errors
    /// If it cannot be read or does not verify.
    pub fn checkpoint(&self) -> Result<Option<(String, Checkpoint)>, ReadError> {
        let Some(note) = self.reader.checkpoint()? else { return Ok(None) };
        let log = VerifierKey::parse(&stated_log_key(&self.reader)?)?;
        let checkpoint = open_checkpoint(note.as_bytes(), &log, &[], 0, None)?;
        Ok(Some((note, checkpoint)))
    }

    /// How far the pages reach, and the root that the newest checkpoint signs.
    fn foot(&self) -> Result<Option<LedgerFoot>, ReadError> {
        let folded = self.views().progress()?.folded();
        let Some((_, checkpoint)) = self.checkpoint()? else { return Ok(None) };
        let tree_head = Hash::hex(&checkpoint.root);
        let foot = |position| LedgerFoot { position, tree_head, checkpoint_at: None };
        Ok(folded.checked_sub(1).map(foot))
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Asking {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, Self::Rejection> {
        let host = parts.headers.get(axum::http::header::HOST).and_then(|host| host.to_str().ok());
        Ok(Self {
            host: host.unwrap_or_default().to_owned(),
            lang: lang_of(&parts.headers),
            uri: parts.uri.clone(),
        })
    }
}

/// Where a house's data comes from, for the banner of each page.
pub(super) fn origin_of(app: &App) -> Origin {
    if is_sample(app.ledger.origin()) { Origin::Sample } else { Origin::Office }
}

/// Writes an error with its causes into the log; the number stands on the page.
pub(super) fn logged(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = causes(error).join(": ");
    let number: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    tracing::error!(%causes, %number, "a page could not be made");
    number
}

/// A text as one part of an address: everything but letters, digits and `-._~` as `%XX`.
pub(super) fn encoded(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => address.push(byte as char),
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

/// An address with the parameters that are set.
pub(super) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let set = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = set.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// The page for what is nowhere.
pub(super) fn nothing_here(lang: Lang) -> ErrorView {
    ErrorView {
        what: lang.say("没有这一页", "There is no such page"),
        why: lang.say(
            "网址可能抄错了一个字，或者这一页已经搬走。",
            "The address may have been mistyped, or the page has moved.",
        ),
        todo: vec![lang.say(
            "请核对网址，或者回首页按编码或地址查找。",
            "Check the address, or search by code or address from the front page.",
        )],
        links: vec![Link::new("/", lang.pick("回首页查找", "Search from the front page"))],
        reference: None,
    }
}

/// What pages must say while the views do not follow the ledger.
fn behind(lang: Lang, state: &ViewsState) -> Option<Markup> {
    let (head, sentence) = match state {
        ViewsState::Following { .. } => return None,
        ViewsState::Building { folded } => (
            lang.say("页面正在重建", "The pages are being rebuilt"),
            lang.pick(
                format!("已读到账本第 {} 条，新的记录稍后才会出现。", lang.count(*folded)),
                format!("Read up to ledger entry {}; newer records will show later.", lang.count(*folded)),
            ),
        ),
        ViewsState::Stopped { at, .. } => (
            lang.say("页面没有跟上账本", "The pages have fallen behind the ledger"),
            lang.pick(
                format!("只显示到账本第 {} 条为止的记录。", lang.count(*at)),
                format!("Only records up to ledger entry {} are shown.", lang.count(*at)),
            ),
        ),
        ViewsState::Ahead { .. } => (
            lang.say("页面和账本对不上", "The pages and the ledger disagree"),
            lang.say(
                "页面读到的记录比账本多，正在核查。请以账本为准。",
                "The pages have read more than the ledger holds; it is being looked into. The ledger counts.",
            ),
        ),
    };
    Some(notice_box(Tone::Warning, &head, &[sentence]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_cannot_leave_its_place_in_an_address() {
        assert_eq!(
            address("/board", &[("subdistrict", "坑梓&x=1"), ("level", "")]),
            "/board?subdistrict=%E5%9D%91%E6%A2%93%26x%3D1"
        );
        assert_eq!(encoded("a/b?c#<d>"), "a%2Fb%3Fc%23%3Cd%3E");
    }
}
