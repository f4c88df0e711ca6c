//! Copies of a bundle that each have one thing wrong: a bit flipped, a file dropped, two swapped, in every part of it, once
//! with the manifest as it was and once with one that agrees with the damage.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use wuping_ledger::bundle::Bundle;
use wuping_ledger::encoding::Hash;
use wuping_ledger::entry::Entry;
use wuping_ledger::jcs;

use crate::program::Random;

/// A damaged copy, and what is wrong with it.
pub(crate) struct Copy {
    pub(crate) what: String,
    pub(crate) file: String,
}

/// A hundred copies or more, as files in a folder.
pub(crate) fn copies(sound: &[u8], folder: &str) -> Vec<Copy> {
    std::fs::create_dir_all(folder).unwrap();
    let bundle = Bundle::from_zip(sound).unwrap();
    let mut damaging = Damaging { sound: bundle.files().clone(), random: Random::of(26), made: Vec::new() };
    for part in PARTS {
        damaging.flips(part, false, 3);
        damaging.drops(part, false, 2);
        damaging.swaps(part, false, 2);
        damaging.flips(part, true, 6);
        damaging.swaps(part, true, 3);
        if !LEFT_OUT_AT_WILL.contains(&part) {
            damaging.drops(part, true, 3);
        }
    }
    damaging.manifests();
    damaging.strays();
    let mut made: Vec<(String, Vec<u8>)> =
        damaging.made.into_iter().map(|(what, files)| (what, Bundle::of(files).to_zip().unwrap())).collect();
    let mut random = Random::of(27);
    for _ in 0..8 {
        let mut bytes = sound.to_vec();
        let at = random.below(first_directory(sound)) as usize;
        // within the content of a file: what a tolerant reader of ZIPs overlooks is between them
        let at = bundle_content_at(sound, at);
        bytes[at] ^= 1 << random.below(8);
        made.push((format!("byte {at} of the ZIP"), bytes));
    }
    let cut = sound[..sound.len() - 100].to_vec();
    made.push(("a ZIP cut short".to_owned(), cut));
    let write = |(number, (what, bytes)): (usize, (String, Vec<u8>))| {
        let file = format!("{folder}/{number:03}.zip");
        std::fs::write(&file, bytes).unwrap();
        Copy { what, file }
    };
    made.into_iter().enumerate().map(write).collect()
}

