//! Rounds and calls: patrols, tasks, alerts, visits, surveys and incidents.

use serde_json::{Value, json};

use super::story::{SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    story.house("b-9", None);
    story.house("u-9", Some("b-9"));
    story.assess("u-9", "a1", "first", SOUND);
    rounds_are_made_and_missed(story);
    let task_due = story.day(7);
    work_is_sent_round(story);
    a_storm_comes(story);
    somebody_calls(story);
    residents_are_asked(story);
    something_happens(story);
    // the assessment that nobody came back to has had its time by then
    story.days(60);
    a_task_that_was_given_back_is_missed(story, task_due);
    nobody_opens_three_times(story);
    of_two_warnings_the_higher_rules(story);
}

/// A vacant house is gone to before the storm comes. Raised again in another colour, both warnings are kept, and the higher one says
/// by when. Whoever went in time has met them; where nobody did, the house is gone to on the first safe day.
fn of_two_warnings_the_higher_rules(story: &mut Story) {
    story.house("b-43", None);
    story.house("u-43", Some("b-43"));
    story.assess("u-43", "a1", "first", SOUND);
    story.days(1);
    // a round due after the new year stands in the stream of that year
    let rounds = |story: &Story| {
        let streams = story.streams_with("PatrolAssigned").into_iter();
        let own = streams.filter(|stream| stream.starts_with("premises/b-43/patrol/"));
        own.max_by_key(|stream| story.newest_at(stream, "PatrolAssigned")).unwrap()
    };
    let due = |story: &Story| story.newest(&rounds(story), "PatrolAssigned")["result"]["due"].clone();
    let ordinary = due(story);
    let warns = |story: &mut Story, alert: &str, colour: &str, ahead: i64| {
        let (now, effective_at) = (story.now(), story.now() + chrono::TimeDelta::days(ahead));
        let issue = json!({
            "command": "issue", "kind": "typhoon", "colour": colour, "areas": ["石井"], "issued_at": now,
            "effective_at": effective_at,
        });
        story.say("emergency", alert, issue);
        story.looks();
    };
    warns(story, "alert/w-2", "yellow", 4);
    assert_eq!(due(story), ordinary, "somebody lives there");
    story.say("grid", "premises/u-43", json!({ "command": "record_occupancy", "vacant": true }));
    story.looks();
    let before_yellow = json!(story.day(3));
    assert_eq!(due(story), before_yellow, "a day before it takes effect");
    warns(story, "alert/w-3", "red", 6);
    let before_red = json!(story.day(5));
    assert_eq!(due(story), before_red, "the higher colour says by when");
    warns(story, "alert/w-4", "blue", 2);
    assert_eq!(due(story), before_red, "and a lower one moves nothing");
    let running = story.page(Some("emergency"), "/api/v1/matters?kind=alert");
    for alert in ["alert/w-2", "alert/w-3", "alert/w-4"] {
        assert!(running.contains(alert), "{alert} is kept: {running}");
    }
    story.days(1);
    let goes =
        json!({ "command": "complete", "units_entered": 0, "units_unanswered": 1, "units_refused": 0 });
    story.say("grid", &rounds(story), goes);
    story.looks();
    let met: chrono::NaiveDate = serde_json::from_value(due(story)).unwrap();
    assert!(met > story.day(5), "whoever went between warning and storm has met it: {met}");
    let lift = |story: &mut Story, alert: &str, safe_on: chrono::NaiveDate| {
        story.say("emergency", alert, json!({ "command": "lift", "safe_on": safe_on }));
        story.looks();
    };
    for alert in ["alert/w-2", "alert/w-3", "alert/w-4"] {
        let safe_on = story.day(1);
        lift(story, alert, safe_on);
    }

    // before the next one nobody goes
    story.days(1);
    warns(story, "alert/w-5", "red", 3);
    let before = json!(story.day(2));
    assert_eq!(due(story), before);
    story.days(4);
    assert_eq!(story.newest(&rounds(story), "PatrolMissed")["result"]["due"], before);
    let safe_on = story.day(2);
    lift(story, "alert/w-5", safe_on);
    assert_eq!(due(story), json!(safe_on), "the first safe day");
}

