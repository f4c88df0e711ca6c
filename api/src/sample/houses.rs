//! Houses: what is registered of the sample's two dozen buildings, and the assessments that every one of them has.

use serde_json::{Value, json};
use wuping_domain::rulebook::Layer;
use wuping_projections::pool::Views;

use super::diary::{Assessed, Diary, Until};
use super::findings::*;

/// A building of the sample, before anything was recorded of it.
pub(super) struct House {
    /// 1 to 24.
    pub(super) number: u32,
    /// Where it lies.
    place: &'static Place,
    /// How many days ago it was first assessed.
    pub(super) first: u32,
    /// What was seen of the building then.
    pub(super) seen: Found,
    /// What was seen of its units then.
    pub(super) units_seen: [Found; UNITS],
    /// How many days ago the newest round was made.
    pub(super) round: u32,
}

/// A neighbourhood, with who walks it.
struct Place {
    subdistrict: &'static str,
    community: &'static str,
    grid_cell: &'static str,
    worker: &'static str,
}

impl House {
    pub(super) fn id(&self) -> String {
        format!("sample-b{:02}", self.number)
    }

    pub(super) fn unit_id(&self, unit: usize) -> String {
        format!("{}-u{}", self.id(), unit + 1)
    }

    pub(super) fn unit_ids(&self) -> Vec<String> {
        (0..UNITS).map(|unit| self.unit_id(unit)).collect()
    }

    /// Who goes there.
    pub(super) fn worker(&self) -> &'static str {
        self.place.worker
    }

    /// The building, to be assessed with its units.
    pub(super) fn building<'a>(&self, id: &'a str, units: &'a [String]) -> Assessed<'a> {
        Assessed { premises: id, layer: Layer::Building, units, lead: self.worker() }
    }

    /// One unit, to be assessed.
    pub(super) fn unit<'a>(&self, id: &'a str) -> Assessed<'a> {
        Assessed { premises: id, layer: Layer::Unit, units: &[], lead: self.worker() }
    }

    /// Building and units are registered, with who answers for them.
    pub(super) fn register(&self, diary: &mut Diary<'_>) {
        let number = self.number;
        diary.on(self.first + 9 + number % 3, 9 + number % 7, (number * 13) % 60);
        let parent = ESTATE_BUILDINGS.contains(&number).then_some(ESTATE_ID);
        let mut register = self.registered(Layer::Building, parent, &self.address(), &house_code(number));
        register["name"] = json!(format!("示例楼{number}"));
        register["storeys"] = json!(6 + number % 3);
        register["units"] = json!(UNITS);
        register["year_built"] = json!(1994 + (number * 7) % 26);
        register["tenure"] = json!("village_collective");
        diary.say("clerk", format!("premises/{}", self.id()), register);
        let owner = json!({ "command": "name_party", "party": format!("y-{number:02}"), "role": "owner", "basis": "property_certificate" });
        diary.say("clerk", format!("premises/{}", self.id()), owner);
        for unit in 0..UNITS {
            let address = format!("{}{}01室", self.address(), unit + 1);
            let code = format!("{}{:06}", house_code(number), unit + 1);
            let register = self.registered(Layer::Unit, Some(&self.id()), &address, &code);
            diary.say("clerk", format!("premises/{}", self.unit_id(unit)), register);
        }
    }

    /// Units and building are assessed for the first time, and what failed is reviewed.
    pub(super) fn first_assessments(&self, diary: &mut Diary<'_>) {
        let (id, units) = (self.id(), self.unit_ids());
        for (unit, seen) in units.iter().zip(self.units_seen) {
            diary.on(self.first, 9, 5);
            diary.assess(&self.unit(unit), "a1", "first", seen, Until::Submitted);
        }
        diary.assess(&self.building(&id, &units), "a1", "first", self.seen, Until::Submitted);
        for (unit, seen) in units.iter().zip(self.units_seen) {
            diary.hazards(&self.unit(unit), "a1", seen, self.first.saturating_sub(2));
        }
        diary.hazards(&self.building(&id, &units), "a1", self.seen, self.first.saturating_sub(2));
    }

    fn address(&self) -> String {
        let Place { subdistrict, community, .. } = self.place;
        format!("{subdistrict}街道{community}社区示例路{}号", self.number)
    }

    fn registered(&self, layer: Layer, parent: Option<&str>, address: &str, code: &str) -> Value {
        let mut register = place_of(self.place);
        register["command"] = json!("register");
        register["layer"] = json!(layer);
        register["address"] = json!(address);
        register["codes"] = json!({ "house_code": code });
        if let Some(parent) = parent {
            register["parent"] = json!(parent);
        }
        register
    }
}

