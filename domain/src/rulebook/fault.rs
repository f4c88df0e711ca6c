//! Fault: one thing that is wrong with rules as they are written, said in both languages.

/// What is wrong with written rules and what to do, in a sentence of each language. Names of the file stand in it as they are
/// written there. Displays as English.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{en}")]
pub struct Fault {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Fault {
    /// A fault by what it says.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The same with where it is in front.
    #[must_use]
    pub(super) fn at(self, place: &Fault) -> Self {
        Self { zh: format!("{}：{}", place.zh, self.zh), en: format!("{}: {}", place.en, self.en) }
    }
}
