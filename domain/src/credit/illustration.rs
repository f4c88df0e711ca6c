//! Illustration: a credit rule that somebody asks for by file, over grades of imported schemes. Those do not operate, so no class
//! follows from them by itself; such a rule computes one for a report, records nothing and binds nobody. Its file is described in
//! `rulebooks/README.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::rule::{LEVELS, by_grades};
use crate::refused::Refused;
use crate::rulebook::credit::{CreditClass, CreditPolicy};
use crate::rulebook::fault::Fault;
use crate::rulebook::{RulebookError, name_of, written_as};

/// An illustrative credit rule, ready to compute with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IllustrativeRule {
    /// Its own name, by which a report tells under which rule it was made.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// What it is worth; the file has to say so itself.
    status: String,
    /// The form of the file, 1.
    schema: u64,
    /// Which level a grade of an imported scheme stands for.
    counts_as: Vec<CountsAs>,
    /// Its classes, as a policy has them.
    credit: CreditPolicy,
}

/// What one word of a scheme stands for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountsAs {
    /// The rulebook's own name, such as `toronto-2023`.
    scheme: String,
    /// The word of its band.
    word: String,
    /// The management level.
    level: String,
}

impl IllustrativeRule {
    /// Reads a written rule.
    ///
    /// # Errors
    /// If the file is not TOML, holds a fraction or a member that is not known, or the rule does not hold together; all faults
    /// of the last kind are named at once.
    pub fn of_file(text: &str) -> Result<Self, RulebookError> {
        let rule: Self = written_as(PART, text)?;
        let faults = rule.faults();
        if faults.is_empty() { Ok(rule) } else { Err(RulebookError::Unsound { faults }) }
    }

    /// The level that a grade stands for: of a rulebook, by its id, and of the word of its band. None of what the rule does not
    /// name.
    #[must_use]
    pub fn level(&self, rulebook: &str, word: &str) -> Option<&str> {
        let scheme = name_of(rulebook)?;
        let named = self.counts_as.iter().find(|one| one.scheme == scheme && one.word == word);
        named.map(|one| one.level.as_str())
    }

    /// Its classes, from the best down.
    #[must_use]
    pub fn classes(&self) -> &[CreditClass] {
        &self.credit.classes
    }

    /// The class of a portfolio, by how many of its premises stand at each level; none of an empty one.
    ///
    /// # Errors
    /// `not_in_rulebook`, which a rule that was read does not meet.
    pub fn class(&self, levels: &BTreeMap<String, u64>) -> Result<Option<&CreditClass>, Refused> {
        let total = levels.values().fold(0u64, |sum, count| sum.saturating_add(*count));
        if total == 0 {
            return Ok(None);
        }
        by_grades(&self.credit, levels, total, false).map(Some)
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let Self { schema, status, .. } = self;
        if *schema != 1 {
            faults.push(Fault::new(
                format!("schema 写的是 {schema}，本程序只认 1，请改成 1"),
                format!("schema is {schema}, but this program reads 1 alone; write that"),
            ));
        }
        if status != ILLUSTRATIVE {
            faults.push(Fault::new(
                format!("status 写的是 {status}；以文件指定的规则只作示范，不约束任何人，请写 {ILLUSTRATIVE}"),
                format!("status is {status}, but a rule that is asked for by file binds nobody; write {ILLUSTRATIVE}"),
            ));
        }
        for (place, one) in self.counts_as.iter().enumerate() {
            let CountsAs { scheme, word, level } = one;
            if !LEVELS.contains(&level.as_str()) {
                faults.push(Fault::new(
                    format!(
                        "counts_as {scheme} {word}：没有管理等级 {level}，请写其中之一：{}",
                        LEVELS.join("、")
                    ),
                    format!(
                        "counts_as {scheme} {word}: there is no level {level}; write one of {}",
                        LEVELS.join(", ")
                    ),
                ));
            }
            if self.counts_as[..place].iter().any(|other| (&other.scheme, &other.word) == (scheme, word)) {
                faults.push(Fault::new(
                    format!("counts_as {scheme} {word} 出现了两次，请去掉一个"),
                    format!("counts_as {scheme} {word} stands there twice; leave one out"),
                ));
            }
        }
        let classes = &self.credit.classes;
        let asks_more =
            |class: &&CreditClass| class.needs_commitment || class.needs_confirmer || class.by_conduct_only;
        for id in classes.iter().filter(asks_more).map(|class| &class.id) {
            faults.push(Fault::new(
                format!("信用等级 {id} 除等级外还有别的要求，而引入的登记里只有等级；请只写比例"),
                format!("class {id} asks for more than grades, and an imported register has nothing else; let it ask for shares alone"),
            ));
        }
        if !classes.iter().any(|class| class.min_lenient_percent.is_none() && class.max_low_percent.is_none())
        {
            faults.push(Fault::new(
                "每个信用等级都有条件；要有一个等级不设条件，留给其余的主体",
                "every class has a condition; one must be open to everybody else",
            ));
        }
        faults
    }
}

