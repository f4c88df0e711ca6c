//! One violation of New York City told as a case: found, approved, ordered with its notice, extended, certified, and what
//! its newest status says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use wuping_domain::hazard::{Command, Found, Hazard, ReopenedWhy, Review};
use wuping_domain::notice::{self, Draft, Method, Notice};
use wuping_domain::passing::begins;
use wuping_domain::premises::Register;
use wuping_domain::rulebook::Layer;
use wuping_domain::rulebook::imported::ImportPolicy;
use wuping_domain::subject::{Call, HazardOf, Subject};
use wuping_domain::visit::{self, Failure, Visit};
use wuping_ledger::timestamp::Timestamp;

use super::case::Case;
use super::hpd::{EXTENDED, Violation, What};
use super::telling::{Says, Telling, To, noon};
use crate::import::ImportError;
use crate::import::registered;
use crate::shelf::Compiled;

/// Violations on their way into the ledger.
pub(super) struct Violations<'a, 'p> {
    cases: HashMap<usize, Case>,
    compiled: &'a Compiled,
    policy: &'a ImportPolicy,
    postponement: Days,
    pub(super) telling: Telling<'a, 'p>,
}

impl<'a, 'p> Violations<'a, 'p> {
    /// By a scheme and its policy; `postponement` is how long one is.
    pub(super) fn by(
        telling: Telling<'a, 'p>,
        compiled: &'a Compiled,
        policy: &'a ImportPolicy,
        postponement: Days,
    ) -> Self {
        Self { cases: HashMap::new(), compiled, policy, postponement, telling }
    }

