//! A file of signed notes, one behind the other, each with a blank line behind it. It only grows, by a note a second while the ledger
//! does: so it is appended to, and what is newest is read from its end.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// The whole notes of a file, newest first, read from its end as far as is asked for. A torn last one is left out.
#[derive(Debug)]
pub struct NewestFirst {
    file: PathBuf,
    /// None where there is no file.
    open: Option<File>,
    /// Where in the file `tail` begins.
    from: u64,
    /// What was read and not given yet.
    tail: Vec<u8>,
}

impl NewestFirst {
    /// Of a file; one that is not there has none.
    ///
    /// # Errors
    ///
    /// [`StoreError::File`] if there is a file that cannot be read.
    pub(crate) fn of(file: PathBuf) -> Result<Self, StoreError> {
        let opened = || match File::open(&file) {
            Ok(open) => {
                let length = open.metadata()?.len();
                Ok((Some(open), length))
            }
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok((None, 0)),
            Err(error) => Err(error),
        };
        let (open, from) = opened().map_err(|source| StoreError::File { file: file.clone(), source })?;
        Ok(Self { file, open, from, tail: Vec::new() })
    }

    /// Reads what stands before the tail.
    fn read_before(&mut self) -> std::io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let from = self.from.saturating_sub(BLOCK_BYTES.max(self.tail.len() as u64));
        open.seek(SeekFrom::Start(from))?;
        let mut before = Vec::new();
        open.take(self.from - from).read_to_end(&mut before)?;
        before.append(&mut self.tail);
        (self.tail, self.from) = (before, from);
        Ok(())
    }
}

impl Iterator for NewestFirst {
    type Item = Result<String, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((from, to)) = last_note(&self.tail, self.from == 0) {
                // a note ends with one line's end, the second one makes the line behind it blank
                let note = String::from_utf8_lossy(&self.tail[from..to - 1]).into_owned();
                self.tail.truncate(from);
                return Some(Ok(note));
            }
            if self.from == 0 {
                return None;
            }
            if let Err(source) = self.read_before() {
                (self.from, self.tail) = (0, Vec::new());
                return Some(Err(StoreError::File { file: self.file.clone(), source }));
            }
        }
    }
}

/// Where the last whole note begins and ends; none if it is not all there. `whole`: nothing stands before this.
fn last_note(tail: &[u8], whole: bool) -> Option<(usize, usize)> {
    // a note is its text, a blank line, signatures and a blank line
    let mut blanks = (2..=tail.len()).rev().filter(|end| tail[..*end].ends_with(b"\n\n"));
    let (end, middle) = (blanks.next()?, blanks.next()?);
    let mut starts = blanks.chain(whole.then_some(0));
    let start = starts.next()?;
    let are_signatures = |from: usize, to: usize| tail[from..to].starts_with(SIGNED.as_bytes());
    if !are_signatures(middle, end) && are_signatures(start, middle) {
        // what is behind the signatures is the text of a torn one
        return Some((starts.next()?, middle));
    }
    Some((start, end))
}

/// Writes a note behind the others, durably. What a torn one left is cut off first.
///
/// # Errors
///
/// [`StoreError::File`] if it could not be written.
pub(crate) fn append(file: &Path, note: &str) -> Result<(), StoreError> {
    let write = || {
        let mut open = std::fs::OpenOptions::new().create(true).read(true).append(true).open(file)?;
        cut_off_torn(&mut open)?;
        open.write_all(format!("{note}\n").as_bytes())?;
        open.sync_data()
    };
    write().map_err(|source| StoreError::File { file: file.to_owned(), source })
}

/// Cuts off a note that was being written when the power went or the disk was full: it says nothing, and the next one
/// behind it could not be read.
fn cut_off_torn(open: &mut File) -> std::io::Result<()> {
    let length = open.metadata()?.len();
    let from = length.saturating_sub(BLOCK_BYTES);
    open.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    open.read_to_end(&mut tail)?;
    let whole = match end_of_whole(&tail) {
        Some(end) => from + end as u64,
        None if from == 0 => 0,
        // no note is as long as that: this is another damage, and not for the writer to hide
        None => length,
    };
    if whole < length { open.set_len(whole) } else { Ok(()) }
}

