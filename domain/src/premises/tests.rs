//! The rules beside this file, told as given, when, then.

use super::*;
use crate::facts::Grant;
use crate::given::{Given, day, given};
use crate::subject::Subject;

/// Speaks for the party `y-1`.
pub(crate) fn owner() -> Grant {
    Grant { role: Role::Owner, department: None, area: None, party: Some("y-1".into()) }
}

/// The premises with these events, which the gate before the rules looks at too.
pub(crate) fn house(events: impl IntoIterator<Item = Event>) -> Given<Premises> {
    let events: Vec<Event> = events.into_iter().collect();
    let mut premises = Premises::default();
    events.iter().for_each(|event| premises.evolve(event));
    given(events).about(Subject { premises, ..Subject::default() })
}

/// Registered, and owned by `y-1`.
pub(crate) fn owned() -> Vec<Event> {
    let basis = Some("property_certificate".into());
    let named = PartyRole { party: "y-1".into(), role: "owner".into(), span: Span::default(), basis };
    vec![Event::PremisesRegistered(building()), Event::ResponsiblePartyNamed(named)]
}

pub(crate) fn building() -> Register {
    serde_json::from_value(serde_json::json!({
        "layer": "building", "address": "石井街道金龟路1号", "subdistrict": "石井", "community": "金龟", "grid_cell": "g-01",
        "units": 12
    }))
    .unwrap()
}

#[test]
fn premises_are_registered_once() {
    house([Event::PremisesRegistered(building())])
        .by_role(Role::DataClerk)
        .when(Command::Register { register: building(), coordinates: None })
        .then_rejected("already_exists");
}

#[test]
fn a_unit_names_its_building() {
    let unit = Register { layer: Layer::Unit, ..building() };
    house([])
        .by_role(Role::DataClerk)
        .when(Command::Register { register: unit, coordinates: None })
        .then_rejected("malformed");
}

#[test]
fn coordinates_stay_private() {
    let said = house([])
        .by_role(Role::DataClerk)
        .when(Command::Register { register: building(), coordinates: Some("22.7,114.4".into()) })
        .said();
    assert!(serde_json::to_string(&said[0].event).unwrap().find("114.4").is_none());
}

#[test]
fn closed_premises_take_nothing_more() {
    let closed = Event::PremisesClosed { on: day("2026-01-05"), why: "demolished".into() };
    let refused = house([Event::PremisesRegistered(building()), closed])
        .by_role(Role::DataClerk)
        .when(Command::Amend { changes: BTreeMap::new(), why: "typing error".into(), coordinates: None })
        .then_rejected("premises_closed");
    assert!(refused.en().contains("2026-01-05"));
}

#[test]
fn an_amendment_of_the_wrong_kind_is_refused() {
    house([Event::PremisesRegistered(building())])
        .by_role(Role::DataClerk)
        .when(Command::Amend {
            changes: BTreeMap::from([("storeys".into(), Value::from("six"))]),
            why: "survey".into(),
            coordinates: None,
        })
        .then_rejected("malformed");
}

#[test]
fn an_amended_code_is_added_to_the_others() {
    let mut premises = Premises::default();
    premises.evolve(&Event::PremisesRegistered(Register {
        codes: BTreeMap::from([("rsn".into(), "41".into())]),
        ..building()
    }));
    premises.evolve(&Event::PremisesAmended {
        changes: BTreeMap::from([("codes".into(), serde_json::json!({"house_code": "4403"}))]),
        why: "re-coded".into(),
    });
    assert_eq!(premises.register.unwrap().codes.len(), 2);
}
