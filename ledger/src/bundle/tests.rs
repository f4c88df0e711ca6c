//! The sample bundle of the independent tools, read, packed and checked; and copies of it that each lack or change one thing.

use std::path::PathBuf;

use serde_json::Value;

use super::check::{Checked, Seen, Trust, check};
use super::{Bundle, Manifest};
use crate::encoding::Hash;
use crate::note::VerifierKey;
use crate::stamp::Roots;

struct Sample {
    bundle: Bundle,
    trust: Value,
}

impl Sample {
    fn new() -> Self {
        let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/verifiers");
        let trust = std::fs::read(place.join("sample-trust.json")).unwrap();
        Self {
            bundle: Bundle::read(&place.join("sample-bundle")).unwrap(),
            trust: serde_json::from_slice(&trust).unwrap(),
        }
    }

    fn checked(&self, bundle: &Bundle) -> Checked {
        let key = |key: &Value| VerifierKey::parse(key.as_str().unwrap()).unwrap();
        let witnesses: Vec<VerifierKey> =
            self.trust["witnesses"].as_array().unwrap().iter().map(key).collect();
        let mut tsa_roots = Roots::default();
        for root in self.trust["tsa_roots"].as_array().unwrap() {
            tsa_roots.add(Roots::parse(root.as_str().unwrap()).unwrap());
        }
        let quorum = self.trust["quorum"].as_u64().unwrap() as usize;
        let trust = Trust {
            log: Some(&key(&self.trust["log_vkey"])),
            genesis: self.trust["genesis"].as_str(),
            seen: Some(Seen { witnesses: &witnesses, quorum, tsa_roots: &tsa_roots }),
            now: None,
        };
        check(bundle, &trust, 4)
    }

    /// A copy with a file taken out, or changed, that its manifest agrees with.
    fn with(&self, name: &str, change: impl Fn(Option<Vec<u8>>) -> Option<Vec<u8>>) -> Bundle {
        let mut files = self.bundle.files().clone();
        let changed = change(files.remove(name));
        files.extend(changed.map(|bytes| (name.to_owned(), bytes)));
        let mut manifest = Manifest::parse(&files.remove("bundle.json").unwrap()).unwrap();
        manifest.files = files.iter().map(|(name, bytes)| (name.clone(), Hash::of(bytes).hex())).collect();
        let entries = files.keys().filter_map(|name| name.strip_prefix("entries/")?.strip_suffix(".json"));
        manifest.entries = entries.map(|position| position.parse().unwrap()).collect();
        files.insert("bundle.json".to_owned(), manifest.to_bytes().unwrap());
        Bundle::of(files)
    }
}

fn codes(checked: &Checked) -> Vec<(u8, &'static str)> {
    checked.faults.iter().map(|fault| (fault.level, fault.code)).collect()
}

#[test]
fn the_sample_holds_up_to_level_4_with_what_was_erased_and_what_is_contested() {
    let sample = Sample::new();
    let checked = sample.checked(&sample.bundle);
    assert_eq!((codes(&checked), checked.reached), (vec![], Some(4)));
    assert!(!checked.erased.is_empty() && !checked.contested.is_empty());
    assert!(checked.ended.iter().any(|key| key.suspect_from.is_some()));
    assert!(checked.stamp.is_some() && checked.checkpoint.unwrap().cosigned.len() == 2);
    let packed = sample.bundle.to_zip().unwrap();
    assert_eq!(Bundle::from_zip(&packed).unwrap(), sample.bundle);
    assert_eq!(Bundle::from_zip(&packed).unwrap().to_zip().unwrap(), packed);
}

#[test]
fn the_manifest_is_written_as_it_was_read() {
    let sample = Sample::new();
    let raw = sample.bundle.file("bundle.json").unwrap();
    assert_eq!(Manifest::parse(raw).unwrap().to_bytes().unwrap(), raw);
}

#[test]
fn a_changed_byte_is_named_by_the_file_that_it_is_in() {
    let sample = Sample::new();
    for name in sample.bundle.files().keys().rev().step_by(7) {
        let mut files = sample.bundle.files().clone();
        let bytes = files.get_mut(name).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        let checked = sample.checked(&Bundle::of(files));
        assert_eq!(checked.reached, None, "{name}");
        let named = checked.faults.iter().any(|fault| fault.file == *name);
        assert!(named || name == "bundle.json", "{name}: {:?}", checked.faults);
    }
}

#[test]
fn whatever_is_left_out_or_changed_is_missed_though_the_manifest_agrees() {
    let sample = Sample::new();
    let whole = sample.checked(&sample.bundle).covered.len();
    // of each kind some
    for name in sample.bundle.files().keys().filter(|name| *name != "bundle.json").step_by(11) {
        let without = sample.checked(&sample.with(name, |_| None));
        // the one says less and nothing wrong, the other is missed at level 5
        let undisclosed = name.starts_with("disclosures/") || name.starts_with("schemes/");
        let missed = !without.faults.is_empty() || without.covered.len() < whole;
        assert_eq!(missed, !undisclosed, "without {name}: {:?}", without.faults);
        let changed = sample.checked(&sample.with(name, |bytes| {
            let mut bytes = bytes?;
            let at = bytes.len() / 3;
            bytes[at] ^= 2;
            Some(bytes)
        }));
        assert!(!changed.faults.is_empty(), "{name} was changed");
    }
    let stray = sample.checked(&sample.with("notes.txt", |_| Some(b"x".to_vec())));
    assert_eq!(codes(&stray), [(0, "bundle-path")]);
}

#[test]
fn without_anything_known_from_elsewhere_the_bundle_is_checked_by_its_own_word() {
    let sample = Sample::new();
    let nobody = Trust { log: None, genesis: None, seen: None, now: None };
    let checked = check(&sample.bundle, &nobody, 4);
    assert_eq!((codes(&checked), checked.reached), (vec![], Some(4)));
    assert!(checked.stamp.is_none());
    let first = check(&sample.bundle, &Trust { genesis: Some("00"), ..nobody }, 4);
    assert_eq!((codes(&first), first.reached), (vec![(4, "genesis")], Some(3)));
    assert_eq!(check(&sample.bundle, &nobody, 1).reached, Some(1));
}
