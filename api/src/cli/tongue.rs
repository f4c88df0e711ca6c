//! In which language a command speaks to a person: what `--lang` says, else that of the terminal. What is printed for machines is the
//! same in both.

use std::fmt::Display;

use clap::ValueEnum;

use super::Common;
use crate::look::words::Lang;

/// A language, as it is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Tongue {
    En,
    Zh,
}

impl Tongue {
    pub(super) const fn lang(self) -> Lang {
        match self {
            Self::En => Lang::En,
            Self::Zh => Lang::Zh,
        }
    }
}

impl Common {
    /// Prints what is meant for a person, in the language of this one.
    pub(super) fn say(&self, zh: impl Display, en: impl Display) {
        match self.lang() {
            Lang::En => println!("{en}"),
            Lang::Zh => println!("{zh}"),
        }
    }

    /// The language to speak to this person in.
    pub(super) fn lang(&self) -> Lang {
        self.lang.map_or_else(|| of_locale(|variable| std::env::var(variable).ok()), Tongue::lang)
    }
}

/// Of the first variable that says something, as programs do by an old agreement: Chinese if it begins with `zh`, else English.
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Lang {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| variable(name).filter(|said| !said.is_empty()));
    match said {
        Some(said) if said.to_ascii_lowercase().starts_with("zh") => Lang::Zh,
        _ => Lang::En,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_something_says_which_language() {
        let of = |set: &[(&str, &str)]| {
            of_locale(|name| set.iter().find(|(known, _)| *known == name).map(|(_, said)| (*said).to_owned()))
        };
        assert_eq!(of(&[]), Lang::En);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(of(&[("LANG", "ZH")]), Lang::Zh);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C.UTF-8")]), Lang::En);
        assert_eq!(of(&[("LANG", "en_GB"), ("LC_MESSAGES", "zh_HK")]), Lang::Zh);
        assert_eq!(of(&[("LANG", "zh_CN"), ("LC_ALL", "")]), Lang::Zh, "empty says nothing");
        assert_eq!(of(&[("LANG", "de_AT.UTF-8")]), Lang::En);
    }
}
