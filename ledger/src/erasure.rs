//! Whether an erasure may be appended: each digest is one that its entry has, and none was erased before
//! (docs/format.md §8).

use std::collections::HashSet;

use serde_json::Value;

use crate::append::AppendError;
use crate::reactor::SubjectReader;
use crate::refusal::{Refusal, need, need_that};
use crate::store::StoreError;

/// A target of an erasure: the digests of one entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErasureTarget {
    /// Where the entry stands.
    pub sequence: u64,
    /// The digests that are erased.
    pub digests: Vec<String>,
}

/// The targets that the content of a `FieldsErased` names.
///
/// # Errors
///
/// `erasure-targets` for another shape.
pub fn targets(data: &Value) -> Result<Vec<ErasureTarget>, Refusal> {
    let malformed = || Refusal::new(CODE, "an array of digests and sequence");
    let targets = data.get("targets").and_then(Value::as_array).filter(|targets| !targets.is_empty());
    let target = |target: &Value| {
        let members = target.as_object().filter(|members| members.len() == 2).ok_or_else(malformed)?;
        let sequence = members.get("sequence").and_then(Value::as_u64).ok_or_else(malformed)?;
        let digests = members.get("digests").and_then(Value::as_array).filter(|digests| !digests.is_empty());
        let digests = digests.ok_or_else(malformed)?.iter().map(|digest| digest.as_str().map(str::to_owned));
        Ok(ErasureTarget { sequence, digests: digests.collect::<Option<_>>().ok_or_else(malformed)? })
    };
    targets.ok_or_else(malformed)?.iter().map(target).collect()
}

/// Checks the targets of an erasure that is about to be appended.
pub(crate) fn check_targets(data: &Value, reader: &dyn ErasureReader) -> Result<(), AppendError> {
    let mut erased = HashSet::new();
    reader.subject("erasures", &mut |row| {
        let earlier = serde_json::from_str(row.data).unwrap_or_default();
        for target in targets(&earlier).unwrap_or_default() {
            erased.extend(target.digests.into_iter().map(|digest| (target.sequence, digest)));
        }
        Ok(())
    })?;
    for target in targets(data)? {
        let there = reader.data_at(target.sequence)?;
        let there: Value = there.and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default();
        let there = there.get("_sd").and_then(Value::as_array);
        for digest in target.digests {
            let known = there.is_some_and(|digests| digests.iter().any(|known| *known == digest.as_str()));
            need_that(known, "erasure-unknown-digest", || digest.clone())?;
            need(erased.insert((target.sequence, digest)), "erasure-twice", "")?;
        }
    }
    Ok(())
}

/// What the check needs to read, entries of the running batch included.
pub(crate) trait ErasureReader: SubjectReader {
    /// The content of the entry at a position.
    fn data_at(&self, position: u64) -> Result<Option<String>, StoreError>;
}

const CODE: &str = "erasure-targets";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn targets_have_a_sequence_and_digests() {
        let sound = json!({"targets": [{"digests": ["a", "b"], "sequence": 7}]});
        let expected = ErasureTarget { sequence: 7, digests: vec!["a".to_owned(), "b".to_owned()] };
        assert_eq!(targets(&sound).unwrap(), [expected]);
        for bad in [
            json!({}),
            json!({"targets": []}),
            json!({"targets": [{"digests": [], "sequence": 7}]}),
            json!({"targets": [{"digests": ["a"]}]}),
            json!({"targets": [{"digests": ["a"], "sequence": -7}]}),
            json!({"targets": [{"digests": [1], "sequence": 7}]}),
            json!({"targets": [{"digests": ["a"], "sequence": 7, "why": ""}]}),
        ] {
            assert_eq!(targets(&bad).unwrap_err().code, "erasure-targets", "{bad}");
        }
    }
}
