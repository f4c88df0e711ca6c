//! Statistics (统计报表): figures over all premises as of any moment. Each is one pass over the log up to a position, every
//! entry compared with its hash and the tree with the ledger's own, folded by a pure function; it carries the position,
//! the tree head and a digest of what it says, so that the same report made again anywhere is shown to be the same.

mod appeals;
mod classes;
mod coverage;
mod credit;
mod deadlines;
mod distribution;
mod extent;
mod families;
mod gaps;
mod hazards;
mod houses;
mod inspections;
mod lists;
mod measures;
mod movement;
mod names;
mod patrols;
mod portfolio;
mod situation;
mod table;

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use wuping_domain::credit::IllustrativeRule;
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::recorded::{Recorded, local_date};
use wuping_domain::rulebook::RulebookError;
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::merkle::Frontier;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::stored_leaf::StoredLeaf;
use wuping_ledger::verified::{self, Reading};
use wuping_projections::ViewsError;
use wuping_projections::build::prove;
use wuping_projections::entry::Entry;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

pub use self::extent::Extent;
pub use self::table::{Bars, Cell, Column, Table, Terms, Words};
use crate::report::{Question, ReportError};

/// Which report.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Appeals and how they ended.
    Appeals,
    /// Every hazard with its days.
    Cases,
    /// Classes of every party's portfolio under a rule that is asked for by file.
    Classes,
    /// What is registered, graded and not graded and why, and where the register has gaps.
    Coverage,
    /// Parties by credit class, and what is open in their files.
    Credit,
    /// Deadlines that were missed, and whose they were.
    Deadlines,
    /// Grades by layer, area and level.
    Distribution,
    /// The premises behind the numbers of the coverage: a row for each thing that is missing.
    Gaps,
    /// Every grade.
    Grades,
    /// Hazards by department: open, overdue, and how old.
    Hazards,
    /// Inspections by area, credit class, grade and departments: planned, made, missed, put off.
    Inspections,
    /// Measures by area, level and how far they are.
    Measures,
    /// Who stands higher or lower than on an earlier day, and why.
    Movement,
    /// Every party, with how many premises it answers for.
    Parties,
    /// Rounds made and missed by area and worker.
    Patrols,
    /// The premises that a party answers for.
    Portfolio,
    /// Incidents, hazards and grades by area, kind, level and month: what a joint meeting looks at.
    Situation,
}

/// What is asked of a report.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Asked {
    /// The moment.
    pub question: Question,
    /// The first day of the span that is counted; of a movement the day that is compared with.
    pub from: Option<NaiveDate>,
    /// The party, of a portfolio.
    pub party: Option<String>,
    /// Whether the portfolio is every party's.
    pub every_party: bool,
    /// The text of an illustrative credit rule, of classes under one.
    pub credit_rule: Option<String>,
    /// How much of the district it tells of.
    pub extent: Extent,
}

/// A report with what it was made from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Made {
    /// Which.
    pub statistic: Statistic,
    /// What was asked of it.
    pub asked: Asked,
    /// The day it tells of: the one asked about, else that of the last entry.
    pub day: NaiveDate,
    /// The first day that is counted, where one is.
    pub from: Option<NaiveDate>,
    /// Position of the last entry that it takes account of; none before the first entry.
    pub position: Option<u64>,
    /// When that entry was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
    /// Root of the tree over all entries up to it, lower-case hex.
    pub tree_head: String,
    /// SHA-256 of what it says, lower-case hex.
    pub digest: String,
    /// The rule that was asked for, where one was.
    pub rule: Option<Rule>,
    /// The subdistricts to which it can be limited: those in which premises were ever registered, by what was known.
    pub subdistricts: BTreeSet<String>,
    /// What it says.
    pub table: Table,
}

