//! Each thing broken in turn, and what the doctor says of it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::program::server::Server;
use crate::program::{copy, node_beside, run, said, told};
use rusqlite::Connection;
use serde_json::{Value, json};
use wuping_ledger::encoding::Hash;

#[test]
fn a_sound_folder_is_well_beside_a_running_server_and_without_one() {
    let house = House::new();
    let report = examined(&house.folder, 0);
    assert_eq!(report["well"], true, "{report}");
    assert_eq!(report["origin"], "ledger.example/doctor");
    for about in ABOUT {
        assert!(!of(&report, about).is_empty(), "nothing is said of {about}: {report}");
    }
    assert!(says(&report, "lock").contains("nobody has the ledger open"), "{report}");
    let page = said(&run(&house.folder, &["doctor"]));
    assert!(page.contains("all is well") && page.contains("well   ledger: "), "{page}");

    let before = everything(&house.folder);
    let server = Server::start(&house.folder, &[]);
    let report = examined(&house.folder, 0);
    assert!(says(&report, "lock").contains(&format!("process {}", server.child.id())), "{report}");
    assert!(says(&report, "lock").contains("serve"), "{report}");
    server.end();
    examined(&house.folder, 0);
    let after = everything(&house.folder);
    assert!(before.iter().all(|name| after.contains(name)), "{before:?} {after:?}");
}

