//! Copies of a log in static files, damaged in every way a file can be: each damage is found, and at its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use wuping_ledger::checkpoints::keep_cosigned;
use wuping_ledger::keys::Signer;
use wuping_ledger::log_files::{FolderFiles, LogFiles};
use wuping_ledger::note::{Cosigner, note_text};
use wuping_ledger::static_log::StaticLog;
use wuping_projections::ViewsError;

use crate::export_tiles::export_tiles;
use crate::rebuild::{rebuild, rebuild_published};
use crate::test_house::House;
use crate::verify::{KeptCheckpoint, Question, Source, State, Verified, VerifyError, verify};
use crate::witnessed::Trusted;

/// A log of some bundles with results in it, and what it was exported to.
struct Exported {
    house: House,
    folder: PathBuf,
    note: String,
    size: u64,
}

impl Exported {
    fn new() -> Self {
        let mut house = House::honest();
        house.register("p-1");
        house.assess("p-1", "a-1", "2025-02-03", &[("no_ebike_indoors", "unmet")]);
        for n in 2..600 {
            house.register(&format!("p-{n}"));
        }
        let note = house.sign();
        let folder = house.folder.path().join("static");
        let size = export_tiles(house.ledger.reader(), house.folder.path(), &folder).unwrap().size;
        Self { house, folder, note, size }
    }

    /// A copy, to be damaged.
    fn copy(&self) -> TempDir {
        let to = tempfile::tempdir().unwrap();
        copy(&self.folder, to.path());
        to
    }

    fn partial(&self, kind: &str) -> String {
        format!("tile/{kind}/{:03}.p/{}", self.size / 256, self.size % 256)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name))
        } else {
            fs::copy(&path, to.join(name)).map(|_| ()).unwrap()
        }
    }
}

fn asked(folder: &Path, question: &Question) -> Result<Verified, VerifyError> {
    let files: Arc<dyn LogFiles> = Arc::new(FolderFiles::of(folder));
    verify(Source::Files(&files), question, &mut |_, _| ())
}

fn verified(folder: &Path) -> Verified {
    asked(folder, &Question { level: 5, ..Question::default() }).unwrap()
}

/// Position, level and code of each finding.
fn found(verified: &Verified) -> Vec<(Option<u64>, u8, &str)> {
    verified.findings.iter().map(|found| (found.position, found.level, found.code.as_str())).collect()
}

