//! Private values shown to somebody who may see them: recorded first, believed without a ledger, and not after they were erased.

use std::path::PathBuf;
use std::process::Output;

use crate::program::{run, said, told, wuping};
use serde_json::{Value, json};
use wuping_ledger::disclosure_file::DisclosureFile;
use wuping_ledger::note::VerifierKey;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

#[test]
fn a_disclosure_is_recorded_and_believed_without_a_ledger_before_and_after_another_erasure() {
    let house = House::new();
    let (first, second) = (house.opened("first"), house.opened("second"));
    let out = house.file("first.json");
    let made = house.disclose("legal", &first.1.to_string(), &["name"], &out);
    assert!(made.status.success(), "{}", said(&made));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let reader = Reader::open(&house.folder).unwrap();
    let record = reader.row(made["record"].as_u64().unwrap()).unwrap().unwrap();
    assert_eq!(record.event_type, "DisclosureMade");
    assert!(record.aggregate_id.starts_with(&format!("{}/record/", first.0)), "{}", record.aggregate_id);
    let key = reader.keys().unwrap();
    let signer = key.records().find(|(kid, _)| kid.as_str() == record.kid).unwrap().1;
    assert_eq!(Some(signer.holder.as_str()), house.opened("legal").0.strip_prefix("account/"));
    for private in ["court order 17", "the district court", "Zhaoyuan"] {
        assert!(!record.payload.contains(private), "what a person typed is private: {}", record.payload);
    }
    let checked = house.check(&out);
    assert_eq!(checked["fields"], json!({ "name": "Zhaoyuan-first" }));
    assert_eq!((&checked["position"], &checked["record"]), (&json!(first.1), &made["record"]));
    let in_chinese =
        run(house.place.path(), &["disclose", "check", &out, "--log-key", &house.key, "--lang", "zh"]);
    for says in ["ledger.example/", "name：\"Zhaoyuan-first\"", "出示，由第", "只有账本知道"] {
        assert!(said(&in_chinese).contains(says), "{}", said(&in_chinese));
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&out).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    // the other's name goes, and so does the basis of this one
    house.erase(&second.0, "name");
    assert_eq!(house.check(&out), checked);
    house.erase(&first.0, "basis");
    assert_eq!(house.check(&out), checked);
    let again = house.disclose("legal", &first.1.to_string(), &["name"], &house.file("again.json"));
    assert!(again.status.success(), "{}", said(&again));

    // an erased one is refused, with who, when and why
    let size = Reader::open(&house.folder).unwrap().size().unwrap();
    let late = house.disclose("legal", &second.1.to_string(), &["name"], &house.file("late.json"));
    assert_eq!(late.status.code(), Some(2), "{}", said(&late));
    for says in ["were erased for ever on 2", "“data office”", "request of the person", "(entry "] {
        assert!(said(&late).contains(says), "{}", said(&late));
    }
    assert!(!PathBuf::from(house.file("late.json")).exists());
    assert_eq!(Reader::open(&house.folder).unwrap().size().unwrap(), size, "nothing is recorded of it");
    let verified = run(&house.folder, &["verify", "--level", "5", "--json"]);
    assert!(verified.status.success(), "{}", said(&verified));
}

#[test]
fn nobody_but_a_legal_officer_with_the_right_password_learns_anything() {
    let house = House::new();
    let (_, position) = house.opened("first");
    let size = Reader::open(&house.folder).unwrap().size().unwrap();
    let at = position.to_string();
    let out = house.file("none.json");
    for (asked, says) in [
        (house.disclose("first", &at, &["name"], &out), "legal officer"),
        (house.disclose("first", "999999", &["x"], &out), "legal officer"),
        (house.disclose("nobody", &at, &["name"], &out), "name or the password is wrong"),
        (house.disclose("legal", &at, &["shoe"], &out), "no private value “shoe”; it has “"),
        (house.disclose("legal", "999999", &["name"], &out), "there is no entry 999999"),
        (house.disclose("legal", "0", &["name"], &out), "it has none"),
    ] {
        assert!(asked.status.code() == Some(2) && said(&asked).contains(says), "{}", said(&asked));
        assert!(!said(&asked).contains("Zhaoyuan"), "{}", said(&asked));
    }
    let blank =
        house.run("legal", "wrong", &["disclose", &at, "--field", "name", "--basis", "b", "--to", "t"], &out);
    assert!(said(&blank).contains("name or the password is wrong"), "{}", said(&blank));
    let password = house.password("legal");
    let blank = house.run(
        "legal",
        &password,
        &["disclose", &at, "--field", "name", "--basis", " ", "--to", "t"],
        &out,
    );
    assert!(blank.status.code() == Some(2) && said(&blank).contains("basis"), "{}", said(&blank));
    let asked = ["disclose", "999999", "--field", "name", "--basis", "b", "--to", "t", "--lang", "zh"];
    let none = house.run("legal", &password, &asked, &out);
    assert!(said(&none).contains("没有第999999条记录"), "{}", said(&none));
    std::fs::write(&out, "mine").unwrap();
    let there = house.disclose("legal", &at, &["name"], &out);
    assert!(said(&there).contains("is there already"), "{}", said(&there));
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
    assert_eq!(Reader::open(&house.folder).unwrap().size().unwrap(), size);
}

