//! Reports as of any moment, on standard output or into a file, for machines or for people.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use serde::Serialize;
use wuping_domain::reaction::Rulebooks;
use wuping_projections::Views;
use wuping_projections::build::{Plan, build};
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_replay::report::Question;
use wuping_replay::statistics::{Asked, Extent, Statistic, make, on_a_day};
use wuping_replay::{cases as replayed_cases, parties as replayed_parties, published, report};

use crate::cli::read::reader;
use crate::cli::tongue::Tongue;
use crate::cli::{Common, Failure, output};
use crate::statistics;

/// What is asked for.
#[derive(Args, Debug)]
pub(super) struct MakeReport {
    /// Which
    name: Name,
    /// The party, of a portfolio; the subdistrict or community, of a sheet
    #[arg(value_name = "PARTY")]
    party: Option<String>,
    /// Of a portfolio: every party's
    #[arg(long, conflicts_with = "party")]
    every_party: bool,
    /// Of classes: the illustrative rule under which they are computed
    #[arg(long, value_name = "FILE")]
    credit_rule: Option<PathBuf>,
    /// Only what is of premises in this subdistrict; a list of cases or grades is then the report of it, with position and digest
    #[arg(long, value_name = "NAME")]
    subdistrict: Option<String>,
    /// What the ledger knew at this time (RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "at")]
    as_of: Option<String>,
    /// What the ledger knew at this position
    #[arg(long, value_name = "POSITION")]
    at: Option<u64>,
    /// What held on this day
    #[arg(long, value_name = "DAY")]
    valid_at: Option<NaiveDate>,
    /// First day of what is counted; the day that a movement is compared with
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// In which form
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    format: Form,
    /// Into this file
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Form {
    Csv,
    Html,
    Json,
    Xlsx,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Name {
    /// Appeals, with their outcomes
    Appeals,
    /// Hazards of all premises, with their days
    Cases,
    /// Credit classes that parties come to under an illustrative rule; nothing is recorded
    Classes,
    /// What is registered, graded, not graded and why, and gaps in the register
    Coverage,
    /// Parties by credit class, who came and went, and what is open in their files
    Credit,
    /// Deadlines that were missed, and by whom
    Deadlines,
    /// Grades by layer, area and level
    Distribution,
    /// The premises behind the numbers of the coverage, a row for each thing that is missing
    Gaps,
    /// Grades of all premises
    Grades,
    /// Hazards by department: open, overdue, how old
    Hazards,
    /// Inspections planned, put off, made and missed, by area, credit class, grade and departments
    Inspections,
    /// Measures, incentives and trainings by area, level and stage
    Measures,
    /// Who stands higher or lower than on an earlier day, and why
    Movement,
    /// Parties, with how many premises they answer for
    Parties,
    /// Rounds made and missed, by area and worker
    Patrols,
    /// The premises of a party, or of every one, with their levels
    Portfolio,
    /// What each imported publication shows, as the ledger gives it back: rows, deductions, colours, digest
    Publications,
    /// The grades in force of an area, as they hang on a board, with their digest
    Sheet,
    /// Incidents, hazards and grades by area, kind, level and month: what lies before a joint meeting
    Situation,
}

impl Name {
    /// The statistic of this name; none for the lists that are older than they.
    const fn statistic(self) -> Option<Statistic> {
        match self {
            Self::Appeals => Some(Statistic::Appeals),
            Self::Classes => Some(Statistic::Classes),
            Self::Coverage => Some(Statistic::Coverage),
            Self::Credit => Some(Statistic::Credit),
            Self::Deadlines => Some(Statistic::Deadlines),
            Self::Distribution => Some(Statistic::Distribution),
            Self::Gaps => Some(Statistic::Gaps),
            Self::Hazards => Some(Statistic::Hazards),
            Self::Inspections => Some(Statistic::Inspections),
            Self::Measures => Some(Statistic::Measures),
            Self::Movement => Some(Statistic::Movement),
            Self::Patrols => Some(Statistic::Patrols),
            Self::Portfolio => Some(Statistic::Portfolio),
            Self::Situation => Some(Statistic::Situation),
            Self::Cases | Self::Grades | Self::Parties | Self::Publications | Self::Sheet => None,
        }
    }

    /// One of the older lists as a table, for a workbook or a page.
    const fn as_table(self) -> Option<Statistic> {
        match self {
            Self::Cases => Some(Statistic::Cases),
            Self::Grades => Some(Statistic::Grades),
            Self::Parties => Some(Statistic::Parties),
            _ => None,
        }
    }
}

/// Make a report and write it.
pub(super) fn report(common: &Common, asked: &MakeReport) -> Result<ExitCode, Failure> {
    output::must_be_free(asked.out.as_deref())?;
    let question = question(asked.at, asked.as_of.as_deref(), asked.valid_at)?;
    let form = if common.json { Form::Json } else { asked.format };
    if let Some(statistic) = asked.name.statistic() {
        return made(common, asked, statistic, question, form);
    }
    if asked.every_party || asked.credit_rule.is_some() {
        return Err(Failure::asked_in_both(
            "--every-party 只用于 report portfolio，--credit-rule 只用于 report classes：请去掉",
            "--every-party is of “report portfolio” and --credit-rule of “report classes”: leave them out",
        ));
    }
    if asked.subdistrict.is_some() && asked.name.as_table().is_none() {
        return Err(Failure::asked_in_both(
            "这份清单不按街道限定：请去掉 --subdistrict；公示清单的街道直接写在后面，如 report sheet 石井",
            "this list is not limited by --subdistrict: leave it out; the subdistrict of a sheet is written after it, “report sheet 石井”",
        ));
    }
    if asked.name == Name::Sheet {
        return sheet(common, asked);
    }
    let as_table = asked.subdistrict.is_some() || matches!(form, Form::Xlsx | Form::Html);
    if let Some(statistic) = asked.name.as_table().filter(|_| as_table) {
        return made(common, asked, statistic, question, form);
    }
    if !matches!(form, Form::Csv | Form::Json) || asked.out.is_some() || asked.from.is_some() {
        return Err(Failure::asked_in_both(
            "这份清单只能整份以 csv 或 json 写到标准输出：请去掉 --from 和 --out；cases、grades、parties 还可以用 --format xlsx|html",
            "this list is written on standard output as csv or json, whole: leave out --from and --out; cases, grades and parties are also a workbook or a page, --format xlsx|html",
        ));
    }
    match asked.name {
        Name::Cases => cases(common, question, form),
        Name::Grades => grades(common, question, form),
        Name::Parties => parties(common, question, form),
        _ if question == Question::default() => publications(common, form),
        _ => Err(Failure::asked_in_both(
            "report publications 一次列出全部公布：请去掉 --as-of、--at 和 --valid-at",
            "“report publications” tells of every publication at once: leave out --as-of, --at and --valid-at",
        )),
    }
}

fn made(
    common: &Common,
    asked: &MakeReport,
    statistic: Statistic,
    question: Question,
    form: Form,
) -> Result<ExitCode, Failure> {
    if (asked.party.is_some() || asked.every_party) != statistic.takes_party() {
        return Err(Failure::asked_in_both(
            "portfolio 要指明一个责任人，如 report portfolio y-1，或者用 --every-party；其他报表不指明责任人",
            "a portfolio is of one party, “report portfolio y-1”, or of --every-party; no other report names one",
        ));
    }
    if asked.credit_rule.is_some() != statistic.takes_credit_rule() {
        return Err(Failure::asked_in_both(
            "report classes 按一个文件中的规则计算：--credit-rule FILE；其他报表不用它",
            "“report classes” is made under the rule of a file, --credit-rule FILE; no other report takes one",
        ));
    }
    if asked.from.is_some() && !statistic.takes_from() {
        return Err(Failure::asked_in_both(
            "这份报表只说某一天的情况：请去掉 --from",
            "this report tells of one day: leave out --from",
        ));
    }
    let credit_rule = asked
        .credit_rule
        .as_deref()
        .map(|file| std::fs::read_to_string(file).map_err(|error| Failure::unread(file, &error)));
    let asked_of = Asked {
        question,
        from: asked.from,
        party: asked.party.clone(),
        every_party: asked.every_party,
        credit_rule: credit_rule.transpose()?,
        extent: asked.subdistrict.clone().map_or(Extent::District, Extent::Subdistrict),
    };
    let made = make(&reader(common)?, statistic, &asked_of)?;
    let form = match form {
        Form::Csv => statistics::Form::Csv,
        Form::Html => statistics::Form::Html,
        Form::Json => statistics::Form::Json,
        Form::Xlsx => statistics::Form::Xlsx,
    };
    // codes are for machines; words are asked for
    let lang = common.lang.map(Tongue::lang);
    let bytes = statistics::written(&made, form, lang)?;
    match &asked.out {
        Some(file) => output::written(file, &bytes)?,
        None if form == statistics::Form::Xlsx && std::io::stdout().is_terminal() => {
            return Err(Failure::asked_in_both(
                "工作簿不能显示在终端上：请用 --out 指明一个文件",
                "a workbook is no text for a terminal: name a file with --out",
            ));
        }
        None => {
            let mut out = std::io::stdout().lock();
            out.write_all(&bytes)?;
            if form == statistics::Form::Json {
                out.write_all(b"\n")?;
            }
            out.flush()?;
        }
    }
    if form == statistics::Form::Csv {
        let position = made.position.map_or_else(|| "none".to_owned(), |position| position.to_string());
        eprintln!("position {position}, tree head {}, digest {}", made.tree_head, made.digest);
    }
    Ok(ExitCode::SUCCESS)
}

/// The moment that is asked about.
fn question(at: Option<u64>, as_of: Option<&str>, valid_at: Option<NaiveDate>) -> Result<Question, Failure> {
    let as_of = as_of
        .map(|text| {
            text.parse().map_err(|_| {
                Failure::asked_in_both(
                    "--as-of 要写成这样的时间：2026-03-01T09:30:00Z",
                    "--as-of takes a time such as 2026-03-01T09:30:00Z",
                )
            })
        })
        .transpose()?;
    Ok(Question { at, as_of, valid_at })
}

/// The list that hung, or was shown, made again: out of views that are built anew up to its position.
fn sheet(common: &Common, asked: &MakeReport) -> Result<ExitCode, Failure> {
    if asked.as_of.is_some() || asked.valid_at.is_some() || asked.from.is_some() || asked.out.is_some() {
        return Err(Failure::asked_in_both(
            "sheet 按记录的位置生成，以 json 写到标准输出：请去掉 --as-of、--valid-at、--from 和 --out",
            "a sheet is made as of a position, on standard output as json: leave out --as-of, --valid-at, --from and --out",
        ));
    }
    let reader = reader(common)?;
    let newest = reader.size()?.saturating_sub(1);
    let path = std::env::temp_dir().join(format!("wuping-sheet-{}.db", std::process::id()));
    let rulebooks: Arc<dyn Rulebooks + Send + Sync> = Arc::new(LedgerRulebooks::of(reader.clone()));
    let plan = Plan::of_the_past(&path, asked.at.unwrap_or(newest));
    let made = build(&reader, &rulebooks, &plan, |_| ())
        .and_then(|_| Views::at(&path).sheet(asked.party.as_deref()));
    // what was made on the way is nobody's; one that stays behind is no failure of the list
    std::fs::remove_file(&path).ok();
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &made?)?;
    out.write_all(b"\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Every hazard with its days; overdue is one whose day passed before the day asked about, else before that of the last entry.
fn cases(common: &Common, question: Question, form: Form) -> Result<ExitCode, Failure> {
    let reader = reader(common)?;
    let question = on_a_day(&reader, question)?;
    written(&replayed_cases::cases(&reader, question)?, &CASE_COLUMNS, form)
}

/// The grades of all premises.
fn grades(common: &Common, question: Question, form: Form) -> Result<ExitCode, Failure> {
    written(&report::grades(&reader(common)?, question)?, &REPORT_COLUMNS, form)
}

/// Who answers for how many premises.
fn parties(common: &Common, question: Question, form: Form) -> Result<ExitCode, Failure> {
    written(&replayed_parties::parties(&reader(common)?, question)?, &PARTY_COLUMNS, form)
}

/// What each publication of Toronto's evaluations shows.
fn publications(common: &Common, form: Form) -> Result<ExitCode, Failure> {
    let states = published::states(&reader(common)?)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if matches!(form, Form::Json) {
        for state in &states {
            serde_json::to_writer(&mut out, state)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
    } else {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(PUBLICATION_COLUMNS)?;
        for state in &states {
            let colour = |name| state.colours.get(name).copied().unwrap_or_default().to_string();
            csv.write_record([
                state.publication.to_string(),
                state.date.to_string(),
                state.rows.to_string(),
                state.reactive_negative.to_string(),
                colour("green"),
                colour("yellow"),
                colour("red"),
                state.digest.clone(),
                state.as_received.to_string(),
            ])?;
        }
        csv.flush()?;
    }
    let fits = states.iter().all(|state| state.as_received);
    Ok(if fits { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// One line each: an object for machines, else a row under these columns.
fn written<L: Serialize>(lines: &[L], columns: &[&str], form: Form) -> Result<ExitCode, Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if matches!(form, Form::Json) {
        for line in lines {
            serde_json::to_writer(&mut out, line)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns)?;
    for line in lines {
        let fields = serde_json::to_value(line)?;
        let cell = |name: &&str| match &fields[*name] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        csv.write_record(columns.iter().map(cell))?;
    }
    csv.flush()?;
    Ok(ExitCode::SUCCESS)
}

const CASE_COLUMNS: [&str; 19] = [
    "code",
    "premises",
    "case",
    "indicator",
    "severity",
    "found_on",
    "found_at",
    "confirmed_on",
    "ordered_on",
    "due",
    "extended_to",
    "submitted_on",
    "refused",
    "closed_on",
    "closed_at",
    "reopens",
    "stage",
    "open",
    "overdue",
];
const PARTY_COLUMNS: [&str; 4] = ["party", "kind", "roles", "premises"];
const PUBLICATION_COLUMNS: [&str; 9] =
    ["publication", "date", "rows", "reactive_negative", "green", "yellow", "red", "digest", "as_received"];
const REPORT_COLUMNS: [&str; 8] =
    ["code", "layer", "score", "star", "band", "level", "effective_from", "position"];
