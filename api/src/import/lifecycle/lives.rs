//! San Francisco's inspections of food premises (LIVES): visits with their reason, and the violations that take points off
//! the score of their day.
//!
//! Source: City and County of San Francisco, Department of Public Health (DataSF, PDDL).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use wuping_domain::assessment::Reason;
use wuping_domain::grading::{self, Question, RegisteredHazard};
use wuping_domain::hazard::{self, Found, Hazard};
use wuping_domain::outcome::Outcome;
use wuping_domain::premises::Register;
use wuping_domain::report::{self, Report};
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::imported::ImportPolicy;
use wuping_domain::subject::Subject;
use wuping_domain::visit::{self, Visit};
use wuping_ledger::genesis::Ledger;
use wuping_ledger::vault::Vault;

use super::line::Line;
use super::lives_files::{Inspection, Violation, businesses, inspections, sorted, violations};
use super::telling::{Says, Telling, To, noon, policy};
use super::{Lifecycles, SF_BUSINESSES, SF_INSPECTIONS, SF_VIOLATIONS};
use crate::import::ImportError;
use crate::import::csv_rows::Table;
use crate::import::registered::building;
use crate::shelf;

pub(super) fn import(
    ledger: &Ledger,
    vault: &Vault,
    tables: Vec<Table>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Lifecycles, ImportError> {
    let compiled = shelf::sf_lives()?;
    let policy = policy(&compiled)?;
    let files = sorted(tables)?;
    let businesses = businesses(&files.businesses)?;
    let known: HashMap<&str, usize> =
        businesses.iter().enumerate().map(|(place, line)| (line.key.as_str(), place)).collect();
    let points =
        compiled.rulebook.policy.deduction.as_ref().map(|rule| rule.points.clone()).unwrap_or_default();
    let found = violations(&files.violations, policy, &points, &known)?;
    let visits = inspections(&files.inspections, policy, &known)?;
    let steps = steps(&found, &visits);
    let total = steps.len() + businesses.len();
    let telling = Telling::begin((ledger, vault), KIND, Some(&compiled), total, progress)?;
    let mut inspected = Inspected {
        by_day: by_day(&found),
        homes: HashMap::new(),
        policy,
        rulebook: &compiled.rulebook,
        telling,
    };
    let said = inspected.say(&businesses, &found, &visits, &steps).and_then(|()| {
        inspected.telling.received(SF_BUSINESSES, &files.businesses)?;
        inspected.telling.received(SF_INSPECTIONS, &files.inspections)?;
        inspected.telling.received(SF_VIOLATIONS, &files.violations)
    });
    inspected.telling.finish(said)
}

/// What happens on one day: what was found comes before the visit whose score it lowers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum What {
    Found(usize),
    Visited(usize),
}

fn steps(found: &[Violation<'_>], visits: &[Inspection<'_>]) -> Vec<(NaiveDate, usize, What)> {
    let found = found.iter().enumerate().map(|(place, row)| (row.on, row.business, What::Found(place)));
    let visited = visits.iter().enumerate().map(|(place, row)| (row.on, row.business, What::Visited(place)));
    let mut steps: Vec<_> = found.chain(visited).collect();
    steps.sort();
    steps
}

/// Severity and points of what was found, by business and day.
type ByDay = HashMap<(usize, NaiveDate), Vec<(String, u64)>>;