/// The files of a bundle in a folder.
pub(crate) fn unpack(bundle: &Bundle, folder: &Path) {
    for (name, bytes) in bundle.files() {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

type Files = BTreeMap<String, Vec<u8>>;

struct Damaging {
    sound: Files,
    random: Random,
    made: Vec<(String, Files)>,
}

impl Damaging {
    fn flips(&mut self, part: &str, agreeing: bool, times: usize) {
        let names = self.names(part);
        for _ in 0..times {
            let name = self.random.pick(&names).clone();
            let mut files = self.sound.clone();
            let bytes = files.get_mut(&name).unwrap();
            // of a time-stamp the signature, which is at its end: not every byte of the rest is covered by it
            let from = if name == "checkpoint.tsr" && agreeing { bytes.len() - SIGNATURE_BYTES } else { 0 };
            let at = from + self.random.below((bytes.len() - from) as u64) as usize;
            let bit = self.random.below(8);
            bytes[at] ^= 1 << bit;
            self.keep(format!("bit {bit} of byte {at} of {name}"), files, agreeing);
        }
    }

    fn drops(&mut self, part: &str, agreeing: bool, times: usize) {
        let mut names = self.names(part);
        // that something was erased is told by whoever makes a bundle; nothing shows that it was left out
        names.retain(|name| !agreeing || !part.starts_with("entries") || !self.erases(name));
        for _ in 0..times.min(names.len()) {
            let name = self.random.pick(&names).clone();
            let mut files = self.sound.clone();
            files.remove(&name);
            if let Some(position) = name.strip_prefix("entries/").and_then(|rest| rest.strip_suffix(".json"))
            {
                files.remove(&format!("proofs/{position}.tlog-proof"));
                files.remove(&format!("disclosures/{position}.json"));
            }
            self.keep(format!("without {name}"), files, agreeing);
        }
    }

    fn swaps(&mut self, part: &str, agreeing: bool, times: usize) {
        let names = self.names(part);
        for _ in 0..times {
            let (one, other) = (self.random.pick(&names).clone(), self.random.pick(&names).clone());
            if self.sound[&one] == self.sound[&other] {
                continue;
            }
            let mut files = self.sound.clone();
            files.insert(one.clone(), self.sound[&other].clone());
            files.insert(other.clone(), self.sound[&one].clone());
            self.keep(format!("{one} in the place of {other}"), files, agreeing);
        }
    }

    /// What the manifest says of the bundle, changed.
    fn manifests(&mut self) {
        let manifest: Value = serde_json::from_slice(&self.sound["bundle.json"]).unwrap();
        let heads = manifest["heads_sequence"].as_u64().unwrap();
        let (first, size) = (manifest["entries"][0].clone(), manifest["checkpoint_size"].as_u64().unwrap());
        for (member, value) in [
            ("checkpoint_size", json!(size + 1)),
            ("created_at", json!("yesterday")),
            ("entries", json!([first])),
            ("entries", json!([])),
            ("files", json!({})),
            ("format", json!("wuping-evidence/2")),
            ("heads_sequence", json!(heads - 1)),
            ("origin", json!("ledger.example/another")),
            ("subject", json!({ "id": "premises/u-2", "kind": "path" })),
            ("subject", json!({ "id": "premises/u-1", "kind": "author" })),
            ("more", json!(1)),
        ] {
            let mut changed = manifest.clone();
            changed[member] = value;
            let mut files = self.sound.clone();
            files.insert("bundle.json".to_owned(), jcs::canonical(&changed).unwrap());
            self.keep(format!("another {member} in the manifest"), files, false);
        }
        let mut files = self.sound.clone();
        files.remove("bundle.json");
        self.keep("without a manifest".to_owned(), files, false);
        let mut spaced = self.sound.clone();
        spaced.get_mut("bundle.json").unwrap().push(b'\n');
        self.keep("a line end behind the manifest".to_owned(), spaced, false);
    }

    fn strays(&mut self) {
        for name in ["notes.txt", "entries/1.json", "photos/a.jpg", "entries/999999999999.json"] {
            let mut files = self.sound.clone();
            files.insert(name.to_owned(), b"{}".to_vec());
            self.keep(format!("a stray {name}"), files, true);
        }
    }

    fn erases(&self, name: &str) -> bool {
        Entry::parse(&self.sound[name], None).unwrap().event_type == "FieldsErased"
    }

    fn names(&self, part: &str) -> Vec<String> {
        let is_of = |name: &&String| if part.ends_with('/') { name.starts_with(part) } else { *name == part };
        self.sound.keys().filter(is_of).cloned().collect()
    }

    fn keep(&mut self, what: String, mut files: Files, agreeing: bool) {
        if agreeing {
            let mut manifest: Value = serde_json::from_slice(&files["bundle.json"]).unwrap();
            let others = files.iter().filter(|(name, _)| *name != "bundle.json");
            manifest["files"] =
                others.map(|(name, bytes)| (name.clone(), json!(Hash::of(bytes).hex()))).collect();
            let entries =
                files.keys().filter_map(|name| name.strip_prefix("entries/")?.strip_suffix(".json"));
            manifest["entries"] = entries.filter_map(|position| position.parse::<u64>().ok()).collect();
            files.insert("bundle.json".to_owned(), jcs::canonical(&manifest).unwrap());
        }
        let told = if agreeing { format!("{what}, and the manifest agrees") } else { what };
        self.made.push((told, files));
    }
}

/// Where the directory at the end of a ZIP begins.
fn first_directory(zip: &[u8]) -> u64 {
    zip.windows(4).position(|four| four == b"PK\x01\x02").unwrap() as u64
}

/// The place itself if it lies in a file's content, else the middle of the content of the next file.
fn bundle_content_at(zip: &[u8], at: usize) -> usize {
    let mut begins = 0;
    loop {
        let long = |from: usize| u32::from_le_bytes(zip[from..from + 4].try_into().unwrap()) as usize;
        let name = usize::from(u16::from_le_bytes(zip[begins + 26..begins + 28].try_into().unwrap()));
        let (content, length) = (begins + 30 + name, long(begins + 18));
        if at < content + length {
            return at.max(content);
        }
        begins = content + length;
    }
}

const PARTS: [&str; 7] =
    ["checkpoint", "checkpoint.tsr", "disclosures/", "entries/", "heads/", "proofs/", "schemes/"];

/// Of an ECDSA signature at the end of a time-stamp.
const SIGNATURE_BYTES: usize = 48;

/// Who makes a bundle says what is in it: without a disclosure it says less, and nothing wrong.
const LEFT_OUT_AT_WILL: [&str; 1] = ["disclosures/"];
