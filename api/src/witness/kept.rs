//! What a witness keeps: its key, and for each log what it has seen last, replaced whole and synced before it answers.

use std::fs::File;
use std::path::{Path, PathBuf};

use wuping_ledger::durable::replace;
use wuping_ledger::encoding::Hash;
use wuping_ledger::keyring::write_private;
use wuping_ledger::keys::Signer;
use wuping_ledger::lock_file::locked_alone;
use wuping_ledger::note::{Cosigner, note_text, parse_checkpoint_text};
use wuping_ledger::witness::Seen;

use super::WitnessError;

/// The folder of a witness.
pub(super) struct Kept {
    folder: PathBuf,
    /// Held by the process that decides, for as long as it does.
    _alone: Option<File>,
}

impl Kept {
    pub(super) fn make(folder: &Path, name: &str, signer: &Signer) -> Result<(), WitnessError> {
        let key = folder.join(KEY);
        if key.exists() {
            return Err(WitnessError::Exists { folder: folder.to_owned() });
        }
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        let file = folder.join(NAME);
        replace(&file, name.as_bytes()).map_err(failed(&file))?;
        write_private(&key, signer.seed_hex().as_bytes()).map_err(failed(&key))
    }

    pub(super) fn open(folder: &Path) -> Result<Self, WitnessError> {
        match folder.join(KEY).is_file() {
            true => Ok(Self { folder: folder.to_owned(), _alone: None }),
            false => Err(WitnessError::Missing { folder: folder.to_owned() }),
        }
    }

    /// As [`Kept::open`], and no other process may until this one has ended. One that was just killed is waited for.
    pub(super) fn open_alone(folder: &Path) -> Result<Self, WitnessError> {
        let mut kept = Self::open(folder)?;
        let file = folder.join(LOCK);
        let lock = locked_alone(&file).map_err(failed(&file))?;
        kept._alone = Some(lock.ok_or_else(|| WitnessError::Served { folder: folder.to_owned() })?);
        Ok(kept)
    }

    pub(super) fn cosigner(&self) -> Result<Cosigner, WitnessError> {
        let (key, name) = (self.folder.join(KEY), self.folder.join(NAME));
        let seed = std::fs::read_to_string(&key).map_err(failed(&key))?;
        let signer = Signer::from_seed_hex(&seed).map_err(|_| WitnessError::Damaged { file: key })?;
        let name = std::fs::read_to_string(&name).map_err(failed(&name))?;
        Ok(Cosigner::new(name.trim(), signer)?)
    }

    /// What was seen of a log last.
    pub(super) fn seen(&self, origin: &str) -> Result<Seen, WitnessError> {
        let file = self.state_of(origin);
        let note = match std::fs::read_to_string(&file) {
            Ok(note) => note,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Seen::nothing()),
            Err(source) => return Err(WitnessError::File { file, source }),
        };
        let checkpoint = note_text(note.as_bytes()).and_then(parse_checkpoint_text);
        match checkpoint {
            Ok((of, size, root)) if of == origin => Ok(Seen { size, root, note }),
            _ => Err(WitnessError::Damaged { file }),
        }
    }

    /// Keeps what is seen now; when it is answered, a power cut does not take it back.
    pub(super) fn keep(&self, origin: &str, seen: &Seen) -> Result<(), WitnessError> {
        let file = self.state_of(origin);
        replace(&file, seen.note.as_bytes()).map_err(failed(&file))
    }

    /// An origin has slashes, and any length.
    fn state_of(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("seen-{}.txt", Hash::of(origin.as_bytes()).hex()))
    }
}

fn failed(file: &Path) -> impl Fn(std::io::Error) -> WitnessError {
    let file = file.to_owned();
    move |source| WitnessError::File { file: file.clone(), source }
}

const LOCK: &str = "witness.lock";
const KEY: &str = "witness.key";
const NAME: &str = "witness.name";