    pub(super) fn say(
        &mut self,
        rows: &[Violation<'_>],
        steps: &[(NaiveDate, usize, What)],
    ) -> Result<(), ImportError> {
        for (_, place, what) in steps {
            let Some(row) = rows.get(*place) else { continue };
            let mut case = self.cases.remove(place).unwrap_or_default();
            match what {
                What::Found => self.found(row, &mut case)?,
                What::Approved => {
                    let review = Command::Review { outcome: Review::Confirmed, reason: None };
                    let says = says(review, REVIEWER, row.approved, &["by"]);
                    self.tell(row, &mut case, ("approved", row.approved), vec![says])?;
                }
                What::Ordered => self.ordered(row, &mut case)?,
                What::DueEnded { looked_on, due } => self.due_ended(row, &mut case, (*looked_on, *due))?,
                What::Extended => self.extended(row, &mut case, "extended", &["by", "effective_from"])?,
                What::Certified => self.certified(row, &mut case)?,
                What::Status => self.status(row, &mut case)?,
            }
            if !case.is_over() {
                self.cases.insert(*place, case);
            }
            self.telling.step();
        }
        Ok(())
    }

    /// Say something to the case of a row.
    fn tell(
        &mut self,
        row: &Violation<'_>,
        case: &mut Case,
        (what, on): (&str, NaiveDate),
        says: Vec<Says<Command>>,
    ) -> Result<(), ImportError> {
        let to = To {
            stream: stream_of(row),
            what,
            at: noon(on),
            expected: Some(case.version()),
            subject: Some(self.home(row)?),
        };
        let said = self.telling.decide(&row.line, &to, &mut case.state(), says)?;
        case.take(&to.stream, &said)?;
        self.telling.send(&row.line, to, said)
    }

    /// The building, and the apartment where one is named.
    fn home(&mut self, row: &Violation<'_>) -> Result<Arc<Subject>, ImportError> {
        let times = (row.inspected, noon(row.inspected));
        let coordinates = row.line.coordinates("latitude", "longitude");
        let building = building(row);
        let unit = (row.home != row.building).then(|| Register {
            layer: Layer::Unit,
            parent: Some(row.building.clone()),
            address: format!("{}, APT {}", building.address, row.line.cell("apartment")),
            codes: BTreeMap::new(),
            ..building.clone()
        });
        let told = (building, coordinates);
        let subject = self.telling.registered(&row.line, &row.building, times, told, false)?;
        match unit {
            None => Ok(subject),
            Some(unit) => self.telling.registered(&row.line, &row.home, times, (unit, None), false),
        }
    }

    fn found(&mut self, row: &Violation<'_>, case: &mut Case) -> Result<(), ImportError> {
        let supply = |value: &Option<String>| value.clone().unwrap_or_default();
        let found = Found {
            indicator: row.order.clone(),
            severity: row.severity.clone(),
            works: supply(&self.policy.works),
            competent: supply(&self.policy.competent),
            source: "import".to_owned(),
            suspected: false,
            caused_by: None,
            points: None,
            by: None,
            scheme: self.telling.scheme(),
        };
        let find = Command::Find { found, note: None, photos: vec![] };
        let says = Says { cells: true, ..says(find, INSPECTOR, row.inspected, &["by", "works"]) };
        self.tell(row, case, ("found", row.inspected), vec![says])?;
        self.telling.count("hazards");
        let line = &row.line;
        let status = (line.cell("currentstatusdate"), line.cell("currentstatus"));
        if row.approved < row.inspected {
            let days = (line.cell("approveddate"), line.cell("inspectiondate"));
            self.telling.find("approved_before_inspected", line, &row.home, days);
        }
        if row.status.1 < row.inspected {
            let days = (status.0, line.cell("inspectiondate"));
            self.telling.find("status_before_inspected", line, &row.home, days);
        }
        if row.certified.is_some_and(|certified| row.status.1 < certified) {
            self.telling.find(
                "status_before_certified",
                line,
                &row.home,
                (status.0, line.cell("certifieddate")),
            );
        }
        Ok(())
    }

    /// The order, and the notice of violation by which it was made known: from its day the term runs.
    fn ordered(&mut self, row: &Violation<'_>, case: &mut Case) -> Result<(), ImportError> {
        let Some((issued, by)) = row.ordered else { return Ok(()) };
        let document_number = row.line.cell("novid").to_owned();
        let order = Command::Order {
            what: row.line.cell("novdescription").to_owned(),
            parties: vec![],
            document_number: document_number.clone(),
            days: u32::try_from((by - issued).num_days()).ok(),
        };
        let says = says(order, INSPECTOR, issued, &["by", "parties"]);
        self.tell(row, case, ("ordered", issued), vec![says])?;
        let draft = Draft {
            kind: notice::Kind::Rectification,
            about: stream_of(row),
            determination: None,
            to: None,
            authority: self.policy.publisher.clone(),
            document_number,
            legal_basis: String::new(),
            handling_officers: vec![],
            text_version: String::new(),
            remedies: vec![],
            scheme: None,
        };
        let serve = notice::Command::Serve {
            method: Method::Post,
            on: Some(issued),
            recipient: None,
            relation: None,
            witnesses: vec![],
            receipt: None,
        };
        let notices = vec![
            says_of(notice::Command::Issue { draft, text: None, document: None }, issued, &["by"]),
            says_of(serve, issued, &["by", "method", "on"]),
        ];
        let to = To {
            stream: format!("premises/{}/notice/hpd-{}", row.home, row.line.key),
            what: "notice",
            at: noon(issued),
            expected: Some(0),
            subject: None,
        };
        let said = self.telling.decide(&row.line, &to, &mut Notice::default(), notices)?;
        case.take(&to.stream, &said)?;
        self.telling.send(&row.line, to, said)?;
        self.telling.count("notices");
        Ok(())
    }

    /// A day by which it was to be put right has ended. Where the rules say that it fell overdue, the service marks it, at the
    /// beginning of the day on which that is looked at, as it stood then.
    fn due_ended(
        &mut self,
        row: &Violation<'_>,
        case: &mut Case,
        (looked_on, due): (NaiveDate, NaiveDate),
    ) -> Result<(), ImportError> {
        let as_of = Timestamp::from_datetime(begins(looked_on));
        let (stream, expected) = (stream_of(row), case.version());
        let Some(mark) = case.fell_overdue(self.compiled, &stream, as_of)? else { return Ok(()) };
        self.telling.send_computed(
            &row.line,
            (&stream, &format!("overdue-{due}")),
            (as_of, expected),
            mark,
        )?;
        self.telling.count("fell_overdue");
        Ok(())
    }

    fn extended(
        &mut self,
        row: &Violation<'_>,
        case: &mut Case,
        what: &str,
        supplied: &'static [&'static str],
    ) -> Result<(), ImportError> {
        let Some((until, granted)) = row.extended else { return Ok(()) };
        let says = says(Command::Extend { until, reason: None }, INSPECTOR, granted, supplied);
        self.tell(row, case, (what, granted), vec![says])?;
        self.telling.count("extended");
        Ok(())
    }

    fn certified(&mut self, row: &Violation<'_>, case: &mut Case) -> Result<(), ImportError> {
        let Some(on) = row.certified else { return Ok(()) };
        let submit =
            Command::SubmitRectification { text: "certified".to_owned(), photos: vec![], handed_in_on: None };
        let says = says(submit, &owner(row), on, &["by", "text"]);
        self.tell(row, case, ("certified", on), vec![says])?;
        self.telling.count("certified");
        Ok(())
    }

    /// What the newest status says, and whether the violation was closed with it.
    fn status(&mut self, row: &Violation<'_>, case: &mut Case) -> Result<(), ImportError> {
        let on = row.status.1;
        let published = row.line.cell("currentstatus").to_owned();
        match row.status.0.as_str() {
            EXTENDED => self.extended(row, case, "status", &["by"])?,
            "extension_refused" => {
                let due = row.ordered.map_or(on, |(_, by)| by);
                let until = due.checked_add_days(self.postponement).unwrap_or(due);
                let ask = Command::RequestExtension { until, text: published.clone(), handed_in_on: None };
                let both = vec![
                    says(ask, &owner(row), on, &["by", "effective_from", "text", "until"]),
                    says(Command::RefuseExtension { reason: published }, INSPECTOR, on, &["by"]),
                ];
                self.tell(row, case, ("status", on), both)?;
                self.telling.count("extensions_refused");
            }
            "refused" => {
                let refuse = Command::Refuse { findings: published, due: None, photos: vec![] };
                self.tell(row, case, ("status", on), vec![says(refuse, INSPECTOR, on, &["by"])])?;
                self.telling.count("refused");
            }
            "no_access" => self.not_let_in(row, 0)?,
            "no_access_again" => self.not_let_in(row, 1)?,
            "reopened" => return self.reopened(row, case),
            _ => {}
        }
        if row.closed {
            self.close(row, case, &["by", "how"])?;
            self.telling.count("closed");
        }
        Ok(())
    }