/// Where the last whole note ends: behind a signature and a blank line.
fn end_of_whole(tail: &[u8]) -> Option<usize> {
    (2..=tail.len()).rev().find(|end| {
        let Some(before) = tail[..*end].strip_suffix(b"\n\n") else { return false };
        before.rsplit(|byte| *byte == b'\n').next().is_some_and(|line| line.starts_with(SIGNED.as_bytes()))
    })
}

const BLOCK_BYTES: u64 = 8 * 1024;
/// What a line of a signature begins with.
const SIGNED: &str = "— ";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoints::whole_notes;
    use crate::encoding::Hash;
    use crate::note::CheckpointSigner;

    fn notes(count: u64) -> Vec<String> {
        let log =
            CheckpointSigner::new("ledger.example/torn", crate::keys::Signer::generate().unwrap()).unwrap();
        (1..=count).map(|size| log.sign(size, &Hash::of(&[1]))).collect()
    }

    fn written(notes: &[String]) -> Vec<u8> {
        notes.iter().flat_map(|note| format!("{note}\n").into_bytes()).collect()
    }

    fn newest_first(file: &Path) -> Vec<String> {
        NewestFirst::of(file.to_owned()).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_torn_note_is_left_out_and_cut_off_before_the_next_one_is_written() {
        let notes = notes(60);
        let (last, before) = notes.split_last().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        for count in [0, 1, before.len() - 1] {
            let (torn, whole) = (format!("{}\n", before[count]), &before[..count]);
            for kept in 0..torn.len() {
                std::fs::write(&file, [&written(whole), &torn.as_bytes()[..kept]].concat()).unwrap();
                let newest = NewestFirst::of(file.clone()).unwrap().next().transpose().unwrap();
                assert_eq!(newest.as_ref(), whole.last(), "{kept} bytes of the one behind {count}");
                append(&file, last).unwrap();
                let due: Vec<String> = whole.iter().chain([last]).cloned().collect();
                let text = std::fs::read_to_string(&file).unwrap();
                assert_eq!(whole_notes(&text), due, "{kept} bytes of the one behind {count}");
                let from_end: Vec<String> = newest_first(&file).into_iter().rev().collect();
                assert_eq!(from_end, due, "{kept} bytes of the one behind {count}");
            }
        }
    }

    #[test]
    fn the_newest_is_read_from_the_end_alone_however_long_the_file_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        assert!(newest_first(&file).is_empty());
        let notes = notes(3);
        // before the notes stands sixty-four gigabytes of nothing
        let sparse = File::create(&file).unwrap();
        sparse.set_len(1 << 36).unwrap();
        drop(sparse);
        let mut open = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
        open.write_all(b"\n\n").unwrap();
        open.write_all(&written(&notes)).unwrap();
        let read: Result<Vec<String>, _> = NewestFirst::of(file).unwrap().take(3).collect();
        assert_eq!(read.unwrap().into_iter().rev().collect::<Vec<_>>(), notes);
    }

    #[test]
    fn a_note_that_is_longer_than_what_is_read_at_once_is_given_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        let long = |note: &String| format!("{note}{}", "— a-witness.example AAAA\n".repeat(2_000));
        let long: Vec<String> = notes(3).iter().map(long).collect();
        std::fs::write(&file, written(&long)).unwrap();
        assert_eq!(newest_first(&file).into_iter().rev().collect::<Vec<_>>(), long);
    }

    #[test]
    fn an_altered_last_note_is_shown_and_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        let mut notes = notes(3);
        notes[2] = notes[2].replace("\n— ", "\n- ");
        std::fs::write(&file, written(&notes)).unwrap();
        assert_eq!(newest_first(&file).into_iter().rev().collect::<Vec<_>>(), notes);
    }

    #[test]
    fn what_is_no_torn_note_is_left_for_the_verifier() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        std::fs::write(&file, "x".repeat(9_000)).unwrap();
        append(&file, "a note").unwrap();
        assert!(std::fs::read(&file).unwrap().starts_with(b"xxx"));
    }
}