#[test]
fn what_is_broken_is_named_with_what_to_do() {
    let house = House::new();
    let another = "7".repeat(64);
    let broken: [Harm<'_>; 27] = [
        Harm("stores", "vault.db cannot be found", &|folder| remove(folder, "vault.db")),
        Harm("stores", "office.db cannot be found", &|folder| remove(folder, "office.db")),
        Harm("keys", "master.key cannot be found", &|folder| remove(folder, "master.key")),
        Harm("keys-open", "master.key (", &|folder| {
            write(folder, "master.key", another.as_bytes(), 0o600);
        }),
        Harm("keys-open", "not 64 lower-case", &|folder| write(folder, "master.key", b"garbage", 0o600)),
        Harm("keys-open", "vault.key (", &|folder| write(folder, "vault.key", another.as_bytes(), 0o600)),
        Harm("key-files", "vault.key (644)", &|folder| mode(&folder.join("vault.key"), 0o644)),
        Harm("root-keys", "root-9.key still lie", &|folder| write(folder, "root-9.key", b"00", 0o600)),
        Harm("office", "nobody can sign in", &|folder| sql(folder, "office.db", "DELETE FROM logins")),
        Harm("office", "office.db cannot be read", &|folder| write(folder, "office.db", &[7; 4096], 0o600)),
        Harm("restoration", "does not say so yet", &|folder| write(folder, "restored.json", b"{}", 0o600)),
        Harm("restoration", "was interrupted", &|folder| {
            std::fs::create_dir_all(folder.with_file_name(format!("{}.part", name(folder)))).unwrap();
        }),
        Harm("backup", "the last one known was made 2020-", &|folder| {
            let last = json!({ "file": "/x", "made_at": "2020-01-01T00:00:00.000Z", "size": 1 });
            write(folder, "last-backup.json", last.to_string().as_bytes(), 0o600);
        }),
        Harm("ledger", "version", &|folder| {
            sql(folder, "ledger.db", "UPDATE schema_version SET version = 99")
        }),
        Harm("checkpoints", "checkpoints.txt knows of 0", &|folder| {
            write(folder, "checkpoints.txt", b"", 0o600)
        }),
        Harm("checkpoints", "not the one its own checkpoint", &|folder| {
            sql(
                folder,
                "ledger.db",
                "DROP TRIGGER IF EXISTS events_are_never_updated;
                 UPDATE events SET leaf_hash = zeroblob(32) WHERE position = 1",
            );
        }),
        Harm("witnesses", "witnesses.txt", &|folder| write(folder, "witnesses.txt", b"no key\n", 0o600)),
        Harm("witnesses", "has never cosigned", &|folder| {
            let witness = folder.join("../witness");
            let made = told(&witness, &["witness", "init", "--name", "witness.example/w1", "--json"]);
            let line = format!("{} http://127.0.0.1:9\n", made["key"].as_str().unwrap());
            write(folder, "witnesses.txt", line.as_bytes(), 0o600);
            std::fs::remove_dir_all(witness).unwrap();
        }),
        Harm("fork-alarm", "w1 says otherwise", &|folder| {
            write(folder, "fork-alarm.txt", b"w1 says otherwise\n\nour note", 0o600);
        }),
        Harm("clock", "behind the last entry", &|folder| {
            sql(
                folder,
                "ledger.db",
                "DROP TRIGGER IF EXISTS events_are_never_updated;
                 UPDATE events SET recorded_at = '2090-01-01T00:00:00.000Z'
                 WHERE position = (SELECT max(position) FROM events)",
            );
        }),
        Harm("rulebooks", "not kept as it was", &|folder| {
            let forget = "DROP TRIGGER IF EXISTS schemes_are_never_deleted; DELETE FROM schemes";
            sql(folder, "ledger.db", forget);
        }),
        Harm("views", "damaged or of another version", &|folder| {
            write(folder, "views.db", b"this is no database of SQLite at all, whatever its name", 0o600);
        }),
        Harm("views", "are not the first", &|folder| {
            let other = format!("UPDATE progress SET frontier = x'0000000000000001{}'", "00".repeat(32));
            sql(folder, "views.db", &other);
        }),
        Harm("vault", "not in the vault", &|folder| sql(folder, "vault.db", "DELETE FROM disclosures")),
        Harm("vault", "version", &|folder| sql(folder, "vault.db", "UPDATE schema_version SET version = 99")),
        Harm("sweep", "1 values are older than a day", &|folder| {
            sql(folder, "vault.db", "INSERT INTO unconfirmed VALUES ('d', 0, 0)");
        }),
        Harm("attachments", "named by no value", &|folder| {
            let name = Hash::of(b"a stray photo").hex();
            let within = folder.join("attachments").join(&name[..2]);
            std::fs::create_dir_all(&within).unwrap();
            std::fs::write(within.join(&name), b"a stray photo").unwrap();
            let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
            std::fs::File::options()
                .write(true)
                .open(within.join(&name))
                .unwrap()
                .set_modified(long_ago)
                .unwrap();
        }),
    ];
    for (number, Harm(about, expected, harm)) in broken.iter().enumerate() {
        let folder = house.place.path().join(format!("copy-{number}"));
        copy(&house.folder, &folder);
        if *about == "views" {
            told(&folder, &["rebuild", "--json"]);
            let link = folder.join("views.db");
            let target = std::fs::canonicalize(&link).unwrap();
            let bytes = std::fs::read(target).unwrap();
            std::fs::remove_file(&link).unwrap();
            std::fs::write(&link, bytes).unwrap();
        }
        harm(&folder);
        let report = examined(&folder, 1);
        let found = of(&report, about);
        let named = found.iter().find(|finding| finding["says"].as_str().unwrap().contains(expected));
        let named = named.unwrap_or_else(|| panic!("“{expected}” is not said of {about}: {report}"));
        assert_eq!(named["state"], "todo", "{named}");
        if *expected == "version" {
            assert_eq!(of(&report, "keys-open").len(), 0, "no key was tried: {report}");
        }
        assert!(named["do"].as_str().is_some_and(|todo| todo.len() > 10), "{named}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn a_value_that_was_erased_and_is_back_is_found() {
    let house = House::new();
    let older = std::fs::read(house.folder.join("vault.db")).unwrap();
    let root = house.root.to_str().unwrap();
    let erase = ["erase", &house.account, "--field", "name", "--authority", "a", "--reason", "b"];
    told(&house.folder, &[&erase[..], &["--root-key", root, "--json"]].concat());
    examined(&house.folder, 0);
    std::fs::write(house.folder.join("vault.db"), older).unwrap();
    let report = examined(&house.folder, 1);
    assert!(says(&report, "vault").contains("erased are in the vault"), "{report}");
}

#[test]
fn where_there_is_nothing_to_look_at_it_says_so() {
    let place = tempfile::tempdir().unwrap();
    let report = examined(&place.path().join("nowhere"), 2);
    assert!(of(&report, "ledger")[0]["state"] == "not_looked", "{report}");
    assert!(!place.path().join("nowhere").exists(), "it makes nothing");
    let folder = place.path().join("away");
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder, "database.url", b"postgresql://nobody@127.0.0.1:9/nothing", 0o600);
    let report = examined(&folder, 2);
    assert!(of(&report, "ledger")[0]["state"] == "not_looked", "{report}");
}

#[test]
fn a_ledger_on_a_server_is_looked_at_too() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    crate::program::init(&folder, crate::program::On::Postgres, "ledger.example/doctor");
    take_roots(&folder, place.path());
    let report = examined(&folder, 0);
    assert!(says(&report, "ledger").contains("Postgres"), "{report}");
    assert!(says(&report, "lock").contains("nobody has the ledger open"), "{report}");
    // a node that never signed has no checkpoints.txt
    let beside = node_beside(&folder, place.path().join("beside"));
    examined(&beside, 0);
    let server = Server::start(&folder, &[]);
    examined(&beside, 0);
    let report = examined(&folder, 0);
    assert!(
        says(&report, "lock").contains("connection ") && says(&report, "lock").contains("wuping"),
        "{report}"
    );
    server.end();
}

