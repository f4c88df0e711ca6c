//! Verifying a ledger: that of the folder, a backup, or any copy of a log in static files, in a folder or on the web.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use wuping_ledger::checkpoints::whole_notes;
use wuping_ledger::log_files::{FolderFiles, LogFiles};
use wuping_replay::verify::{KeptCheckpoint, Question, Source, VaultKey, Verified};
use wuping_replay::witnessed::Trusted;

use crate::cli::trust::Reach;
use crate::cli::verify_words::{Held, finding, outcome, remarks, what_to_do};
use crate::cli::{Common, Failure, backup, print_json};
use crate::log_client::LogClient;
use crate::look::words::Lang;
use crate::trusting::listed_in;

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    reach: Reach,
    /// A log in static files instead of the folder, with no database: a folder that `wuping export tiles` wrote, or the
    /// address of one on a web server, such as https://ledger.example/log
    #[arg(long, value_name = "DIR|URL", conflicts_with = "backup")]
    tiles: Option<String>,
    /// Sign in to that server as an auditor: entries are not public. The password is read from WUPING_PASSWORD
    #[arg(long, value_name = "LOGIN", requires = "tiles")]
    login: Option<String>,
    /// A checkpoint kept earlier, or a file of several: this log must continue each. Repeat it for several files
    #[arg(long, value_name = "CHECKPOINT_FILE")]
    since: Vec<PathBuf>,
    /// Verify signatures in batches: faster, and the report says `batch`, since not every strict rule is looked at
    #[arg(long)]
    fast: bool,
    /// A backup instead of the folder; its private values are opened if WUPING_VAULT_KEY is set or its keys are in it, else
    /// only their digests are looked at
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
}

pub(super) fn verify(common: Common, verify: &Verify) -> Result<ExitCode, Failure> {
    match (&verify.tiles, &verify.backup) {
        (Some(place), _) => {
            let files = files_at(place, verify.login.as_deref())?;
            carry_out(&common, verify, Source::Files(&files), Unless::default())
        }
        (None, Some(file)) => {
            backup::verify(common, file, |unpacked| of_folder(unpacked, verify, VaultKey::IfThere))
        }
        (None, None) => of_folder(&common, verify, VaultKey::Needed),
    }
}

fn of_folder(common: &Common, verify: &Verify, vault_key: VaultKey) -> Result<ExitCode, Failure> {
    let unless_told = Unless { trusted: listed_in(&common.data)?, vault_key };
    carry_out(common, verify, Source::Folder(&common.data), unless_told)
}

/// What holds where nothing else is asked for.
#[derive(Default)]
struct Unless {
    trusted: Trusted,
    vault_key: VaultKey,
}

fn carry_out(
    common: &Common,
    verify: &Verify,
    source: Source<'_>,
    unless_told: Unless,
) -> Result<ExitCode, Failure> {
    let question = Question {
        level: verify.reach.level,
        require: verify.reach.require,
        trusted: verify.reach.trusted(unless_told.trusted)?,
        fast: verify.fast,
        vault_key: unless_told.vault_key,
        kept: kept(&verify.since)?,
        ..Question::default()
    };
    let mut progress = Progress::new(common.lang());
    let verified = wuping_replay::verify::verify(source, &question, &mut |done, of| progress.told(done, of));
    progress.end();
    let verified = verified?;
    if common.json {
        print_json(&verified)?;
    } else {
        let held = match source {
            Source::Files(_) => Held::Files,
            Source::Folder(_) if verify.backup.is_some() => Held::Backup,
            Source::Folder(_) => Held::Folder,
        };
        tell(&verified, held, common.lang());
    }
    Ok(if verified.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn tell(verified: &Verified, held: Held, lang: Lang) {
    verified.findings.iter().for_each(|found| println!("{}", finding(found, lang)));
    println!("{}", outcome(verified, lang));
    remarks(verified, lang).iter().for_each(|remark| println!("{remark}"));
    if let Some(todo) = what_to_do(&verified.findings, held, lang) {
        println!("{todo}");
    }
}

/// The files of a log in a folder, or at an address on the web.
pub(super) fn files_at(place: &str, login: Option<&str>) -> Result<Arc<dyn LogFiles>, Failure> {
    if !place.contains("://") {
        let folder = Path::new(place);
        if !folder.is_dir() {
            return Err(Failure::asked_in_both(
                format!(
                    "没有文件夹 {place}：--tiles 要的是“wuping export tiles”写出的文件夹，或者一个地址 http(s)://…"
                ),
                format!(
                    "there is no folder {place}: --tiles takes one that “wuping export tiles” wrote, or an address http(s)://…"
                ),
            ));
        }
        return Ok(Arc::new(FolderFiles::of(folder)));
    }
    let client = LogClient::of(place)?;
    let Some(login) = login else { return Ok(Arc::new(client)) };
    let password = std::env::var(PASSWORD).map_err(|_| {
        Failure::asked_in_both(
            format!("用 --login 时，请把密码放在环境变量 {PASSWORD} 中"),
            format!("--login needs the password in the environment variable {PASSWORD}"),
        )
    })?;
    Ok(Arc::new(client.signed_in(login, &password)?))
}

fn kept(files: &[PathBuf]) -> Result<Vec<KeptCheckpoint>, Failure> {
    let mut kept = Vec::new();
    for file in files {
        let place = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            Failure::asked_in_both(
                format!("检查点 {place} 无法读取：{error}"),
                format!("the checkpoint {place} could not be read: {error}"),
            )
        })?;
        // a single checkpoint, as it is served, has no blank line behind it
        let notes = whole_notes(&format!("{}\n\n", text.trim_end()));
        if notes.is_empty() {
            return Err(Failure::asked_in_both(
                format!("{place} 中没有检查点：--since 要的是从 /log/checkpoint 取来的"),
                format!("{place} holds no checkpoint: --since takes what /log/checkpoint gave"),
            ));
        }
        kept.extend(notes.into_iter().map(|note| KeptCheckpoint { place: place.clone(), note }));
    }
    Ok(kept)
}

/// How far it is, for whoever sits before a terminal and waits for more than a moment.
struct Progress {
    began: Instant,
    bar: Option<ProgressBar>,
    lang: Lang,
}

impl Progress {
    fn new(lang: Lang) -> Self {
        Self { began: Instant::now(), bar: None, lang }
    }

    fn told(&mut self, done: u64, of: u64) {
        if self.bar.is_none() && self.began.elapsed() > A_MOMENT && std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(of).with_elapsed(self.began.elapsed());
            let template = self.lang.pick(
                "{bar:40} {pos}/{len} 条，{per_sec}，还需 {eta}",
                "{bar:40} {pos}/{len} entries, {per_sec}, {eta} left",
            );
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

const PASSWORD: &str = "WUPING_PASSWORD";
const A_MOMENT: Duration = Duration::from_secs(1);
