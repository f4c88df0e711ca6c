//! The command line. Names and meanings are a contract; every command says with `--help` what it does, with an example.

mod accounts;
mod backup;
mod bench;
mod clock;
mod erase;
mod feeds;
mod keys;
mod open;
mod read;
mod serve;
mod simulate;
mod timestamp;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use wuping_ledger::place::remember_database;
use wuping_projections::error::causes;

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
    /// Erase private values of a subject for ever, under a root key
    #[command(
        after_help = "Examples:\n  wuping erase account/a-1 --dry-run\n  wuping erase account/a-1 --field name --authority \"the district's data office\" --reason \"request of the person\" --root-key root-1.key --receipt receipt.tlog-proof"
    )]
    Erase(erase::Erase),
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
        after_help = "Examples:\n  wuping feed open feed-police --department police\n  wuping feed take feed-police results.csv"
    )]
    Feed(feeds::Feed),
    /// Every event of a subject, with signer, both times, position
    #[command(after_help = "Example:\n  wuping history premises/toronto-4304347")]
    History {
        /// Subject or code
        subject: String,
    },
    /// Real data in
    #[command(
        after_help = "Examples:\n  wuping import toronto-evaluations data/toronto_eval_pre2023.csv.gz\n  wuping import toronto-evaluations data/toronto_eval_{base_2025-07-06,changes,added,publications}.csv.gz --json\n\nFiles are known by their header, in any order. Those since 2023 belong together: the first publication, what changed, the rows added, the list of publications."
    )]
    Import {
        /// What the files are
        kind: Import,
        /// The files, plain or gzip
        #[arg(required = true)]
        files: Vec<PathBuf>,
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
    /// Views from the log, verified
    #[command(after_help = "Examples:\n  wuping rebuild\n  wuping rebuild --at 1200 --to past-views.db")]
    Rebuild {
        /// Up to this position, into a file of its own
        #[arg(long, requires = "to")]
        at: Option<u64>,
        /// That file
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// A report as of any day
    #[command(
        after_help = "Examples:\n  wuping report grades --valid-at 2021-12-31 --json\n  wuping report publications --json"
    )]
    Report {
        /// Which
        name: Report,
        /// What the ledger knew at this time (RFC 3339)
        #[arg(long, value_name = "TIME", conflicts_with = "at")]
        as_of: Option<String>,
        /// What the ledger knew at this position
        #[arg(long, value_name = "POSITION")]
        at: Option<u64>,
        /// What held on this day
        #[arg(long, value_name = "DAY")]
        valid_at: Option<NaiveDate>,
        /// In which form
        #[arg(long, value_enum, default_value_t = Form::Csv)]
        format: Form,
    },
    /// Put a backup back into the new folder of --data
    #[command(
        after_help = "Example:\n  wuping --data ./restored restore ../backups/2026-11-25.wuping --checkpoint ../elsewhere/checkpoints.txt"
    )]
    Restore(backup::PutBack),
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
    /// Check everything; exit 0 sound, 1 with findings, 2 could not read
    #[command(after_help = "Example:\n  wuping verify --level 5")]
    Verify {
        /// Up to which level, 0 to 5
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=5))]
        level: u8,
        /// A level that must be established, as L4
        #[arg(long, value_name = "Ln")]
        require: Option<String>,
        /// A trust file obtained elsewhere, `wuping-trust/1`: whose cosignatures count; else witnesses.txt of the folder
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
        /// A backup instead of the folder; its vault is verified if WUPING_VAULT_KEY is set or its keys are in it
        #[arg(long, value_name = "FILE")]
        backup: Option<PathBuf>,
    },
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
enum Form {
    Csv,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Import {
    /// Toronto's apartment building evaluations, as published
    TorontoEvaluations,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Report {
    /// Grades of all premises
    Grades,
    /// What each imported publication shows, as the ledger gives it back: rows, deductions, colours, digest
    Publications,
}

/// Run the command line of this process.
pub fn run() -> ExitCode {
    let line = Line::parse();
    start_logging();
    let common = line.common.clone();
    match carry_out(line) {
        Ok(code) => code,
        Err(failure) => {
            failure.tell(common.json);
            ExitCode::from(failure.code)
        }
    }
}

fn carry_out(line: Line) -> Result<ExitCode, Failure> {
    let common = line.common;
    // a comparison makes databases of its own on that server
    if let (Some(url), false) = (&common.database_url, matches!(line.command, Some(Command::Bench(_)))) {
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
        Some(Command::Erase(command)) => erase::erase(&common, &command),
        Some(Command::Explain { subject, to_star }) => read::explain(&common, &subject, to_star),
        Some(Command::Export(export)) => read::export(&common, export),
        Some(Command::Feed(feed)) => feeds::feed(&common, feed),
        Some(Command::History { subject }) => read::history(&common, &subject),
        Some(Command::Import { kind: Import::TorontoEvaluations, files }) => open::import(&common, &files),
        Some(Command::Init { origin, administrator }) => open::init(&common, &origin, &administrator),
        Some(Command::Key(command)) => keys::key(&common, command),
        Some(Command::Rebuild { at, to }) => read::rebuild(&common, at, to),
        Some(Command::Report { name: Report::Grades, as_of, at, valid_at, format }) => {
            read::report_grades(&common, at, as_of.as_deref(), valid_at, format)
        }
        Some(Command::Report {
            name: Report::Publications,
            as_of: None,
            at: None,
            valid_at: None,
            format,
        }) => read::report_publications(&common, format),
        Some(Command::Report { name: Report::Publications, .. }) => Err(Failure::asked(
            "“report publications” tells of every publication at once: leave out --as-of, --at and --valid-at",
        )),
        Some(Command::Restore(command)) => backup::put_back(&common, &command),
        Some(Command::Serve(options)) => serve::serve(&common, options),
        Some(Command::Simulate(command)) => simulate::simulate(&common, &command),
        Some(Command::Timestamp(command)) => timestamp::timestamp(&common, command),
        Some(Command::Verify { level, require, trust, backup: None }) => {
            read::verify(&common, level, require.as_deref(), trust.as_deref())
        }
        Some(Command::Verify { level, require, trust, backup: Some(file) }) => {
            backup::verify(common, &file, |unpacked| {
                read::verify(unpacked, level, require.as_deref(), trust.as_deref())
            })
        }
        Some(Command::Witness(command)) => witness::witness(&common, command),
    }
}

/// Why a command ended without doing what it was asked: told once, with its causes, at the edge.
#[derive(Debug)]
struct Failure {
    code: u8,
    lines: Vec<String>,
}

impl Failure {
    /// The caller asked for something that cannot be.
    fn asked(text: impl Into<String>) -> Self {
        Self { code: 2, lines: vec![text.into()] }
    }

    fn tell(&self, json: bool) {
        if json {
            println!("{}", serde_json::json!({ "error": self.lines.join(": ") }));
        }
        for (depth, line) in self.lines.iter().enumerate() {
            eprintln!("{}{line}", if depth == 0 { "wuping: " } else { "  because: " });
        }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { code: 2, lines: causes(&error) }
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
