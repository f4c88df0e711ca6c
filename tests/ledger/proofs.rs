//! Proofs written by the program, checked without a ledger, and byte by byte. tests/independent.sh has them checked by tools that
//! share no code with it.

use crate::program::{first_rows, run, said, told};
use wuping_ledger::checkpoints::in_file;
use wuping_ledger::note::{ConsistencyText, TlogProof, VerifierKey, open_checkpoint, stated_size};
use wuping_ledger::reader::Reader;

#[test]
fn a_proof_is_checked_where_there_is_no_ledger_and_says_what_it_lacks() {
    let house = House::new();
    let (proof, entry) = (house.file("7.tlog-proof"), house.file("7.json"));
    told(&house.folder, &["proof", "inclusion", "7", "-o", &proof, "--entry", &entry, "--json"]);
    let elsewhere = house.place.path().join("nothing-here");
    let check = |more: &[&str]| run(&elsewhere, &[&["proof", "check", &proof], more].concat());
    let whole = check(&["--entry", &entry, "--log-key", &house.key]);
    assert!(whole.status.success() && said(&whole).contains("proven: entry 7 is among"), "{}", said(&whole));
    for (more, lacks) in [
        (vec!["--entry", &entry], "--log-key"),
        (vec!["--log-key", &house.key], "--entry"),
        (vec![], "--entry"),
    ] {
        let checked = check(&more);
        assert_eq!(checked.status.code(), Some(1), "{}", said(&checked));
        assert!(said(&checked).contains("not proven yet") && said(&checked).contains(lacks));
    }
    let other = house.file("8.json");
    told(
        &house.folder,
        &["proof", "inclusion", "8", "-o", &house.file("8.tlog-proof"), "--entry", &other, "--json"],
    );
    let wrong = check(&["--entry", &other, "--log-key", &house.key]);
    assert!(wrong.status.code() == Some(1) && said(&wrong).contains("inclusion-root"), "{}", said(&wrong));
    let stranger = house.key.replace("ledger.example", "ledger.exampel");
    let refused = check(&["--entry", &entry, "--log-key", &stranger]);
    assert_ne!(refused.status.code(), Some(0), "{}", said(&refused));
    // in Chinese where that is asked for; machines read the same
    let proven = check(&["--entry", &entry, "--log-key", &house.key, "--lang", "zh"]);
    assert!(said(&proven).contains("已证明：第7条记录在 ledger.example/proofs 的前"), "{}", said(&proven));
    let lacking = check(&["--lang", "zh"]);
    for says in ["还没有证明", "用 --entry 给出", "用 --log-key 给出"] {
        assert!(said(&lacking).contains(says), "{}", said(&lacking));
    }
    let not_the_one = check(&["--entry", &other, "--log-key", &house.key, "--lang", "zh"]);
    assert!(said(&not_the_one).contains("不成立") && said(&not_the_one).contains("inclusion-root"));
    let [zh, en] = ["zh", "en"].map(|lang| check(&["--json", "--lang", lang]).stdout);
    assert!(zh == en && String::from_utf8(en).unwrap().contains("which entry it is about"));
    let absent = run(&elsewhere, &["proof", "check", "no-such-file", "--lang", "zh"]);
    assert!(said(&absent).contains("wuping: no-such-file 无法读取"), "{}", said(&absent));
    let absent = run(&elsewhere, &["proof", "check", "no-such-file"]);
    assert_eq!(absent.status.code(), Some(2), "{}", said(&absent));
    assert!(!elsewhere.exists(), "checking makes no folder");

    let size = house.size();
    for (arguments, says) in [
        (["inclusion", &size.to_string(), "--json"], "ask again after the next one"),
        (["inclusion", &u64::MAX.to_string(), "--json"], "ask again after the next one"),
    ] {
        let refused = run(&house.folder, &[&["proof"], &arguments[..]].concat());
        assert!(refused.status.code() == Some(2) && said(&refused).contains(says), "{}", said(&refused));
    }
    let backwards = run(&house.folder, &["proof", "consistency", "9", "4"]);
    assert!(said(&backwards).contains("consistency-sizes"), "{}", said(&backwards));
}

