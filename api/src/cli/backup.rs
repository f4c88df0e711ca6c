//! Backing up and putting back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::backup::{BackupError, Made, Manifest, PutBack, Restore, make, restore, unpack};
use crate::cli::bar::Bar;
use crate::cli::verify_words::{finding, outcome};
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
    let lang = common.lang();
    let mut bar = Bar::new(lang);
    let made = make(&common.data, &backup.file, backup.with_keys, &mut |progress| bar.show(progress))
        .map_err(refused)?;
    drop(bar);
    let Made { manifest, attachments, altered } = &made;
    let code = if altered.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) };
    if common.json {
        print_json(&made)?;
        return Ok(code);
    }
    let (file, files) = (backup.file.display(), manifest.files.len());
    let Manifest { origin, size, root, .. } = manifest;
    println!(
        "{}",
        lang.pick(
            format!("{file} 是 {origin} 的备份：{size}条记录，树根 {root}，{files}个文件，{attachments}个附件"),
            format!("{file} of {origin} with {size} entries, root {root}, {files} files, {attachments} attachments"),
        )
    );
    if !backup.with_keys {
        println!(
            "{}",
            lang.pick(
                "master.key 和 vault.key 不在其中：请另外保存，没有它们什么都打不开",
                "master.key and vault.key are not in it: keep them elsewhere, nothing can be opened without them",
            )
        );
    }
    for name in altered {
        println!(
            "{}",
            lang.pick(
                format!("附件 {name} 不在其中，因为它的内容与名称不符：请从更早的备份中取回它"),
                format!(
                    "the attachment {name} is not in it, its bytes are not those it is named by: restore it from an older backup"
                ),
            )
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
    let mut bar = Bar::new(common.lang());
    unpack(file, folder.path(), &mut |progress| bar.show(progress)).map_err(refused)?;
    // a verification has a bar of its own
    drop(bar);
    verify(&Common { data: folder.path().to_owned(), ..common })
}

pub(super) fn put_back(common: &Common, asked: &BackupToRestore) -> Result<ExitCode, Failure> {
    let lang = common.lang();
    let mut bar = Bar::new(lang);
    let asked_for = Restore {
        file: asked.file.clone(),
        folder: common.data.clone(),
        database_url: common.database_url.clone(),
        checkpoints: asked.checkpoints.clone(),
        accept_loss: asked.accept_loss.clone(),
        accept_findings: asked.accept_findings,
    };
    let put_back = restore(&asked_for, &mut |progress| bar.show(progress)).map_err(refused)?;
    drop(bar);
    if common.json {
        print_json(&put_back)?;
        return Ok(ExitCode::SUCCESS);
    }
    let PutBack { manifest, restored, verified } = &put_back;
    let (origin, size, folder) = (&manifest.origin, restored.size, common.data.display());
    let mut told = vec![lang.pick(
        format!("{origin} 恢复到了 {folder}：{size}条记录"),
        format!("{origin} with {size} entries is in {folder}"),
    )];
    if common.database_url.is_some() {
        told.push(lang.say(
            "它的数据库在那里的 database.url 所写的服务器上",
            "its database is on the server that database.url there names",
        ));
    }
    let verification = outcome(verified, lang);
    told.push(lang.pick(format!("验证结果：{verification}"), format!("verified: {verification}")));
    told.extend(verified.findings.iter().map(|found| finding(found, lang)));
    if let Some(signed) = restored.signed {
        told.push(lang.pick(
            format!("签过名的有{signed}条：第 {size} 条起的都丢失了，账本的下一条记录会写明这件事"),
            format!(
                "{signed} entries were signed: those from {size} on are lost, and the log says so from its next entry on"
            ),
        ));
    }
    if !common.data.join("master.key").exists() {
        told.push(lang.say(
            "打开它以前，请把 master.key 和 vault.key 放到那里，或者设置 WUPING_MASTER_KEY 和 WUPING_VAULT_KEY",
            "put master.key and vault.key there, or set WUPING_MASTER_KEY and WUPING_VAULT_KEY, before it is opened",
        ));
    }
    told.push(lang.say(
        "所有人都要重新登录；现在请运行“wuping serve”：它先询问见证人，再把从哪份备份恢复记入账本",
        "everybody signs in anew; now run “wuping serve”, which asks the witnesses and records where it comes from",
    ));
    println!("{}", told.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// Why nothing came of it, in both languages.
fn refused(error: BackupError) -> Failure {
    let zh = error.zh();
    Failure::from(error).in_chinese(zh)
}
