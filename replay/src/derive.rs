//! One computed result from its inputs, as `wuping derive` answers an auditor's tool.

use wuping_domain::derive::{Question, Underivable, evaluate};
use wuping_ledger::jcs;
use wuping_ledger::refusal::Refusal;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// The result has no canonical form.
    #[error("the result has no canonical form")]
    Form(#[from] Refusal),
    /// The question is none.
    #[error(
        "the question is not {{as_of, events, scheme, stream, type}} as JSON; docs/format.md §9 shows it"
    )]
    Question(#[from] serde_json::Error),
    /// The inputs lead nowhere.
    #[error("the result cannot be derived")]
    Underivable(#[from] Underivable),
}

/// The canonical bytes of the result that a question asks for.
///
/// # Errors
/// If the question is none, or its inputs lead to no such result.
pub fn derive(question: &[u8]) -> Result<Vec<u8>, DeriveError> {
    let question: Question<'_> = serde_json::from_slice(question)?;
    Ok(jcs::canonical(&evaluate(&question)?)?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wuping_ledger::store::StoreError;

    use super::*;
    use crate::test_house::House;

    /// The question of the entry at a position, as a verifier puts it.
    fn question(house: &House, position: u64) -> Value {
        let reader = house.ledger.reader();
        let row = reader.row(position).unwrap().unwrap();
        let mut events: Vec<Value> = Vec::new();
        reader
            .each_of_subject("premises/p-1", Some(position), |row| {
                events.push(serde_json::from_str(&row.input("sample/replay")).unwrap());
                Ok::<_, StoreError>(())
            })
            .unwrap();
        json!({
            "as_of": row.occurred_at, "events": events, "scheme": house.rules.document,
            "stream": row.aggregate_id, "type": row.event_type
        })
    }

    #[test]
    fn an_auditor_gets_the_recorded_bytes_from_the_inputs_alone() {
        let mut house = House::honest();
        house.register("p-1");
        let (submitted, last) = house.assess("p-1", "a-1", "2025-02-03", &[("no_ebike_indoors", "unmet")]);
        assert!(last > submitted + 1, "a grade and a hazard");
        for position in submitted + 1..=last {
            let recorded: Value =
                serde_json::from_str(&house.ledger.reader().row(position).unwrap().unwrap().payload).unwrap();
            let derived = derive(question(&house, position).to_string().as_bytes()).unwrap();
            assert_eq!(derived, jcs::canonical(&recorded["result"]).unwrap(), "entry {position}");
        }
    }

    #[test]
    fn other_inputs_give_another_result_or_none() {
        let mut house = House::honest();
        house.register("p-1");
        let (submitted, _) = house.assess("p-1", "a-1", "2025-02-03", &[]);
        let asked = question(&house, submitted + 1);
        let due = derive(asked.to_string().as_bytes()).unwrap();
        let worse = asked.to_string().replacen("\"met\"", "\"unmet\"", 1);
        assert_ne!(derive(worse.as_bytes()).unwrap(), due);
        let mut without = asked;
        without["events"].as_array_mut().unwrap().pop();
        let refused = derive(without.to_string().as_bytes()).unwrap_err();
        assert!(matches!(refused, DeriveError::Underivable(Underivable::Nothing { .. })), "{refused}");
    }

    #[test]
    fn what_is_no_question_is_refused_with_its_shape() {
        for text in ["", "{}", "[1]", "no"] {
            let refused = derive(text.as_bytes()).unwrap_err();
            assert!(refused.to_string().contains("as_of, events, scheme, stream, type"), "{text}: {refused}");
        }
    }
}
