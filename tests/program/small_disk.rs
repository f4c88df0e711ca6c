//! A disk of a few megabytes, to be filled.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system in memory, mounted for as long as this lives.
pub(crate) struct SmallDisk {
    place: TempDir,
}

impl SmallDisk {
    /// None, and why is printed, where this user may not mount one.
    pub(crate) fn mounted(megabytes: u32) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(place.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(Self { place }),
            Ok(output) => skipped(String::from_utf8_lossy(&output.stderr).trim()),
            Err(error) => skipped(&error.to_string()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.filling()).unwrap();
        for part in [vec![0; 64 * 1024], vec![0; 512], vec![0; 1]] {
            while file.write_all(&part).is_ok() {}
        }
    }

    /// Gives the room back.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filling()).unwrap();
    }

    fn filling(&self) -> PathBuf {
        self.place.path().join("filling")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.place.path()).status();
    }
}

/// A machine may forbid mounting even to root, and that is no fault of what is tested: only who says that nothing may be left out
/// (tests/README.md) is told by a failing test.
fn skipped(why: &str) -> Option<SmallDisk> {
    assert!(
        std::env::var_os("WUPING_NOTHING_LEFT_OUT").is_none(),
        "a small disk could not be mounted, which only root may do: {why}"
    );
    eprintln!("SKIPPED: a small disk could not be mounted, which only root may do: {why}");
    None
}
