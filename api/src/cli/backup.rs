//! Backing up and putting back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::backup::{Made, PutBack, Restore, make, restore, unpack};
use crate::cli::bar::Bar;
use crate::cli::verify_words::outcome;
use crate::cli::{Common, Failure, print_json};
use crate::web::look::words::Lang;

#[derive(Debug, Args)]
pub(super) struct MakeBackup {
    /// A new file
    file: PathBuf,
    /// With master.key and vault.key: whoever has such a backup can sign as the server and read every private value
    #[arg(long)]
    with_keys: bool,
}

#[derive(Debug, Args)]
pub(super) struct BackupToRestore {
    /// The backup; it is put back into the new folder of --data
    file: PathBuf,
    /// A file with a checkpoint of this ledger kept elsewhere, or a checkpoints.txt; repeat it for several
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// Go on though more was signed than the backup has; that it was so stands in the log for ever, what you say here in the vault
    #[arg(long, value_name = "REASON")]
    accept_loss: Option<String>,
    /// Go on though the backup has findings, as the only one there is; how many stands in the log for ever
    #[arg(long)]
    accept_findings: bool,
}

pub(super) fn back_up(common: &Common, backup: &MakeBackup) -> Result<ExitCode, Failure> {
    let mut bar = Bar::new();
    let made = make(&common.data, &backup.file, backup.with_keys, &mut |progress| bar.show(progress))?;
    drop(bar);
    let Made { manifest, attachments, altered } = &made;
    let code = if altered.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) };
    if common.json {
        print_json(&made)?;
        return Ok(code);
    }
    println!(
        "{} of {} with {} entries, root {}, {} files, {attachments} attachments",
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
    for name in altered {
        println!(
            "the attachment {name} is not in it, its bytes are not those it is named by: restore it from an older backup"
        );
    }
    Ok(code)
}

/// Verifies a backup as the folder that it would become.
pub(super) fn verify(
    common: Common,
    file: &Path,
    verify: impl FnOnce(&Common) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new().prefix(".wuping-verify-").tempdir_in(beside)?;
    let mut bar = Bar::new();
    unpack(file, folder.path(), &mut |progress| bar.show(progress))?;
    // a verification has a bar of its own
    drop(bar);
    verify(&Common { data: folder.path().to_owned(), ..common })
}

pub(super) fn put_back(common: &Common, asked: &BackupToRestore) -> Result<ExitCode, Failure> {
    let mut bar = Bar::new();
    let asked_for = Restore {
        file: asked.file.clone(),
        folder: common.data.clone(),
        database_url: common.database_url.clone(),
        checkpoints: asked.checkpoints.clone(),
        accept_loss: asked.accept_loss.clone(),
        accept_findings: asked.accept_findings,
    };
    let put_back = restore(&asked_for, &mut |progress| bar.show(progress))?;
    drop(bar);
    if common.json {
        print_json(&put_back)?;
        return Ok(ExitCode::SUCCESS);
    }
    let PutBack { manifest, restored, verified } = &put_back;
    println!("{} with {} entries is in {}", manifest.origin, restored.size, common.data.display());
    if common.database_url.is_some() {
        println!("its database is on the server that database.url there names");
    }
    println!("verified: {}", outcome(verified, Lang::En));
    for finding in &verified.findings {
        println!("L{} {}: {}", finding.level, finding.code, finding.detail);
    }
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
    println!(
        "everybody signs in anew; now run “wuping serve”, which asks the witnesses and records where it comes from"
    );
    Ok(ExitCode::SUCCESS)
}
