//! The real program as a process of its own, and numbers that look random and can be had again.

#![allow(dead_code, reason = "each of the two programs of tests uses a part of it")]

pub(crate) mod authority;
pub(crate) mod inside;
pub(crate) mod postgres;
pub(crate) mod server;
pub(crate) mod small_disk;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Every column of the entries' table, as the format has them.
pub(crate) const COLUMNS: [&str; 16] = [
    "position",
    "aggregate_type",
    "aggregate_id",
    "sequence",
    "event_type",
    "event_version",
    "payload",
    "metadata",
    "author_seq",
    "event_id",
    "occurred_at",
    "schema",
    "kid",
    "signature",
    "recorded_at",
    "leaf_hash",
];

/// The program on a folder, not started yet.
pub(crate) fn wuping(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wuping"));
    command.arg("--data").arg(folder).env("WUPING_LOG", "warn").env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// Where a test's ledger has its database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum On {
    Postgres,
    Sqlite,
}

/// Make a ledger in a folder.
pub(crate) fn init(folder: &Path, on: On, origin: &str) -> Value {
    let url = (on == On::Postgres).then(postgres::new_database);
    let url: Vec<&str> = url.iter().flat_map(|url| ["--database-url", url]).collect();
    told(folder, &[&["init", "--origin", origin, "--json"], url.as_slice()].concat())
}

/// Run it to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    wuping(folder).args(arguments).output().unwrap()
}

/// Run it to its end, which must be a good one, and read the JSON it prints.
pub(crate) fn told(folder: &Path, arguments: &[&str]) -> Value {
    let ran = run(folder, arguments);
    assert!(ran.status.success(), "{arguments:?}: {}", said(&ran));
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {}", said(&ran)))
}

/// Verified up to level 5, it has no finding.
pub(crate) fn must_be_sound(folder: &Path) {
    let verified = run(folder, &["verify", "--level", "5", "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
}

/// A folder of a node beside another one: the address, the keys, and a link to where the photos of all are; nothing else.
pub(crate) fn node_beside(of: &Path, folder: PathBuf) -> PathBuf {
    std::fs::create_dir(&folder).unwrap();
    for file in ["database.url", "master.key", "vault.key"] {
        std::fs::copy(of.join(file), folder.join(file)).unwrap();
    }
    std::fs::create_dir_all(of.join("attachments")).unwrap();
    std::os::unix::fs::symlink(of.join("attachments"), folder.join("attachments")).unwrap();
    folder
}

/// The Python that has what the tools need: `PYTHON`, or that of `bash tests/run`.
pub(crate) fn python() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python");
    let python = std::env::var_os("PYTHON").map_or(ours, PathBuf::from);
    let there = Command::new(&python).args(["-c", "import jwcrypto, rfc8785"]).output();
    if there.is_ok_and(|there| there.status.success()) {
        return Some(python);
    }
    let why = format!(
        "{} has not what tests/verifiers/requirements.txt names; `bash tests/run` installs it",
        python.display()
    );
    // where everything must be tried nothing is left out
    assert!(std::env::var_os("CI").is_none(), "{why}");
    eprintln!("SKIPPED: {why}");
    None
}

/// Everything a run printed, for a failing test.
pub(crate) fn said(ran: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}\n{}", ran.status, text(&ran.stdout), text(&ran.stderr))
}

/// A folder with all its files, in another place.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let there = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &there),
            // the views are made anew by whoever needs them
            _ if entry.file_name().to_string_lossy().starts_with("views") => {}
            _ => drop(std::fs::copy(entry.path(), there).unwrap()),
        }
    }
}

/// The first rows of Toronto's evaluations before 2023, as a plain file.
pub(crate) fn first_rows(count: usize, file: impl AsRef<Path>) {
    let compressed = include_bytes!("../../data/toronto_eval_pre2023.csv.gz");
    let mut read = csv::Reader::from_reader(flate2::read::GzDecoder::new(compressed.as_slice()));
    let mut write = csv::Writer::from_path(file).unwrap();
    write.write_record(read.headers().unwrap()).unwrap();
    for row in read.records().take(count) {
        write.write_record(&row.unwrap()).unwrap();
    }
    write.flush().unwrap();
}

/// Wait until something has come about.
pub(crate) fn until(what: &str, within: Duration, mut come: impl FnMut() -> bool) {
    let began = Instant::now();
    while !come() {
        assert!(began.elapsed() < within, "{what}: not within {within:?}");
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Ask a process to end, as a service manager does.
pub(crate) fn terminate(process: u32) {
    let asked = Command::new("kill").args([OsStr::new("-TERM"), process.to_string().as_ref()]).status();
    assert!(asked.unwrap().success());
}

/// Pseudo-random numbers from a seed (SplitMix64).
pub(crate) struct Random {
    /// What to set `WUPING_TEST_SEED` to for the same numbers.
    pub(crate) seed: u64,
    state: u64,
}

impl Random {
    /// Of the seed that the environment gives, else of this one.
    pub(crate) fn of(seed: u64) -> Self {
        let given = std::env::var("WUPING_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or(seed);
        eprintln!("WUPING_TEST_SEED={seed}");
        Self { seed, state: seed }
    }

    /// Of a seed that differs from run to run.
    pub(crate) fn of_this_moment() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Self::of(u64::try_from(now.as_nanos() % 1_000_000_007).unwrap())
    }

    /// From 0 up to and without `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(u64::try_from(of.len()).unwrap());
        &of[usize::try_from(at).unwrap()]
    }
}
