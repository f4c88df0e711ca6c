//! Within: the conditions of a list of matters, the reader's sight first.

use rusqlite::types::Value;
use wuping_domain::matter::{Kind, Sight, TOLD, UNTOLD};

use super::MatterFilter;
use super::waiting::waits;
use crate::queries::conditions::Conditions;

/// What a filter states, and what its reader may read.
pub(super) fn conditions(filter: &MatterFilter) -> Conditions {
    let today = filter.today.to_string();
    let fixed = match (filter.ended, filter.valid_at) {
        (true, _) => "m.ended_position IS NOT NULL",
        (false, None) => "m.ended_position IS NULL",
        (false, Some(_)) => "1",
    };
    let mut seen: Vec<(String, Vec<Value>)> = filter.sights.iter().map(|sight| part(sight, &today)).collect();
    if seen.is_empty() {
        seen.push(("0".to_owned(), vec![]));
    }
    let mut conditions = Conditions::of(fixed).any(seen);
    if let Some(day) = filter.valid_at.map(|day| Value::from(day.to_string())) {
        conditions = conditions.any(vec![match filter.ended {
            true => ("m.ended_on <= ?".to_owned(), vec![day]),
            false => (RAN_ON.to_owned(), vec![day.clone(), day]),
        }]);
    }
    if let Some(waiting_on) = &filter.waiting_on {
        conditions = conditions.any(vec![waits(waiting_on, &today)]);
    }
    if filter.overdue {
        conditions = conditions.any(vec![(super::LATE.to_owned(), vec![Value::from(today.clone())])]);
    }
    if let Some(area) = &filter.area {
        conditions = conditions.any(vec![in_area(area)]);
    }
    if let Some(building) = &filter.building {
        let both = vec![Value::from(building.clone()), Value::from(building.clone())];
        conditions = conditions.any(vec![("p.premises = ? OR p.parent = ?".to_owned(), both)]);
    }
    if let Some(party) = &filter.party {
        conditions = conditions.any(vec![answered_by(party, &today)]);
    }
    conditions
        .with("m.kind = ?", filter.kind.map(|kind| kind.code().to_owned()))
        .with("m.stage = ?", filter.stage.clone())
        .with("p.premises = ?", filter.premises.clone())
        .with("m.department = ?", filter.department.clone())
}

/// What was opened by the end of a day, and had not ended by then.
const RAN_ON: &str = "m.opened_on <= ? AND (m.ended_on IS NULL OR m.ended_on > ?)";

/// One part of what somebody may read.
fn part(sight: &Sight, today: &str) -> (String, Vec<Value>) {
    match sight {
        Sight::Office { area, kinds } => {
            let kinds = format!("m.kind IN ({})", names(kinds));
            let Some(area) = area else { return (kinds, vec![]) };
            let (within, values) = in_area(area);
            (format!("{kinds} AND ({within})"), values)
        }
        Sight::Party(party) => {
            let (answered, mut values) = answered_by(party, today);
            values.push(Value::from(party.clone()));
            (format!("{} AND ({answered}) AND (m.party IS NULL OR m.party = ?)", told()), values)
        }
        Sight::Steward(account) => {
            let looks = "EXISTS (SELECT 1 FROM json_each(p.stewards) s WHERE s.value ->> 'account' = ? \
                         AND coalesce(s.value ->> 'from', '') <= ? AND coalesce(s.value ->> 'until', '9999') >= ?)";
            let values = [account, today, today].map(|value: &str| Value::from(value.to_owned()));
            (format!("{} AND m.party IS NULL AND {looks}", told()), values.to_vec())
        }
        Sight::Named(account) => (
            "EXISTS (SELECT 1 FROM matter_hands h WHERE h.number = m.number AND h.stream = m.stream AND h.account = ?)"
                .to_owned(),
            vec![Value::from(account.clone())],
        ),
    }
}

/// What a party is told of.
fn told() -> String {
    let untold = UNTOLD.map(|stage| format!("'{stage}'")).join(", ");
    format!("m.kind IN ({}) AND NOT (m.kind = 'hazard' AND m.stage IN ({untold}))", names(&TOLD))
}

/// In a subdistrict, community or grid cell; an alert where it is for that area or for all.
pub(super) fn in_area(area: &str) -> (String, Vec<Value>) {
    let sql = "p.subdistrict = ? OR p.community = ? OR p.grid_cell = ? OR (p.number IS NULL AND (m.areas = '[]' \
               OR EXISTS (SELECT 1 FROM json_each(m.areas) a WHERE a.value = ?)))";
    (sql.to_owned(), vec![Value::from(area.to_owned()); 4])
}

/// At premises that a party answers for on a day.
pub(super) fn answered_by(party: &str, today: &str) -> (String, Vec<Value>) {
    let sql = "EXISTS (SELECT 1 FROM json_each(p.parties) y WHERE y.value ->> 'party' = ? \
               AND coalesce(y.value ->> 'from', '') <= ? AND coalesce(y.value ->> 'until', '9999') >= ?)";
    (sql.to_owned(), [party, today, today].map(|value| Value::from(value.to_owned())).to_vec())
}

fn names(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| format!("'{}'", kind.code())).collect::<Vec<_>>().join(", ")
}
