//! A made-up street: so many buildings with their units, for so many years, by a seed. What people do is told beforehand, day
//! by day; what follows and what time brings is left to the rules.

use chrono::NaiveDate;
use serde_json::json;
use wuping_domain::rulebook::Layer;

use super::diary::{Almanac, Assessed, Diary, Step, Until};
use super::findings::*;

/// How large a street, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Street {
    /// Buildings.
    pub buildings: u32,
    /// Units of each.
    pub units: u32,
    /// Years, up to today.
    pub years: u32,
    /// The day on which it ends, at UTC+8.
    pub until: NaiveDate,
    /// What chance makes of it: the same seed is the same street.
    pub seed: u64,
}

impl Street {
    /// How many days before today it begins.
    pub(super) fn days(&self) -> u32 {
        self.years * 365 + u32::from(self.years > 0) * self.years / 4 + FOUNDING_DAYS
    }
}

/// Everything that is said about the street, in the order of time.
pub(super) fn steps(street: &Street, almanac: &Almanac) -> Vec<Step> {
    let mut steps = Vec::new();
    for number in 1..=street.buildings {
        let mut chance = Chance::of(street.seed, number);
        let house = House { number, units: street.units, worker: WORKERS[number as usize % WORKERS.len()] };
        let mut diary = Diary::new(almanac);
        house.lives(street, &mut diary, &mut chance);
        steps.extend(diary.into_steps());
        let mut diary = Diary::new(almanac);
        house.is_gone_round(street, &mut diary, &mut chance);
        steps.extend(diary.into_steps());
    }
    let mut diary = Diary::new(almanac);
    storms(street, &mut diary);
    steps.extend(diary.into_steps());
    steps.sort_by_key(|step| step.at);
    steps
}

/// A building of the street.
struct House {
    number: u32,
    units: u32,
    worker: (&'static str, &'static str),
}

impl House {
    fn id(&self) -> String {
        format!("street-b{:03}", self.number)
    }

    fn unit_ids(&self) -> Vec<String> {
        (1..=self.units).map(|unit| format!("{}-u{unit}", self.id())).collect()
    }

    fn register(&self, diary: &mut Diary<'_>) {
        let (id, (_, subdistrict)) = (self.id(), self.worker);
        let register = |layer: Layer, parent: Option<&str>, address: String| {
            json!({
                "command": "register", "layer": layer, "parent": parent, "address": address, "units": self.units,
                "subdistrict": subdistrict, "community": "模拟", "grid_cell": "mn-01",
            })
        };
        let address = format!("{subdistrict}街道模拟路{}号", self.number);
        diary.say("clerk", format!("premises/{id}"), register(Layer::Building, None, address.clone()));
        let owner = json!({ "command": "name_party", "party": party(&id), "role": "owner", "basis": "property_certificate" });
        diary.say("clerk", format!("premises/{id}"), owner.clone());
        for (n, unit) in self.unit_ids().iter().enumerate() {
            let address = format!("{address}{}01室", n + 1);
            diary.say("clerk", format!("premises/{unit}"), register(Layer::Unit, Some(&id), address));
            diary.say("clerk", format!("premises/{unit}"), owner.clone());
        }
    }

    /// From its registration on: an assessment of everything each year, and what becomes of what fails.
    fn lives(&self, street: &Street, diary: &mut Diary<'_>, chance: &mut Chance) {
        let (began, (worker, _)) = (street.days(), self.worker);
        diary.on(began - 7 - self.number % 7, 10, 0);
        self.register(diary);
        let (id, units) = (self.id(), self.unit_ids());
        let mut back = began - FOUNDING_DAYS - chance.below(20);
        for year in 1.. {
            let (key, reason) = (format!("s{year}"), if year == 1 { "first" } else { "campaign" });
            let mut cases = Vec::new();
            for unit in &units {
                let found = *chance.of_these(&UNITS_SEEN);
                let what = Assessed { premises: unit, layer: Layer::Unit, units: &[], lead: worker };
                diary.on(back, 9, 5);
                diary.assess(&what, &key, reason, found, Until::Submitted);
                cases.push((what, found));
            }
            let found = *chance.of_these(&BUILDINGS_SEEN);
            let what = Assessed { premises: &id, layer: Layer::Building, units: &units, lead: worker };
            diary.on(back, 14, 5);
            diary.assess(&what, &key, reason, found, Until::Submitted);
            cases.push((what, found));
            for (what, found) in &cases {
                diary.case(what, &key, found, back, chance);
            }
            if chance.below(3) == 0 {
                diary.vacancy(&id, worker, back.saturating_sub(40 + chance.below(60)), chance);
            }
            let next = 300 + chance.below(80);
            if back <= next + 1 {
                break;
            }
            back -= next;
        }
    }

    /// The grid worker comes when there is time, and sometimes too late.
    fn is_gone_round(&self, street: &Street, diary: &mut Diary<'_>, chance: &mut Chance) {
        let mut back = street.days() - FOUNDING_DAYS - 25;
        while back > 0 {
            diary.round(self.worker.0, &self.id(), back, 1 + chance.below(self.units.max(1)));
            back = back.saturating_sub(4 + chance.below(32));
        }
    }
}