/// An illustrative rule under which a report was made.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Rule {
    /// Its own name.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// SHA-256 of its file, lower-case hex.
    pub sha256: String,
}

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StatisticError {
    /// The position is not in the ledger.
    #[error("position {position} is not in the ledger, which holds {entries} entries; ask for a lower one")]
    Beyond {
        /// What was asked for.
        position: u64,
        /// How many entries there are.
        entries: u64,
    },
    /// A report of one party names none.
    #[error("this report is of one party; name it by its id")]
    NoParty,
    /// Nobody has registered the party, and it answers for nothing.
    #[error(
        "there is no party {party}, and none answers for premises by this name; check its id, such as y-21"
    )]
    UnknownParty {
        /// What was asked for.
        party: String,
    },
    /// A report about parties is to be limited to a subdistrict.
    #[error("this report is about parties, and a party is of no one subdistrict; leave the subdistrict out")]
    OfParties,
    /// No premises were ever registered in the subdistrict, by what was known.
    #[error(
        "no premises were registered in subdistrict {subdistrict}; name one of those that there are: {}",
        .known.join(", ")
    )]
    UnknownSubdistrict {
        /// What was asked for.
        subdistrict: String,
        /// The subdistricts that there are.
        known: Vec<String>,
    },
    /// Classes under a rule, and no rule.
    #[error("these classes are computed under a rule that is asked for; name its file")]
    NoRule,
    /// A line of the report cannot be made.
    #[error("the lines of the report could not be read")]
    Lines(#[from] ReportError),
    /// The rule cannot be read or does not hold together.
    #[error("the credit rule cannot be used")]
    Rule(#[from] RulebookError),
    /// The span ends before it begins.
    #[error("the span begins on {from} and ends on {until}; let it begin earlier")]
    Span {
        /// Its first day.
        from: NaiveDate,
        /// Its last day.
        until: NaiveDate,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read for the report")]
    Ledger(#[from] StoreError),
    /// An entry is gone, changed or not understood, or the tree is another than the ledger's.
    #[error("the log is not as it was written, so that no report is made of it")]
    Unsound(#[from] ViewsError),
    /// What it says has no canonical form.
    #[error("the report has no canonical form")]
    Form(#[from] Refusal),
}

impl Statistic {
    /// Every report that is made of the ledger alone, in the order in which they are offered.
    pub const ALL: [Self; 16] = [
        Self::Situation,
        Self::Distribution,
        Self::Grades,
        Self::Movement,
        Self::Patrols,
        Self::Inspections,
        Self::Hazards,
        Self::Cases,
        Self::Deadlines,
        Self::Appeals,
        Self::Measures,
        Self::Credit,
        Self::Coverage,
        Self::Gaps,
        Self::Parties,
        Self::Portfolio,
    ];

    /// Whether it counts a span of days.
    pub const fn takes_from(self) -> bool {
        matches!(
            self,
            Self::Credit
                | Self::Deadlines
                | Self::Inspections
                | Self::Measures
                | Self::Movement
                | Self::Patrols
                | Self::Situation
        )
    }

    /// Whether it is made under a rule that is asked for.
    pub const fn takes_credit_rule(self) -> bool {
        matches!(self, Self::Classes)
    }

    /// Whether it is of one party.
    pub const fn takes_party(self) -> bool {
        matches!(self, Self::Portfolio)
    }
}

/// A pure fold of the log into a report.
trait Fold {
    /// The concepts whose entries it takes; others are hashed and not read.
    const TAKES: &'static [&'static str];

    /// Take an entry.
    fn take(&mut self, recorded: &Recorded<Event>);

    /// What came of them.
    fn table(self, span: Span) -> Table;
}

/// The days that a report tells of.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// The first that is counted; from ever where there is none.
    from: Option<NaiveDate>,
    /// The day it tells of, and the last that is counted.
    day: NaiveDate,
    /// Whether that day was asked for: what held then, and not what is in force.
    asked: bool,
    /// Whether rows of two subdistricts are told apart that would be one else.
    apart: bool,
}

impl Span {
    fn takes_in(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && day <= self.day
    }
}

/// Make a report.
///
/// # Errors
/// [`StatisticError`]: what is asked for cannot be, or the log is not sound.
pub fn make(reader: &Reader, statistic: Statistic, asked: &Asked) -> Result<Made, StatisticError> {
    let whole = whole(reader, statistic, &asked.whole(statistic)?)?;
    match asked.subdistrict() {
        Some(subdistrict) => whole.within(subdistrict),
        None => Ok(whole),
    }
}

/// Make the report of the whole district.
fn whole(reader: &Reader, statistic: Statistic, asked: &Asked) -> Result<Made, StatisticError> {
    let apart = asked.extent == Extent::Apart;
    match statistic {
        Statistic::Appeals => made(reader, statistic, asked, appeals::Appeals::by(asked.question.valid_at)),
        Statistic::Cases => {
            let question = on_a_day(reader, asked.question)?;
            made(reader, statistic, asked, lists::Lines::of_cases(reader, question, apart)?)
        }
        Statistic::Classes => {
            let text = asked.credit_rule.as_deref().ok_or(StatisticError::NoRule)?;
            made(reader, statistic, asked, classes::Classes::under(IllustrativeRule::of_file(text)?))
        }
        Statistic::Coverage => made(
            reader,
            statistic,
            asked,
            coverage::Coverage::by(asked.question.valid_at, LedgerRulebooks::of(reader.clone())),
        ),
        Statistic::Credit => made(reader, statistic, asked, credit::Credit::by(asked.question.valid_at)),
        Statistic::Deadlines => made(reader, statistic, asked, deadlines::Deadlines::default()),
        Statistic::Distribution => made(reader, statistic, asked, distribution::Distribution::default()),
        Statistic::Gaps => {
            let coverage =
                coverage::Coverage::by(asked.question.valid_at, LedgerRulebooks::of(reader.clone()));
            made(reader, statistic, asked, gaps::Gaps::of(coverage))
        }
        Statistic::Grades => {
            made(reader, statistic, asked, lists::Lines::of_grades(reader, asked.question, apart)?)
        }
        Statistic::Hazards => made(reader, statistic, asked, hazards::Hazards::default()),
        Statistic::Inspections => {
            made(reader, statistic, asked, inspections::Inspections::by(asked.question.valid_at))
        }
        Statistic::Measures => {
            made(reader, statistic, asked, measures::Measures::by(asked.question.valid_at))
        }
        Statistic::Movement => made(reader, statistic, asked, movement::Movement::default()),
        Statistic::Parties => made(
            reader,
            statistic,
            asked,
            lists::Lines::of_parties(reader, on_a_day(reader, asked.question)?)?,
        ),
        Statistic::Patrols => made(reader, statistic, asked, patrols::Patrols::default()),
        Statistic::Portfolio => {
            // a party is called by its id, and by the subject that it is in the log
            let id = |party: &str| party.strip_prefix("party/").unwrap_or(party).to_owned();
            let party = asked.party.as_deref().filter(|_| !asked.every_party).map(id);
            let party = party.filter(|party| !party.is_empty());
            if party.is_none() && !asked.every_party {
                return Err(StatisticError::NoParty);
            }
            let asked = Asked { party: party.clone(), ..asked.clone() };
            let made = made(reader, statistic, &asked, portfolio::Portfolio::of(party.clone()))?;
            match party.filter(|_| made.table.rows.is_empty()) {
                Some(party) if reader.last_position_of_subject(&format!("party/{party}"))?.is_none() => {
                    Err(StatisticError::UnknownParty { party })
                }
                _ => Ok(made),
            }
        }
        Statistic::Situation => {
            let rulebooks = LedgerRulebooks::of(reader.clone());
            let by = asked.question.valid_at;
            made(reader, statistic, asked, situation::Situation::by(by, rulebooks))
        }
    }
}

fn made<F: Fold>(
    reader: &Reader,
    statistic: Statistic,
    asked: &Asked,
    mut fold: F,
) -> Result<Made, StatisticError> {
    let head = reader.head()?.map(|head| head.frontier).unwrap_or_default();
    let goal = goal(reader, head.size(), asked.question)?;
    let understand = |row: &StoredLeaf<'_>| -> Result<Option<Recorded<Event>>, ViewsError> {
        if F::TAKES.contains(&aggregate_type(row.stream)) {
            return Ok(Some(Entry::of_leaf(row)?.recorded));
        }
        Ok(None)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut subdistricts = BTreeSet::new();
    let frontier = verified::read(reader, Frontier::new(), goal, Reading::on(threads), understand, |part| {
        for recorded in part.entries.iter().flatten() {
            extent::note(&mut subdistricts, recorded);
            fold.take(recorded);
        }
        Ok::<_, ViewsError>(())
    })?;
    prove(reader, &frontier, (head.size(), head.root()))?;
    let position = goal.checked_sub(1);
    let recorded_at = position.map(|position| recorded_at(reader, position)).transpose()?.flatten();
    let valid_at = asked.question.valid_at;
    // before anything was recorded nothing is counted, by whatever day that was asked for
    let before_all = || asked.question.as_of.map(local_date).max(asked.from).unwrap_or(NaiveDate::MIN);
    let day = valid_at.or(recorded_at.map(local_date)).unwrap_or_else(before_all);
    let month_before = || day.checked_sub_days(Days::new(MOVED_IN_DAYS)).unwrap_or(day);
    let from = match (asked.from, statistic) {
        (None, Statistic::Movement) => Some(month_before()),
        (from, _) => from.filter(|_| statistic.takes_from()),
    };
    if let Some(from) = from.filter(|from| *from > day) {
        return Err(StatisticError::Span { from, until: day });
    }
    let apart = asked.extent == Extent::Apart;
    let table = fold.table(Span { from, day, asked: valid_at.is_some(), apart });
    let rule = asked.credit_rule.as_deref().map(rule_of).transpose()?;
    let of = said(statistic, asked, from, rule.as_ref());
    Ok(Made {
        statistic,
        asked: asked.clone(),
        day,
        from,
        position,
        recorded_at,
        tree_head: frontier.root().hex(),
        digest: table.digest(&of)?,
        rule,
        subdistricts,
        table,
    })
}

/// The question with a day: the one asked about, else that of the last entry, and never the day on which somebody asks.
///
/// # Errors
/// [`StatisticError`] if the ledger cannot be read.
pub fn on_a_day(reader: &Reader, question: Question) -> Result<Question, StatisticError> {
    let last = goal(reader, reader.size()?, question)?.checked_sub(1);
    let recorded_at = last.map(|position| recorded_at(reader, position)).transpose()?.flatten();
    Ok(Question { valid_at: question.valid_at.or(recorded_at.map(local_date)), ..question })
}

/// What of the question belongs to the content.
fn said(statistic: Statistic, asked: &Asked, from: Option<NaiveDate>, rule: Option<&Rule>) -> Value {
    let mut said = json!({
        "report": statistic.code(), "from": from, "party": asked.party, "valid_at": asked.question.valid_at,
    });
    if let Some(rule) = rule {
        said["rule"] = json!(rule.sha256);
    }
    if let Some(subdistrict) = asked.subdistrict() {
        said["subdistrict"] = json!(subdistrict);
    }
    said
}

/// The rule as a report names it.
fn rule_of(text: &str) -> Result<Rule, RulebookError> {
    let rule = IllustrativeRule::of_file(text)?;
    let sha256 = hex_encode(&sha256(text.as_bytes()));
    Ok(Rule { id: rule.id, zh: rule.zh, en: rule.en, sha256 })
}

/// How many entries were known at the moment asked about.
fn goal(reader: &Reader, entries: u64, question: Question) -> Result<u64, StatisticError> {
    let by_position = match question.at {
        Some(position) if position >= entries => return Err(StatisticError::Beyond { position, entries }),
        Some(position) => position + 1,
        None => entries,
    };
    let Some(as_of) = question.as_of else { return Ok(by_position) };
    // times of recording never decrease: the first entry that was recorded later is found by halving
    let (mut known, mut later) = (0, by_position);
    while known < later {
        let middle = known + (later - known) / 2;
        match recorded_at(reader, middle)? {
            Some(at) if at <= as_of => known = middle + 1,
            _ => later = middle,
        }
    }
    Ok(known)
}

fn recorded_at(reader: &Reader, position: u64) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut at = None;
    reader.rows(position, position + 1, |row| {
        at = row.recorded_at.parse().ok();
        Ok::<_, StoreError>(())
    })?;
    Ok(at)
}

/// With what day a movement compares where none is given: so many days before.
const MOVED_IN_DAYS: u64 = 30;
