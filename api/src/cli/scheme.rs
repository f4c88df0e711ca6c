//! The commands about rulebooks before they are published: check a draft, compare it, rehearse it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use wuping_domain::rehearsal::{Direction, Doubt, doubts};
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::fault::Fault;
use wuping_ledger::store::Scheme as Kept;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::rehearsal::{Asked, Move, Rehearsal, rehearsal};

use crate::cli::read::reader;
use crate::cli::{Common, Failure, print_json};
use crate::drafting::{Draft, DraftError};
use crate::look::words::Lang;
use crate::look::words::rehearsals::{because, doubtful};
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
        let read =
            |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| Failure::unread(path, &error));
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
                    "id": rulebook.id, "sha256": draft.compiled.scheme.sha256, "faults": [], "faults_zh": [],
                    "doubts": doubts,
                }))?;
            } else {
                let (id, sha256) = (&rulebook.id, &draft.compiled.scheme.sha256);
                common.say(
                    format!("{id} 没有错误，sha256 {sha256}"),
                    format!("{id} is sound, sha256 {sha256}"),
                );
                tell_doubts(common, &doubts);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ DraftError::Rules(_)) => {
            let faults = error.faults();
            if common.json {
                let [zh, en]: [Vec<&String>; 2] = [
                    faults.iter().map(|fault| &fault.zh).collect(),
                    faults.iter().map(|fault| &fault.en).collect(),
                ];
                print_json(&serde_json::json!({ "faults": en, "faults_zh": zh, "doubts": [] }))?;
            } else {
                for Fault { zh, en } in &faults {
                    common.say(format!("错误：{zh}"), format!("fault: {en}"));
                }
            }
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error.into()),
    }
}

fn diff(common: &Common, files: &Files) -> Result<ExitCode, Failure> {
    let draft = files.draft(&published(&reader(common)?)?)??;
    let Some(base) = &draft.base else {
        return Err(Failure::asked_in_both(
            "账本里没有这一层的评分规则可以比较；请用 --against 指明一份",
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
        let (count, base, draft) = (differences.len(), &base.id, &draft.compiled.scheme.id);
        common.say(
            format!("{base} 与 {draft} 之间有{count}处不同"),
            format!("{count} differences between {base} and {draft}"),
        );
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
        in_words(common, &came);
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(common: &Common, came: &Rehearsal) {
    let Rehearsal { draft, assessments, premises, down, up, same, only_score, .. } = came;
    common.say(
        format!("{draft}：{premises}处房屋的{assessments}次评定，降级{down}，升级{up}，不变{same}（其中{only_score}次只是得分不同）"),
        format!(
            "{draft}: {assessments} assessments of {premises} premises, {down} would fall, {up} rise, {same} stay ({only_score} with \
             another score)"
        ),
    );
    tell_doubts(common, &came.doubts);
    for (indicator, count) in &came.assumed {
        common.say(
            format!("推定：{indicator} 是新指标，有{count}次评定没有它的结果，都按合格计算"),
            format!(
                "assumed: {indicator} is new; {count} assessments know nothing of it, and it was taken to be met"
            ),
        );
    }
    for (why, count) in &came.ungradable {
        common.say(format!("无法评定：{count}（{why}）"), format!("not graded: {count} ({why})"));
    }
    came.moves.iter().for_each(|of| println!("{}", line(common.lang(), of)));
}

fn tell_doubts(common: &Common, doubts: &[Doubt]) {
    for doubt in doubts {
        common.say(
            format!("可疑：{}", doubtful(Lang::Zh, doubt)),
            format!("doubt: {}", doubtful(Lang::En, doubt)),
        );
    }
}

fn line(lang: Lang, of: &Move) -> String {
    let held = |held: &wuping_domain::rehearsal::Held| match held.star {
        Some(star) => {
            lang.pick(format!("{}（{star}星）", held.score), format!("{} ({star} stars)", held.score))
        }
        None => {
            lang.pick(format!("{}（{}）", held.score, held.band), format!("{} ({})", held.score, held.band))
        }
    };
    let rehearsed = &of.rehearsed;
    let falls = rehearsed.direction == Direction::Down;
    let way = lang.pick(if falls { "降级" } else { "升级" }, if falls { "falls" } else { "rises" });
    let day = |before: &str, after: &str| {
        of.assessed_on.map_or_else(String::new, |on| format!("{before}{on}{after}"))
    };
    let (code, was, is) = (&of.code, held(&rehearsed.was), held(&rehearsed.is));
    let why = match because(lang, of) {
        nothing if nothing.is_empty() => nothing,
        why => lang.pick(format!("（{why}）"), format!(" ({why})")),
    };
    lang.pick(
        format!("{code}{} {way}：{was} → {is}{why}", day("（", "）")),
        format!("{code}{} {way}: {was} → {is}{why}", day(" of ", "")),
    )
}
