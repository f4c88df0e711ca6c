//! Time-stamps of checkpoints by a real authority, and by one that answers wrongly.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::program::authority::{Answers, Authority, openssl};
use crate::program::server::{Client, Server};
use crate::program::{copy, run, said, told};
use chrono::Utc;
use serde_json::json;
use tempfile::TempDir;
use wuping::authorities::{Authorities, AuthorityError, Stamped};
use wuping_domain::recorded::local_date;
use wuping_ledger::note::note_text;
use wuping_ledger::reader::Reader;
use wuping_ledger::stamps::kept;

struct Place {
    place: TempDir,
    log: String,
}

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("ledger");
        let made = told(&folder, &["init", "--origin", "ledger.example/stamped", "--json"]);
        Self { place, log: made["log_key"].as_str().unwrap().to_owned() }
    }

    fn folder(&self) -> PathBuf {
        self.place.path().join("ledger")
    }
}

/// Lists an authority under a root.
fn list(folder: &Path, address: &str, root: &str) {
    std::fs::write(folder.join("tsa.pem"), root).unwrap();
    std::fs::write(
        folder.join("authorities.txt"),
        format!("# who stamps\ntest http://{address}/tsa tsa.pem\n"),
    )
    .unwrap();
}

fn ask_now(folder: &Path) -> Result<Vec<Stamped>, AuthorityError> {
    let (authorities, reader) = (Authorities::of(folder).unwrap(), Reader::open(folder).unwrap());
    tokio::runtime::Runtime::new().unwrap().block_on(authorities.ask_now(&reader))
}

fn discarded(asked: Result<Vec<Stamped>, AuthorityError>) -> String {
    match asked {
        Err(AuthorityError::Discarded { why, .. }) => why.to_string(),
        other => panic!("it was to be discarded: {other:?}"),
    }
}

#[test]
fn what_is_no_sound_stamp_is_discarded_and_a_sound_one_is_kept_once() {
    let (place, authority) = (Place::new(), Authority::new());
    let folder = place.folder();
    let address = authority.serve().to_string();
    list(&folder, &address, &authority.root());

    for (answers, code) in [
        (Answers::OverAnotherText, "time-stamp-imprint"),
        (Answers::By("expired", &[]), "time-stamp-root"),
        (Answers::By("early", &[]), "time-stamp-root"),
        // the certificate between is not in it
        (Answers::By("below", &[]), "time-stamp-root"),
        // the signature, and what is before it
        (Answers::Damaged(1), "time-stamp"),
        (Answers::Damaged(200), "time-stamp"),
        (Answers::WithoutEnd, "more than"),
        (Answers::Broken, "500"),
    ] {
        authority.answer(answers.clone());
        let refused = ask_now(&folder).unwrap_err();
        let told = wuping_projections::error::causes(&refused).join(": ");
        assert!(told.contains(code), "{answers:?}: {told}");
        assert_eq!(kept(&folder).unwrap(), [], "{answers:?}");
    }
    // a set of certificates is sorted in at most one of two orders
    let unsorted = [&["between", "root"], &["root", "between"]].map(|order| {
        authority.answer(Answers::By("below", order));
        let refused = ask_now(&folder)
            .is_err_and(|error| wuping_projections::error::causes(&error).join(": ").contains("not sorted"));
        std::fs::remove_dir_all(folder.join("timestamps")).unwrap_or_default();
        refused
    });
    assert!(unsorted.contains(&true), "{unsorted:?}");

    let other = Authority::new();
    list(&folder, &address, &other.root());
    authority.answer(Answers::By("good", &[]));
    assert!(discarded(ask_now(&folder)).contains("time-stamp-root"));
    list(&folder, &address, &authority.root());
    authority.answer(Answers::By("below", &["between"]));
    let first = ask_now(&folder).unwrap().remove(0);
    assert!(first.new && first.stamp.time.abs_diff(Utc::now().timestamp().unsigned_abs()) < 60, "{first:?}");
    authority.answer(Answers::Broken);
    let again = ask_now(&folder).unwrap().remove(0);
    assert_eq!((again.new, again.stamp), (false, first.stamp), "the earlier one says more");
    assert_eq!(kept(&folder).unwrap().len(), 1);
}

