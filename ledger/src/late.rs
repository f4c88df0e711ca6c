//! What was written of late, subject by subject: that nobody has said anything of a house since a decision read it is then known
//! without asking the store, under the lock, for every command.

use std::collections::HashMap;

use crate::stream::subject_of;

/// The last position of each subject among the entries from one position on.
#[derive(Debug)]
pub(crate) struct LateSubjects {
    since: u64,
    last: HashMap<String, u64>,
}

impl LateSubjects {
    /// Nothing yet, of a log of `size` entries.
    pub(crate) fn since(size: u64) -> Self {
        Self { since: size, last: HashMap::new() }
    }

    /// Takes in an entry; every one from the first position on must be.
    pub(crate) fn written(&mut self, stream: &str, position: u64) {
        let subject = subject_of(stream);
        match self.last.get_mut(subject) {
            Some(last) => *last = position,
            None => {
                self.last.insert(subject.to_owned(), position);
            }
        }
    }

    /// Whether it is known that nothing was written of a subject after a position. If not, the store must be asked.
    pub(crate) fn is_quiet(&self, subject: &str, after: u64) -> bool {
        let kept = subject_of(subject) == subject && self.since <= after.saturating_add(1);
        kept && self.last.get(subject).is_none_or(|last| *last <= after)
    }

    /// Keeps the memory within bounds: of a log of `size` entries, all is forgotten when it becomes too much.
    pub(crate) fn trim(&mut self, size: u64) {
        if self.last.len() > SUBJECTS_MAX {
            *self = Self::since(size);
        }
    }
}

const SUBJECTS_MAX: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn of_ten_entries() -> LateSubjects {
        let mut late = LateSubjects::since(10);
        late.written("premises/p-1/hazard/1", 10);
        late.written("premises/p-2", 11);
        late
    }

    #[test]
    fn what_was_written_after_a_reading_is_not_quiet() {
        let late = of_ten_entries();
        assert!(!late.is_quiet("premises/p-1", 9) && late.is_quiet("premises/p-1", 10));
        assert!(!late.is_quiet("premises/p-2", 10) && late.is_quiet("premises/p-3", 9));
    }

    #[test]
    fn of_what_was_read_before_it_began_nothing_is_known() {
        assert!(!of_ten_entries().is_quiet("premises/p-3", 8));
        let mut full = of_ten_entries();
        (0..=SUBJECTS_MAX as u64).for_each(|n| full.written(&format!("premises/q-{n}"), 12 + n));
        full.trim(100_000);
        assert!(!full.is_quiet("premises/p-1", 50_000) && full.is_quiet("premises/p-1", 99_999));
    }

    #[test]
    fn a_path_within_a_subject_is_asked_of_the_store() {
        assert!(!of_ten_entries().is_quiet("premises/p-1/hazard", 9));
    }
}
