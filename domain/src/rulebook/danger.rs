//! Danger (风险类别): what kind of danger a hazard is, so that a meeting goes through like with like.
//!
//! It is the rulebook's to say. A rulebook says it of a department in so many words (`danger`). Of a department it is silent
//! about, it is the category of the incidents that the department confirms, where all of them are of one; else the aspect of the
//! indicator says it, where it is named for a kind, as `estate_environment` is. Of what remains nobody said anything.

use serde::{Deserialize, Serialize};

use super::Rulebook;

/// A kind of danger, in the order in which a meeting goes through them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// Of public order (治安).
    PublicOrder,
    /// Of fire (消防).
    Fire,
    /// Of the surroundings (环境).
    Environment,
    /// Of buildings and of work (安全).
    Safety,
    /// None of these, or nobody said of which.
    Other,
}

impl Danger {
    /// Their names on the wire, in that order.
    pub const CODES: [&str; 5] = [
        Self::PublicOrder.code(),
        Self::Fire.code(),
        Self::Environment.code(),
        Self::Safety.code(),
        Self::Other.code(),
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Fire => "fire",
            Self::Other => "other",
            Self::PublicOrder => "public_order",
            Self::Safety => "safety",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::PublicOrder, Self::Fire, Self::Environment, Self::Safety, Self::Other]
            .into_iter()
            .find(|danger| danger.code() == code)
    }
}

impl Rulebook {
    /// What kind of danger a hazard is: found by this indicator, with this department.
    #[must_use]
    pub fn danger(&self, indicator: &str, department: &str) -> Danger {
        let stated = self.policy.departments.iter().find(|known| known.id == department);
        let stated = stated.and_then(|known| known.danger);
        let danger = stated.or_else(|| self.danger_of_incidents(department));
        danger.or_else(|| self.danger_of_aspect(indicator)).unwrap_or(Danger::Other)
    }

    /// The one category of the incidents that a department confirms.
    fn danger_of_incidents(&self, department: &str) -> Option<Danger> {
        let rules = self.policy.incident_rules.iter().filter(|rule| rule.competent == department);
        let mut categories = rules.map(|rule| &rule.category);
        let first = categories.next()?;
        Danger::of_code(first).filter(|_| categories.all(|other| other == first))
    }

    /// The kind that an indicator's aspect is named for, with or without its layer.
    fn danger_of_aspect(&self, indicator: &str) -> Option<Danger> {
        let aspect = &self.indicator(indicator)?.aspect;
        let of_layer = || aspect.strip_prefix(&format!("{}_", self.layer)).and_then(Danger::of_code);
        Danger::of_code(aspect).or_else(of_layer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rulebook::Layer;
    use crate::shipped;

    /// The district's rulebook of estates with something else said in its policy.
    fn with(change: impl FnOnce(&mut Value)) -> Rulebook {
        let mut document = shipped::document("pingshan", Layer::Estate);
        change(&mut document["policy"]);
        Rulebook::from_document(&document).unwrap()
    }

    #[test]
    fn the_order_is_that_of_the_codes() {
        let kinds: Vec<Danger> = Danger::CODES.into_iter().filter_map(Danger::of_code).collect();
        assert_eq!(kinds.iter().map(|kind| kind.code()).collect::<Vec<_>>(), Danger::CODES);
        assert!(kinds.is_sorted());
        assert_eq!(Danger::of_code("grade"), None);
    }

    #[test]
    fn who_confirms_incidents_of_one_category_is_there_for_it() {
        let estates = with(|_| ());
        for (indicator, department, danger) in [
            ("fire_lane", "fire", Danger::Fire),
            ("parking", "police", Danger::PublicOrder),
            ("emergency_plan", "emergency", Danger::Safety),
            ("fire:minor", "fire", Danger::Fire),
        ] {
            assert_eq!(estates.danger(indicator, department), danger, "{indicator} of {department}");
        }
        let mixed = with(|policy| policy["incident_rule"][0]["competent"] = json!("fire"));
        assert_eq!(
            mixed.danger("fire_lane", "fire"),
            Danger::Safety,
            "of two it says neither: the aspect does"
        );
    }

    #[test]
    fn else_the_aspect_says_it_where_it_is_named_for_a_kind() {
        let estates = with(|_| ());
        for (indicator, department, danger) in [
            ("sewage", "water", Danger::Environment),
            ("drainage", "water", Danger::Other),
            ("slope_safety", "natural_resources", Danger::Safety),
            ("street_lighting", "urban_management", Danger::Other),
            ("no_such_indicator", "urban_management", Danger::Other),
        ] {
            assert_eq!(estates.danger(indicator, department), danger, "{indicator} of {department}");
        }
        let fires = shipped::document("toronto-fire", Layer::Building);
        let indicator = fires["indicators"]["indicator"][0]["id"].as_str().unwrap().to_owned();
        let fires = Rulebook::from_document(&fires).unwrap();
        assert_eq!(fires.danger(&indicator, "nobody"), Danger::Fire, "an aspect named for the kind alone");
    }

    #[test]
    fn what_a_rulebook_says_of_a_department_goes_before_all() {
        let says = with(|policy| {
            for department in policy["department"].as_array_mut().unwrap() {
                let said = match department["id"].as_str().unwrap() {
                    "fire" => "safety",
                    "water" => "environment",
                    "natural_resources" => "other",
                    _ => continue,
                };
                department["danger"] = json!(said);
            }
        });
        assert_eq!(says.danger("fire_lane", "fire"), Danger::Safety);
        assert_eq!(says.danger("drainage", "water"), Danger::Environment);
        assert_eq!(says.danger("slope_safety", "natural_resources"), Danger::Other);
        assert_eq!(says.danger("parking", "police"), Danger::PublicOrder, "of whom it is silent: as ever");
    }

    #[test]
    fn a_kind_that_there_is_not_is_named_with_those_that_there_are() {
        let written = shipped::written("pingshan", "policy");
        let policy = written.replacen("id = \"water\"", "id = \"water\"\ndanger = \"flood\"", 1);
        assert_ne!(policy, written);
        let [estate, holidays] = ["estate", "holidays"].map(|file| shipped::written("pingshan", file));
        let error = Rulebook::compile("pingshan", &estate, &policy, &holidays).unwrap_err();
        let faults = format!("{:?}", error.faults());
        for said in ["flood", "public_order", "environment", "不认识"] {
            assert!(faults.contains(said), "{said}: {faults}");
        }
    }
}
