//! The name of a stream (docs/format.md §2): segments joined by single slashes.

use crate::refusal::{Refusal, need_that};

/// A stream's path: 1 to 128 bytes, segments `[a-z0-9][a-z0-9._-]*` joined by single `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamPath(String);

impl StreamPath {
    /// Checks a path.
    ///
    /// # Errors
    /// `meta-stream` for anything that is not spelled so.
    pub fn new(path: impl Into<String>) -> Result<StreamPath, Refusal> {
        let path = path.into();
        need_that(is_path(&path), "meta-stream", || format!("{path:?} is not a stream path"))?;
        Ok(StreamPath(path))
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the stream is about: its first two segments, or itself if shorter.
    pub fn subject(&self) -> &str {
        subject_of(&self.0)
    }

    /// The kind of thing the stream records: the last odd-numbered segment, `hazard` of `premises/p-1/hazard/7`.
    pub fn aggregate_type(&self) -> &str {
        let segments = self.0.split('/').count();
        self.0.split('/').nth((segments - 1) / 2 * 2).unwrap_or_default()
    }

    /// The first segment.
    pub fn first(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// Whether the stream belongs to a path: is it or lies below it. A path of one segment is that stream alone.
    pub fn under(&self, path: &str) -> bool {
        under(&self.0, path)
    }
}

impl std::fmt::Display for StreamPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for StreamPath {
    type Err = Refusal;

    fn from_str(path: &str) -> Result<StreamPath, Refusal> {
        StreamPath::new(path)
    }
}

impl TryFrom<String> for StreamPath {
    type Error = Refusal;

    fn try_from(path: String) -> Result<StreamPath, Refusal> {
        StreamPath::new(path)
    }
}

impl AsRef<str> for StreamPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The first two segments of a path, or all of a shorter one.
pub fn subject_of(path: &str) -> &str {
    path.match_indices('/').nth(1).map_or(path, |(end, _)| &path[..end])
}

/// Whether a stream is a path or lies below it; a path of one segment is that stream alone.
pub fn under(stream: &str, path: &str) -> bool {
    stream == path
        || path.contains('/') && stream.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a text is spelled as a stream path.
pub fn is_path(text: &str) -> bool {
    let inner = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let segment = |s: &str| {
        s.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) && s.bytes().all(inner)
    };
    text.len() <= MAX_BYTES && text.split('/').all(segment)
}

const MAX_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> StreamPath {
        StreamPath::new(text).unwrap()
    }

    #[test]
    fn a_subject_is_the_first_two_segments() {
        assert_eq!(path("premises/p-1/hazard/7").subject(), "premises/p-1");
        assert_eq!(path("premises/p-1").subject(), "premises/p-1");
        assert_eq!(path("heads").subject(), "heads");
    }

    #[test]
    fn the_aggregate_type_is_the_last_odd_segment() {
        for (stream, aggregate_type) in [
            ("heads", "heads"),
            ("premises/p-1", "premises"),
            ("premises/p-1/grade", "grade"),
            ("a/b/hazard/7", "hazard"),
        ] {
            assert_eq!(path(stream).aggregate_type(), aggregate_type, "{stream}");
        }
    }

    #[test]
    fn a_neighbour_with_the_same_beginning_is_not_under_a_path() {
        assert!(path("premises/p-1/hazard/7").under("premises/p-1"));
        assert!(path("premises/p-1").under("premises/p-1"));
        assert!(!path("premises/p-10").under("premises/p-1"));
        assert!(!path("premises/p-1-x").under("premises/p-1"));
        assert!(!path("premises/p-1").under("premises"), "one segment is that stream alone");
    }

    #[test]
    fn other_spellings_are_refused() {
        for bad in ["", "/", "a/", "/a", "a//b", "a/../b", ".a", "-a", "A", "a b", "a/é", &"a".repeat(129)] {
            assert_eq!(StreamPath::new(bad).unwrap_err().code, "meta-stream", "{bad:?}");
        }
        assert!(StreamPath::new("a".repeat(128)).is_ok());
    }
}