fn rounds_are_made_and_missed(story: &mut Story) {
    story.days(1);
    let year = story.today().format("%Y");
    let patrol = format!("premises/b-9/patrol/{year}");
    let due = story.newest(&patrol, "PatrolAssigned")["result"]["due"].clone();
    story.say("street", &patrol, json!({ "command": "reassign", "due": due, "to": "grid-2" }));
    let (from, until) = (story.day(1), story.day(3));
    let excuse = json!({ "command": "excuse", "reason": "road_closed", "from": from, "until": until });
    story.say("street", &patrol, excuse);
    let round =
        json!({ "command": "complete", "units_entered": 1, "units_unanswered": 0, "units_refused": 0 });
    story.say("grid-2", &patrol, round);
    let report = story.page(Some("street"), "/desk/reports/patrols");
    assert!(report.contains("某grid-2 (grid-2)"), "the report says whose rounds they are: {report}");
    // nobody goes round for a while
    story.days(35);
}

fn work_is_sent_round(story: &mut Story) {
    let dispatch = |due| json!({ "command": "dispatch", "kind": "visit", "to": "fire", "due": due });
    let done = "premises/b-9/task/t-1";
    let due = story.day(7);
    story.say("dispatcher", done, dispatch(due));
    story.say("fire", done, json!({ "command": "take" }));
    let tasks = story.page(Some("street"), "/desk/matters?kind=task");
    assert!(tasks.contains("in the hands of 某fire (fire)"), "the list says who has it in hand: {tasks}");
    story.say("fire", done, json!({ "command": "finish", "findings": "已劝导" }));
    let returned = "premises/b-9/task/t-2";
    story.say("dispatcher", returned, dispatch(due));
    story.say("fire", returned, json!({ "command": "return", "reason": "不属本部门" }));
}

/// Nobody has taken up what was given back, and the record says whose that was.
fn a_task_that_was_given_back_is_missed(story: &Story, due: chrono::NaiveDate) {
    let missed = story.newest(&format!("premises/b-9/record/missed-task-t-2-{due}"), "DeadlineMissed");
    assert_eq!((&missed["result"]["whose"], &missed["result"]["due"]), (&json!("dispatcher"), &json!(due)));
    assert_eq!(story.count(&format!("premises/b-9/record/missed-task-t-1-{due}")), 0, "it was done in time");
}

/// A flat that nobody could enter on three days is not assessed: its page says so, its building is looked at every week, and the
/// coverage names the reason.
fn nobody_opens_three_times(story: &mut Story) {
    story.house("b-41", None);
    story.house("u-41", Some("b-41"));
    story.open("u-41", "a1", "first");
    let coverage = |story: &Story| {
        let page = story.page(Some("street"), "/desk/reports/gaps");
        page.contains("u-41") && page.contains("Not assessed: nobody could enter")
    };
    for n in 1..=3 {
        assert!(!story.page(None, "/s/u-41").contains("nobody could enter"), "{n}");
        let fail = json!({ "command": "fail", "kind": "assessment", "why": "no_answer", "note_left": true });
        story.say("grid", &format!("premises/u-41/visit/v-{n}"), fail);
        story.days(1);
    }
    let page = story.page(None, "/s/u-41");
    assert!(page.contains("on 3 days nobody could enter") && page.contains("at least weekly"), "{page}");
    assert!(coverage(story));
    let patrol = format!("premises/b-41/patrol/{}", story.today().format("%Y"));
    let assigned = story.newest(&patrol, "PatrolAssigned");
    assert_eq!(assigned["result"]["rule"], "week", "{assigned}");
}

fn a_storm_comes(story: &mut Story) {
    let now = story.now();
    let issue = json!({
        "command": "issue", "kind": "typhoon", "colour": "orange", "areas": ["石井"], "issued_at": now, "effective_at": now,
    });
    story.say("emergency", "alert/w-1", issue);
    let safe_on = story.day(1);
    story.say("emergency", "alert/w-1", json!({ "command": "lift", "safe_on": safe_on }));
}

