//! The commands about rulebooks before they are published: check a draft, compare it, rehearse it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use wuping_domain::rehearsal::{Direction, Doubt, doubts};
use wuping_domain::rulebook::Rulebook;
use wuping_ledger::store::Scheme as Kept;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::rehearsal::{Asked, Move, Rehearsal, rehearsal};

use crate::cli::read::reader;
use crate::cli::{Common, Failure, print_json};
use crate::drafting::{Draft, DraftError};
use crate::rulemaking::published;

#[derive(Debug, Subcommand)]
pub(super) enum Scheme {
    /// Whether the files make a rulebook, and what can never happen under it; exit 0 sound, 1 with faults
    #[command(
        after_help = "Example:\n  wuping scheme validate rulebooks/pingshan/unit.toml rulebooks/pingshan/policy.toml rulebooks/pingshan/holidays.toml\n\nWhat is not among the files is taken from the rulebook in use."
    )]
    Validate(Files),
    /// What a draft changes
    #[command(after_help = "Example:\n  wuping scheme diff unit.toml --against pingshan-unit-2")]
    Diff(Files),
    /// What a draft would make of the results on record: who would rise or fall, and why. Nothing is recorded
    #[command(
        after_help = "Examples:\n  wuping scheme rehearse unit.toml\n  wuping scheme rehearse building.toml --against toronto-2017-building-1 --every --json"
    )]
    Rehearse {
        #[command(flatten)]
        files: Files,
        /// Every assessment that was ever submitted, not only the last of each premises
        #[arg(long)]
        every: bool,
    },
}

/// A draft.
#[derive(Args, Debug)]
pub(super) struct Files {
    /// The files, in any order: indicators of one layer, policy, calendar
    #[arg(required = true, value_name = "DRAFT.toml")]
    drafts: Vec<PathBuf>,
    /// The published rulebook that it begins from and is compared with, by its id
    #[arg(long, value_name = "SCHEME")]
    against: Option<String>,
    /// The rulebook's own name, where it is another than that one's
    #[arg(long)]
    name: Option<String>,
}

impl Files {
    fn draft(&self, kept: &[Kept]) -> Result<Result<Draft, DraftError>, Failure> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path)
                .map_err(|error| Failure::asked(format!("{} could not be read: {error}", path.display())))
        };
        let files: Vec<String> = self.drafts.iter().map(read).collect::<Result<_, _>>()?;
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        Ok(Draft::of(&files, self.against.as_deref(), self.name.as_deref(), kept))
    }
}

pub(super) fn scheme(common: &Common, command: &Scheme) -> Result<ExitCode, Failure> {
    match command {
        Scheme::Validate(files) => validate(common, files),
        Scheme::Diff(files) => diff(common, files),
        Scheme::Rehearse { files, every } => rehearse(common, files, *every),
    }
}

fn validate(common: &Common, files: &Files) -> Result<ExitCode, Failure> {
    // three files are a rulebook by themselves, wherever they lie
    let kept = match reader(common) {
        Ok(reader) => published(&reader)?,
        Err(_) if files.against.is_none() => vec![],
        Err(failure) => return Err(failure),
    };
    match files.draft(&kept)? {
        Ok(draft) => {
            let rulebook = &draft.compiled.rulebook;
            let doubts = doubts(rulebook);
            if common.json {
                print_json(&serde_json::json!({
                    "id": rulebook.id, "sha256": draft.compiled.scheme.sha256, "faults": [], "doubts": doubts,
                }))?;
            } else {
                println!("{} is sound, sha256 {}", rulebook.id, draft.compiled.scheme.sha256);
                doubts.iter().for_each(|doubt| println!("doubt: {}", told(doubt)));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ DraftError::Rules(_)) => {
            let faults = error.faults();
            if common.json {
                print_json(&serde_json::json!({ "faults": faults, "doubts": [] }))?;
            } else {
                faults.iter().for_each(|fault| println!("fault: {fault}"));
            }
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error.into()),
    }
}

fn diff(common: &Common, files: &Files) -> Result<ExitCode, Failure> {
    let draft = files.draft(&published(&reader(common)?)?)??;
    let Some(base) = &draft.base else {
        return Err(Failure::asked(
            "the ledger keeps no rulebook of this layer to compare it with; name one with --against",
        ));
    };
    let differences = draft.differences()?;
    if common.json {
        print_json(&serde_json::json!({
            "against": base.id, "draft": draft.compiled.scheme.id, "differences": differences,
        }))?;
    } else {
        let text = |value: &Option<serde_json::Value>| {
            value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string)
        };
        for one in &differences {
            println!("{}: {} → {}", one.path, text(&one.was), text(&one.is));
        }
        println!("{} differences between {} and {}", differences.len(), base.id, draft.compiled.scheme.id);
    }
    Ok(ExitCode::SUCCESS)
}

