//! Commands that only read: they work beside a running server.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use wuping_domain::rulebook::Layer;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::note::VerifierKey;
use wuping_ledger::reader::Reader;
use wuping_ledger::static_log::StaticLog;
use wuping_projections::Views;
use wuping_replay::{conformance, derive, export_tiles, history, published, published_rows, rebuild};

use crate::cli::output::{must_be_free, new_file};
use crate::cli::verify::files_at;
use crate::cli::{Cases, Common, Failure, print_json};
use crate::import::{given_back, lifecycle};
use crate::shelf;

#[derive(Debug, Subcommand)]
pub(super) enum Export {
    /// A static log that any verifier reads: tiles, entry bundles, rulebooks, checkpoint
    Tiles {
        /// An empty or older folder
        dir: PathBuf,
    },
    /// A published file of Toronto's evaluations as it was: rows since 2023 in the order in which each was first
    /// published, those before 2023 by the publisher's number
    #[command(
        after_help = "Example:\n  wuping export toronto-evaluations --publication pre2023 --out pre2023.csv"
    )]
    TorontoEvaluations {
        /// Number of the publication, from 0, or pre2023
        #[arg(long, value_name = "N")]
        publication: String,
        /// Into this file; else on standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// New York City's violations as they were published; exit 1 if they are not what was received last
    #[command(after_help = "Example:\n  wuping export nyc-hpd --out violations.csv")]
    NycHpd(Whole),
    /// A file of San Francisco's inspections as it was published; exit 1 if it is not what was received last
    #[command(after_help = "Example:\n  wuping export sf-lives violations --out violations.csv")]
    SfLives {
        /// Which of the three
        file: SfFile,
        #[command(flatten)]
        whole: Whole,
    },
    /// Toronto's fire inspections as they were published; exit 1 if they are not what was received last
    #[command(after_help = "Example:\n  wuping export toronto-fire --out fire.csv")]
    TorontoFire(Whole),
    /// Toronto's registrations as they were published; exit 1 if they are not what was received last
    #[command(after_help = "Example:\n  wuping export toronto-registrations --out registrations.csv")]
    TorontoRegistrations(Whole),
    /// The UK's ratings as they were published; exit 1 if they are not what was received last
    #[command(after_help = "Example:\n  wuping export uk-fhrs --out ratings.csv")]
    UkFhrs(Whole),
}

/// A file that is given back whole.
#[derive(Args, Debug)]
pub(super) struct Whole {
    /// Into this file; else on standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The files of San Francisco's inspections.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SfFile {
    Businesses,
    Inspections,
    Violations,
}

/// The ledger of the folder, for reading.
pub(super) fn reader(common: &Common) -> Result<Reader, Failure> {
    Ok(Ledger::open_read_only(&common.data)?)
}

/// The subject of a path, an id, or a code as people and publishers have it (`4153885`), which the views know. A name without a
/// slash may also be a stream of the ledger's own: `heads`, `erasures`, `restores`.
pub(super) fn subject_of(common: &Common, reader: &Reader, code: &str) -> Result<String, Failure> {
    let own = if code.contains('/') { code.to_owned() } else { format!("premises/{code}") };
    for named in [own.as_str(), code] {
        if reader.version(named)? > 0 {
            return Ok(named.to_owned());
        }
    }
    let known = Views::at(&common.data.join("views.db")).premises_by_code(code);
    Ok(known.ok().flatten().map_or(own, |found| format!("premises/{}", found.id)))
}

