//! What of a file can be told, published, objected to: the class, or one record of conduct.

use serde::{Deserialize, Serialize};

/// A part of a credit file that is told of, published and objected to by itself.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Item {
    /// The class.
    Class {
        /// Number of the rating that gave it.
        rating: u64,
    },
    /// A record of conduct.
    Conduct {
        /// Its number in the file.
        number: u64,
    },
}

/// A record of conduct in whichever file it stands: of parties that are one, both files count.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ConductRef {
    /// The party in whose file it stands.
    pub party: String,
    /// Its number there.
    pub number: u64,
}