#[test]
fn it_speaks_the_language_of_the_terminal_and_machines_read_the_same_in_both() {
    let house = House::new();
    let broken = house.place.path().join("broken");
    copy(&house.folder, &broken);
    remove(&broken, "vault.key");
    sql(&broken, "vault.db", "INSERT INTO unconfirmed VALUES ('d', 0, 0)");
    let asked = |more: &[&str], locale: &str| {
        let mut doctor = crate::program::wuping(&broken);
        let ran = doctor.arg("doctor").args(more).env("LC_ALL", locale).output().unwrap();
        assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
        String::from_utf8(ran.stdout).unwrap()
    };
    let [zh, en] = [asked(&["--lang", "zh"], "C"), asked(&["--lang", "en"], "zh_CN.UTF-8")];
    // but for what free room there is and what time it is, which change
    let lasting = |page: &str| {
        let changes =
            |line: &&str| ["磁盘", "时钟", "disk:", "clock:"].iter().any(|about| line.contains(about));
        page.lines().filter(|line| !changes(line)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lasting(&asked(&[], "zh_CN.UTF-8")), lasting(&zh));
    assert_eq!(lasting(&asked(&[], "C")), lasting(&en));
    for says in
        ["数据目录", "待办  密钥：找不到vault.key", "→ 从保管处取回副本放好", "正常  账本：", "有事要处理"]
    {
        assert!(zh.contains(says), "{says}: {zh}");
    }
    let chinese = |line: &str| line.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    for line in zh.lines().filter(|line| !line.is_empty()) {
        assert!(chinese(line), "{line}");
    }
    assert!(!chinese(&en) && en.contains("TO DO  keys: vault.key cannot be found"), "{en}");
    let of = |lang: &str| {
        let mut report: Value = serde_json::from_str(&asked(&["--json", "--lang", lang], "C")).unwrap();
        report["findings"]
            .as_array_mut()
            .unwrap()
            .retain(|one| one["about"] != "disk" && one["about"] != "clock");
        report
    };
    assert_eq!(of("zh"), of("en"));
}

/// What it is about, what must be said of it, and how it is broken.
struct Harm<'h>(&'h str, &'h str, &'h dyn Fn(&Path));

/// A ledger in good order: the root keys taken away, a backup made.
struct House {
    place: tempfile::TempDir,
    folder: PathBuf,
    root: PathBuf,
    account: String,
}

impl House {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("ledger");
        told(&folder, &["init", "--origin", "ledger.example/doctor", "--json"]);
        let root = take_roots(&folder, place.path());
        told(&folder, &["rebuild", "--json"]);
        told(&folder, &["backup", place.path().join("one.wuping").to_str().unwrap(), "--json"]);
        let mut account = String::new();
        wuping_ledger::reader::Reader::open(&folder)
            .unwrap()
            .rows(0, u64::MAX, |row| {
                if row.event_type == "AccountOpened" {
                    account = row.stream.to_owned();
                }
                Ok::<_, wuping_ledger::store::StoreError>(())
            })
            .unwrap();
        Self { place, folder, root, account }
    }
}

fn take_roots(folder: &Path, to: &Path) -> PathBuf {
    for number in [1, 2] {
        let name = format!("root-{number}.key");
        std::fs::rename(folder.join(&name), to.join(&name)).unwrap();
    }
    to.join("root-1.key")
}

fn examined(folder: &Path, code: i32) -> Value {
    let ran = run(folder, &["doctor", "--json"]);
    assert_eq!(ran.status.code(), Some(code), "{}", said(&ran));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn of<'r>(report: &'r Value, about: &str) -> Vec<&'r Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["about"] == about).collect()
}

fn says(report: &Value, about: &str) -> String {
    of(report, about).iter().map(|finding| finding["says"].as_str().unwrap()).collect()
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

fn remove(folder: &Path, name: &str) {
    std::fs::remove_file(folder.join(name)).unwrap();
}

fn mode(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn write(folder: &Path, name: &str, bytes: &[u8], of_mode: u32) {
    std::fs::write(folder.join(name), bytes).unwrap();
    mode(&folder.join(name), of_mode);
}

fn sql(folder: &Path, database: &str, sql: &str) {
    Connection::open(folder.join(database)).unwrap().execute_batch(sql).unwrap();
}

/// Names of all files, but for what SQLite keeps beside a database that is open.
fn everything(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names
        .filter(|name| !name.contains("-wal") && !name.contains("-shm") && !name.starts_with("views"))
        .collect()
}

const ABOUT: [&str; 17] = [
    "stores",
    "key-files",
    "keys-open",
    "office",
    "disk",
    "backup",
    "ledger",
    "lock",
    "checkpoints",
    "witnesses",
    "fork-alarm",
    "clock",
    "heads",
    "rulebooks",
    "views",
    "vault",
    "attachments",
];
