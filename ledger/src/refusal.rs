//! Why an input is refused: a short code to act on and a detail to read.

/// An input that the ledger format says must be refused.
///
/// The code is stable and machine-readable (`version-gap`, `sig-invalid`); the detail says what was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// Short stable reason, lower case with hyphens.
    pub code: &'static str,
    /// What was found, for a person; may be empty.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its code and what was found.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Refusal {
        Refusal { code, detail: detail.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.detail.as_str() {
            "" => f.write_str(self.code),
            detail => write!(f, "{}: {detail}", self.code),
        }
    }
}

impl std::error::Error for Refusal {}

/// Refuses with this code unless the condition holds.
///
/// # Errors
/// The refusal, when the condition does not hold.
pub fn need(holds: bool, code: &'static str, detail: &str) -> Result<(), Refusal> {
    need_that(holds, code, || detail.to_owned())
}

/// As [`need`], for a detail that is only composed when it is needed.
///
/// # Errors
/// The refusal, when the condition does not hold.
pub fn need_that(holds: bool, code: &'static str, detail: impl FnOnce() -> String) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::new(code, detail())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_code_then_detail() {
        assert_eq!(Refusal::new("version-gap", "7 after 5").to_string(), "version-gap: 7 after 5");
        assert_eq!(Refusal::new("genesis", "").to_string(), "genesis");
    }

    #[test]
    fn what_holds_is_not_refused() {
        assert!(need(true, "x", "").is_ok());
        assert_eq!(need(false, "x", "y"), Err(Refusal::new("x", "y")));
    }
}