fn rehearse(common: &Common, files: &Files, every: bool) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    let kept = published(&reader)?;
    let draft = files.draft(&kept)??;
    let against = draft.base.as_ref().filter(|_| files.against.is_some()).map(|base| {
        let document = serde_json::from_slice(&base.bytes)?;
        Rulebook::from_document(&document).map_err(Failure::from)
    });
    let against = against.transpose()?;
    let rulebooks = LedgerRulebooks::of(reader.clone());
    let asked = Asked { draft: &draft.compiled.rulebook, against: against.as_ref(), every };
    let came = rehearsal(&reader, &rulebooks, asked)?;
    if common.json {
        print_json(&came)?;
    } else {
        in_words(&came);
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(came: &Rehearsal) {
    println!(
        "{}: {} assessments of {} premises, {} would fall, {} rise, {} stay ({} with another score)",
        came.draft, came.assessments, came.premises, came.down, came.up, came.same, came.only_score
    );
    came.doubts.iter().for_each(|doubt| println!("doubt: {}", told(doubt)));
    for (indicator, count) in &came.assumed {
        println!(
            "assumed: {indicator} is new; {count} assessments know nothing of it, and it was taken to be met"
        );
    }
    for (why, count) in &came.ungradable {
        println!("not graded: {count} ({why})");
    }
    came.moves.iter().for_each(|of| println!("{}", line(of)));
}

fn line(of: &Move) -> String {
    let held = |held: &wuping_domain::rehearsal::Held| match held.star {
        Some(star) => format!("{} ({star} stars)", held.score),
        None => format!("{} ({})", held.score, held.band),
    };
    let rehearsed = &of.rehearsed;
    let way = if rehearsed.direction == Direction::Down { "falls" } else { "rises" };
    let day = of.assessed_on.map_or_else(String::new, |on| format!(" of {on}"));
    format!("{}{day} {way}: {} → {}{}", of.code, held(&rehearsed.was), held(&rehearsed.is), because(of))
}

fn because(of: &Move) -> String {
    let Some(why) = &of.rehearsed.why else { return String::new() };
    let points =
        |points: Option<(u64, u64)>| points.map_or_else(|| "–".to_owned(), |(e, a)| format!("{e}/{a}"));
    let mut told: Vec<String> = why
        .indicators
        .iter()
        .map(|shift| format!("{} {} → {}", shift.indicator, points(shift.was), points(shift.is)))
        .collect();
    told.extend(why.caps_gained.iter().map(|cap| format!("capped at {} by {}", cap.star, cap.by)));
    told.extend(why.caps_lost.iter().map(|cap| format!("no longer capped at {} by {}", cap.star, cap.by)));
    told.extend(why.vetoes_gained.iter().map(|veto| format!("veto {veto}")));
    told.extend(why.vetoes_lost.iter().map(|veto| format!("no longer veto {veto}")));
    if why.bands && told.is_empty() {
        told.push("the score is in another band".to_owned());
    }
    format!(" ({})", told.join("; "))
}

/// A doubt in words.
fn told(doubt: &Doubt) -> String {
    match doubt {
        Doubt::IdleCap { by, star } => {
            format!("{by} caps at star {star}, which is the highest: it lowers nothing")
        }
        Doubt::ImpossibleGrade { band, best_score: Some(best), .. } => {
            format!("no results lead to {band}: the scores that remain reach {best} at most")
        }
        Doubt::ImpossibleGrade { band, .. } => {
            format!("no results lead to {band}: every one is capped below it")
        }
        Doubt::NeverApplies { by, at_least, indicators } => {
            format!("{by} asks for {at_least} failures of {indicators} indicators: it never applies")
        }
    }
}
