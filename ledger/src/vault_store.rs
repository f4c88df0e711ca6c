//! Where the vault's rows lie: one small trait, kept by a file of its own and by tables of the ledger's database on Postgres.
//! A store knows digests and sealed bytes, and opens nothing.

use crate::vault::VaultError;

/// A sealed value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Sealed {
    /// The digest that an entry names it by.
    pub(crate) digest: String,
    /// The value, sealed under the vault key.
    pub(crate) sealed: Vec<u8>,
}

/// A value that is not known to be named by an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Unconfirmed {
    pub(crate) digest: String,
    /// When it was put, in milliseconds of Unix time.
    pub(crate) put_at_ms: i64,
    /// From which position on an entry would name it.
    pub(crate) from_position: u64,
}

/// Values to be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Put<'a> {
    pub(crate) values: &'a [Sealed],
    /// When, in milliseconds of Unix time.
    pub(crate) put_at_ms: i64,
    /// From which position on an entry would name them.
    pub(crate) from_position: u64,
    /// Digests of earlier ones, which entries are known to name.
    pub(crate) confirmed: &'a [String],
}

/// Keeps sealed values. Each method is one transaction, durable when it returns.
pub(crate) trait VaultStore: std::fmt::Debug + Send {
    /// Keeps values that are not there yet, all or none, notes each new one as unconfirmed, and the confirmed ones as that. One
    /// that lies there unconfirmed is as if put just now: an entry is about to name it. From which position on stays as it was, the
    /// first entry may be there. The digest of one that was erased, if there is one; then none is kept.
    fn put(&mut self, put: &Put<'_>) -> Result<Option<String>, VaultError>;

    /// As [`LedgerStore::wait_for_disk`](crate::store::LedgerStore::wait_for_disk).
    fn wait_for_disk(&mut self, wait: bool) -> Result<(), VaultError> {
        let _ = wait;
        Ok(())
    }

    /// Notes that entries name these.
    fn confirm(&mut self, digests: &[String]) -> Result<(), VaultError>;

    /// The values of these digests, in their order.
    fn values(&mut self, digests: &[&str]) -> Result<Vec<Option<Vec<u8>>>, VaultError>;

    /// Which of these digests have a value, in their order.
    fn are_there(&mut self, digests: &[&str]) -> Result<Vec<bool>, VaultError>;

    /// Deletes values, and takes them in never again.
    fn erase(&mut self, digests: &[&str]) -> Result<(), VaultError>;

    /// Deletes values that no entry names, but for those that were put again or confirmed since they were listed. Answers how many.
    fn sweep(&mut self, listed: &[Unconfirmed]) -> Result<usize, VaultError>;

    /// Values that were put before a time and are not confirmed.
    fn unconfirmed(&mut self, put_before_ms: i64) -> Result<Vec<Unconfirmed>, VaultError>;

    /// Shows each value with its digest, by digest. One by one: there may be more of them than memory.
    fn each(&mut self, each: &mut dyn FnMut(&str, &[u8])) -> Result<(), VaultError>;

    /// Shows each digest with the length of its value.
    fn each_digest(&mut self, each: &mut dyn FnMut(&str, u64)) -> Result<(), VaultError>;

    /// Shows each digest that was erased.
    fn each_erased(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), VaultError>;
}

/// Stands for a digest that is no text: nothing is ever looked up by it, so its value is as good as gone.
pub(crate) const NO_DIGEST: &str = "(no digest)";
