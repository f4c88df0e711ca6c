//! The UK's food hygiene ratings: premises with three parts and the rating that follows, or with the reason why there is
//! none.
//!
//! Contains public sector information licensed under the Open Government Licence v3.0. © Food Standards Agency.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::assessment::Reason;
use wuping_domain::event::Event;
use wuping_domain::grade::{self, Grade};
use wuping_domain::grading::{self, Question};
use wuping_domain::outcome::Outcome;
use wuping_domain::premises::{self, Premises, Register};
use wuping_domain::recorded::local_date;
use wuping_domain::reevaluation::{self, Reevaluation};
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::imported::ImportPolicy;
use wuping_domain::subject::Subject;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;
use wuping_projections::recording::recorded;

use super::line::{Line, lines};
use super::telling::{Says, Telling, To, noon, policy, word};
use super::{Lifecycles, UK_FHRS, only};
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
    let compiled = shelf::uk_fhrs()?;
    let policy = policy(&compiled)?;
    let table = only(tables)?;
    let mut rows = read(&table, policy, &compiled.rulebook)?;
    rows.sort_by_key(|row| (row.rated_on, row.line.place));
    let telling = Telling::begin((ledger, vault), KIND, Some(&compiled), rows.len(), progress)?;
    let mut ratings = Ratings { policy, rulebook: &compiled.rulebook, telling };
    let said = ratings.say(&rows);
    let said = said.and_then(|()| ratings.telling.received(UK_FHRS, &table));
    ratings.telling.finish(said)
}

/// One establishment.
struct Establishment<'t> {
    line: Line<'t>,
    id: String,
    rated_on: Option<NaiveDate>,
    outcomes: BTreeMap<String, Outcome>,
    /// Why there is no rating, where there is none.
    without: Option<String>,
    pending: bool,
}

fn read<'t>(
    table: &'t Table,
    policy: &ImportPolicy,
    rulebook: &Rulebook,
) -> Result<Vec<Establishment<'t>>, ImportError> {
    let lines = lines(UK_FHRS, table, &COLUMNS, |line| line.number_in("FHRSID").map(str::to_owned))?;
    let read = |line: Line<'t>| {
        let mut outcomes = BTreeMap::new();
        for indicator in &rulebook.scheme.indicators {
            let Some(column) = &indicator.column else { continue };
            let outcome = match line.cell(column) {
                "" => Outcome::NotApplicable,
                cell if indicator.row(cell).is_some() => Outcome::row(cell),
                cell => {
                    let known: Vec<&str> = indicator.rows.iter().map(|row| row.id.as_str()).collect();
                    let detail =
                        format!("“{cell}” is no figure of this part; it is one of {}", known.join(", "));
                    return Err(line.refuse(column, detail));
                }
            };
            outcomes.insert(indicator.id.clone(), outcome);
        }
        let rated_on = line.optional_day("RatingDate")?;
        let value = line.filled("RatingValue")?;
        let is_rating = rulebook.policy.bands.iter().any(|band| band.name() == value);
        let without = match is_rating {
            true if rated_on.is_none() => {
                return Err(line.refuse("RatingDate", "a rating has the day on which it was given"));
            }
            true => None,
            false => Some(word(policy, &line, "RatingValue")?.to_owned()),
        };
        let pending = word(policy, &line, "NewRatingPending")? != "none";
        let id = format!("uk-fhrs-{}", line.key);
        Ok(Establishment { id, rated_on, outcomes, without, pending, line })
    };
    lines.into_iter().map(read).collect()
}

struct Ratings<'a, 'p> {
    policy: &'a ImportPolicy,
    rulebook: &'a Rulebook,
    telling: Telling<'a, 'p>,
}