pub(super) fn export(common: &Common, export: Export) -> Result<ExitCode, Failure> {
    match export {
        Export::Tiles { dir } => export_log(common, &dir),
        Export::TorontoEvaluations { publication, out } => give_back(common, &publication, out.as_deref()),
        Export::NycHpd(whole) => give_back_whole(common, lifecycle::NYC_HPD, &whole),
        Export::SfLives { file, whole } => {
            let file = match file {
                SfFile::Businesses => lifecycle::SF_BUSINESSES,
                SfFile::Inspections => lifecycle::SF_INSPECTIONS,
                SfFile::Violations => lifecycle::SF_VIOLATIONS,
            };
            give_back_whole(common, file, &whole)
        }
        Export::TorontoFire(whole) => give_back_whole(common, lifecycle::TORONTO_FIRE, &whole),
        Export::TorontoRegistrations(whole) => {
            give_back_whole(common, lifecycle::TORONTO_REGISTRATIONS, &whole)
        }
        Export::UkFhrs(whole) => give_back_whole(common, lifecycle::UK_FHRS, &whole),
    }
}

fn give_back_whole(common: &Common, file: &str, whole: &Whole) -> Result<ExitCode, Failure> {
    let back = published_rows::file(&reader(common)?, file)?;
    written(common, back.given, whole.out.as_deref(), file)?;
    if back.as_received {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("wuping: these rows are not what was received last; import the newest file again to its end");
    Ok(ExitCode::from(1))
}

fn give_back(common: &Common, publication: &str, out: Option<&Path>) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    let given = match (publication, publication.parse()) {
        ("pre2023", _) => published::pre2023(&reader)?,
        (_, Ok(number)) => published::since2023(&reader, number)?,
        _ => {
            return Err(Failure::asked_in_both(
                "--publication 要写从0起的序号，或者 pre2023",
                "--publication takes a number from 0, or pre2023",
            ));
        }
    };
    written(common, given, out, publication)?;
    Ok(ExitCode::SUCCESS)
}

/// Write a published table into a file or on standard output.
fn written(
    common: &Common,
    given: published::Given,
    out: Option<&Path>,
    publication: &str,
) -> Result<(), Failure> {
    let rows = given.rows.len();
    let Some(path) = out else { return Ok(given_back::write(given, std::io::stdout().lock())?) };
    let file = new_file(path)?;
    given_back::write(given, file)?;
    if common.json {
        print_json(&serde_json::json!({ "file": path, "publication": publication, "rows": rows }))?;
    } else {
        let path = path.display();
        common.say(format!("{path} 中有{rows}行"), format!("{rows} rows in {path}"));
    }
    Ok(())
}

