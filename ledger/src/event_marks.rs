//! Which event ids a log has, in a fraction of the memory that the ids would take: a mark of twelve bytes each.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use uuid::Uuid;

/// The event ids of a log, as marks. Two ids of one mark are as good as impossible (one in 10^15 over ten million), and nobody
/// can make them: a mark is keyed by numbers that each audit draws for itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventMarks {
    keys: [RandomState; 2],
    marks: HashSet<[u8; 12]>,
}

impl EventMarks {
    pub(crate) fn insert(&mut self, id: &Uuid) {
        self.marks.insert(self.mark(id));
    }

    pub(crate) fn contains(&self, id: &Uuid) -> bool {
        self.marks.contains(&self.mark(id))
    }

    fn mark(&self, id: &Uuid) -> [u8; 12] {
        let [first, second] = &self.keys;
        let (first, second) = (first.hash_one(id).to_be_bytes(), second.hash_one(id).to_be_bytes());
        let mut mark = [0; 12];
        mark[..8].copy_from_slice(&first);
        mark[8..].copy_from_slice(&second[..4]);
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_once_it_was_put() {
        let (mut marks, ids): (EventMarks, Vec<Uuid>) =
            (EventMarks::default(), (0..1_000u128).map(Uuid::from_u128).collect());
        for id in &ids {
            assert!(!marks.contains(id));
            marks.insert(id);
        }
        assert!(ids.iter().all(|id| marks.contains(id)));
        assert_eq!(marks.marks.len(), ids.len());
    }
}
