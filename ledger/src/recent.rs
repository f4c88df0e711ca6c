//! Streams that were lately read or written here, in memory: a command on one of them need not ask the store for it again.
//!
//! What is kept is what the store said at some moment. Another node may have written since, so that it may be behind: it is
//! good for a decision whose append is checked against the stream's version, and for nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::locks::locked;
use crate::row::Row;
use crate::select::damaged;
use crate::store::StoreError;

/// The content (`D`) of each entry of a stream, version by version from 1.
pub(crate) type Contents = Vec<Arc<str>>;

/// The streams, shared by readers and the writer of a process.
#[derive(Debug, Default)]
pub(crate) struct RecentStreams {
    kept: Mutex<Kept>,
}

/// What was not used since the young were half of the room goes when they are it again.
#[derive(Debug, Default)]
struct Kept {
    young: HashMap<String, Contents>,
    /// Bytes of the young ones.
    bytes: usize,
    aged: HashMap<String, Contents>,
}

impl RecentStreams {
    /// A stream, if it is kept.
    pub(crate) fn of(&self, stream: &str) -> Option<Contents> {
        let mut kept = locked(&self.kept);
        kept.rejuvenate(stream);
        kept.young.get(stream).cloned()
    }

    /// Keeps what the store said of a stream.
    pub(crate) fn keep(&self, stream: &str, contents: &Contents) {
        let mut kept = locked(&self.kept);
        kept.rejuvenate(stream);
        // the writer may have been quicker
        if kept.young.get(stream).is_none_or(|known| known.len() < contents.len()) {
            kept.set(stream, contents.clone());
        }
    }

    /// Takes in what was committed: entries of streams that are kept, and streams that begin.
    pub(crate) fn committed(&self, rows: &[Row]) {
        let mut kept = locked(&self.kept);
        for row in rows {
            kept.rejuvenate(&row.aggregate_id);
            let known = kept.young.get(&row.aggregate_id).map_or(0, Vec::len) as u64;
            if known + 1 == row.sequence {
                kept.push(&row.aggregate_id, row.payload.as_str().into());
            } else {
                kept.remove(&row.aggregate_id);
            }
        }
    }

    /// Forgets a stream that somebody else has written to.
    pub(crate) fn forget(&self, stream: &str) {
        let mut kept = locked(&self.kept);
        kept.rejuvenate(stream);
        kept.remove(stream);
    }
}

impl Kept {
    /// Whoever is used is young.
    fn rejuvenate(&mut self, stream: &str) {
        if let Some(contents) = self.aged.remove(stream) {
            self.set(stream, contents);
        }
    }

    fn set(&mut self, stream: &str, contents: Contents) {
        self.remove(stream);
        let bytes = bytes_of(stream, &contents);
        if bytes <= STREAM_MAX {
            self.bytes += bytes;
            self.young.insert(stream.to_owned(), contents);
            self.age();
        }
    }

    fn push(&mut self, stream: &str, content: Arc<str>) {
        match self.young.get_mut(stream) {
            None => self.set(stream, vec![content]),
            Some(contents) => {
                let more = bytes_of_content(&content);
                contents.push(content);
                self.bytes += more;
                if bytes_of(stream, contents) > STREAM_MAX {
                    self.remove(stream);
                }
                self.age();
            }
        }
    }

    fn remove(&mut self, stream: &str) {
        // where it made the others old, it is old itself
        self.aged.remove(stream);
        if let Some(contents) = self.young.remove(stream) {
            self.bytes -= bytes_of(stream, &contents);
        }
    }

