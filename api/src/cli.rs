//! The command line. Names and meanings are a contract; every command says with `--help` what it does, with an example.

mod accounts;
mod backup;
mod bar;
mod bench;
mod bundle_words;
mod clock;
mod departments;
mod disclose;
mod erase;
mod evidence;
mod explain;
mod failing;
mod failing_words;
mod feeds;
mod impact;
mod keys;
mod lists;
mod open;
mod output;
mod proof;
mod read;
mod reports;
mod scheme;
mod serve;
mod simulate;
mod timestamp;
mod tongue;
mod trust;
mod upgrade;
mod verify;
mod verify_words;
mod webhooks;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wuping_ledger::place::remember_database;

use crate::cli::failing::Failure;
use crate::import::lifecycle::Source;
use crate::lists::Kind;

/// 屋评 wuping: the audit-grade ledger of rental-housing grading.
#[derive(Debug, Parser)]
#[command(
    name = "wuping",
    version,
    about,
    after_help = "Without a command: serve, with the sample when the folder is new.\n\nExample:\n  wuping --data ./wuping-data serve"
)]
struct Line {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command understands.
#[derive(Args, Clone, Debug)]
struct Common {
    /// Folder of the ledger and all that belongs to it
    #[arg(long, global = true, default_value = "./wuping-data", value_name = "DIR")]
    data: PathBuf,
    /// Where the ledger's database is when it is on a Postgres server, as postgresql://user@host/database; the folder
    /// remembers it in its file database.url, and WUPING_DATABASE_URL goes before that
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Print for machines
    #[arg(long, global = true)]
    json: bool,
    /// Speak this language where both are spoken; else that of LC_ALL, LC_MESSAGES or LANG. A report is in words of it only if it
    /// is said here
    #[arg(long, global = true, value_enum)]
    lang: Option<tongue::Tongue>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Accounts: open one, with its key and password
    #[command(
        subcommand,
        after_help = "Example:\n  wuping account open li --name 李四 --role grid_worker --area 石井"
    )]
    Account(accounts::Account),
    /// Back the ledger up into one file, while the server runs
    #[command(after_help = "Example:\n  wuping backup ../backups/2026-11-25.wuping")]
    Backup(backup::MakeBackup),
    /// This program beside the stock event stores, side by side in one run
    #[command(
        after_help = "Examples:\n  wuping bench append --rounds 5\n  wuping bench replay --database-url postgresql://user@localhost/postgres"
    )]
    Bench(bench::Bench),
    /// The clock by which entries are dated
    #[command(subcommand, after_help = "Example:\n  wuping clock accept")]
    Clock(clock::Clock),
    /// Run a file of cases through this program
    #[command(
        after_help = "Examples:\n  wuping conformance scheme tests/cases/cases.json\n  wuping conformance vectors tests/verifiers/vectors.json --log tests/verifiers/sample-log"
    )]
    Conformance {
        /// What the cases are about
        kind: Cases,
        /// The file
        file: PathBuf,
        /// The sample log that vectors refer to
        #[arg(long, value_name = "DIR")]
        log: Option<PathBuf>,
    },
    /// Recompute one result from its inputs: JSON on standard input, the result on standard output
    #[command(after_help = "Example:\n  wuping derive < question.json")]
    Derive,
    /// Disclose private values of an entry to somebody who may see them: recorded first, then shown
    #[command(
        after_help = "Examples:\n  wuping disclose 1200 --field name phone --basis \"court order 2026-17\" --to \"the district court\" --as wang -o 1200.disclosure.json\n  wuping disclose check 1200.disclosure.json --log-key \"$KEY\""
    )]
    Disclose(disclose::Disclose),
    /// Say in plain words what is right and what is wrong; exit 0 well, 1 something to do, 2 could not look
    #[command(after_help = "Example:\n  wuping doctor\n\nIt only reads, and works beside a running server.")]
    Doctor,
    /// Erase private values of a subject for ever, under a root key
    #[command(
        after_help = "Examples:\n  wuping erase account/a-1 --dry-run\n  wuping erase account/a-1 --field name --authority \"the district's data office\" --reason \"request of the person\" --root-key root-1.key --receipt receipt.tlog-proof"
    )]
    Erase(erase::Erase),
    /// Give out everything recorded of a subject as a bundle that a stranger can check, with chosen private values
    #[command(
        after_help = "Examples:\n  wuping evidence premises/p-1 --to court --basis \"court order 2026-17\" --as wang -o p-1.zip\n  wuping evidence 4153885 --for premises/p-1/grade#3 --disclose photos statement --to party --basis \"Art. 34\" --as wang -o p-1.zip\n\nA page that explains it in Chinese and English lies beside the bundle. “wuping verify-bundle” checks it anywhere."
    )]
    Evidence(evidence::Evidence),
    /// Why this grade: indicators, points, caps, vetoes, rule versions, events
    #[command(after_help = "Example:\n  wuping explain premises/toronto-4304347 --to-star 4")]
    Explain {
        /// Subject or code
        subject: String,
        /// The cheapest way up to this star
        #[arg(long, value_name = "N")]
        to_star: Option<u8>,
    },
    /// Write the log out
    #[command(
        subcommand,
        after_help = "Examples:\n  wuping export tiles ./static-log\n  wuping export toronto-evaluations --publication 246 --out evaluations.csv"
    )]
    Export(read::Export),
    /// Channels of other systems, and what they share
    #[command(
        subcommand,
        after_help = "Examples:\n  wuping feed open feed-police --department police\n  wuping feed open feed-fire --department fire --kind incidents --kind indicators\n  wuping feed take feed-police results.csv\n  wuping feed take feed-fire incidents.xlsx --kind incidents --dry-run"
    )]
    Feed(feeds::Feed),
    /// Every event of a subject, with signer, both times, position
    #[command(after_help = "Example:\n  wuping history premises/toronto-4304347")]
    History {
        /// Subject or code
        subject: String,
    },
    /// Tell what else falls if a determination is set aside: later ones, cases, vetoes, units, notices, plaques, rounds
    #[command(
        after_help = "Example:\n  wuping impact premises/p-1/grade#3\n\nIt only tells; nothing is set aside."
    )]
    Impact {
        /// The determination: premises and number, as premises/p-1/grade#3 or p-1#3
        determination: String,
    },
    /// Real data in: the office's own lists, and what others have published
    #[command(
        after_help = "Examples:\n  wuping import premises buildings.xlsx --dry-run\n  wuping import parties owners.csv --json\n  wuping import toronto-evaluations data/toronto_eval_pre2023.csv.gz\n  wuping import toronto-evaluations data/toronto_eval_{base_2025-07-06,changes,added,publications}.csv.gz --json\n  wuping import toronto-fire data/toronto_fire_2017-2019.csv.gz\n\nFiles are known by their header, in any order. Those since 2023 belong together: the first publication, what changed, the rows added, the list of publications.\n\nThe office's own lists are CSV (UTF-8) or .xlsx; the same file twice writes nothing, a changed row is recorded as a change, and a row that is not in order is named by its line while the rest is taken (exit 1). Templates: /desk/feeds."
    )]
    Import {
        /// What the files are
        kind: Import,
        /// The files: published ones plain or gzip, the office's own as CSV or .xlsx
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Say what the office's own list would do, and record nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Make a new ledger, its keys and the first administrator
    #[command(after_help = "Example:\n  wuping init --origin ledger.example/pingshan --data ./wuping-data")]
    Init {
        /// The ledger's name for ever
        #[arg(long)]
        origin: String,
        /// Name to sign in by of the first administrator
        #[arg(long, default_value = "admin")]
        administrator: String,
    },
    /// Keys of the ledger
    #[command(subcommand, after_help = "Example:\n  wuping key log")]
    Key(keys::Key),
    /// Proofs of entries and of the log's growth: write them, check them anywhere
    #[command(
        subcommand,
        after_help = "Examples:\n  wuping proof inclusion 1200 -o 1200.tlog-proof --entry 1200.json\n  wuping proof consistency 1000 1200 -o 1000-1200.txt\n  wuping proof check 1200.tlog-proof --entry 1200.json --log-key \"$KEY\""
    )]
    Proof(proof::Proof),
    /// Views from the log, verified
    #[command(
        after_help = "Examples:\n  wuping rebuild\n  wuping rebuild --at 1200 --to past-views.db\n  wuping rebuild --tiles https://ledger.example/log --login auditor --to views.db"
    )]
    Rebuild(read::Rebuild),
    /// A report as of any day, made anew from the log
    #[command(
        after_help = "Examples:\n  wuping report grades --valid-at 2021-12-31 --json\n  wuping report cases --valid-at 2018-12-31 --json\n  wuping report publications --json\n  wuping report distribution --as-of 2026-03-01T09:30:00Z --format xlsx --out grades.xlsx\n  wuping report movement --from 2026-01-01 --valid-at 2026-03-31 --format html --lang en > movement.html\n  wuping report portfolio y-1\n\nPosition, tree head and digest of a report stand in its JSON, on the second sheet of a workbook, at the head of a page, and on standard error beside CSV."
    )]
    Report(reports::MakeReport),
    /// Put a backup back into the new folder of --data, and with --database-url into an empty database on a Postgres server
    #[command(
        after_help = "Examples:\n  wuping --data ./restored restore ../backups/2026-11-25.wuping --checkpoint ../elsewhere/checkpoints.txt\n  wuping --data ./node --database-url postgresql://owner@host/empty restore ../backups/2026-11-25.wuping"
    )]
    Restore(backup::BackupToRestore),
    /// Rulebooks before they are published: check a draft, compare it, rehearse it on what is on record
    #[command(
        subcommand,
        after_help = "Examples:\n  wuping scheme validate unit.toml\n  wuping scheme diff unit.toml --against pingshan-unit-2\n  wuping scheme rehearse unit.toml --json"
    )]
    Scheme(scheme::Scheme),
    /// Serve pages, REST, tiles and proofs
    #[command(after_help = "Example:\n  wuping serve --listen 127.0.0.1:8080")]
    Serve(serve::Serve),
    /// A made-up street of so many years, played into a new folder under a simulated clock
    #[command(
        after_help = "Examples:\n  wuping --data ./street simulate --years 3 --buildings 8\n  wuping --data ./street simulate --years 10 --buildings 2 --units 4 --seed 42 --json\n\nIt is a sample: its origin begins “sample/”, its people are entered without a password, and nothing in it is real."
    )]
    Simulate(simulate::Simulate),
    /// Time-stamps of checkpoints by the authorities of authorities.txt
    #[command(subcommand, after_help = "Example:\n  wuping timestamp now")]
    Timestamp(timestamp::Timestamp),
    /// Bring the tables of a ledger up to this version; where it is on a Postgres server, move there what still lies in the folder
    #[command(
        after_help = "Examples:\n  wuping --data FOLDER upgrade\n  WUPING_DATABASE_URL=postgresql://owner@host/database wuping upgrade\n\nStop every server on it first; on a Postgres server run it as the login that owns the tables, once in the folder of each node."
    )]
    Upgrade,
    /// Check everything; exit 0 sound, 1 with findings, 2 could not read
    #[command(
        after_help = "Examples:\n  wuping verify --level 5\n  wuping verify --tiles ./static-log --trust trust.json --since checkpoint-of-may\n  wuping verify --tiles https://ledger.example/log --log-key \"$(cat log.vkey)\" --login auditor"
    )]
    Verify(verify::Verify),
    /// Check an evidence bundle with no ledger and no network: exit 0 sound, 1 finding(s) one a line, 2 could not be read
    #[command(
        after_help = "Examples:\n  wuping verify-bundle p-1.zip --trust trust.json\n  wuping verify-bundle p-1.zip --log-key \"$KEY\" --explain p-1.html"
    )]
    VerifyBundle(evidence::VerifyBundle),
    /// Departments' own systems, told of their hazards as they happen
    #[command(
        subcommand,
        after_help = "Examples:\n  wuping webhook add fire-desk --department fire --url https://fire.example/hazards\n  wuping webhook test fire-desk\n  wuping webhook list"
    )]
    Webhook(webhooks::Webhook),
    /// Witnesses: be one, and what to do when one knows another history
    #[command(
        subcommand,
        after_help = "Examples:\n  wuping --data ./witness witness init --name witness.example/w1\n  wuping --data ./witness witness serve --log \"$(wuping key log)\""
    )]
    Witness(witness::Witness),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cases {
    Scheme,
    Vectors,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Import {
    /// Weather alerts, issued and lifted
    Alerts,
    /// Who may assess which premises
    Assessors,
    /// Incidents, of the systems that know them
    Incidents,
    /// Results of indicators, for assessments that are open
    Indicators,
    /// Parties, and the premises that they answer for
    Parties,
    /// Premises: registered, amended, moved
    Premises,
    /// New York City's housing violations: hazards, notices, deadlines, certifications
    NycHpd,
    /// San Francisco's food inspections: businesses, inspections and violations, three files
    SfLives,
    /// Toronto's apartment building evaluations, as published
    TorontoEvaluations,
    /// Toronto's fire inspections of high-rises: hazards found and closed
    TorontoFire,
    /// Toronto's registered apartment buildings, with their managers as parties
    TorontoRegistrations,
    /// The UK's food hygiene ratings
    UkFhrs,
}

/// Run the command line of this process.
pub fn run() -> ExitCode {
    let line = Line::parse();
    start_logging();
    let common = line.common.clone();
    match carry_out(line) {
        Ok(code) => code,
        Err(failure) => {
            failure.tell(&common);
            ExitCode::from(failure.code)
        }
    }
}

fn carry_out(line: Line) -> Result<ExitCode, Failure> {
    let common = line.common;
    // a comparison makes databases of its own on that server, and a backup is put there before the folder says so
    let names_another = matches!(line.command, Some(Command::Bench(_) | Command::Restore(_)));
    if let (Some(url), false) = (&common.database_url, names_another) {
        remember_database(&common.data, url)?;
    }
    match line.command {
        None => serve::serve(&common, serve::Serve::default()),
        Some(Command::Account(account)) => accounts::account(&common, account),
        Some(Command::Backup(command)) => backup::back_up(&common, &command),
        Some(Command::Bench(bench)) => bench::bench(&common, &bench),
        Some(Command::Clock(clock)) => clock::clock(&common, &clock),
        Some(Command::Conformance { kind, file, log }) => {
            read::conformance(&common, kind, &file, log.as_deref())
        }
        Some(Command::Derive) => read::derive(),
        Some(Command::Disclose(command)) => disclose::disclose(&common, command),
        Some(Command::Doctor) => read::doctor(&common),
        Some(Command::Erase(command)) => erase::erase(&common, &command),
        Some(Command::Evidence(command)) => evidence::evidence(&common, command),
        Some(Command::Explain { subject, to_star }) => explain::tell(&common, &subject, to_star),
        Some(Command::Export(export)) => read::export(&common, export),
        Some(Command::Feed(feed)) => feeds::feed(&common, feed),
        Some(Command::History { subject }) => read::history(&common, &subject),
        Some(Command::Impact { determination }) => impact::tell(&common, &determination),
        Some(Command::Import { kind, files, dry_run }) => match (source_of(kind), list_of(kind)) {
            (_, Some(kind)) => lists::import(&common, kind, &files, dry_run),
            _ if dry_run => Err(Failure::asked_in_both(
                "--dry-run 只用于本单位的表格；公布的文件要整份没有错误，才会写入",
                "--dry-run is for the office's own lists; published files are found good as a whole before anything is written",
            )),
            (None, None) => open::import(&common, &files),
            (Some(source), None) => open::import_lifecycles(&common, source, &files),
        },
        Some(Command::Init { origin, administrator }) => open::init(&common, &origin, &administrator),
        Some(Command::Key(command)) => keys::key(&common, command),
        Some(Command::Proof(command)) => proof::proof(&common, command),
        Some(Command::Rebuild(command)) => read::rebuild(&common, &command),
        Some(Command::Report(report)) => reports::report(&common, &report),
        Some(Command::Restore(command)) => backup::put_back(&common, &command),
        Some(Command::Scheme(command)) => scheme::scheme(&common, &command),
        Some(Command::Serve(options)) => serve::serve(&common, options),
        Some(Command::Simulate(command)) => simulate::simulate(&common, &command),
        Some(Command::Timestamp(command)) => timestamp::timestamp(&common, command),
        Some(Command::Upgrade) => upgrade::upgrade(&common),
        Some(Command::Verify(command)) => verify::verify(common, &command),
        Some(Command::VerifyBundle(command)) => evidence::verify_bundle(&common, &command),
        Some(Command::Webhook(command)) => webhooks::webhook(&common, command),
        Some(Command::Witness(command)) => witness::witness(&common, command),
    }
}

/// Which of the office's own lists an import is.
const fn list_of(kind: Import) -> Option<Kind> {
    match kind {
        Import::Alerts => Some(Kind::Alerts),
        Import::Assessors => Some(Kind::Assessors),
        Import::Incidents => Some(Kind::Incidents),
        Import::Indicators => Some(Kind::Indicators),
        Import::Parties => Some(Kind::Parties),
        Import::Premises => Some(Kind::Premises),
        _ => None,
    }
}

/// What an import of lifecycles reads; none for the evaluations, which are imported publication by publication, and for lists.
const fn source_of(kind: Import) -> Option<Source> {
    match kind {
        Import::NycHpd => Some(Source::NycHpd),
        Import::SfLives => Some(Source::SfLives),
        Import::Alerts
        | Import::Assessors
        | Import::Incidents
        | Import::Indicators
        | Import::Parties
        | Import::Premises
        | Import::TorontoEvaluations => None,
        Import::TorontoFire => Some(Source::TorontoFire),
        Import::TorontoRegistrations => Some(Source::TorontoRegistrations),
        Import::UkFhrs => Some(Source::UkFhrs),
    }
}

fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WUPING_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,wuping=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Print a result for machines.
fn print_json<T: serde::Serialize>(value: &T) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// The runtime in which what is asynchronous runs.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
