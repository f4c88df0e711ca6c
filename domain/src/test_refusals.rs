//! What a refusal says: in both languages what is wrong and what to do, under a type that stays.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::facts::Role;
use crate::permission::Within;
use crate::rejection::{Missing, Rejection};

/// A request in Chinese, and in English a sentence more than what is wrong.
pub(crate) fn says_what_to_do(refusal: &Rejection) -> bool {
    let english = refusal.en();
    let sentences = english.split(['.', ';', ':']).filter(|sentence| sentence.trim().len() > 4).count();
    refusal.zh().contains('请') && sentences > 1
}

fn missing() -> Missing {
    Missing {
        collect: "feed".into(),
        competent: "police".into(),
        competent_zh: "公安".into(),
        indicator: "tenants_registered".into(),
        zh: "租客登记".into(),
        en: "Tenants are registered".into(),
    }
}

/// One of each variant, whatever it names. A variant that is not told here does not compile.
fn one_of_each() -> Vec<Rejection> {
    let ids = || vec!["smoke_alarm".to_owned()];
    let all = vec![
        Rejection::AlreadyExists { what: "premises" },
        Rejection::DepartmentNeeded { department: "fire".into() },
        Rejection::DutiesSeparated { rule: "confirmer_is_assessor" },
        Rejection::DutiesSeparated { rule: "confirmer_is_proposer" },
        Rejection::DutiesSeparated { rule: "decider_is_proposer" },
        Rejection::DutiesSeparated { rule: "only_the_lead_submits" },
        Rejection::DutiesSeparated { rule: "publisher_is_drafter" },
        Rejection::DutiesSeparated { rule: "reviewer_is_finder" },
        Rejection::Incomplete { missing: vec![missing()] },
        Rejection::Malformed { field: "until", needs: "a later day" },
        Rejection::NotFound { what: "hazard" },
        Rejection::NotYours { indicators: vec![missing()] },
        Rejection::OutOfReach { within: Within::Area },
        Rejection::OutOfReach { within: Within::Beat },
        Rejection::OutOfReach { within: Within::Premises },
        Rejection::PhotoMissing { indicators: ids() },
        Rejection::PremisesClosed { on: NaiveDate::default() },
        Rejection::ReasonMissing { indicators: ids() },
        Rejection::RoleNeeded { roles: vec![] },
        Rejection::RoleNeeded { roles: vec![Role::Confirmer] },
        Rejection::Rule { code: "some_new_rule".into(), detail: Value::Null },
        Rejection::RulebookUnknown,
        Rejection::WrongState { is: "closed", needs: "open" },
    ];
    let told = |refusal: &Rejection| match refusal {
        Rejection::AlreadyExists { .. } => 0,
        Rejection::DepartmentNeeded { .. } => 1,
        Rejection::DutiesSeparated { .. } => 2,
        Rejection::Incomplete { .. } => 3,
        Rejection::Malformed { .. } => 4,
        Rejection::NotFound { .. } => 5,
        Rejection::NotYours { .. } => 6,
        Rejection::OutOfReach { .. } => 7,
        Rejection::PhotoMissing { .. } => 8,
        Rejection::PremisesClosed { .. } => 9,
        Rejection::ReasonMissing { .. } => 10,
        Rejection::RoleNeeded { .. } => 11,
        Rejection::Rule { .. } => 12,
        Rejection::RulebookUnknown => 13,
        Rejection::WrongState { .. } => 14,
    };
    let variants: BTreeSet<i32> = all.iter().map(told).collect();
    assert_eq!(variants, (0..15).collect(), "one of each variant is told");
    all
}

#[test]
fn every_refusal_says_what_to_do_in_both_languages_under_a_type_of_its_own() {
    for refusal in one_of_each() {
        let (zh, en, code) = (refusal.zh(), refusal.en(), refusal.code().to_owned());
        assert!(says_what_to_do(&refusal), "{code}: {en} {zh}");
        assert!(en.is_ascii() || en.contains(['“', '”', '’']), "{code}: {en}");
        assert!(!code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
    }
}

#[test]
fn what_is_missing_is_told_with_who_has_it() {
    let refusal = Rejection::Incomplete { missing: vec![missing()] };
    assert!(
        refusal.en().starts_with(
            "1 indicator(s) missing: Tenants are registered (shared by the system of “police”)."
        )
    );
    assert!(refusal.zh().starts_with("还有1项指标没有结果：租客登记(公安系统提供)。"), "{}", refusal.zh());
}

/// The rules' own sources, tests apart.
pub(crate) fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut sources) = (vec![root.clone()], vec![]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.strip_prefix(&root).unwrap().to_string_lossy().contains("test") {
                let source = fs::read_to_string(&path).unwrap();
                sources.extend(source.split("#[cfg(test)]\nmod tests {").next().map(str::to_owned));
            }
        }
    }
    sources
}

#[test]
fn every_rule_that_refuses_has_words_of_its_own() {
    let mut found = BTreeSet::new();
    for source in sources() {
        for behind in source.split("Rejection::because(").skip(1) {
            let code = behind.trim_start().strip_prefix('"').and_then(|code| code.split('"').next());
            found.extend(code.map(str::to_owned));
        }
    }
    assert!(found.len() > 60, "the sources are read: {}", found.len());
    for code in found {
        let refusal = Rejection::because(&code, json!({ "due": "2026-03-10", "days": 30, "ids": ["x"] }));
        assert!(!refusal.en().contains(&code) && !refusal.zh().contains(&code), "{code} has no words");
        assert!(says_what_to_do(&refusal), "{code}: {} {}", refusal.en(), refusal.zh());
    }
}

#[test]
fn what_a_confirmer_is_refused_is_said_in_words_and_never_by_its_code() {
    let codes = [
        "confirmed_before_statement",
        "confirmer_is_assessor",
        "confirmer_is_proposer",
        "no_document",
        "not_in_rulebook",
        "unknown_ground",
        "unknown_scope",
        "waiver_not_allowed",
        "waiver_without_reason",
        "wrong_authority",
    ];
    for code in codes {
        let refused = Rejection::because(code, Value::Null);
        assert!(!refused.zh().contains(code) && !refused.en().contains(code), "{refused}");
    }
}
