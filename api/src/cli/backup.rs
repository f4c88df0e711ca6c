//! Backing up and putting back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::backup::{Restore, make, restore, unpack};
use crate::cli::{Common, Failure, print_json};

#[derive(Debug, Args)]
pub(super) struct MakeBackup {
    /// A new file
    file: PathBuf,
    /// With master.key and vault.key: whoever has such a backup can sign as the server and read every private value
    #[arg(long)]
    with_keys: bool,
}

#[derive(Debug, Args)]
pub(super) struct PutBack {
    /// The backup; it is put back into the new folder of --data
    file: PathBuf,
    /// A file with a checkpoint of this ledger kept elsewhere, or a checkpoints.txt; repeat it for several
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// Go on though more was signed than the backup has; that it was so stands in the log for ever, what you say here in the vault
    #[arg(long, value_name = "REASON")]
    accept_loss: Option<String>,
}

pub(super) fn back_up(common: &Common, backup: &MakeBackup) -> Result<ExitCode, Failure> {
    let manifest = make(&common.data, &backup.file, backup.with_keys)?;
    if common.json {
        print_json(&manifest)?;
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{} of {} with {} entries, root {}, {} files",
        backup.file.display(),
        manifest.origin,
        manifest.size,
        manifest.root,
        manifest.files.len()
    );
    if !backup.with_keys {
        println!(
            "master.key and vault.key are not in it: keep them elsewhere, nothing can be opened without them"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Verifies a backup as the folder that it would become.
pub(super) fn verify(
    common: Common,
    file: &Path,
    verify: impl FnOnce(&Common) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new().prefix(".wuping-verify-").tempdir_in(beside)?;
    unpack(file, folder.path())?;
    let opens = folder.path().join("vault.key").exists() || std::env::var_os("WUPING_VAULT_KEY").is_some();
    if !opens && folder.path().join("vault.db").exists() {
        std::fs::remove_file(folder.path().join("vault.db"))?;
        eprintln!("the vault is not verified: its key is not in the backup, and WUPING_VAULT_KEY is not set");
    }
    verify(&Common { data: folder.path().to_owned(), ..common })
}

pub(super) fn put_back(common: &Common, asked: &PutBack) -> Result<ExitCode, Failure> {
    let (manifest, restored) = restore(&Restore {
        file: asked.file.clone(),
        folder: common.data.clone(),
        checkpoints: asked.checkpoints.clone(),
        accept_loss: asked.accept_loss.clone(),
    })?;
    if common.json {
        print_json(&json!({ "manifest": manifest, "restored": restored }))?;
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} with {} entries is in {}", manifest.origin, restored.size, common.data.display());
    if let Some(signed) = restored.signed {
        println!(
            "{signed} entries were signed: those from {} on are lost, and the log says so from its next entry on",
            restored.size
        );
    }
    if !common.data.join("master.key").exists() {
        println!(
            "put master.key and vault.key there, or set WUPING_MASTER_KEY and WUPING_VAULT_KEY, before it is opened"
        );
    }
    println!("now run “wuping verify --level 5 --data {}”", common.data.display());
    Ok(ExitCode::SUCCESS)
}
