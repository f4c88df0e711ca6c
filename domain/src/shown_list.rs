//! What was shown: the list of grades (等级名单) that hangs on a board, the analysis of the situation (风险形势分析) that lay before a
//! meeting. Whoever says that it was shown names its digest and the position it was made at; it is made again as it stood there, and
//! what was named is held against it and not believed.

use serde_json::{Value, json};

use crate::record::Rebuilt;
use crate::rejection::Rejection;

/// The list, or the analysis, as the ledger makes it at the position that a command names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListThen {
    /// How many entries the ledger had.
    pub entries: u64,
    /// The list as it stood there, for each area that may be meant; none where the ledger has no such entry.
    pub lists: Vec<MadeList>,
}

/// A list that was made again.
#[derive(Clone, Debug, PartialEq)]
pub struct MadeList {
    /// SHA-256 of it, lower-case hex.
    pub sha256: String,
    /// How many lines it has.
    pub lines: u64,
}

/// What may have been shown, by its name among reports, and how it is refused.
struct Shown {
    report: &'static str,
    differs: &'static str,
    not_made: &'static str,
    of_another_kind: &'static str,
    of_no_entry: &'static str,
}

impl Rebuilt {
    /// Refuses what is not the list of grades as it stood at that position.
    ///
    /// # Errors
    /// `list_of_another_kind`, `list_not_made`, `list_of_no_entry`; `list_differs`, with what the list is.
    pub(crate) fn must_be_the_list(
        &self,
        lines: Option<u32>,
        then: Option<&ListThen>,
    ) -> Result<(), Rejection> {
        self.must_be(&LIST, lines, then)
    }

    /// Refuses what is not the analysis of the situation as it stood at that position.
    ///
    /// # Errors
    /// `situation_of_another_kind`, `situation_not_made`, `situation_of_no_entry`; `situation_differs`, with what it is.
    pub(crate) fn must_be_the_situation(&self, then: Option<&ListThen>) -> Result<(), Rejection> {
        self.must_be(&SITUATION, None, then)
    }

    fn must_be(&self, shown: &Shown, lines: Option<u32>, then: Option<&ListThen>) -> Result<(), Rejection> {
        self.must_name_a_digest()?;
        if self.report != shown.report {
            return Err(Rejection::because(shown.of_another_kind, json!({ "report": self.report })));
        }
        let Some(then) = then else { return Err(Rejection::because(shown.not_made, Value::Null)) };
        let Some(first) = then.lists.first().filter(|_| self.at < then.entries) else {
            let detail = json!({ "at": self.at, "entries": then.entries });
            return Err(Rejection::because(shown.of_no_entry, detail));
        };
        let same = |made: &&MadeList| made.sha256 == self.sha256;
        let fits = |made: &MadeList| lines.is_none_or(|lines| u64::from(lines) == made.lines);
        let made = then.lists.iter().find(same);
        if made.is_some_and(fits) {
            return Ok(());
        }
        let is = made.unwrap_or(first);
        let detail = json!({ "at": self.at, "sha256": is.sha256, "lines": is.lines });
        Err(Rejection::because(shown.differs, detail))
    }
}

const LIST: Shown = Shown {
    report: "sheet",
    differs: "list_differs",
    not_made: "list_not_made",
    of_another_kind: "list_of_another_kind",
    of_no_entry: "list_of_no_entry",
};
const SITUATION: Shown = Shown {
    report: "situation",
    differs: "situation_differs",
    not_made: "situation_not_made",
    of_another_kind: "situation_of_another_kind",
    of_no_entry: "situation_of_no_entry",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn then() -> ListThen {
        let made = |digit: &str, lines| MadeList { sha256: digit.repeat(64), lines };
        ListThen { entries: 9, lists: vec![made("a", 3), made("b", 1)] }
    }

    fn said(at: u64, digit: &str, lines: Option<u32>) -> Result<(), Rejection> {
        let shown = Rebuilt { report: "sheet".into(), at, sha256: digit.repeat(64) };
        shown.must_be_the_list(lines, Some(&then()))
    }

    #[test]
    fn what_is_said_to_have_been_shown_is_the_list_as_it_stood_there() {
        assert_eq!(said(8, "a", Some(3)), Ok(()));
        assert_eq!(said(8, "b", None), Ok(()), "of the area that is meant");
        let refused = |said: Result<(), Rejection>| {
            let refused = said.unwrap_err();
            (refused.code().to_owned(), refused.en())
        };
        let (code, told) = refused(said(8, "c", None));
        assert_eq!(code, "list_differs");
        assert!(
            told.contains(&"a".repeat(64)) && told.contains("3 lines"),
            "it says what the list is: {told}"
        );
        assert_eq!(refused(said(8, "b", Some(2))).0, "list_differs");
        let (code, told) = refused(said(9, "a", None));
        assert!(code == "list_of_no_entry" && told.contains("9 entries"), "{code}: {told}");
        let of_another = Rebuilt { report: "desk".into(), at: 8, sha256: "a".repeat(64) };
        let of_another = of_another.must_be_the_list(None, Some(&then()));
        assert_eq!(refused(of_another).0, "list_of_another_kind");
        let shown = Rebuilt { report: "sheet".into(), at: 8, sha256: "a".repeat(64) };
        assert_eq!(refused(shown.must_be_the_list(None, None)).0, "list_not_made");
    }

    #[test]
    fn a_meeting_names_the_analysis_and_no_list() {
        let named = |report: &str, digit: &str, at: u64| {
            let shown = Rebuilt { report: report.into(), at, sha256: digit.repeat(64) };
            shown.must_be_the_situation(Some(&then()))
        };
        assert_eq!(named("situation", "a", 8), Ok(()));
        for (report, digit, at, code) in [
            ("sheet", "a", 8, "situation_of_another_kind"),
            ("situation", "c", 8, "situation_differs"),
            ("situation", "a", 9, "situation_of_no_entry"),
        ] {
            assert_eq!(named(report, digit, at).unwrap_err().code(), code);
        }
    }
}