#[test]
fn the_growth_between_two_signed_checkpoints_is_checked() {
    let house = House::new();
    let notes = in_file(&house.folder).unwrap();
    let size = |note: &String| stated_size(note).unwrap();
    let (old, new) = (&notes[0], notes.last().unwrap());
    assert!(size(old) < size(new), "two different ones were signed");
    let (proof, kept) = (house.file("growth.txt"), house.file("kept.txt"));
    let [from, to] = [size(old), size(new)].map(|size| size.to_string());
    told(&house.folder, &["proof", "consistency", &from, &to, "-o", &proof, "--json"]);
    // as they are served, one note a file, and as the ledger keeps them
    std::fs::write(&kept, old).unwrap();
    let all = house.folder.join("checkpoints.txt");
    let elsewhere = house.place.path().join("nothing-here");
    let check = |more: &[&str]| run(&elsewhere, &[&["proof", "check", &proof, "--json"], more].concat());
    let both =
        check(&["--log-key", &house.key, "--checkpoint", &kept, "--checkpoint", all.to_str().unwrap()]);
    assert!(both.status.success(), "{}", said(&both));
    let one = check(&["--log-key", &house.key, "--checkpoint", &kept]);
    assert!(one.status.code() == Some(1) && said(&one).contains("lacks"), "{}", said(&one));
    assert_eq!(check(&[]).status.code(), Some(1), "two roots that nobody signed prove nothing");

    let log = VerifierKey::parse(&house.key).unwrap();
    let [old, new] = [old, new].map(|note| open_checkpoint(note.as_bytes(), &log, &[], 0, None).unwrap());
    let sound = std::fs::read(&proof).unwrap();
    let holds =
        |bytes: &[u8]| ConsistencyText::parse(bytes).and_then(|file| file.verify_between(&old, &new)).is_ok();
    assert!(holds(&sound));
    every_change(&sound, |bytes, at| assert!(!holds(bytes), "byte {at} of a consistency proof"));
}

#[test]
fn no_byte_of_an_inclusion_proof_can_be_changed() {
    let house = House::new();
    let log = VerifierKey::parse(&house.key).unwrap();
    let reader = Reader::open(&house.folder).unwrap();
    for position in [0, 5, house.size() - 1] {
        let leaf = reader.leaf(position).unwrap().unwrap();
        let sound = reader.inclusion_file(position).unwrap().to_bytes();
        let holds = |bytes: &[u8], leaf: &[u8]| {
            TlogProof::parse(bytes).and_then(|proof| proof.verify(leaf, &log, &[], 0, None)).is_ok()
        };
        assert!(holds(&sound, &leaf));
        every_change(&sound, |bytes, at| assert!(!holds(bytes, &leaf), "byte {at} of proof {position}"));
        every_change(&leaf, |bytes, at| assert!(!holds(&sound, bytes), "byte {at} of entry {position}"));
    }
}

/// A ledger with some rows imported, and where else to put files.
struct House {
    place: tempfile::TempDir,
    folder: std::path::PathBuf,
    key: String,
}

impl House {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (folder, rows) = (place.path().join("ledger"), place.path().join("rows.csv"));
        told(&folder, &["init", "--origin", "ledger.example/proofs", "--json"]);
        first_rows(5, &rows);
        told(&folder, &["import", "toronto-evaluations", rows.to_str().unwrap(), "--json"]);
        let key = String::from_utf8(run(&folder, &["key", "log"]).stdout).unwrap().trim().to_owned();
        Self { place, folder, key }
    }

    fn file(&self, name: &str) -> String {
        self.place.path().join(name).to_str().unwrap().to_owned()
    }

    fn size(&self) -> u64 {
        Reader::open(&self.folder).unwrap().checkpoint_size().unwrap()
    }
}

/// Every byte changed in two ways, left out, and said twice; and what is cut off at the end.
fn every_change(sound: &[u8], mut changed: impl FnMut(&[u8], usize)) {
    for at in 0..sound.len() {
        for bit in [0, 5] {
            let mut bytes = sound.to_vec();
            bytes[at] ^= 1 << bit;
            changed(&bytes, at);
        }
        let (before, after) = sound.split_at(at);
        changed(&[before, &after[1..]].concat(), at);
        changed(&[before, &after[..1], after].concat(), at);
        changed(before, at);
    }
}
