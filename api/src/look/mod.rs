//! The look of every page: pure functions from plain view structs to markup.
//!
//! - `words`: both languages, dates, numbers, the field's terms;
//! - `layout`: the shell around a page;
//! - `parts`: one template for each thing a page shows, used everywhere;
//! - `gallery`: every part with invented data, for the eye and for the tests.
//!
//! Nothing here reads a store, a clock or a request. Styles and the script are files of their own, so a page
//! holds no inline style or script; everything works with the script off.

pub mod gallery;
pub mod layout;
pub mod parts;
pub mod qr;
pub mod words;

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// A file that pages refer to. Its path holds a digest of its bytes, so it can be cached for ever.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Path on this server, such as `/assets/style-3f9ac21b.css`.
    pub path: String,
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The bytes to answer.
    pub body: &'static str,
}

/// Every asset; the server answers each under its path.
pub fn assets() -> [&'static Asset; 3] {
    [&STYLE, &SCRIPT, &ICON]
}

/// The one style sheet.
pub fn style() -> &'static Asset {
    &STYLE
}

/// The one script: keys in work lists, printing, one tap one sending. Pages work without it.
pub fn script() -> &'static Asset {
    &SCRIPT
}

/// The icon of the browser's tab.
pub fn icon() -> &'static Asset {
    &ICON
}

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| asset("style", "css", "text/css; charset=utf-8", include_str!("style.css")));
static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| asset("script", "js", "text/javascript; charset=utf-8", include_str!("script.js")));
static ICON: LazyLock<Asset> =
    LazyLock::new(|| asset("icon", "svg", "image/svg+xml", include_str!("icon.svg")));

fn asset(name: &str, extension: &str, content_type: &'static str, body: &'static str) -> Asset {
    let digest = Sha256::digest(body.as_bytes());
    let short: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Asset { path: format!("/assets/{name}-{short}.{extension}"), content_type, body }
}
