//! What else falls if a determination is set aside, told from the ledger as it stands.

use std::collections::{BTreeMap, BTreeSet};

use wuping_domain::event::{Event, Unreadable};
use wuping_domain::grade::impact::{Impact, impact as resting_on};
use wuping_domain::grade::{Determination, Event as GradeEvent};
use wuping_domain::recorded::subject_of;
use wuping_domain::subject::Subject;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::recording::recorded;

/// Why it is not told.
#[derive(Debug, thiserror::Error)]
pub enum ImpactError {
    /// The name is none.
    #[error("“{name}” names no determination; write it as premises/p-1/grade#3")]
    Name {
        /// What was asked for.
        name: String,
    },
    /// There is no such determination.
    #[error(
        "there is no determination {number} of {premises}; “wuping history {premises}” lists what there is"
    )]
    None {
        /// The premises.
        premises: String,
        /// The number.
        number: u64,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// An entry cannot be understood.
    #[error("an entry cannot be understood")]
    Unreadable(#[from] Unreadable),
}

/// A determination by its name, `premises/p-1/grade#3` or `p-1#3`: the stream and the number.
///
/// # Errors
/// [`ImpactError::Name`].
pub fn determination_named(name: &str) -> Result<(String, u64), ImpactError> {
    let refused = || ImpactError::Name { name: name.to_owned() };
    let (of, number) = name.rsplit_once('#').ok_or_else(refused)?;
    let number = number.parse().map_err(|_| refused())?;
    let id = of.strip_prefix("premises/").unwrap_or(of);
    let id = id.strip_suffix("/grade").unwrap_or(id);
    match id.is_empty() || id.contains('/') {
        true => Err(refused()),
        false => Ok((format!("premises/{id}/grade"), number)),
    }
}

/// What rests on a determination, by its name.
///
/// # Errors
/// [`ImpactError`].
pub fn impact(reader: &Reader, name: &str) -> Result<Impact, ImpactError> {
    let (stream, number) = determination_named(name)?;
    let own = subject_of(&stream);
    let (mut subject, mut determinations) = (Subject::default(), Vec::<Determination>::new());
    for entry in reader.subject(own, None)? {
        let event = recorded(&entry.row())?;
        if let Event::Grade(GradeEvent::GradeDetermined(computed)) = &event.event {
            determinations.push(computed.result.clone());
        }
        subject.apply(&event);
    }
    let mut others = units(reader, own)?;
    for party in parties(&subject) {
        others.insert(party.clone(), folded(reader, &party)?);
    }
    let told = resting_on(own, number, &subject, &determinations, &others);
    told.ok_or_else(|| ImpactError::None { premises: own.to_owned(), number })
}

/// The premises whose building these are.
fn units(reader: &Reader, own: &str) -> Result<BTreeMap<String, Subject>, ImpactError> {
    let id = own.trim_start_matches("premises/");
    let (parent, mut named) = (format!("\"parent\":\"{id}\""), BTreeSet::new());
    reader.rows(0, u64::MAX, |row| {
        if row.data.contains(&parent) && row.stream.starts_with("premises/") {
            named.insert(subject_of(row.stream).to_owned());
        }
        Ok::<_, StoreError>(())
    })?;
    let mut units = BTreeMap::new();
    for key in named {
        let unit = folded(reader, &key)?;
        let is_here =
            |of: &Subject| of.premises.register.as_ref().and_then(|of| of.parent.as_deref()) == Some(id);
        if is_here(&unit) {
            units.insert(key, unit);
        }
    }
    Ok(units)
}

/// The parties that answer or answered for premises, or were ordered to put something right there.
fn parties(subject: &Subject) -> BTreeSet<String> {
    let held = subject.premises.parties.iter().map(|held| &held.party);
    let orders = subject.hazards.values().filter_map(|of| of.state.course.order.as_ref());
    held.chain(orders.flat_map(|order| &order.parties)).map(|party| format!("party/{party}")).collect()
}

/// All that the ledger says of a subject, by its path: `premises/p-1`.
///
/// # Errors
/// [`ImpactError::Store`], [`ImpactError::Unreadable`].
pub fn folded(reader: &Reader, path: &str) -> Result<Subject, ImpactError> {
    let mut subject = Subject::default();
    for entry in reader.subject(path, None)? {
        subject.apply(&recorded(&entry.row())?);
    }
    Ok(subject)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wuping_domain::grade::impact::Standing;

    use super::*;
    use crate::test_house::House;

    #[test]
    fn a_determination_is_named_by_its_premises_and_number() {
        let whole = ("premises/p-1/grade".to_owned(), 3);
        for name in ["premises/p-1/grade#3", "premises/p-1#3", "p-1#3", "p-1/grade#3"] {
            assert_eq!(determination_named(name).unwrap(), whole, "{name}");
        }
        for name in ["", "p-1", "p-1#", "p-1#x", "#3", "premises/p-1/hazard/7#3"] {
            assert!(matches!(determination_named(name), Err(ImpactError::Name { .. })), "{name}");
        }
    }

    #[test]
    fn what_falls_is_told_from_the_ledger_as_it_stands() {
        let mut house = House::honest();
        house.register("p-1");
        house.assess("p-1", "a-1", "2025-02-03", &[("smoke_alarm", "unmet")]);
        let found = json!({
            "type": "HazardFound", "indicator": "gas_alarm", "severity": "general", "works": "minor", "competent": "gas",
            "source": "patrol", "by": "u-2"
        });
        house.receive("premises/p-1/hazard/h-1", "2025-03-01", found);
        let told = impact(house.ledger.reader(), "p-1#1").unwrap();
        assert_eq!((told.standing, told.holds_then), (Standing::InForce, None));
        let opened: Vec<&str> = told.hazards.iter().map(|of| of.indicator.as_str()).collect();
        assert_eq!(opened, ["smoke_alarm"], "what a patrol found does not rest on a grade");
        assert!(matches!(impact(house.ledger.reader(), "p-1#2"), Err(ImpactError::None { .. })));
    }
}
