//! What lies under an error.

use std::error::Error;

/// Whether this holds of an error or of one of its causes.
pub(crate) fn any_cause(
    error: &(dyn Error + 'static),
    holds: impl Fn(&(dyn Error + 'static)) -> bool,
) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(holds)
}
