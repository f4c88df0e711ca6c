//! One computed result from its inputs, as `wuping derive` answers an auditor's tool.

use wuping_domain::derive::{Question, Underivable, evaluate};
use wuping_ledger::jcs;
use wuping_ledger::refusal::Refusal;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// The result has no canonical form.
    #[error("the result has no canonical form")]
    Form(#[from] Refusal),
    /// The question is none.
    #[error(
        "the question is not {{as_of, events, scheme, stream, type}} as JSON; docs/format.md §9 shows it"
    )]
    Question(#[from] serde_json::Error),
    /// The inputs lead nowhere.
    #[error("the result cannot be derived")]
    Underivable(#[from] Underivable),
}

/// The canonical bytes of the result that a question asks for.
///
/// # Errors
/// If the question is none, or its inputs lead to no such result.
pub fn derive(question: &[u8]) -> Result<Vec<u8>, DeriveError> {
    let question: Question<'_> = serde_json::from_slice(question)?;
    Ok(jcs::canonical(&evaluate(&question)?)?)
}