    /// Nobody could go in to look at it again: neither accepted nor refused.
    fn not_let_in(&mut self, row: &Violation<'_>, before: usize) -> Result<(), ImportError> {
        let on = row.status.1;
        let mut subject = self.home(row)?.as_ref().clone();
        let call = Call { on, outcome: Failure::NoAnswer.code(), appointment_served: false };
        subject.calls = vec![call; before];
        let fail = visit::Command::Fail {
            kind: visit::Kind::Acceptance,
            why: Failure::NoAnswer,
            note_left: false,
            note: None,
        };
        let to = To {
            stream: format!("premises/{}/visit/hpd-{}", row.home, row.line.key),
            what: "no-access",
            at: noon(on),
            expected: Some(0),
            subject: Some(Arc::new(subject)),
        };
        let says = says_of(fail, on, &["by", "note_left"]);
        self.telling.say(&row.line, to, &mut Visit::default(), vec![says])?;
        self.telling.count("visits_failed");
        Ok(())
    }

    fn close(
        &mut self,
        row: &Violation<'_>,
        case: &mut Case,
        supplied: &'static [&'static str],
    ) -> Result<(), ImportError> {
        let on = row.status.1;
        let both = vec![
            says(Command::Accept { findings: None, photos: vec![] }, INSPECTOR, on, supplied),
            says(Command::Close { how: "rectified".to_owned(), into: None }, INSPECTOR, on, supplied),
        ];
        self.tell(row, case, ("closed", on), both)
    }

    /// A closed case stays closed, and the file has overwritten when it was: it goes on in a new one.
    fn reopened(&mut self, row: &Violation<'_>, case: &mut Case) -> Result<(), ImportError> {
        let on = row.status.1;
        self.close(row, case, &["by", "effective_from", "how"])?;
        let mut subject = self.home(row)?.as_ref().clone();
        let key = format!("hpd-{}", row.line.key);
        let closed = HazardOf { state: case.state(), ..HazardOf::default() };
        subject.hazards.insert(key.clone(), closed);
        let reopen = Command::Reopen { case: key, why: ReopenedWhy::NotFixed, note: None, photos: vec![] };
        let confirm = Command::Review { outcome: Review::Confirmed, reason: None };
        let to = To {
            stream: format!("{}-reopened", stream_of(row)),
            what: "reopened",
            at: noon(on),
            expected: Some(0),
            subject: Some(Arc::new(subject)),
        };
        let both = vec![
            says(reopen, INSPECTOR, on, &["by", "why"]),
            says(confirm, REVIEWER, on, &["by", "outcome"]),
        ];
        self.telling.say(&row.line, to, &mut Hazard::default(), both)?;
        self.telling.count("reopened");
        Ok(())
    }
}

fn says(command: Command, by: &str, on: NaiveDate, supplied: &'static [&'static str]) -> Says<Command> {
    Says { command, by: by.to_owned(), on, supplied, cells: false }
}

fn says_of<C>(command: C, on: NaiveDate, supplied: &'static [&'static str]) -> Says<C> {
    Says { command, by: INSPECTOR.to_owned(), on, supplied, cells: false }
}

fn stream_of(row: &Violation<'_>) -> String {
    format!("premises/{}/hazard/hpd-{}", row.home, row.line.key)
}

fn owner(row: &Violation<'_>) -> String {
    format!("{}-owner", row.building)
}

fn building(row: &Violation<'_>) -> Register {
    let cell = |column| row.line.cell(column);
    let code = |scheme: &str, column| {
        let code = cell(column);
        (!code.is_empty()).then(|| (scheme.to_owned(), code.to_owned()))
    };
    let codes = [code("nyc_building_id", "buildingid"), code("nyc_bin", "bin"), code("nyc_bbl", "bbl")];
    Register {
        codes: codes.into_iter().flatten().collect(),
        subdistrict: cell("boro").to_owned(),
        community: cell("nta").to_owned(),
        ..registered::building(format!(
            "{} {}, {} {}",
            cell("housenumber"),
            cell("streetname"),
            cell("boro"),
            cell("zip")
        ))
    }
}

const INSPECTOR: &str = "nyc-hpd-inspector";
const REVIEWER: &str = "nyc-hpd-reviewer";