impl Ratings<'_, '_> {
    fn say(&mut self, rows: &[Establishment<'_>]) -> Result<(), ImportError> {
        // of what has no day of its own the file says that it is so now
        let today = local_date(Timestamp::now().datetime());
        for row in rows {
            let on = row.rated_on.unwrap_or(today);
            let told = (register(&row.line), row.line.coordinates("Latitude", "Longitude"));
            let cells = row.without.is_some();
            let subject = self.telling.registered(&row.line, &row.id, (on, noon(on)), told, cells)?;
            match &row.without {
                None => self.rated(row, on, subject.clone())?,
                Some(why) => self.unrated(row, on, why)?,
            }
            if row.pending {
                self.pending(row, today, subject)?;
            }
            self.telling.step();
        }
        let replied = rows.iter().filter(|row| !row.line.cell(REPLY).is_empty());
        let replied: Vec<&Establishment<'_>> = replied.collect();
        if !replied.is_empty() {
            // an answer is to a determination, which is computed when its assessment is recorded
            self.telling.settle()?;
        }
        replied.into_iter().try_for_each(|row| self.replied(row, today))
    }

    fn rated(
        &mut self,
        row: &Establishment<'_>,
        on: NaiveDate,
        subject: Arc<Subject>,
    ) -> Result<(), ImportError> {
        let stream = format!("premises/{}/assessment/{on}", row.id);
        let by = format!("uk-food-authority-{}", row.line.cell("LocalAuthorityCode"));
        let first = (on, Reason::First, by);
        self.telling.assess(
            &row.line,
            (stream, subject),
            first,
            row.outcomes.clone(),
            &["lead", "reason"],
        )?;
        let published = row.line.cell("RatingValue");
        match grading::grade(self.rulebook, &Question::of(on, row.outcomes.clone())) {
            Err(refused) if refused.error == "nothing_applicable" => {
                self.telling.find("parts_not_published", &row.line, &row.id, (published, "none"));
            }
            Err(refused) => self.telling.find("not_graded", &row.line, &row.id, (published, refused.error)),
            Ok(graded) if graded.band != published => {
                self.telling.find("rating_differs", &row.line, &row.id, (published, graded.band));
            }
            Ok(_) => {}
        }
        Ok(())
    }

    /// Premises without a rating say why.
    fn unrated(&mut self, row: &Establishment<'_>, on: NaiveDate, why: &str) -> Result<(), ImportError> {
        let tag = premises::Command::Tag { tag: why.to_owned(), why: "published".to_owned() };
        let mut premises = Premises { register: Some(register(&row.line)), ..Premises::default() };
        let says = Says {
            command: tag,
            by: format!("import-{KIND}"),
            on,
            supplied: &["effective_from"],
            cells: false,
        };
        let stream = format!("premises/{}", row.id);
        let to = To { stream, what: "without-rating", at: noon(on), expected: Some(1), subject: None };
        self.telling.say(&row.line, to, &mut premises, vec![says])?;
        self.telling.count("without_rating");
        Ok(())
    }

    /// A new rating was asked for.
    fn pending(
        &mut self,
        row: &Establishment<'_>,
        on: NaiveDate,
        subject: Arc<Subject>,
    ) -> Result<(), ImportError> {
        let why = match word(self.policy, &row.line, "NewRatingPending")? {
            "rectified" => reevaluation::Why::Rectified,
            _ => reevaluation::Why::CircumstancesChanged,
        };
        let (text, photos) = (None, vec![]);
        let command =
            reevaluation::Command::Request { why, text, photos, handed_in_on: None, turned_from: None };
        let by = format!("{}-owner", row.id);
        let says = Says { command, by, on, supplied: &["by", "effective_from", "on", "why"], cells: false };
        let stream = format!("premises/{}/reevaluation/pending", row.id);
        let to = To { stream, what: "pending", at: noon(on), expected: Some(0), subject: Some(subject) };
        self.telling.say(&row.line, to, &mut Reevaluation::default(), vec![says])?;
        self.telling.count("new_rating_pending");
        Ok(())
    }

    /// The owner's answer, published beside the rating that it answers.
    fn replied(&mut self, row: &Establishment<'_>, on: NaiveDate) -> Result<(), ImportError> {
        let (stream, mut grade) = (format!("premises/{}/grade", row.id), Grade::default());
        for entry in self.telling.ledger.reader().stream(&stream)? {
            if let Event::Grade(event) = recorded(&entry.row())?.event {
                grade.evolve(&event);
            }
        }
        let Some(latest) = grade.latest.as_ref().map(|latest| latest.number) else {
            let reply = row.line.cell(REPLY);
            self.telling.find("reply_without_rating", &row.line, &row.id, (reply, "none"));
            return Ok(());
        };
        let text = row.line.cell(REPLY).to_owned();
        let command = grade::Command::Reply { determination: latest, text };
        let by = format!("{}-owner", row.id);
        let says = Says { command, by, on, supplied: &["by", "effective_from", "on"], cells: false };
        let premises = Premises { register: Some(register(&row.line)), ..Premises::default() };
        let subject = Some(Arc::new(Subject { premises, ..Subject::default() }));
        let to = To { stream, what: "reply", at: noon(on), expected: None, subject };
        self.telling.say(&row.line, to, &mut grade, vec![says])?;
        self.telling.count("replies");
        Ok(())
    }
}

fn register(line: &Line<'_>) -> Register {
    let lines = ["AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "PostCode"];
    let address: Vec<&str> =
        lines.into_iter().map(|column| line.cell(column)).filter(|part| !part.is_empty()).collect();
    let authority = line.cell("LocalAuthorityName");
    // the publisher keeps the address of a business at somebody's home to itself
    let address = match address.is_empty() {
        true => format!("address not published, {authority}"),
        false => address.join(", "),
    };
    Register {
        name: Some(line.cell("BusinessName").to_owned()).filter(|name| !name.is_empty()),
        codes: BTreeMap::from([("fhrsid".to_owned(), line.key.clone())]),
        subdistrict: authority.to_owned(),
        community: authority.to_owned(),
        tenure: Some(line.cell("BusinessType").to_owned()).filter(|kind| !kind.is_empty()),
        ..building(address)
    }
}

const KIND: &str = "uk-fhrs";
const REPLY: &str = "RightToReply";
const COLUMNS: [&str; 25] = [
    "FHRSID",
    "LocalAuthorityBusinessID",
    "BusinessName",
    "BusinessType",
    "BusinessTypeID",
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "AddressLine4",
    "PostCode",
    "RatingValue",
    "RatingKey",
    "RatingDate",
    REPLY,
    "LocalAuthorityCode",
    "LocalAuthorityName",
    "LocalAuthorityWebSite",
    "LocalAuthorityEmailAddress",
    "Hygiene",
    "Structural",
    "ConfidenceInManagement",
    "SchemeType",
    "NewRatingPending",
    "Longitude",
    "Latitude",
];