fn by_day(found: &[Violation<'_>]) -> ByDay {
    let mut by_day = ByDay::new();
    for row in found {
        by_day.entry((row.business, row.on)).or_default().push((row.severity.clone(), row.points));
    }
    by_day
}

struct Inspected<'a, 'p> {
    by_day: ByDay,
    homes: HashMap<usize, (String, Arc<Subject>)>,
    policy: &'a ImportPolicy,
    rulebook: &'a Rulebook,
    telling: Telling<'a, 'p>,
}

impl Inspected<'_, '_> {
    fn say(
        &mut self,
        businesses: &[Line<'_>],
        found: &[Violation<'_>],
        visits: &[Inspection<'_>],
        steps: &[(NaiveDate, usize, What)],
    ) -> Result<(), ImportError> {
        let mut first: HashMap<usize, NaiveDate> = HashMap::new();
        for (on, business, _) in steps {
            first.entry(*business).or_insert(*on);
        }
        for (place, line) in businesses.iter().enumerate() {
            // the file does not say since when a business is there: at the latest since it was first looked at
            let on = first.get(&place).copied().unwrap_or(self.policy.holds_from);
            let id = format!("sf-lives-{}", line.key);
            let told = (register(line), line.coordinates("latitude", "longitude"));
            let subject = self.telling.registered(line, &id, (on, noon(on)), told, true)?;
            self.homes.insert(place, (id, subject));
            self.telling.step();
        }
        let visited: std::collections::HashSet<(usize, NaiveDate)> =
            visits.iter().map(|row| (row.business, row.on)).collect();
        for (_, _, what) in steps {
            match what {
                What::Found(place) => {
                    let Some(row) = found.get(*place) else { continue };
                    self.found(row, visited.contains(&(row.business, row.on)))?;
                }
                What::Visited(place) => {
                    let Some(row) = visits.get(*place) else { continue };
                    self.visited(row)?;
                }
            }
            self.telling.step();
        }
        Ok(())
    }

    fn home(&self, business: usize) -> (String, Arc<Subject>) {
        self.homes.get(&business).cloned().unwrap_or_default()
    }

    /// A violation takes its points off every score of its day: the file does not say which visit found it.
    fn found(&mut self, row: &Violation<'_>, visited: bool) -> Result<(), ImportError> {
        let (id, subject) = self.home(row.business);
        let supply = |value: &Option<String>| value.clone().unwrap_or_default();
        let found = Found {
            indicator: row.line.cell("ViolationTypeID").to_owned(),
            severity: row.severity.clone(),
            works: supply(&self.policy.works),
            competent: supply(&self.policy.competent),
            source: "import".to_owned(),
            suspected: false,
            caused_by: None,
            points: Some(row.points),
            by: None,
            scheme: self.telling.scheme(),
        };
        let find = Says {
            command: hazard::Command::Find { found, note: None, photos: vec![] },
            by: INSPECTOR.to_owned(),
            on: row.on,
            supplied: &["by", "works"],
            cells: true,
        };
        let to = To {
            stream: format!("premises/{id}/hazard/{}", within(&row.line)),
            what: "found",
            at: noon(row.on),
            expected: Some(0),
            subject: Some(subject),
        };
        self.telling.say(&row.line, to, &mut Hazard::default(), vec![find])?;
        self.telling.count("hazards");
        if row.time > 1 {
            let same = (row.line.cell("ViolationTypeID"), "an earlier row of that day");
            self.telling.find("violation_repeated", &row.line, &id, same);
        }
        if !visited {
            self.telling.find("violation_without_visit", &row.line, &id, (row.line.cell("date"), "none"));
        }
        Ok(())
    }

    fn visited(&mut self, row: &Inspection<'_>) -> Result<(), ImportError> {
        let (id, subject) = self.home(row.business);
        if row.time > 1 {
            let same = (row.line.cell("type"), "an earlier row of that day");
            self.telling.find("visit_repeated", &row.line, &id, same);
        }
        let Some(reason) = row.reason else { return self.looked_in(row, &id, subject) };
        if reason == Reason::Report {
            self.reported(row, &id, subject.clone())?;
        }
        let outcome = match row.score {
            Some(_) => Outcome::row(SCORED),
            None => Outcome::NotApplicable,
        };
        let outcomes: BTreeMap<String, Outcome> = self
            .rulebook
            .scheme
            .indicators
            .iter()
            .map(|indicator| (indicator.id.clone(), outcome.clone()))
            .collect();
        let stream = format!("premises/{id}/assessment/{}", within(&row.line));
        let by = INSPECTOR.to_owned();
        self.telling.assess(
            &row.line,
            (stream, subject),
            (row.on, reason, by),
            outcomes.clone(),
            &["lead"],
        )?;
        let Some(score) = row.score else { return Ok(()) };
        self.telling.count("scored");
        let hazards = self.by_day.get(&(row.business, row.on)).into_iter().flatten();
        let open_hazards = hazards.map(|(severity, points)| RegisteredHazard {
            severity: severity.clone(),
            status: hazard::Stage::PendingReview.code().to_owned(),
            due: None,
            determined: false,
            office_late_since: None,
            points: *points,
        });
        let question = Question { open_hazards: open_hazards.collect(), ..Question::of(row.on, outcomes) };
        let computed = match grading::grade(self.rulebook, &question) {
            Ok(graded) if graded.score == score => return Ok(()),
            Ok(graded) => graded.score.to_string(),
            Err(refused) => refused.error,
        };
        self.telling.find("score_differs", &row.line, &id, (score.to_string(), computed));
        Ok(())
    }

    /// A visit at which nothing was to be graded.
    fn looked_in(
        &mut self,
        row: &Inspection<'_>,
        id: &str,
        subject: Arc<Subject>,
    ) -> Result<(), ImportError> {
        let round = visit::Round {
            kind: visit::Kind::Inspection,
            persons_present: 0,
            entry_agreed_by: None,
            record_signed: false,
            signature_refused: false,
            second_officer: None,
            units_entered: 0,
            units_unanswered: 0,
            units_refused: 0,
        };
        let says = Says {
            command: visit::Command::Make { round, agreed_by: None, note: None, photos: vec![] },
            by: INSPECTOR.to_owned(),
            on: row.on,
            supplied: &["by", "persons_present", "record_signed"],
            cells: true,
        };
        let stream = format!("premises/{id}/visit/{}", within(&row.line));
        let to = To { stream, what: "visited", at: noon(row.on), expected: Some(0), subject: Some(subject) };
        self.telling.say(&row.line, to, &mut Visit::default(), vec![says])?;
        self.telling.count("visits");
        Ok(())
    }

    /// Somebody complained: in which words the file does not say.
    fn reported(&mut self, row: &Inspection<'_>, id: &str, subject: Arc<Subject>) -> Result<(), ImportError> {
        let says = Says {
            command: report::Command::File {
                category: "food_hygiene".to_owned(),
                text: Some(row.line.cell("type").to_owned()),
                name: None,
                phone: None,
                photos: vec![],
            },
            by: format!("import-{KIND}"),
            on: row.on,
            supplied: &["category", "effective_from", "text"],
            cells: false,
        };
        let stream = format!("premises/{id}/report/{}", within(&row.line));
        let to = To { stream, what: "reported", at: noon(row.on), expected: Some(0), subject: Some(subject) };
        self.telling.say(&row.line, to, &mut Report::default(), vec![says])?;
        self.telling.count("reports");
        Ok(())
    }
}

/// The key of a row among those of its business.
fn within<'l>(line: &'l Line<'_>) -> &'l str {
    line.key.split_once('-').map_or(line.key.as_str(), |(_, within)| within)
}

fn register(line: &Line<'_>) -> Register {
    let cell = |column| line.cell(column);
    let parts = ["address", "city", "state", "postal_code"].map(cell);
    let address: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Register {
        name: Some(cell("name").to_owned()),
        codes: BTreeMap::from([("sf_business_id".to_owned(), line.key.clone())]),
        subdistrict: cell("city").to_owned(),
        community: cell("postal_code").to_owned(),
        ..building(address.join(", "))
    }
}

const INSPECTOR: &str = "sf-public-health";
const KIND: &str = "sf-lives";
/// The outcome of a visit that was scored.
const SCORED: &str = "scored";