fn export_log(common: &Common, dir: &Path) -> Result<ExitCode, Failure> {
    if wuping_ledger::alarm::raised_in(&common.data)?.is_some() {
        return Err(Failure::asked_in_both(
            "分叉警报期间什么也不导出；见 wuping witness alarm 和 docs/operators.md",
            "nothing is exported under the fork alarm, which “wuping witness alarm” shows; see docs/operators.md",
        ));
    }
    if let (Ok(data), Ok(dir)) = (common.data.canonicalize(), dir.canonicalize())
        && data == dir
    {
        return Err(Failure::asked_in_both(
            "不能导出到账本所在的文件夹：请另指一个文件夹",
            "a log is not exported into the folder of its ledger: name another one",
        ));
    }
    let exported = export_tiles::export_tiles(&reader(common)?, &common.data, dir)?;
    if common.json {
        print_json(&exported)?;
    } else {
        let (size, files, dir) = (exported.size, exported.files, dir.display());
        common.say(
            format!("{dir} 中有{files}个文件，共{size}条记录"),
            format!("{size} entries in {files} files under {dir}"),
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn derive() -> Result<ExitCode, Failure> {
    let mut question = Vec::new();
    std::io::stdin().read_to_end(&mut question)?;
    std::io::stdout().write_all(&derive::derive(&question)?)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn conformance(
    common: &Common,
    kind: Cases,
    file: &Path,
    log: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::unread(file, &error))?;
    let result = match kind {
        Cases::Scheme => {
            let shipped = shelf::pingshan()?;
            let by_layer =
                shipped.iter().map(|compiled| (compiled.rulebook.layer, (*compiled.rulebook).clone()));
            conformance::scheme(&bytes, &by_layer.collect::<std::collections::BTreeMap<Layer, _>>())?
        }
        Cases::Vectors => conformance::vectors(&bytes, log)?,
    };
    if common.json {
        print_json(&result)?;
    } else {
        println!("{} cases, {} passed", result.cases, result.passed);
        result.failed.iter().for_each(|id| println!("failed: {id}"));
    }
    Ok(if result.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What is made anew, out of what.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Up to this position, into a file of its own
    #[arg(long, requires = "to")]
    at: Option<u64>,
    /// That file
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Out of a log in static files and nothing else: a folder that `wuping export tiles` wrote, or the address of one on a
    /// web server, such as https://ledger.example/log
    #[arg(long, value_name = "DIR|URL", requires = "to")]
    tiles: Option<String>,
    /// Sign in to that server as an auditor: entries are not public. The password is read from WUPING_PASSWORD
    #[arg(long, value_name = "LOGIN", requires = "tiles")]
    login: Option<String>,
    /// The log key obtained elsewhere, as `wuping key log` prints it; else the one counts that the log itself states
    #[arg(long, value_name = "VKEY", requires = "tiles")]
    log_key: Option<String>,
}

pub(super) fn rebuild(common: &Common, command: &Rebuild) -> Result<ExitCode, Failure> {
    must_be_free(command.to.as_deref())?;
    let views = command.to.clone().unwrap_or_else(|| common.data.join("views.db"));
    let rebuilt = match &command.tiles {
        None => rebuild::rebuild(&common.data, &views, command.at)?,
        Some(place) => {
            let key = command.log_key.as_deref().map(VerifierKey::parse).transpose();
            let key = key.map_err(|refusal| {
                Failure::asked_in_both(
                    format!("给出的日志公钥不对（{refusal}）：“wuping key log”会按 名称+编号+密钥 的写法打印出来"),
                    format!("the log key that was given is none ({refusal}); “wuping key log” prints it as name+id+key"),
                )
            })?;
            let log = StaticLog::open(files_at(place, command.login.as_deref())?, key.as_ref())?;
            rebuild::rebuild_published(&log, &views, command.at)?
        }
    };
    if common.json {
        print_json(&rebuilt)?;
    } else {
        let rebuild::Rebuilt { digest, position, events, milliseconds, events_per_second, tree_root } =
            rebuilt;
        let at = |none: &str| position.map_or_else(|| none.to_owned(), |position| position.to_string());
        common.say(
            format!(
                "摘要 {digest}，到位置 {}，{events}条记录，用时{milliseconds}毫秒（每秒{events_per_second}条），树根 {tree_root}",
                at("无")
            ),
            format!(
                "digest {digest} at position {}, {events} events in {milliseconds} ms ({events_per_second} events/s), tree root \
                 {tree_root}",
                at("none")
            ),
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn history(common: &Common, subject: &str) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    let subject = subject_of(common, &reader, subject)?;
    let entries = history::history(&reader, &subject)?;
    if entries.is_empty() {
        return Err(Failure::asked_in_both(
            format!("没有关于 {subject} 的记录；请核对编号"),
            format!("nothing is recorded of {subject}; check the code"),
        ));
    }
    if common.json {
        return print_json(&entries).map(|()| ExitCode::SUCCESS);
    }
    for entry in &entries {
        println!(
            "{:>8}  {}  {}  {:<24} {}  {} {}{}",
            entry.position,
            entry.occurred_at,
            entry.recorded_at,
            entry.event_type,
            entry.stream,
            entry.role,
            entry.holder,
            if entry.contested { "  contested 存疑" } else { "" }
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn doctor(common: &Common) -> Result<ExitCode, Failure> {
    let report = crate::doctor::examine(&common.data);
    match common.json {
        true => print_json(&report)?,
        false => print!("{}", report.in_words(common.lang())),
    }
    Ok(ExitCode::from(report.code()))
}
