use serde_json::{Value, json};

use super::{Event, Survey};
use crate::facts::{Actor, Role};
use crate::given::{Given, day, given};
use crate::test_house::{House, ask};

fn opened(until: Option<&str>) -> Event {
    serde_json::from_value(
        json!({ "type": "SurveyOpened", "questions": "1", "on": "2026-02-20", "until": until, "by": "a-1" }),
    )
    .unwrap()
}

fn answered(household: &str) -> Event {
    Event::AnswerReceived { household: household.into(), satisfied: true, handed_in_on: None, taken_by: None }
}

fn answer(more: Value) -> Value {
    let mut answer = json!({ "command": "answer", "unit": "u-1", "satisfied": true, "words": "很好" });
    answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer
}

/// Somebody answers at the door of a flat, on 2 March.
fn at_the_door(events: Vec<Event>, household: Option<&str>) -> Given<Survey> {
    let channel = Actor { account: "resident".into(), grants: vec![], received: true };
    let given = given::<Survey>(events).about(House::graded_twice().subject).by_actor(channel);
    match household {
        Some(household) => given.of_household(household),
        None => given,
    }
}

#[test]
fn a_resident_answers_at_the_door_once_and_nothing_of_the_flat_is_kept() {
    let said = at_the_door(vec![opened(None)], Some("h-1")).when(ask(answer(json!({})))).said();
    assert_eq!(said[0].event, answered("h-1"));
    let told = serde_json::to_string(&said[0].event).unwrap();
    assert!(!told.contains("很好") && !told.contains("u-1"), "{told}");
    at_the_door(vec![opened(None), answered("h-1")], Some("h-1"))
        .when(ask(answer(json!({ "satisfied": false }))))
        .then_rejected("answered_already");
    at_the_door(vec![opened(None), answered("h-1")], Some("h-2")).when(ask(answer(json!({})))).said();
    at_the_door(vec![opened(None)], None).when(ask(answer(json!({})))).then_rejected("malformed");
}

#[test]
fn nothing_is_taken_after_the_last_day_and_another_survey_may_begin() {
    let survey = || vec![opened(Some("2026-03-01"))];
    at_the_door(survey(), Some("h-1")).on("2026-03-01").when(ask(answer(json!({})))).said();
    at_the_door(survey(), Some("h-1"))
        .on("2026-03-02")
        .when(ask(answer(json!({}))))
        .then_rejected("survey_closed");
    let mut subject = House::graded_twice().subject;
    for (on, may) in [("2026-03-01", false), ("2026-03-02", true)] {
        let mut running = Survey::default();
        crate::aggregate::Concept::evolve(&mut running, &opened(Some("2026-03-01")));
        subject.surveys.insert("s-0".into(), running);
        let asked = given::<Survey>([])
            .about(subject.clone())
            .by_role(Role::CommunityLead)
            .on(on)
            .when(ask(json!({ "command": "open", "questions": "2" })));
        assert_eq!(!asked.is_refused(), may, "{on}");
    }
}

#[test]
fn staff_write_down_only_what_came_on_paper_and_the_record_says_so() {
    let staff = || {
        given::<Survey>([opened(Some("2026-02-28"))])
            .about(House::graded_twice().subject)
            .by_role(Role::CommunityLead)
            .of_household("h-1")
    };
    staff().when(ask(answer(json!({})))).then_rejected("survey_without_paper");
    let paper = json!([{ "bytes": 9, "sha256": "00".repeat(32), "type": "image/jpeg" }]);
    let on = |day: &str| ask(answer(json!({ "handed_in_on": day, "photos": paper })));
    staff().when(ask(answer(json!({ "handed_in_on": "2026-02-27" })))).then_rejected("counter_without_paper");
    staff().when(on("2026-03-01")).then_rejected("survey_closed");
    let said = staff().when(on("2026-02-27")).said();
    let Event::AnswerReceived { handed_in_on, taken_by, .. } = &said[0].event else { panic!("{said:?}") };
    assert_eq!((*handed_in_on, taken_by.as_deref()), (Some(day("2026-02-27")), Some("a-1")));
}
