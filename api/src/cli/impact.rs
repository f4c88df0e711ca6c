//! What else falls if a determination is set aside.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use wuping_domain::grade::impact::{Because, Impact, Standing};
use wuping_replay::impact::impact;

use crate::cli::read::{reader, subject_of};
use crate::cli::{Common, Failure, print_json};

pub(super) fn tell(common: &Common, determination: &str) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    // a code, as people and publishers have it
    let named = match determination.rsplit_once('#') {
        Some((code, number)) if !code.contains('/') => {
            format!("{}#{number}", subject_of(common, &reader, code)?)
        }
        _ => determination.to_owned(),
    };
    let told = impact(&reader, &named)?;
    match common.json {
        true => print_json(&told)?,
        false => print!("{}", in_words(&told)),
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(told: &Impact) -> String {
    let mut text = String::new();
    let star = |star: Option<u8>| star.map_or_else(|| "no star".to_owned(), |star| format!("{star} star(s)"));
    let standing = match told.standing {
        Standing::InForce => "it binds",
        Standing::Past => "it does not bind any more",
        Standing::SetAside => "it was set aside already",
        Standing::Waiting => "it waits for a named person",
    };
    let _ = writeln!(
        text,
        "determination {} ({}, assessment {}): {standing}",
        told.determination,
        star(told.star),
        told.assessment
    );
    let _ = match &told.holds_then {
        Some(then) => writeln!(text, "then determination {} holds: {}", then.number, star(then.star)),
        None => writeln!(text, "then no grade holds"),
    };
    for of in &told.determinations {
        let because = match of.because {
            Because::ComparedWithIt => "was compared with it",
            Because::SameAssessment => "was computed from the same assessment",
        };
        let _ = writeln!(text, "determination {} ({}) {because}", of.number, star(of.star));
    }
    for of in &told.hazards {
        let _ = writeln!(
            text,
            "case {} ({}, {}) was opened by its assessment",
            of.stream, of.indicator, of.stage
        );
    }
    for veto in &told.vetoes {
        let _ = writeln!(text, "veto {veto} ends");
    }
    for unit in &told.units {
        let _ = writeln!(text, "unit {unit} may not be let because of it");
    }
    for of in &told.measures {
        let (stream, what, stage) = (&of.stream, word(&of.measure), of.stage);
        let _ = writeln!(text, "measure {stream} ({what}, {stage}) goes with its level");
    }
    for of in &told.credit {
        let party = &of.party;
        if of.weighs {
            let _ = writeln!(text, "it weighs in the credit file of {party}");
        }
        for number in &of.conduct {
            let _ = writeln!(
                text,
                "conduct {number} in the credit file of {party} follows from a case of its assessment"
            );
        }
    }
    for of in &told.notices {
        let served = if of.served { "served" } else { "not served" };
        let _ = writeln!(text, "notice {} ({}, {served}) tells of it", of.stream, of.kind);
    }
    for stream in &told.contested_in {
        let _ = writeln!(text, "{stream} is against it");
    }
    for plaque in &told.plaques {
        let _ = writeln!(text, "the {} hangs by it", word(plaque));
    }
    if let Some(rounds) = &told.patrol {
        let then =
            rounds.then.map_or_else(|| "none by a grade".to_owned(), |then| format!("every {}", word(&then)));
        let _ = writeln!(text, "rounds every {} now, then {then}", word(&rounds.now));
    }
    if told.is_public {
        let _ = writeln!(text, "the public pages show it");
    }
    text
}

/// A code as a word.
fn word<T: Serialize>(code: &T) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('_', " ")
}