fn somebody_calls(story: &mut Story) {
    let today = story.today();
    let announce = json!({ "command": "announce", "kind": "assessment", "on": today, "served": true });
    story.say("grid", "premises/u-9/visit/v-1", announce);
    let fail = json!({ "command": "fail", "kind": "assessment", "why": "no_answer", "note_left": true });
    story.say("grid", "premises/u-9/visit/v-1", fail);
    let make =
        json!({ "command": "make", "kind": "assessment", "persons_present": 1, "entry_agreed_by": "tenant" });
    story.say("grid", "premises/u-9/visit/v-2", make);
}

/// Each household answers once, at its own door or on paper that staff write down, and until the last day alone. Nothing of the
/// flat is in the ledger.
fn residents_are_asked(story: &mut Story) {
    let survey = "premises/b-9/survey/s-1";
    let until = story.day(2);
    assert!(story.page(None, "/s/440310-u-9/survey").contains("No survey runs in this building"));
    story.say("street", survey, json!({ "command": "open", "questions": "2024-1", "until": until }));
    assert!(story.page(None, "/s/440310-u-9/survey").contains("are you satisfied"));
    let (status, page) = story.household_answers("u-9", "perhaps");
    assert!(status == 422 && page.contains("Choose whether you are satisfied"), "{status} {page}");
    let (status, page) = story.household_answers("u-9", "yes");
    assert!(status == 200 && page.contains("Received, thank you"), "{status} {page}");
    let (status, page) = story.household_answers("u-9", "no");
    assert!(status == 422 && page.contains("answered this survey already"), "{status} {page}");
    let told = story.newest(survey, "AnswerReceived");
    assert!(told["household"].as_str().is_some_and(|mark| mark.len() == 32), "{told}");
    assert!(!told.to_string().contains("u-9") && !told.to_string().contains("lift"), "{told}");
    assert_eq!((&told["satisfied"], told.get("taken_by")), (&json!(true), None));

    story.house("u-42", Some("b-9"));
    let mut paper = json!({ "command": "answer", "unit": "u-42", "satisfied": false });
    story.is_refused("street", survey, paper.clone(), "survey_without_paper");
    paper["handed_in_on"] = json!(story.today());
    paper["photos"] = json!([story.photo()]);
    let mut elsewhere = paper.clone();
    elsewhere["unit"] = json!("u-1");
    story.is_refused("street", survey, elsewhere, "malformed");
    story.say("street", survey, paper);
    let told = story.newest(survey, "AnswerReceived");
    assert!(told["taken_by"].is_string() && told["handed_in_on"] == json!(story.today()), "{told}");
    let matter = story.page(Some("street"), "/desk/matters/premises/b-9/survey/s-1");
    assert!(matter.contains("2 households have answered"), "{matter}");
    story.days(3);
    let (_, page) = story.household_answers("u-42", "yes");
    assert!(page.contains("No survey runs in this building"), "the last day is over: {page}");
    story.say("street", survey, json!({ "command": "close" }));
}

fn something_happens(story: &mut Story) {
    let incident = "premises/u-9/incident/i-1";
    let happened_at = story.now();
    let known = |command: &str, severity: &str| -> Value {
        json!({
            "command": command, "source": "fire", "source_id": "F-1", "category": "fire", "severity": severity,
            "happened_at": happened_at,
        })
    };
    let mut recorded = known("record", "minor");
    recorded["text"] = json!("厨房起火");
    story.say("fire", incident, recorded);
    let mut right = known("correct", "general");
    right["why"] = json!("wrong_severity");
    story.say("fire", incident, right);
    story.say("fire", incident, json!({ "command": "confirm", "note": "属实" }));
    story.say("clerk", incident, json!({ "command": "unlink", "why": "wrong_house" }));
    story.say("clerk", incident, json!({ "command": "link" }));
}
