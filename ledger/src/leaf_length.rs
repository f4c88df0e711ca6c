//! How long a leaf will be, told before it is made (docs/format.md §2: at most 65,535 bytes).

use crate::entry::{Meta, protected};
use crate::keys::Kid;

/// The length of the leaf, without making it.
pub(crate) fn leaf_length(kid: &Kid, data: &str, meta: &Meta, position: u64) -> usize {
    let payload = "{\"data\":,\"meta\":}".len() + data.len() + meta.jcs().len();
    let digits = position.checked_ilog10().unwrap_or(0) as usize + 1;
    LEAF_FRAME + digits + base64_length(payload) + protected(kid).len() + base64_length(64)
}

/// Unpadded.
fn base64_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

const LEAF_FRAME: usize =
    r#"{"header":{"recorded_at":"2026-03-01T09:30:00.000Z","sequence":},"payload":"","protected":"","signature":""}"#
        .len();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{derived_event_id, seal};
    use crate::keys::Signer;
    use crate::stream::StreamPath;
    use crate::timestamp::Timestamp;

    #[test]
    fn the_length_of_a_leaf_is_known_before_it_is_made() {
        let at = Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap();
        for (position, text) in
            [(0, "a"), (9, "ab"), (10, "abc"), (1_234_567, "楼道"), (u64::from(u32::MAX), "")]
        {
            let meta = Meta {
                author_seq: 12,
                event_id: derived_event_id("o", "c", position),
                log: "ledger.example/x".to_owned(),
                occurred_at: at,
                schema: "hazard/1".to_owned(),
                stream: StreamPath::new("premises/p-1").unwrap(),
                version: 3,
            };
            let data = format!("{{\"note\":\"{text}\",\"type\":\"Noted\"}}");
            let signer = Signer::from_seed(&[7; 32]);
            let leaf = seal(&signer, &data, &meta, at, position).leaf;
            assert_eq!(leaf_length(signer.kid(), &data, &meta, position), leaf.len());
        }
    }
}