#[test]
fn no_byte_of_a_disclosure_can_be_changed() {
    let house = House::new();
    let (_, position) = house.opened("first");
    let out = house.file("first.json");
    assert!(house.disclose("legal", &position.to_string(), &["name"], &out).status.success());
    let log = VerifierKey::parse(&house.key).unwrap();
    let sound = std::fs::read(&out).unwrap();
    let holds = |bytes: &[u8]| DisclosureFile::parse(bytes).and_then(|file| file.verify(&log)).is_ok();
    assert!(holds(&sound));
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 7);
        assert!(!holds(&bytes), "byte {at} changed: {}", String::from_utf8_lossy(&bytes));
        bytes.remove(at);
        assert!(!holds(&bytes), "byte {at} left out");
    }
    // a value of another entry, and the record of another disclosure
    let (_, second) = house.opened("second");
    let other = house.file("second.json");
    assert!(house.disclose("legal", &second.to_string(), &["name"], &other).status.success());
    let [one, two] = [&sound, &std::fs::read(&other).unwrap()].map(|raw| DisclosureFile::parse(raw).unwrap());
    let refused = |file: DisclosureFile| file.verify(&log).unwrap_err().code;
    assert_eq!(refused(DisclosureFile { disclosures: two.disclosures, ..one.clone() }), "disclosure-unknown");
    assert_eq!(refused(DisclosureFile { record: two.record, ..one.clone() }), "disclosure-record");
    assert_eq!(refused(DisclosureFile { entry: two.entry, ..one }), "disclosure-unknown");
}

/// A ledger with a legal officer and two others.
struct House {
    place: tempfile::TempDir,
    folder: PathBuf,
    key: String,
    passwords: Vec<(String, String)>,
}

impl House {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("ledger");
        told(&folder, &["init", "--origin", "ledger.example/disclosure", "--json"]);
        let mut passwords = Vec::new();
        for (login, role) in [("first", "data_clerk"), ("second", "auditor"), ("legal", "legal_officer")] {
            let name = format!("Zhaoyuan-{login}");
            let open = ["account", "open", login, "--name", &name, "--role", role, "--json"];
            let password = told(&folder, &open)["password"].as_str().unwrap().to_owned();
            passwords.push((login.to_owned(), password));
        }
        let key = String::from_utf8(run(&folder, &["key", "log"]).stdout).unwrap().trim().to_owned();
        Self { place, folder, key, passwords }
    }

    /// The stream in which an account was opened, and the position.
    fn opened(&self, login: &str) -> (String, u64) {
        let mut opened = Vec::new();
        Reader::open(&self.folder)
            .unwrap()
            .rows(0, u64::MAX, |row| {
                if row.event_type == "AccountOpened" {
                    opened.push((row.stream.to_owned(), row.position));
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let number = self.passwords.iter().position(|(known, _)| known == login).unwrap();
        // the administrator was first
        opened.swap_remove(number + 1)
    }

    fn password(&self, login: &str) -> String {
        let known = self.passwords.iter().find(|(known, _)| known == login);
        known.map_or_else(|| "none".to_owned(), |(_, password)| password.clone())
    }

    fn disclose(&self, login: &str, position: &str, fields: &[&str], out: &str) -> Output {
        let what =
            ["disclose", position, "--basis", "court order 17", "--to", "the district court", "--field"];
        self.run(login, &self.password(login), &[&what, fields].concat(), out)
    }

    fn run(&self, login: &str, password: &str, arguments: &[&str], out: &str) -> Output {
        let mut command = wuping(&self.folder);
        command.args(arguments).args(["--as", login, "-o", out, "--json"]).env("WUPING_PASSWORD", password);
        command.output().unwrap()
    }

    fn check(&self, file: &str) -> Value {
        let elsewhere = self.place.path().join("nothing-here");
        told(&elsewhere, &["disclose", "check", file, "--log-key", &self.key, "--json"])
    }

    fn erase(&self, subject: &str, field: &str) {
        let root = self.folder.join("root-1.key");
        let erase = ["erase", subject, "--field", field, "--authority", "data office", "--json"];
        let why = ["--reason", "request of the person", "--root-key", root.to_str().unwrap()];
        told(&self.folder, &[&erase[..], &why].concat());
    }

    fn file(&self, name: &str) -> String {
        self.place.path().join(name).to_str().unwrap().to_owned()
    }
}
