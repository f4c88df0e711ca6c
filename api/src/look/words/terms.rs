//! The field's terms that have a code, in both languages. An unknown code is given back as it is.

use wuping_domain::grade::PlaqueKind;
use wuping_domain::rulebook::scheme::Indicator;

use super::tables::*;
use super::{Lang, find, plural};

impl Lang {
    /// What is graded: `unit`, `building`, `estate`.
    pub fn layer(self, code: &str) -> &str {
        find(self, LAYERS, code)
    }

    /// A grade by its code: `five_star` … `one_star`, `letting_prohibited`, `not_assessed`.
    pub fn grade(self, code: &str) -> &str {
        find(self, GRADES, code)
    }

    /// A grade by its stars, 5 to 0; anything else is «not assessed».
    pub fn stars(self, stars: Option<u8>) -> &'static str {
        match stars {
            Some(5) => self.pick("五星级", "Five stars"),
            Some(4) => self.pick("四星级", "Four stars"),
            Some(3) => self.pick("三星级", "Three stars"),
            Some(2) => self.pick("二星级", "Two stars"),
            Some(1) => self.pick("一星级", "One star"),
            Some(0) => self.pick("禁租级", "Letting-prohibited grade"),
            _ => self.pick("未评定", "Not assessed"),
        }
    }

    /// A management level: `lenient`, `attention`, `strict`, `prohibited`.
    pub fn level(self, code: &str) -> &str {
        find(self, LEVELS, code)
    }

    /// State of a grade: `in_force`, `under_appeal`, `awaiting_confirmation`, `void`, `not_assessed`.
    pub fn grade_state(self, code: &str) -> &str {
        find(self, GRADE_STATES, code)
    }

    /// A person's or key's role.
    pub fn role(self, code: &str) -> &str {
        find(self, ROLES, code)
    }

    /// Through which door something came in that no account signed, by its name in the entry.
    pub fn channel(self, code: &str) -> &str {
        find(self, CHANNELS, code)
    }

    /// A department of the policy's list.
    pub fn department(self, code: &str) -> &str {
        find(self, DEPARTMENTS, code)
    }

    /// What made a grade be determined.
    pub fn trigger(self, code: &str) -> &str {
        find(self, TRIGGERS, code)
    }

    /// Why an assessment was opened.
    pub fn assessment_reason(self, code: &str) -> &str {
        find(self, ASSESSMENT_REASONS, code)
    }

    /// Who gathers a result: `grid`, `department`, `feed`, `ledger`.
    pub fn collect(self, code: &str) -> &str {
        find(self, COLLECT, code)
    }

    /// An aspect of the district's own scheme.
    pub fn aspect(self, code: &str) -> &str {
        find(self, ASPECTS, code)
    }

    /// Outcome of one indicator: `met`, `unmet`, `not_applicable`.
    pub fn outcome(self, code: &str) -> &str {
        find(self, OUTCOMES, code)
    }

    /// Severity of a hazard: `general`, `serious`, `major`, `suspected`.
    pub fn severity(self, code: &str) -> &str {
        find(self, SEVERITIES, code)
    }

    /// How grave an incident is: `minor`, `general`, `serious`.
    pub fn incident_severity(self, code: &str) -> &str {
        find(self, INCIDENT_SEVERITIES, code)
    }

    /// Whose a deadline is: `office`, `party`.
    pub fn side(self, code: &str) -> &str {
        find(self, SIDES, code)
    }

    /// Class of works: `at_once`, `buy`, `repair`, `build`, `procedure`.
    pub fn works(self, code: &str) -> &str {
        find(self, WORKS, code)
    }

    /// State of a hazard, report, task, appeal or other case.
    pub fn case_state(self, code: &str) -> &str {
        find(self, CASE_STATES, code)
    }

    /// Direction of a transition: `up`, `down`, `same`, `first`.
    pub fn direction(self, code: &str) -> &str {
        find(self, DIRECTIONS, code)
    }

    /// A patrol rule: `day`, `week`, `half_month`, `month`.
    pub fn patrol_rule(self, code: &str) -> &str {
        find(self, PATROL_RULES, code)
    }

    /// Kind or outcome of a visit, or a reason that excuses a patrol.
    pub fn visit(self, code: &str) -> &str {
        find(self, VISITS, code)
    }

    /// A measure that may follow from a management level.
    pub fn measure(self, code: &str) -> &str {
        find(self, MEASURES, code)
    }

    /// A deadline of the policy's list.
    pub fn deadline(self, code: &str) -> &str {
        find(self, DEADLINES, code)
    }

    /// Kind of a notice, or the way it was served.
    pub fn notice(self, code: &str) -> &str {
        find(self, NOTICES, code)
    }

    /// A ground in law, or the scope, of a ban on letting.
    pub fn prohibition(self, code: &str) -> &str {
        find(self, PROHIBITIONS, code)
    }

    /// A credit class, a conduct or its degree.
    pub fn credit(self, code: &str) -> &str {
        find(self, CREDIT, code)
    }

    /// Category of an incident, or kind or colour of a weather alert.
    pub fn incident(self, code: &str) -> &str {
        find(self, INCIDENTS, code)
    }

    /// Kind of a matter: `hazard`, `report`, `notice` …
    pub fn matter_kind(self, code: &str) -> &str {
        find(self, MATTER_KINDS, code)
    }

    /// How far a matter is: a stage of its own, else that of a case.
    pub fn matter_stage(self, code: &str) -> &str {
        let own = find(self, MATTER_STAGES, code);
        if own == code { find(self, CASE_STATES, code) } else { own }
    }

    /// How far something is that the office does besides grading; nothing where it has not begun.
    pub fn undertaking(self, code: &str) -> &str {
        let told = find(self, UNDERTAKINGS, code);
        if told == code { "" } else { told }
    }

    /// What a report, task, appeal or dispute is about.
    pub fn matter(self, code: &str) -> &str {
        find(self, MATTERS, code)
    }

    /// Where letting stands: `to_let`, `not_to_let`, `let`, `vacant`, `occupied`.
    pub fn letting(self, code: &str) -> &str {
        find(self, LETTING, code)
    }

    /// A plaque at the door.
    pub fn plaque(self, kind: PlaqueKind) -> &'static str {
        match kind {
            PlaqueKind::GradePlaque => self.pick("公示牌", "Grade plaque"),
            PlaqueKind::SupervisionPlaque => self.pick("监督牌", "Supervision plaque"),
        }
    }

    /// A name in this language; in the other where it has none.
    pub fn named<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self.pick(zh, en) {
            "" => self.pick(en, zh),
            name => name,
        }
    }

    /// That an indicator is not met. Its name says the good state, which is the opposite of what was found.
    pub fn not_met(self, name: &str) -> String {
        self.pick(format!("“{name}”不合格"), format!("not met: {}", in_a_sentence(name)))
    }

    /// What a hazard is, as everybody is told of it: that its indicator is not met; where no rulebook knows the indicator, the
    /// cause that its id names, or the source's own code. An indicator that opens no hazard by the rulebook is an order or
    /// a code of another office, and says itself what it is about.
    pub fn hazard(self, id: &str, known: Option<&Indicator>) -> String {
        match known {
            Some(known) if known.hazard.is_some() => self.not_met(self.named(&known.zh, &known.en)),
            Some(known) => self.named(&known.zh, &known.en).to_owned(),
            None => self.cause(id, |_| None),
        }
    }

    /// A cap or veto in words: `indicator:ID`, `rule:ID`, `hazard:KIND`, `incident:CATEGORY_SEVERITY`, or a
    /// veto's own id. `indicator_name` gives an indicator's name in the rulebook at hand; its id stands in
    /// where it has none.
    pub fn cause(self, code: &str, indicator_name: impl Fn(&str) -> Option<String>) -> String {
        match code.split_once(':') {
            Some(("indicator", id)) => {
                let name = indicator_name(id).unwrap_or_else(|| id.to_owned());
                self.not_met(&name)
            }
            Some(("incident", rest)) => {
                let (category, severity) = rest.rsplit_once('_').unwrap_or((rest, ""));
                let (category, severity) = (self.incident(category), self.incident_severity(severity));
                self.pick(
                    format!("已确认的{category}（{severity}）"),
                    format!("confirmed {category} ({severity})"),
                )
            }
            _ => find(self, CAUSES, code).to_owned(),
        }
    }

    /// What a cap does: `最高三星级`, `three stars at most`.
    pub fn cap(self, stars: u8) -> String {
        match self {
            Self::Zh => format!("最高{}", self.stars(Some(stars))),
            Self::En => format!("{stars} {} at most", plural(u64::from(stars), "star", "stars")),
        }
    }
}

/// A name that goes on a sentence: its first letter is small, unless it begins an abbreviation.
fn in_a_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_ascii_lowercase() || second == ' ' => {
            first.to_ascii_lowercase().to_string() + &name[first.len_utf8()..]
        }
        _ => name.to_owned(),
    }
}
