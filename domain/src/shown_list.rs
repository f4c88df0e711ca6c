//! The list of grades (等级名单) that hangs on a board or lies before a meeting. Whoever says that it was shown names its digest and the
//! position it was made at; the list is made again as it stood there, and what was named is held against it and not believed.

use serde_json::{Value, json};

use crate::record::Rebuilt;
use crate::rejection::Rejection;

/// The list as the ledger makes it at the position that a command names.
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
        self.must_name_a_digest()?;
        if self.report != SHEET {
            return Err(Rejection::because("list_of_another_kind", json!({ "report": self.report })));
        }
        let Some(then) = then else { return Err(Rejection::because("list_not_made", Value::Null)) };
        let Some(first) = then.lists.first().filter(|_| self.at < then.entries) else {
            return Err(Rejection::because(
                "list_of_no_entry",
                json!({ "at": self.at, "entries": then.entries }),
            ));
        };
        let same = |made: &&MadeList| made.sha256 == self.sha256;
        let fits = |made: &MadeList| lines.is_none_or(|lines| u64::from(lines) == made.lines);
        let made = then.lists.iter().find(same);
        if made.is_some_and(fits) {
            return Ok(());
        }
        let is = made.unwrap_or(first);
        Err(Rejection::because(
            "list_differs",
            json!({ "at": self.at, "sha256": is.sha256, "lines": is.lines }),
        ))
    }
}

/// What the list is called among reports.
const SHEET: &str = "sheet";

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
}