fn flip(folder: &Path, file: &str, at: impl Fn(&[u8]) -> usize) {
    let path = folder.join(file);
    let mut bytes = fs::read(&path).unwrap();
    let at = at(&bytes);
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Where a leaf of a bundle begins.
fn leaf_at(bundle: &[u8], number: usize) -> usize {
    (0..number).fold(2, |at, _| at + usize::from(u16::from_be_bytes([bundle[at - 2], bundle[at - 1]])) + 2)
}

#[test]
fn an_untouched_copy_is_as_sound_as_the_ledger_it_was_taken_from() {
    let log = Exported::new();
    let copy = verified(&log.folder);
    let question = Question { level: 5, ..Question::default() };
    let ledger = verify(Source::Folder(log.house.folder.path()), &question, &mut |_, _| ()).unwrap();
    assert_eq!(found(&copy), []);
    assert!(copy.results_rederived >= 2);
    assert_eq!(
        (&copy.root, copy.size, copy.results_rederived),
        (&ledger.root, ledger.size, ledger.results_rederived)
    );
    let states: Vec<State> = copy.levels.iter().map(|level| level.state).collect();
    assert_eq!(states.iter().filter(|state| **state == State::Established).count(), 5, "all but L3");
    assert!(!copy.log_key_brought);
}

#[test]
fn views_made_from_a_copy_alone_are_those_of_the_ledger() {
    let log = Exported::new();
    let (place, ledger) = (tempfile::tempdir().unwrap(), log.house.folder.path());
    let views = place.path().join("views.db");
    let from_copy = |folder: &Path, at| {
        let copy = StaticLog::open(Arc::new(FolderFiles::of(folder)), None).unwrap();
        rebuild_published(&copy, &views, at)
    };
    for at in [log.size - 1, 300, 255, 7] {
        let (copied, own) = (
            from_copy(&log.folder, Some(at)).unwrap(),
            rebuild(ledger, &place.path().join("own.db"), Some(at)),
        );
        let own = own.unwrap();
        assert_eq!((copied.digest, copied.tree_root, copied.events), (own.digest, own.tree_root, at + 1));
    }
    let all = from_copy(&log.folder, None).unwrap();
    assert_eq!((all.position, all.events), (Some(log.size - 1), log.size));
    let beyond = from_copy(&log.folder, Some(log.size)).unwrap_err();
    assert!(matches!(beyond, ViewsError::Beyond { .. }), "{beyond}");
    let copy = log.copy();
    flip(copy.path(), "tile/entries/000", |bundle| leaf_at(bundle, 5) + 120);
    let altered = from_copy(copy.path(), None).unwrap_err();
    assert!(matches!(altered, ViewsError::Leaf { position: 5 }), "{altered}");
    // what comes behind the position is looked at too: the copy must be of the tree that was signed
    let copy = log.copy();
    flip(copy.path(), &log.partial("0"), |_| 40);
    let another = from_copy(copy.path(), Some(7)).unwrap_err();
    assert!(matches!(another, ViewsError::Tree { size: 8, .. }), "{another}");
}

#[test]
fn a_flip_in_each_kind_of_file_is_found_where_it_is() {
    let log = Exported::new();
    // inside the payload of the entry: it can be read as JSON still, and says something else
    for (number, file) in [(5, "tile/entries/000".to_owned()), (7, log.partial("entries"))] {
        let copy = log.copy();
        flip(copy.path(), &file, |bundle| leaf_at(bundle, number) + 120);
        let position = number as u64 + if file.ends_with("000") { 0 } else { log.size / 256 * 256 };
        let told = verified(copy.path());
        let about: Vec<_> = found(&told).into_iter().filter(|(at, ..)| *at == Some(position)).collect();
        assert!(about.iter().any(|(_, level, _)| *level < 2), "{file}: {:?}", told.findings);
        assert!(about.contains(&(Some(position), 2, "tile")), "{file}: {:?}", told.findings);
        let others =
            |(at, level, _): &(Option<u64>, u8, &str)| *level < 5 && at.is_some_and(|at| at != position);
        assert!(!found(&told).iter().any(others), "{:?}", told.findings);
    }
    for (file, position) in [
        ("tile/0/001".to_owned(), Some(256 + 9)),
        (log.partial("0"), Some(log.size / 256 * 256 + 9)),
        ("tile/1/000.p/2".to_owned(), None),
    ] {
        let copy = log.copy();
        flip(copy.path(), &file, |bytes| if position.is_some() { 9 * 32 + 5 } else { bytes.len() - 1 });
        let told = verified(copy.path());
        assert_eq!(found(&told), [(position, 2, "tile")], "{file}");
        assert!(told.findings[0].detail.starts_with(&file), "{:?}", told.findings);
    }
    let copy = log.copy();
    let file = format!("schemes/{}.json", log.house.rules.scheme.sha256);
    flip(copy.path(), &file, |bytes| bytes.len() / 2);
    let told = verified(copy.path());
    assert!(found(&told).contains(&(None, 0, "scheme")), "{:?}", told.findings);
    assert!(
        found(&told).iter().any(|(at, level, code)| at.is_some() && (*level, *code) == (5, "result-differs"))
    );
    // a base64 digit of the root, then of the signature
    for behind in ["\n", "— sample/replay "] {
        let copy = log.copy();
        let at = log.note.rfind(behind).unwrap() + behind.len();
        let at = if behind == "\n" { log.note.find("\n\n").unwrap() - 20 } else { at + 20 };
        let mut note = log.note.clone().into_bytes();
        note[at] = if note[at] == b'A' { b'B' } else { b'A' };
        fs::write(copy.path().join("checkpoint"), note).unwrap();
        assert_eq!(found(&verified(copy.path())), [(None, 2, "checkpoint")]);
    }
}

#[test]
fn what_is_cut_off_or_missing_is_found_where_it_should_be() {
    let log = Exported::new();
    let copy = log.copy();
    let bundle = copy.path().join("tile/entries/001");
    let bytes = fs::read(&bundle).unwrap();
    fs::write(&bundle, &bytes[..leaf_at(&bytes, 100) + 10]).unwrap();
    let told = verified(copy.path());
    assert!(found(&told).contains(&(Some(256 + 100), 0, "entry-bundle")), "{:?}", told.findings);
    assert!(
        told.findings.iter().all(|found| found.position.is_none_or(|at| at >= 356)),
        "{:?}",
        told.findings
    );

    let copy = log.copy();
    fs::remove_file(copy.path().join("tile/entries/001")).unwrap();
    let told = verified(copy.path());
    assert!(found(&told).contains(&(Some(256), 0, "bundle-missing")), "{:?}", told.findings);
    assert!(told.findings[0].detail.contains("entries 256 to 511"));

    let copy = log.copy();
    let tile = copy.path().join("tile/0/001");
    fs::write(&tile, &fs::read(&tile).unwrap()[..4_000]).unwrap();
    fs::remove_file(copy.path().join("tile/1/000.p/2")).unwrap();
    let told = verified(copy.path());
    assert_eq!(found(&told), [(Some(256), 2, "tile"), (None, 2, "tile")]);
    assert!(told.findings[0].detail.contains("4000 bytes") && told.findings[1].detail.contains("not there"));

    for file in ["tile/entries/000", "tile/entries/001", &log.partial("entries")] {
        fs::remove_file(copy.path().join(file)).unwrap();
    }
    let told = verified(copy.path());
    assert_eq!((told.findings[0].position, told.findings[0].code.as_str()), (Some(0), "bundle-missing"));
    fs::remove_file(copy.path().join("checkpoint")).unwrap();
    let unread = asked(copy.path(), &Question::default()).unwrap_err();
    assert!(format!("{unread:?}").contains("there is no checkpoint"), "{unread:?}");
}

#[test]
fn swapped_bundles_and_another_logs_checkpoint_are_found() {
    let log = Exported::new();
    let copy = log.copy();
    let [one, other] = ["tile/entries/000", "tile/entries/001"].map(|name| copy.path().join(name));
    let (first, second) = (fs::read(&one).unwrap(), fs::read(&other).unwrap());
    fs::write(&one, second).unwrap();
    fs::write(&other, first).unwrap();
    let told = verified(copy.path());
    let found_here = found(&told);
    for position in [0, 255, 256, 511] {
        assert!(
            found_here.contains(&(Some(position), 0, "sequence")),
            "{position}: {:?}",
            &told.findings[..4]
        );
    }
    assert!(found_here.contains(&(Some(0), 2, "tile")) && found_here.contains(&(Some(256), 2, "tile")));
    assert!(!found_here.contains(&(Some(512), 0, "sequence")));

    let others = Exported::new();
    let copy = log.copy();
    fs::write(copy.path().join("checkpoint"), &others.note).unwrap();
    assert_eq!(found(&verified(copy.path())), [(None, 2, "checkpoint")], "the same name, another key");
    // a checkpoint that claims more than anybody could have
    let larger = log.note.replacen(&format!("\n{}\n", log.size), "\n9007199254740991\n", 1);
    fs::write(copy.path().join("checkpoint"), larger).unwrap();
    let told = verified(copy.path());
    assert!(
        found(&told)
            .iter()
            .any(|(at, level, _)| at.is_some_and(|at| at >= log.size / 256 * 256) && *level == 0)
    );
    assert!(found(&told).contains(&(None, 2, "checkpoint")));
}

#[test]
fn a_key_that_was_brought_along_must_be_the_logs() {
    let (log, others) = (Exported::new(), Exported::new());
    let key_of = |log: &Exported| log.house.ledger.log_key().to_string();
    let under = |key: String| Question {
        level: 5,
        trusted: Trusted { log: Some(key), ..Trusted::default() },
        ..Question::default()
    };
    let told = asked(&log.folder, &under(key_of(&log))).unwrap();
    assert_eq!((found(&told), told.log_key_brought), (vec![], true));
    let told = asked(&log.folder, &under(key_of(&others))).unwrap();
    assert!(
        found(&told).contains(&(Some(0), 2, "log-key")) && found(&told).contains(&(None, 2, "checkpoint"))
    );
    assert!(matches!(asked(&log.folder, &under("none".to_owned())), Err(VerifyError::LogKey(_))));
}

#[test]
fn witnesses_are_believed_as_the_trust_file_says() {
    let log = Exported::new();
    let witness = Cosigner::new("witness.example/w1", Signer::generate().unwrap()).unwrap();
    let line = witness.cosign(note_text(log.note.as_bytes()).unwrap(), 1_750_000_000);
    let cosigned = format!("{}{line}", log.note);
    keep_cosigned(log.house.folder.path(), &cosigned).unwrap();
    export_tiles(log.house.ledger.reader(), log.house.folder.path(), &log.folder).unwrap();
    for (quorum, established) in [(1, true), (2, false)] {
        let trusted =
            Trusted { witnesses: vec![witness.verifier_key().clone()], quorum, ..Trusted::default() };
        let question = Question { level: 3, require: Some(3), trusted, ..Question::default() };
        let told = asked(&log.folder, &question).unwrap();
        assert_eq!((told.l3_established, told.findings.is_empty()), (established, established), "{told:?}");
    }
}

#[test]
fn a_cosignature_of_a_time_to_come_is_not_believed() {
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
    for (time, established) in [(now + 200, true), (now + 3_600, false)] {
        let log = Exported::new();
        let witness = Cosigner::new("witness.example/w1", Signer::generate().unwrap()).unwrap();
        let line = witness.cosign(note_text(log.note.as_bytes()).unwrap(), time);
        keep_cosigned(log.house.folder.path(), &format!("{}{line}", log.note)).unwrap();
        export_tiles(log.house.ledger.reader(), log.house.folder.path(), &log.folder).unwrap();
        let trusted =
            Trusted { witnesses: vec![witness.verifier_key().clone()], quorum: 1, ..Trusted::default() };
        let question = Question { level: 3, trusted, ..Question::default() };
        let told = verify(Source::Folder(log.house.folder.path()), &question, &mut |_, _| ()).unwrap();
        assert_eq!(told.l3_established, established, "{told:?}");
        assert_eq!(asked(&log.folder, &question).unwrap().l3_established, established);
    }
}

#[test]
fn a_checkpoint_kept_earlier_must_be_of_this_history() {
    let mut house = House::honest();
    house.register("p-1");
    let before = house.sign();
    let kept = |note: &str| Question {
        level: 2,
        kept: vec![KeptCheckpoint { place: "a drawer".to_owned(), note: note.to_owned() }],
        ..Question::default()
    };
    let place = tempfile::tempdir().unwrap();
    house.register("p-2");
    let after = house.sign();
    let folder = place.path().join("static");
    export_tiles(house.ledger.reader(), house.folder.path(), &folder).unwrap();
    let source = Source::Folder(house.folder.path());
    for note in [&before, &after] {
        let told = asked(&folder, &kept(note)).unwrap();
        assert_eq!((found(&told), told.continues.len()), (vec![], 1));
        let told = verify(source, &kept(note), &mut |_, _| ()).unwrap();
        assert_eq!((found(&told), told.continues.len()), (vec![], 1));
    }
    // the log as it was before, shown to somebody who has the later checkpoint
    let (short, size) = (tempfile::tempdir().unwrap(), before.lines().nth(1).unwrap().to_owned());
    copy(&folder, short.path());
    fs::write(short.path().join("checkpoint"), &before).unwrap();
    let bundle =
        fs::read(folder.join("tile/entries").join(format!("000.p/{}", after.lines().nth(1).unwrap())))
            .unwrap();
    let end = leaf_at(&bundle, size.parse().unwrap()) - 2;
    fs::write(short.path().join(format!("tile/entries/000.p/{size}")), &bundle[..end]).unwrap();
    let hashes = fs::read(folder.join(format!("tile/0/000.p/{}", after.lines().nth(1).unwrap()))).unwrap();
    fs::write(
        short.path().join(format!("tile/0/000.p/{size}")),
        &hashes[..size.parse::<usize>().unwrap() * 32],
    )
    .unwrap();
    let told = asked(short.path(), &kept(&after)).unwrap();
    assert_eq!(found(&told), [(None, 2, "history-rewritten")]);
    assert!(told.findings[0].detail.contains(&format!("there are {size} here")), "{:?}", told.findings);
    // and one that this log never signed
    let told = asked(&folder, &kept(&Exported::new().note)).unwrap();
    assert_eq!(found(&told), [(None, 2, "kept-checkpoint")]);
}

#[test]
fn a_batch_that_fails_names_the_signature_that_does() {
    let log = Exported::new();
    let fast = Question { level: 5, fast: true, ..Question::default() };
    let told = asked(&log.folder, &fast).unwrap();
    assert_eq!((found(&told), told.signatures), (vec![], "batch"));
    assert_eq!(verified(&log.folder).signatures, "strict");
    let copy = log.copy();
    // a digit of the signature of an entry in the middle of a batch, which another digit takes the place of
    flip(copy.path(), "tile/entries/001", |bundle| {
        let (begins, ends) = (leaf_at(bundle, 77), leaf_at(bundle, 78));
        let named = b"\"signature\":\"";
        let found = bundle[begins..ends].windows(named.len()).position(|here| here == named);
        let first = begins + found.unwrap() + named.len();
        first + (20..60).find(|digit| (bundle[first + digit] ^ 1).is_ascii_alphanumeric()).unwrap()
    });
    for question in [fast, Question { level: 5, ..Question::default() }] {
        let told = asked(copy.path(), &question).unwrap();
        let at_level_1: Vec<_> = found(&told).into_iter().filter(|(_, level, _)| *level == 1).collect();
        assert_eq!(at_level_1.len(), 1, "{:?}", told.findings);
        assert_eq!(at_level_1[0].0, Some(256 + 77));
    }
}