    fn age(&mut self) {
        if self.bytes > ROOM / 2 {
            self.aged = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}

/// Takes in the next entry of a stream, which must follow upon those before it.
pub(crate) fn next_content(contents: &mut Contents, version: u64, content: &str) -> Result<(), StoreError> {
    let due = contents.len() as u64 + 1;
    if version != due {
        return Err(damaged(format!("version {due} of a stream is gone: {version} stands in its place")));
    }
    contents.push(content.into());
    Ok(())
}

fn bytes_of(stream: &str, contents: &Contents) -> usize {
    ENTRY_BYTES + stream.len() + contents.iter().map(bytes_of_content).sum::<usize>()
}

fn bytes_of_content(content: &Arc<str>) -> usize {
    ENTRY_BYTES + content.len()
}

/// What is kept at most, in bytes.
const ROOM: usize = 32 << 20;
/// A stream that is longer is read when it is needed: copying its list would cost what reading it costs.
const STREAM_MAX: usize = 64 << 10;
/// What a piece of memory costs beside what is in it, roughly.
const ENTRY_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Hash;

    fn row(stream: &str, version: u64, content: &str) -> Row {
        Row {
            position: version,
            aggregate_type: String::new(),
            aggregate_id: stream.to_owned(),
            sequence: version,
            event_type: String::new(),
            event_version: String::new(),
            payload: content.to_owned(),
            metadata: String::new(),
            author_seq: version,
            event_id: String::new(),
            occurred_at: String::new(),
            schema: String::new(),
            kid: String::new(),
            signature: String::new(),
            recorded_at: String::new(),
            leaf_hash: Hash::of(b""),
        }
    }

    fn told(recent: &RecentStreams, stream: &str) -> Option<Vec<String>> {
        recent.of(stream).map(|contents| contents.iter().map(|content| content.to_string()).collect())
    }

    fn contents(of: &[&str]) -> Contents {
        of.iter().map(|content| Arc::from(*content)).collect()
    }

    #[test]
    fn a_stream_that_begins_here_is_kept_as_it_grows() {
        let recent = RecentStreams::default();
        recent.committed(&[row("a/1", 1, "one"), row("a/1", 2, "two"), row("b/1", 5, "five")]);
        assert_eq!(told(&recent, "a/1"), Some(vec!["one".to_owned(), "two".to_owned()]));
        assert_eq!(told(&recent, "b/1"), None, "what came before its fifth is not known");
    }

    #[test]
    fn what_was_read_is_kept_and_goes_on_with_what_is_written() {
        let recent = RecentStreams::default();
        recent.keep("b/1", &contents(&["one", "two"]));
        recent.committed(&[row("b/1", 3, "three")]);
        assert_eq!(told(&recent, "b/1").unwrap().len(), 3);
        recent.keep("b/1", &contents(&["one", "two"]));
        assert_eq!(told(&recent, "b/1").unwrap().len(), 3, "what was read before is no news");
        recent.committed(&[row("b/1", 5, "five")]);
        assert_eq!(told(&recent, "b/1"), None, "the fourth is not known");
    }

    #[test]
    fn what_others_wrote_to_is_forgotten() {
        let recent = RecentStreams::default();
        recent.keep("b/1", &contents(&["one"]));
        recent.forget("b/1");
        assert_eq!(told(&recent, "b/1"), None);
        recent.forget("never/kept");
    }

    #[test]
    fn it_keeps_within_its_room_and_the_used_ones_stay() {
        let recent = RecentStreams::default();
        let long = "x".repeat(10 << 10);
        recent.keep("used", &contents(&["one"]));
        for number in 0..20_000 {
            recent.keep(&format!("other/{number}"), &contents(&[&long]));
            assert!(recent.of("used").is_some(), "after {number}");
            let kept = recent.kept.lock().unwrap();
            let counted: usize = kept.young.iter().map(|(stream, of)| bytes_of(stream, of)).sum();
            assert!(number % 1_000 != 0 || kept.bytes == counted);
            assert!(kept.bytes <= ROOM / 2);
        }
        assert!(recent.of("other/19999").is_some());
        assert!(recent.of("other/0").is_none());
    }

    #[test]
    fn a_stream_that_is_too_long_is_not_kept() {
        let recent = RecentStreams::default();
        let long = "x".repeat(STREAM_MAX / 3);
        recent.committed(&[row("a/1", 1, &long), row("a/1", 2, &long)]);
        assert_eq!(recent.of("a/1").map(|contents| contents.len()), Some(2));
        recent.committed(&[row("a/1", 3, &long), row("a/1", 4, "short")]);
        assert_eq!(told(&recent, "a/1"), None);
        assert_eq!(recent.kept.lock().unwrap().bytes, 0);
    }
}
