//! A ledger to import into, the shipped files, and what the oracle says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;
use tempfile::TempDir;
use wuping_ledger::reader::Reader;

use crate::program::{On, Random, init, run, said, told, until, wuping};

/// A new ledger on SQLite.
pub(crate) struct House {
    folder: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        init(folder.path(), On::Sqlite, "ledger.example/imports");
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(self.path()).unwrap()
    }

    /// Import files; what the import says of itself.
    pub(crate) fn import(&self, kind: &str, files: &[PathBuf]) -> Value {
        let said = told(self.path(), &arguments(kind, files));
        eprintln!(
            "{kind}: {} rows, {} events written, {} there, {} a second, {} findings",
            said["rows"],
            said["events_written"],
            said["already_there"],
            said["events_per_second"],
            said["findings"].as_array().unwrap().len()
        );
        said
    }

    /// Import files that were imported before: nothing is written, everything is there, and as much is found.
    pub(crate) fn import_again(&self, kind: &str, files: &[PathBuf], first: &Value) {
        let size = self.reader().size().unwrap();
        let again = self.import(kind, files);
        assert_eq!(
            (&again["events_written"], &again["already_there"]),
            (&0.into(), &first["events_written"])
        );
        for same in ["rows", "premises", "told", "findings"] {
            assert_eq!(again[same], first[same], "{same}");
        }
        assert_eq!(self.reader().size().unwrap(), size);
    }

    /// A report's lines.
    pub(crate) fn report(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = run(self.path(), &[&["report"], arguments, &["--json"]].concat());
        assert!(ran.status.success(), "{}", said(&ran));
        let text = String::from_utf8(ran.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How many hazards the report of a day shows as open, and how many of them as overdue.
    pub(crate) fn open_and_overdue_on(&self, day: &str) -> [u64; 2] {
        let cases = self.report(&["cases", "--valid-at", day]);
        ["open", "overdue"].map(|mark| counted(cases.iter().filter(|case| case[mark] == true).count()))
    }

    /// What is given back is what was published, byte by byte.
    pub(crate) fn gives_back(&self, export: &[&str], published: &str) {
        let ran = run(self.path(), &[&["export"], export].concat());
        assert!(ran.status.success(), "{}", said(&ran));
        assert!(ran.stdout == unpacked(published), "{published} is given back byte by byte");
    }

    /// How many entries of this type there are in streams of this kind of premises.
    pub(crate) fn entries(&self, kind: &str, of: impl Fn(&str) -> bool) -> u64 {
        let (reader, mut count) = (self.reader(), 0);
        reader
            .rows(0, reader.size().unwrap(), |row| {
                count += u64::from(row.event_type == kind && of(row.stream));
                Ok::<_, wuping_ledger::store::StoreError>(())
            })
            .unwrap();
        count
    }

    /// The premises in whose streams an entry of one of these types stands.
    pub(crate) fn premises_with(&self, kinds: &[&str]) -> BTreeSet<String> {
        let (reader, mut all) = (self.reader(), BTreeSet::new());
        reader
            .rows(0, reader.size().unwrap(), |row| {
                if kinds.contains(&row.event_type) {
                    all.extend(row.stream.split('/').nth(1).map(str::to_owned));
                }
                Ok::<_, wuping_ledger::store::StoreError>(())
            })
            .unwrap();
        all
    }

    /// What stands in a stream.
    pub(crate) fn said(&self, stream: &str) -> Vec<Value> {
        let entries = self.reader().stream(stream).unwrap();
        entries.iter().map(|entry| serde_json::from_str(entry.row().data).unwrap()).collect()
    }

    /// Every computed result of this type with its stream, in the order of the log.
    pub(crate) fn computed(&self, kind: &str) -> Vec<(String, Value)> {
        let (reader, mut all) = (self.reader(), Vec::new());
        reader
            .rows(0, reader.size().unwrap(), |row| {
                if row.event_type == kind {
                    let mut said: Value = serde_json::from_str(row.data).unwrap();
                    all.push((row.stream.to_owned(), said["result"].take()));
                }
                Ok::<_, wuping_ledger::store::StoreError>(())
            })
            .unwrap();
        all
    }

    /// Every determination with its stream, in the order of the log.
    pub(crate) fn determined_with_stream(&self) -> Vec<(String, Value)> {
        self.computed("GradeDetermined")
    }

    /// Every determination, in the order of the log.
    pub(crate) fn determined(&self) -> impl Iterator<Item = Value> {
        self.determined_with_stream().into_iter().map(|(_, result)| result)
    }

    /// Every change of this type that stands in the log.
    pub(crate) fn all(&self, kind: &str) -> Vec<Value> {
        let (reader, mut all) = (self.reader(), Vec::new());
        reader
            .rows(0, reader.size().unwrap(), |row| {
                if row.event_type == kind {
                    all.push(serde_json::from_str(row.data).unwrap());
                }
                Ok::<_, wuping_ledger::store::StoreError>(())
            })
            .unwrap();
        all
    }

    /// How many premises have which mark.
    pub(crate) fn tags(&self) -> BTreeMap<String, u64> {
        let mut tags = BTreeMap::new();
        for said in self.all("PremisesTagged") {
            *tags.entry(text(&said, "tag").to_owned()).or_default() += 1;
        }
        tags
    }

    /// The addresses whose inspections are of a building that was registered before.
    pub(crate) fn matched_addresses(&self) -> BTreeSet<String> {
        let amended = self.all("PremisesAmended");
        let named =
            amended.iter().filter_map(|said| said["changes"]["codes"]["toronto_fire_address"].as_str());
        named.map(str::to_owned).collect()
    }

    /// What the ledger says of a file's reception.
    pub(crate) fn received(&self, file: &str) -> Value {
        let said = self.said(&format!("published/{}", file.replace('_', "-")));
        said.last().unwrap()["source"].clone()
    }

    pub(crate) fn is_sound(&self) {
        self.verified();
    }

    /// What a sound ledger is found to be, every result computed again.
    pub(crate) fn verified(&self) -> Value {
        let verified = run(self.path(), &["verify", "--level", "5", "--json"]);
        assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
        serde_json::from_slice(&verified.stdout).unwrap()
    }
}

/// Kill an import in its middle, again and again; let it finish, and hold what it left against one that nobody disturbed.
pub(crate) fn is_killed(kind: &str, files: &[PathBuf], exports: &[&[&str]]) {
    let (calm, killed) = (House::new(), House::new());
    let first = calm.import(kind, files);
    let whole = first["events_written"].as_u64().unwrap();
    let mut random = Random::of_this_moment();
    let mut kills = 0;
    for _ in 0..2 {
        let enough = killed.reader().size().unwrap() + random.below(whole / 4);
        let mut child = wuping(killed.path())
            .args(arguments(kind, files))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the import goes on", Duration::from_secs(60), || {
            child.try_wait().unwrap().is_some() || killed.reader().size().unwrap() > enough
        });
        child.kill().unwrap();
        kills += u64::from(!child.wait().unwrap().success());
    }
    assert!(kills > 0, "killed before it came to its end");
    let rest = killed.import(kind, files);
    let count = |name: &str| rest[name].as_u64().unwrap();
    assert!(count("already_there") > 0, "{rest}");
    assert_eq!(count("already_there") + count("events_written"), whole);
    assert_eq!(rest["findings"], first["findings"]);
    killed.is_sound();
    for export in exports {
        let given = |house: &House| run(house.path(), &[&["export"], *export].concat()).stdout;
        assert!(given(&calm) == given(&killed), "{export:?}");
    }
    for report in ["cases", "grades", "parties"] {
        // a position is a place in one log, and both were made at other times
        let lines = |house: &House| -> Vec<Value> {
            let mut lines = house.report(&[report]);
            lines.iter_mut().filter_map(Value::as_object_mut).for_each(|line| drop(line.remove("position")));
            lines
        };
        assert!(lines(&calm) == lines(&killed), "{report}");
    }
    killed.import_again(kind, files, &first);
}