impl Diary<'_> {
    /// What failed is reviewed, ordered, served; then put right in time, late or never.
    fn case(&mut self, what: &Assessed<'_>, key: &str, found: Found, back: u32, chance: &mut Chance) {
        let premises = what.premises;
        let failed = failing(&self.almanac.of(what.layer).rulebook, found);
        for (indicator, competent) in failed {
            let Some(officer) = super::diary::officer_of(&competent) else { continue };
            let stream = format!("premises/{premises}/hazard/{key}-{indicator}");
            let photo = self.almanac.photos.of(&indicator);
            let mut back = back.saturating_sub(1 + chance.below(4));
            if back < 2 {
                continue;
            }
            self.on(back, 15, 10);
            self.say(
                officer,
                &stream,
                json!({ "command": "review", "outcome": "confirmed", "reason": "属实" }),
            );
            let document = format!("模改〔{premises}〕{key}");
            let order = json!({
                "command": "order", "what": "限期整改", "parties": [party(premises)], "document_number": document
            });
            self.say(officer, &stream, order);
            let notice = format!("premises/{premises}/notice/{key}-{indicator}");
            let issue = json!({
                "command": "issue", "kind": "rectification", "about": stream, "authority": competent,
                "document_number": document, "legal_basis": "模拟", "handling_officers": [super::people::account(officer)],
                "text_version": "1", "remedies": ["appeal_file", "administrative_reconsideration"],
            });
            self.say(officer, &notice, issue);
            back = back.saturating_sub(1 + chance.below(3));
            self.on_any_day(back, 11, 0);
            self.say(officer, &notice, json!({ "command": "serve", "method": "direct" }));
            back = match chance.below(4) {
                0 => continue,
                1 => back.saturating_sub(20 + chance.below(40)),
                _ => back.saturating_sub(1 + chance.below(3)),
            };
            if back < 4 {
                continue;
            }
            self.on_any_day(back, 19, 30);
            let done = json!({ "command": "submit_rectification", "text": "已整改", "photos": [photo] });
            self.receive("counter", &stream, done);
            self.on(back.saturating_sub(1 + chance.below(3)), 10, 20);
            let accept = json!({ "command": "accept", "findings": "整改到位", "photos": [photo] });
            self.say(officer, &stream, accept);
        }
    }

    /// Nobody lives in the building for some months.
    fn vacancy(&mut self, id: &str, worker: &'static str, back: u32, chance: &mut Chance) {
        let until = back.saturating_sub(60 + chance.below(120));
        if until < 1 {
            return;
        }
        for (back, vacant) in [(back, true), (until, false)] {
            self.on(back, 16, 0);
            self.say(
                worker,
                format!("premises/{id}"),
                json!({ "command": "record_occupancy", "vacant": vacant }),
            );
        }
    }
}

/// Who owns a building and its units: `y-s001` for `street-b001-u2`.
fn party(premises: &str) -> String {
    let number = premises.trim_start_matches("street-b").split('-').next().unwrap_or_default();
    format!("y-s{number}")
}

/// A typhoon every year, lifted some days later.
fn storms(street: &Street, diary: &mut Diary<'_>) {
    for year in 0..street.years {
        let back = 40 + 365 * year;
        let day = |back: u32| diary.almanac.day(back);
        let at = |back: u32| format!("{}T02:00:00Z", day(back));
        let issue = json!({
            "command": "issue", "kind": "typhoon", "colour": "orange", "issued_at": at(back), "effective_at": at(back - 3),
        });
        let lift = json!({ "command": "lift", "safe_on": day(back - 5) });
        let stream = format!("alert/storm-{year}");
        for (back, command) in [(back, issue), (back - 5, lift)] {
            diary.on_any_day(back, 10, 30);
            diary.receive("feed-weather", &stream, command);
        }
    }
}

/// Numbers that look like chance, and are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn of(seed: u64, number: u32) -> Self {
        let mixed = (seed ^ (u64::from(number) << 32)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut chance = Self(mixed | 1);
        chance.below(1);
        chance
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 16) % u64::from(limit.max(1))).unwrap_or_default()
    }

    fn of_these<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let n = self.below(u32::try_from(all.len()).unwrap_or(u32::MAX)) as usize;
        &all[n]
    }
}

const WORKERS: [(&str, &str); 4] =
    [("grid", "榕溪"), ("grid-shiqiao", "石桥"), ("grid-qingwan", "青湾"), ("grid-yungang", "云岗")];
const UNITS_SEEN: [Found; 8] = [SOUND, WORN, FAIR, UNFILED, SHABBY, FAIR, EBIKE_INDOORS, BARE_WIRES];
const BUILDINGS_SEEN: [Found; 6] = [KEPT, ORDINARY, ORDINARY, TIRED, BLOCKED, EXIT_LOCKED];
/// Days in which accounts are opened and premises registered, before the first assessment.
const FOUNDING_DAYS: u32 = 21;
