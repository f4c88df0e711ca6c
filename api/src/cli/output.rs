//! The files that commands make: always new ones. What lies there already may be the only copy of something: a ledger, a key, a
//! bundle for a court.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::failing::Failure;

/// A new file. One that is there already is left as it is, and the command refused.
pub(super) fn new_file(path: &Path) -> Result<File, Failure> {
    File::create_new(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(path, UNTOUCHED),
        _ => Failure::unwritten(path, &error),
    })
}

/// As [`new_file`], with these bytes in it.
pub(super) fn written(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    new_file(path)?.write_all(bytes).map_err(|error| Failure::unwritten(path, &error))
}

/// Refuses a name that is taken before anything is done that takes long or cannot be undone.
pub(super) fn must_be_free(path: Option<&Path>) -> Result<(), Failure> {
    match path.filter(|path| path.symlink_metadata().is_ok()) {
        Some(path) => Err(taken(path, UNTOUCHED)),
        None => Ok(()),
    }
}

/// That there is a file of this name, and what was not done therefore, in Chinese and in English.
pub(super) fn taken(path: &Path, [zh, en]: [&str; 2]) -> Failure {
    let path = path.display();
    Failure::asked_in_both(
        format!("{path} 已经存在：请换一个新文件名，{zh}"),
        format!("{path} is there already: name a new file, {en}"),
    )
}

const UNTOUCHED: [&str; 2] = ["什么也没有改动", "nothing was changed"];