#[test]
fn an_authority_that_was_away_is_asked_again_for_the_last_checkpoint_of_the_day() {
    let today = local_date(Utc::now());
    let (place, authority) = (Place::new(), Authority::new());
    let folder = place.folder();
    let tomorrow = today.succ_opt().unwrap().succ_opt().unwrap();
    let reader = Reader::open(&folder).unwrap();
    let signed = reader.checkpoint_size().unwrap();
    // nobody listens there
    list(&folder, "127.0.0.1:9", &authority.root());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let due = |authorities: &Authorities, day| runtime.block_on(authorities.ask_due(&reader, day));
    let away = Authorities::of(&folder).unwrap();
    assert!(due(&away, today).is_empty(), "the day is not over");
    assert!(matches!(due(&away, tomorrow)[..], [Err(AuthorityError::Away { .. })]));
    assert!(due(&away, tomorrow).is_empty(), "it is left alone for a while");

    list(&folder, &authority.serve().to_string(), &authority.root());
    let back = Authorities::of(&folder).unwrap();
    let stamped = due(&back, tomorrow).remove(0).unwrap();
    assert_eq!((stamped.size, stamped.new), (signed, true));
    assert!(due(&back, tomorrow).is_empty(), "once a day");
    // a backup holds the stamps, and what it takes to read the list
    let file = place.place.path().join("backup");
    let made = wuping::backup::make(&folder, &file, false, &mut |_| ()).unwrap();
    let stamp = format!("timestamps/{signed:012}.test.tsr");
    for name in ["authorities.txt", "tsa.pem", &stamp] {
        assert!(made.manifest.files.contains_key(name), "{name}: {:?}", made.manifest.files.keys());
    }
    std::fs::write(folder.join("fork-alarm.txt"), "a test\n").unwrap();
    assert!(matches!(ask_now(&folder), Err(AuthorityError::Alarm)));
}

