//! Whether something failed because the ledger's database does not answer: then nothing is wrong with what was asked, and the
//! same may be asked again.

use std::error::Error;
use std::sync::Arc;

use crate::causes::any_cause;
use crate::store::StoreError;

/// Whether an error, or one of its causes, is the database's that did not do what it was asked to.
#[must_use]
pub fn is_away(error: &(dyn Error + 'static)) -> bool {
    any_cause(error, |error| {
        let store = error.downcast_ref::<StoreError>();
        let store = store.or_else(|| error.downcast_ref::<Arc<StoreError>>().map(Arc::as_ref));
        matches!(store, Some(StoreError::Database { .. }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::append::AppendError;
    use crate::reactor::NotFollowed;
    use crate::vault::VaultError;

    fn lost() -> StoreError {
        StoreError::Database { doing: "be reached", source: "the server is starting up".into() }
    }

    #[test]
    fn a_database_that_is_away_is_known_behind_what_it_made_fail() {
        assert!(is_away(&lost()));
        assert!(is_away(&AppendError::from(lost())));
        assert!(is_away(&AppendError::from(NotFollowed::Store(lost()))));
        assert!(is_away(&VaultError::Ledger(lost())));
        assert!(is_away(&VaultError::Server(lost())));
    }

    #[test]
    fn what_failed_for_another_reason_is_none() {
        assert!(!is_away(&AppendError::Busy));
        assert!(!is_away(&AppendError::from(StoreError::Corrupt { what: "a head".to_owned() })));
        assert!(!is_away(&VaultError::Ledger(StoreError::InUse)));
    }
}
