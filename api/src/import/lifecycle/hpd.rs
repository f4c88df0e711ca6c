//! New York City's housing maintenance code violations: what each row says of a violation's life, and in which order.
//!
//! Source: NYC Open Data, Department of Housing Preservation and Development, via palewire/nyc-hpd-violations.

use chrono::{Days, NaiveDate};
use wuping_domain::calendar::add_days;
use wuping_domain::rulebook::imported::ImportPolicy;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::vault::Vault;

use super::hpd_case::Violations;
use super::line::{Line, as_key, lines};
use super::telling::{Telling, policy, word};
use super::{Lifecycles, NYC_HPD, only};
use crate::import::ImportError;
use crate::import::csv_rows::Table;
use crate::shelf;

pub(super) fn import(
    ledger: &Ledger,
    vault: &Vault,
    tables: Vec<Table>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Lifecycles, ImportError> {
    let compiled = shelf::nyc_hpd()?;
    let policy = policy(&compiled)?;
    let table = only(tables)?;
    let rows = read(&table, policy)?;
    let steps = steps(&rows, published_on(&rows));
    let postponement = compiled.rulebook.deadline_rule("postponement").map_or(0, |rule| rule.n);
    let telling = Telling::begin((ledger, vault), KIND, Some(&compiled), steps.len(), progress)?;
    let mut violations = Violations::by(telling, &compiled, policy, Days::new(u64::from(postponement)));
    let said = violations.say(&rows, &steps);
    let said = said.and_then(|()| violations.telling.received(NYC_HPD, &table));
    violations.telling.finish(said)
}

/// One violation.
pub(super) struct Violation<'t> {
    pub(super) line: Line<'t>,
    /// The premises: the apartment where one is named, else the building.
    pub(super) home: String,
    /// The building.
    pub(super) building: String,
    pub(super) inspected: NaiveDate,
    pub(super) approved: NaiveDate,
    /// The day of the notice, and that by which it must be put right.
    pub(super) ordered: Option<(NaiveDate, NaiveDate)>,
    /// The later day, and the day on which it was granted.
    pub(super) extended: Option<(NaiveDate, NaiveDate)>,
    pub(super) certified: Option<NaiveDate>,
    /// What the newest status says, in the rulebook's word, and since when.
    pub(super) status: (String, NaiveDate),
    pub(super) closed: bool,
    pub(super) severity: String,
    pub(super) order: String,
}

fn read<'t>(table: &'t Table, policy: &ImportPolicy) -> Result<Vec<Violation<'t>>, ImportError> {
    let lines = lines(NYC_HPD, table, &COLUMNS, |line| line.number_in("violationid").map(str::to_owned))?;
    lines.into_iter().map(|line| violation(line, policy)).collect()
}

fn violation<'t>(line: Line<'t>, policy: &ImportPolicy) -> Result<Violation<'t>, ImportError> {
    let building = format!("{BUILDING}{}", line.number_in("buildingid")?);
    let apartment = line.cell("apartment");
    let home = match apartment {
        "" => building.clone(),
        apartment => format!("{building}-{}", as_key(apartment)),
    };
    let issued = line.optional_day("novissueddate")?;
    let correct_by = line.optional_day("originalcorrectbydate")?;
    let ordered = match (issued, correct_by) {
        (Some(issued), Some(by)) if by >= issued => Some((issued, by)),
        (None, None) => None,
        _ => {
            let detail =
                "a notice has a day by which to correct, not before its own; one without the other is none";
            return Err(line.refuse("originalcorrectbydate", detail));
        }
    };
    let status = word(policy, &line, "currentstatus")?.to_owned();
    let status_on = line.day("currentstatusdate")?;
    let certified = line.optional_day("certifieddate")?;
    let later = line.optional_day("newcorrectbydate")?;
    let extended = match (later, ordered) {
        (None, _) => None,
        (Some(_), None) => {
            return Err(line.refuse("newcorrectbydate", "no day was set before that this one could extend"));
        }
        (Some(later), _) if status == EXTENDED => Some((later, status_on)),
        // the file has overwritten when it was granted: at the latest when it was needed
        (Some(later), Some((_, by))) => Some((later, certified.map_or(by, |certified| certified.min(by)))),
    };
    Ok(Violation {
        home,
        building,
        inspected: line.day("inspectiondate")?,
        approved: line.day("approveddate")?,
        ordered,
        extended,
        certified,
        closed: word(policy, &line, "violationstatus")? == "closed",
        severity: word(policy, &line, "class")?.to_owned(),
        order: word(policy, &line, "ordernumber")?.to_owned(),
        status: (status, status_on),
        line,
    })
}