const ILLUSTRATIVE: &str = "illustrative";
const PART: &str = "credit";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    fn written(change: impl Fn(String) -> String) -> Result<IllustrativeRule, RulebookError> {
        IllustrativeRule::of_file(&change(shipped::written("toronto-credit-demo", "credit")))
    }

    #[test]
    fn a_class_follows_from_the_words_of_the_schemes_that_the_rule_names() {
        let rule = written(|text| text).unwrap();
        assert_eq!(rule.level("toronto-2023-building-1", "green"), Some("lenient"));
        assert_eq!(rule.level("toronto-2017-building-1", "Building Audit"), Some("strict"));
        assert_eq!(rule.level("pingshan-building-2", "green"), None, "no scheme that operates");
        let class = |levels: &[(&str, u64)]| {
            let levels = levels.iter().map(|(level, count)| ((*level).to_owned(), *count)).collect();
            rule.class(&levels).unwrap().map(|class| class.id.clone())
        };
        for (levels, is) in [
            (vec![("lenient", 4), ("attention", 1)], "A"),
            (vec![("lenient", 7), ("attention", 2)], "B"),
            (vec![("lenient", 9), ("strict", 1)], "B"),
            (vec![("lenient", 8), ("strict", 1)], "C"),
        ] {
            assert_eq!(class(&levels).as_deref(), Some(is), "{levels:?}");
        }
        assert_eq!(class(&[]), None);
    }

    #[test]
    fn a_rule_that_claims_to_bind_or_asks_for_more_than_grades_is_refused() {
        let told = |change: fn(String) -> String| written(change).unwrap_err().to_string();
        let binding = told(|text| text.replace("status = \"illustrative\"", "status = \"published\""));
        assert!(binding.contains("write illustrative"), "{binding}");
        let promise = told(|text| {
            text.replace("min_lenient_percent = 80", "min_lenient_percent = 80\nneeds_commitment = true")
        });
        assert!(promise.contains("class A asks for more than grades"), "{promise}");
        let level = told(|text| text.replace("level = \"attention\"", "level = \"amber\""));
        assert!(level.contains("there is no level amber"), "{level}");
        let shut =
            told(|text| text.replace("inspection_months = 3", "max_low_percent = 50\ninspection_months = 3"));
        assert!(shut.contains("every class has a condition"), "{shut}");
        let both = written(|text| {
            text.replace("schema = 1", "schema = 2").replace("status = \"illustrative\"", "status = \"x\"")
        });
        let told: Vec<String> = both.unwrap_err().faults().into_iter().map(|fault| fault.zh).collect();
        assert!(
            told.len() == 2
                && told[0].starts_with("schema 写的是 2，")
                && told[1].ends_with("请写 illustrative")
        );
    }
}