/// A shipped file.
pub(crate) fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../data/{name}.csv.gz"))
}

/// A shipped file as it was published.
pub(crate) fn unpacked(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(shipped(name)).unwrap();
    let mut text = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
    text
}

/// The rows of a shipped file by column.
pub(crate) fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let mut read = csv::Reader::from_reader(GzDecoder::new(std::fs::File::open(shipped(name)).unwrap()));
    read.deserialize().map(Result::unwrap).collect()
}

/// Some rows of a shipped file, as a plain file of its own.
pub(crate) fn some_rows(name: &str, file: &Path, of: impl Fn(usize, &csv::StringRecord) -> bool) -> PathBuf {
    let text = unpacked(name);
    let mut read = csv::Reader::from_reader(text.as_slice());
    let mut write = csv::Writer::from_path(file).unwrap();
    write.write_record(read.headers().unwrap()).unwrap();
    for (place, row) in read.records().map(Result::unwrap).enumerate() {
        if of(place, &row) {
            write.write_record(&row).unwrap();
        }
    }
    write.flush().unwrap();
    file.to_owned()
}

/// What the oracle reckons.
pub(crate) fn oracle(part: &str) -> Value {
    let oracle: Value = serde_json::from_str(include_str!("../../cases/oracle.json")).unwrap();
    oracle[part].clone()
}

/// How many findings there are of each kind.
pub(crate) fn kinds(said: &Value) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for finding in said["findings"].as_array().unwrap() {
        *kinds.entry(finding["code"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}

/// The rows that findings of a kind name.
pub(crate) fn found<'s>(said: &'s Value, code: &str) -> Vec<&'s str> {
    let all = said["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["code"] == code).map(|finding| finding["row"].as_str().unwrap()).collect()
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

pub(crate) fn counted(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

fn arguments<'f>(kind: &'f str, files: &'f [PathBuf]) -> Vec<&'f str> {
    let files = files.iter().map(|file| file.to_str().unwrap());
    ["import", kind].into_iter().chain(files).chain(["--json"]).collect()
}