/// The one estate: registered, and assessed by the grid worker and five departments.
pub(super) fn estate(diary: &mut Diary<'_>) {
    let place = &PLACES[0];
    diary.on(428, 9, 12);
    let mut register = place_of(place);
    register["command"] = json!("register");
    register["layer"] = json!(Layer::Estate);
    register["name"] = json!("榕溪示例小区");
    register["address"] = json!("榕溪街道榕树社区示例路小区");
    register["codes"] = json!({ "house_code": ESTATE_CODE });
    diary.say("clerk", format!("premises/{ESTATE_ID}"), register);
    let estate = Assessed { premises: ESTATE_ID, layer: Layer::Estate, units: &[], lead: place.worker };
    diary.on(236, 9, 40);
    diary.assess(&estate, "a1", "first", ESTATE, Until::Submitted);
}

fn place_of(place: &Place) -> Value {
    json!({
        "subdistrict": place.subdistrict, "community": place.community, "grid_cell": place.grid_cell,
    })
}

fn house_code(number: u32) -> String {
    format!("4403100000{number:09}")
}

/// Code of the house with the life story, by which its page is found.
pub fn story_code() -> String {
    house_code(STORY)
}

/// Whether the house with the life story is in a ledger: a street that was simulated is a sample without it.
pub fn story_is_in(views: &Views) -> bool {
    views.premises_by_code(&story_code()).is_ok_and(|found| found.is_some())
}

const fn house(
    number: u32,
    place: usize,
    first: u32,
    seen: Found,
    units_seen: [Found; UNITS],
    round: u32,
) -> House {
    House { number, place: &PLACES[place], first, seen, units_seen, round }
}

/// The sample's buildings. Rounds lie within what their management levels ask for, but for house 9, which is overdue.
pub(super) const HOUSES: [House; 24] = [
    house(STORY, 0, 412, ORDINARY, [WORN, FAIR, UNFILED], 9),
    house(2, 0, 330, KEPT, [SOUND, WORN, UNFILED], 12),
    house(3, 0, 325, ORDINARY, [WORN, FAIR, UNFILED], 25),
    house(4, 0, 320, TIRED, [FAIR, SHABBY, UNFILED], 19),
    house(5, 1, 310, ORDINARY, [FAIR, UNFILED, WORN], 6),
    house(6, 1, 302, KEPT, [SOUND, WORN, WORN], 14),
    house(7, 1, 296, BLOCKED, [SHABBY, FAIR, UNFILED], 22),
    house(8, 2, 290, TIRED, [SHABBY, UNREGISTERED, FAIR], 3),
    house(9, 2, 284, ORDINARY, [FAIR, SOUND, UNFILED], 43),
    house(10, 2, 276, ROOM_ON_ROOF, [UNFILED, FAIR, LOCKED_MESH], 8),
    house(11, 3, 270, ORDINARY, [FAIR, UNFILED, UNREGISTERED], 17),
    house(12, 3, 262, KEPT, [SOUND, UNFILED, WORN], 26),
    house(13, 3, 255, TIRED, [BARE_WIRES, SHABBY, FAIR], 11),
    house(14, 4, 247, ORDINARY, [WORN, FAIR, SHABBY], 5),
    house(15, 4, 240, TIRED, [FAIR, SHABBY, UNFILED], 21),
    house(16, 5, 231, KEPT, [WORN, FAIR, SOUND], 16),
    house(17, 5, 224, BLOCKED, [UNFILED, LOCKED_MESH, SHABBY], 2),
    house(18, 1, 345, ORDINARY, [FAIR, UNFILED, WORN], 13),
    house(19, 2, 338, TIRED, [UNFILED, FAIR, SHABBY], 15),
    house(20, 0, 215, ORDINARY, [FAIR, UNFILED, WORN], 2),
    house(21, 3, 208, ORDINARY, [UNFILED, FAIR, FAIR], 3),
    house(22, 4, 200, ORDINARY, [FAIR, WORN, UNFILED], 5),
    house(23, 5, 150, EXIT_LOCKED, [EBIKE_INDOORS, FAIR, SHABBY], 4),
    house(24, 1, 192, TIRED, [SHABBY, FAIR, UNFILED], 1),
];

const PLACES: [Place; 6] = [
    place("榕溪", "榕树", "rx-01", "grid"),
    place("榕溪", "溪口", "rx-02", "grid"),
    place("榕溪", "塘边", "rx-03", "grid"),
    place("石桥", "桥头", "sq-01", "grid-shiqiao"),
    place("青湾", "湾尾", "qw-01", "grid-qingwan"),
    place("云岗", "岗上", "yg-01", "grid-yungang"),
];

const fn place(
    subdistrict: &'static str,
    community: &'static str,
    grid_cell: &'static str,
    worker: &'static str,
) -> Place {
    Place { subdistrict, community, grid_cell, worker }
}

/// The house with the life story.
pub(super) const STORY: u32 = 1;
pub(super) const UNITS: usize = 3;
const ESTATE_ID: &str = "sample-e01";
const ESTATE_CODE: &str = "4403100000900000001";
const ESTATE_BUILDINGS: [u32; 3] = [2, 3, 4];