#[test]
fn level_3_stands_on_witnesses_and_on_stamps_of_this_very_log() {
    let (place, authority) = (Place::new(), Authority::new());
    let folder = place.folder();
    let witnesses = ["w", "w2"].map(|name| {
        let at = place.place.path().join(name);
        let init = ["witness", "init", "--name", &format!("witness.example/{name}"), "--json"];
        let key = told(&at, &init)["key"].as_str().unwrap().to_owned();
        let serve = ["witness", "serve", "--log", &place.log, "--listen", "127.0.0.1:0"];
        (key, Server::run(&at, &serve))
    });
    let listed = witnesses.each_ref().map(|(key, witness)| format!("{key} http://{}\n", witness.address));
    let key = witnesses[0].0.clone();
    std::fs::write(folder.join("witnesses.txt"), listed.concat()).unwrap();
    list(&folder, &authority.serve().to_string(), &authority.root());
    let root = authority.root();

    let level_3 = |folder: &Path| run(folder, &["verify", "--level", "3", "--require", "L3"]);
    let server = Server::start(&folder, &[]);
    let cosigned = || std::fs::read_to_string(folder.join("cosigned.txt")).unwrap_or_default();
    wait_for(|| ["w ", "w2 "].iter().all(|name| cosigned().contains(&format!("— witness.example/{name}"))));
    assert!(said(&level_3(&folder)).contains("no checkpoint is time-stamped"), "{}", said(&level_3(&folder)));
    // beside the running server
    let stamped = told(&folder, &["timestamp", "now", "--json"]);
    assert_eq!((&stamped["authority"], &stamped["new"]), (&json!("test"), &json!(true)), "{stamped}");
    let metrics = Client::to(server.address).get("/metrics").unwrap().1;
    for name in [
        "authority_stamped_entries{authority=\"test\"}",
        "witness_cosigned_entries{witness=\"witness.example/w\"}",
    ] {
        let line =
            metrics.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {metrics}"));
        assert_eq!(line.rsplit(' ').next().unwrap(), stamped["size"].to_string(), "{line}");
    }
    assert!(Client::to(server.address).get("/readyz").unwrap().1.starts_with("ready\n"));
    server.end();
    assert!(level_3(&folder).status.success(), "{}", said(&level_3(&folder)));
    // one witness is no quorum
    std::fs::write(folder.join("witnesses.txt"), &listed[0]).unwrap();
    let alone = level_3(&folder);
    assert_eq!(alone.status.code(), Some(1), "{}", said(&alone));
    assert!(said(&alone).contains("only 1 of the 2 witnesses"), "{}", said(&alone));
    std::fs::write(folder.join("witnesses.txt"), listed.concat()).unwrap();
    let status = told(&folder, &["witness", "status", "--json"]);
    assert_eq!(status["authorities"][0]["size"], stamped["size"], "{status}");
    assert_eq!(status["witnesses"][0]["name"], "witness.example/w", "{status}");
    assert!(status["witnesses"][0]["age_seconds"].as_u64().unwrap() < 600, "{status}");

    // an export carries the stamp, and openssl takes it
    let copied = place.place.path().join("copied");
    copy(&folder, &copied);
    let exported = place.place.path().join("static");
    let size = Reader::open(&folder).unwrap().checkpoint_size().unwrap();
    if stamped["size"] != size {
        told(&folder, &["timestamp", "now", "--json"]);
    }
    assert!(run(&folder, &["export", "tiles", exported.to_str().unwrap()]).status.success());
    let note = std::fs::read(exported.join("checkpoint")).unwrap();
    std::fs::write(exported.join("text"), note_text(&note).unwrap()).unwrap();
    std::fs::write(exported.join("root.pem"), &root).unwrap();
    openssl(&exported, "ts -verify -data text -in checkpoint.tsr -CAfile root.pem");

    // another root is trusted
    let genesis = Reader::open(&folder).unwrap().row(0).unwrap().unwrap().leaf_hash.hex();
    let trust = |roots: &[String]| {
        json!({
            "format": "wuping-trust/1", "genesis": genesis, "log_vkey": place.log,
            "origin": "ledger.example/stamped", "quorum": 1, "tsa_roots": roots, "witnesses": [key],
        })
    };
    let file = place.place.path().join("trust.json");
    for (roots, sound) in [(vec![], true), (vec![root.clone()], true), (vec![Authority::new().root()], false)]
    {
        std::fs::write(&file, trust(&roots).to_string()).unwrap();
        let by_trust = ["verify", "--level", "3", "--require", "L3", "--trust", file.to_str().unwrap()];
        let ran = run(&folder, &by_trust);
        assert_eq!(ran.status.success(), sound, "{}", said(&ran));
        // the files alone say the same
        let tiles = exported.to_str().unwrap();
        let of_files = ["verify", "--tiles", tiles, "--level", "3", "--trust", file.to_str().unwrap()];
        let told = said(&run(&folder, &of_files));
        assert_eq!(told.contains("existed by"), sound && !roots.is_empty(), "{told}");
        assert_eq!(told.contains("checkpoint.tsr does not verify"), !sound, "{told}");
    }

    // a stamp of another log is none of this one
    let another = Place::new();
    list(&another.folder(), &authority.serve().to_string(), &root);
    told(&another.folder(), &["timestamp", "now", "--json"]);
    std::fs::remove_dir_all(folder.join("timestamps")).unwrap();
    copy(&another.folder().join("timestamps"), &folder.join("timestamps"));
    assert!(said(&level_3(&folder)).contains("no time-stamp verifies"), "{}", said(&level_3(&folder)));

    // one of another history of this log proves it
    for (folder, login) in [(&folder, "one"), (&copied, "another")] {
        let open = ["account", "open", login, "--name", "某人", "--role", "data_clerk", "--json"];
        told(folder, &open);
    }
    told(&copied, &["timestamp", "now", "--json"]);
    std::fs::remove_dir_all(folder.join("timestamps")).unwrap();
    copy(&copied.join("timestamps"), &folder.join("timestamps"));
    let forked = level_3(&folder);
    assert!(said(&forked).contains("stamped-otherwise"), "{}", said(&forked));
}

fn wait_for(there: impl Fn() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < Duration::from_secs(30), "it did not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}
