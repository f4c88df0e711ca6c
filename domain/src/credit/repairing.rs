//! Repair (信用修复): a record ends early, once its shortest span is over, the conduct is corrected and a public commitment is made.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::conduct::Conduct;
use super::item::Item;
use super::rule::{Repair, RepairQuestion, repair};
use super::{CreditFile, Event, must_have_document, received_on};
use crate::derivation::SchemeRef;
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A request for repair as its events left it.
#[derive(Clone, Debug, PartialEq)]
pub struct RepairCase {
    /// Number of the record.
    pub conduct: u64,
    /// Whether a public commitment is made with it.
    pub commitment: bool,
    /// The day of its receipt.
    pub on: NaiveDate,
    /// The rulebook that the file went by then.
    pub scheme: Option<SchemeRef>,
    /// Whether it was granted, once it is decided, and the day.
    pub decided: Option<(bool, NaiveDate)>,
}

impl CreditFile {
    pub(super) fn request_repair(
        &self,
        conduct: u64,
        commitment: bool,
        (text, evidence): (Option<String>, &[Photo]),
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        self.must_be_on_file(Item::Conduct { number: conduct })?;
        if self.repairs.values().any(|case| case.conduct == conduct && case.decided.is_none()) {
            return Err(Rejection::AlreadyExists { what: "open request for repair of this record" });
        }
        let on = received_on(handed_in_on, facts)?;
        let repair = self.repairable(conduct, (true, true), on, facts)?;
        if !repair.eligible {
            return Err(Rejection::because("repair_too_early", json!({ "earliest": repair.earliest })));
        }
        let number = self.repairs.last_key_value().map_or(1, |(number, _)| number + 1);
        let by = facts.actor.account.clone();
        let event = Event::RepairRequested { number, conduct, commitment, on, by };
        let private = Private::none().with("text", text).with("photos", photos(evidence));
        Ok(vec![Said::with(event, private)])
    }

    pub(super) fn decide_repair(
        &self,
        number: u64,
        (granted, corrected): (bool, bool),
        document_number: String,
        reason: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        let Some(case) = self.repairs.get(&number) else {
            return Err(Rejection::NotFound { what: "request for repair" });
        };
        if case.decided.is_some() {
            return Err(Rejection::because("decided_already", Value::Null));
        }
        must_have_document(&document_number)?;
        self.must_have_no_hand(Item::Conduct { number: case.conduct }, facts)?;
        let repair = self.repairable(case.conduct, (corrected, case.commitment), facts.today, facts)?;
        if granted && !repair.eligible {
            let missing = repair.missing.join(", ");
            let detail = json!({ "missing": missing, "earliest": repair.earliest });
            return Err(Rejection::because("repair_not_eligible", detail));
        }
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::RepairDecided { number, granted, corrected, document_number, on, by };
        Ok(vec![Said::with(event, Private::none().with("reason", reason))])
    }

    fn repairable(
        &self,
        conduct: u64,
        (corrected, commitment): (bool, bool),
        on: NaiveDate,
        facts: &Facts,
    ) -> Result<Repair, Rejection> {
        let Some(on_file) = self.conduct.get(&conduct) else {
            return Err(Rejection::NotFound { what: "record of conduct" });
        };
        let Conduct { conduct, decided_on, .. } = on_file.conduct.clone();
        let question = RepairQuestion { conduct, decided_on, on, corrected, commitment };
        Ok(repair(facts.rulebook()?, &question)?)
    }

    pub(super) fn repaired(&mut self, event: &Event) {
        match event {
            Event::RepairRequested { number, conduct, commitment, on, .. } => {
                let (conduct, commitment, scheme) = (*conduct, *commitment, self.scheme.clone());
                let case = RepairCase { conduct, commitment, on: *on, scheme, decided: None };
                self.repairs.insert(*number, case);
            }
            Event::RepairDecided { number, granted, on, .. } => {
                let Some(case) = self.repairs.get_mut(number) else { return };
                case.decided = Some((*granted, *on));
                let conduct = case.conduct;
                if let Some(on_file) = self.conduct.get_mut(&conduct).filter(|_| *granted) {
                    on_file.repaired_on = Some(*on);
                }
            }
            _ => {}
        }
    }
}

/// The policy's deadline for a decision.
pub const DECIDE: &str = "credit_repair";
