//! Parts: one template for each thing a page shows. Every text given to a part is escaped; only `Markup` is
//! kept as it is. An address (`href`) is made by a handler, never typed by a person.

mod actions;
mod charts;
mod facts;
mod form;
mod grade;
#[cfg(test)]
mod hostile;
mod indicators;
mod list;
mod messages;
mod people;
mod phone;
mod photos;
mod photos_field;
mod proof;
mod timeline;
mod times;
mod tongues;

pub use actions::*;
pub use charts::*;
pub use facts::*;
pub use form::*;
pub use grade::*;
pub use indicators::*;
pub use list::*;
pub use messages::*;
pub use people::*;
pub use phone::*;
pub use photos::*;
pub use photos_field::*;
pub use proof::*;
pub use timeline::*;
pub use times::*;
pub use tongues::*;

/// A link in words.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: String,
}

impl Link {
    /// A link that says `label` and leads to `href`.
    pub fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into() }
    }
}

/// How much a message weighs. The colour never stands alone: words say it too.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tone {
    /// Plain information.
    #[default]
    Calm,
    /// Something was done, or is in order.
    Good,
    /// Something is refused, late or dangerous.
    Grave,
    /// Something needs a look.
    Warning,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Good => "good",
            Self::Grave => "grave",
            Self::Warning => "warning",
        }
    }
}