/// What happens on one day.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum What {
    Found,
    Approved,
    Ordered,
    /// A day by which it was to be put right has ended, and that is looked at on this day; what it comes to is the rules' to say.
    DueEnded {
        looked_on: NaiveDate,
        due: NaiveDate,
    },
    Extended,
    Certified,
    Status,
}

/// The newest day that a row tells of: what ended later is not known of these rows.
fn published_on(rows: &[Violation<'_>]) -> NaiveDate {
    let told = |row: &Violation<'_>| {
        let issued = row.ordered.map(|(issued, _)| issued);
        [Some(row.inspected), Some(row.approved), issued, row.certified, Some(row.status.1)]
    };
    rows.iter().flat_map(told).flatten().max().unwrap_or(NaiveDate::MIN)
}

/// All that the rows tell, in the order in which it happened, and the days by which something was to be put right that had
/// ended when the file was published. A row whose days run backwards is told in the order of its own life all the same, each
/// thing from the day that was published.
fn steps(rows: &[Violation<'_>], published_on: NaiveDate) -> Vec<(NaiveDate, usize, What)> {
    let mut steps = Vec::with_capacity(rows.len() * 5);
    for (place, row) in rows.iter().enumerate() {
        let days = [
            (What::Found, Some(row.inspected)),
            (What::Approved, Some(row.approved)),
            (What::Ordered, row.ordered.map(|(issued, _)| issued)),
            (What::Extended, row.extended.map(|(_, granted)| granted).filter(|_| row.status.0 != EXTENDED)),
            (What::Certified, row.certified),
            (What::Status, Some(row.status.1)),
        ];
        let mut at = NaiveDate::MIN;
        for (what, day) in days {
            let Some(day) = day else { continue };
            at = at.max(day);
            steps.push((at, place, what));
            if what == What::Ordered {
                let by = row.ordered.map(|(_, by)| (by, by));
                // a later day that was granted when it had passed already is exceeded since then
                let until = row.extended.map(|(until, granted)| (until, until.max(granted)));
                let ended = [by, until].into_iter().flatten().filter(|(_, ended)| *ended < published_on);
                steps.extend(ended.map(|(due, ended)| {
                    let looked_on = add_days(ended, 1);
                    (at.max(looked_on), place, What::DueEnded { looked_on, due })
                }));
            }
        }
    }
    // what one row says on one day stays in the order of its life
    steps.sort_by_key(|(at, place, what)| (*at, *place, *what));
    steps
}

/// The status that a postponement was granted.
pub(super) const EXTENDED: &str = "extended";
const BUILDING: &str = "nyc-hpd-";
/// The kind of import.
pub(super) const KIND: &str = "nyc-hpd";
const COLUMNS: [&str; 41] = [
    "violationid",
    "buildingid",
    "registrationid",
    "boroid",
    "boro",
    "housenumber",
    "lowhousenumber",
    "highhousenumber",
    "streetname",
    "streetcode",
    "zip",
    "apartment",
    "story",
    "block",
    "lot",
    "class",
    "inspectiondate",
    "approveddate",
    "originalcertifybydate",
    "originalcorrectbydate",
    "newcertifybydate",
    "newcorrectbydate",
    "certifieddate",
    "ordernumber",
    "novid",
    "novdescription",
    "novissueddate",
    "currentstatusid",
    "currentstatus",
    "currentstatusdate",
    "novtype",
    "violationstatus",
    "rentimpairing",
    "latitude",
    "longitude",
    "communityboard",
    "councildistrict",
    "censustract",
    "bin",
    "bbl",
    "nta",
];
