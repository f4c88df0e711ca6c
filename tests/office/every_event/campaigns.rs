//! A campaign over chosen houses, and the joint meeting that looks at what came of it.

use serde_json::{Value, json};

use super::story::Story;

pub(crate) fn tell(story: &mut Story) {
    story.house("b-33", None);
    story.house("b-34", None);
    a_campaign_goes_from_house_to_house(story);
    what_was_resolved_has_its_day(story);
}

fn a_campaign_goes_from_house_to_house(story: &mut Story) {
    let campaign = "campaign/c-1";
    let (from, until) = (story.today(), story.day(14));
    let launch = json!({
        "command": "launch", "kind": "after_storm", "area": "金龟", "criteria": { "layer": "building" },
        "premises": ["b-33", "b-34"], "departments": ["fire", "grid"], "from": from, "until": until,
    });
    let page = story.page(Some("community"), "/desk/campaigns?area=%E9%87%91%E9%BE%9F&layer=building");
    assert!(
        page.contains("b-33\n") && page.contains("b-34"),
        "the filter chooses the premises of the form: {page}"
    );
    let mut mistyped = launch.clone();
    mistyped["premises"] = json!(["b-33", "b-99"]);
    story.is_refused("community", campaign, mistyped, "unknown_premises");
    story.say("community", campaign, launch);
    let call = json!({
        "command": "record_visit", "premises": "b-33", "department": "fire", "ending": "entered",
        "hazards": ["premises/b-33/hazard/h-1"], "notes": "楼顶铁皮松动",
    });
    story.is_refused("fire", campaign, call.clone(), "campaign_not_joined");
    story.say("fire", campaign, json!({ "command": "join", "department": "fire", "officers": 4 }));
    story.say("fire", campaign, call);
    story.say("community", campaign, json!({ "command": "conclude", "findings": "一处待整改" }));
    let outcome = story.newest(campaign, "CampaignConcluded")["outcome"].clone();
    assert_eq!((&outcome["entered"], &outcome["not_visited"]), (&json!(1), &json!(1)), "{outcome}");
}

fn what_was_resolved_has_its_day(story: &mut Story) {
    let meeting = "meeting/m-1";
    let (from, today, due) = (story.day(-30), story.today(), story.day(2));
    let scheme = story.units.scheme.clone();
    let days = format!("from={from}&valid_at={today}");
    let analysis = story.page(Some("commission"), &format!("/api/v1/statistics/situation?{days}"));
    let analysis: Value = serde_json::from_str(&analysis).unwrap();
    let (at, sha256) = (&analysis["position"], &analysis["digest"]);
    let resolve = |owner: &str, words: &str| json!({ "owner": owner, "due": due, "words": words });
    let hold = json!({
        "command": "hold", "from": from, "until": today, "departments": ["fire", "housing"], "scheme": scheme,
        "shown": { "report": "situation", "at": at, "sha256": sha256 }, "minutes": "纪要",
        "resolved": [resolve("fire", "排查楼顶门锁"), resolve("housing", "复核危房")],
    });
    let digest = sha256.as_str().unwrap().to_owned();
    let page = story.page(Some("commission"), &format!("/desk/meetings?from={from}&until={today}&at={at}"));
    assert!(page.contains(&digest) && page.contains("Digest of that analysis"), "{page}");
    let here = format!("/desk/meetings?from={from}&until={today}&at={at}");
    assert!(page.contains("<code>fire</code>"), "departments stand beside the field: {page}");
    for (lines, wrong) in [
        ("nobody 2024-10-01 x".to_owned(), "Line 1 has to begin with the name or code"),
        (format!("fire {due} x\nhousing 2020-01-01 x"), "The due day of line 2, 2020-01-01, is past"),
        ("fire soon x".to_owned(), "Line 1 has to have the due day"),
        (format!("fire {due}"), "Line 1 has to say after the day"),
    ] {
        let fields = [("departments", "fire"), ("resolved", lines.as_str())];
        let (status, told) = story.takes("commission", &here, "hold", &fields);
        assert!(status == 422 && told.contains(wrong), "{wrong}: {status} {told}");
    }
    let named = format!("FIRE {due} x\n住房建设部门 {due} y");
    let fields = [("departments", "fire"), ("resolved", named.as_str())];
    let (status, led) = story.takes("commission", &here, "hold", &fields);
    assert_eq!(status, 303, "{led}");
    let held = led.split('?').next().unwrap().trim_start_matches("/desk/matters/").to_owned();
    let owners = story.newest(&held, "JointMeetingHeld")["resolutions"].clone();
    assert_eq!((&owners[0]["owner"], &owners[1]["owner"]), (&json!("fire"), &json!("housing")), "{owners}");
    let page = story.page(Some("commission"), "/desk/meetings");
    assert!(page.contains("Choose the period above first") && !page.contains(&digest), "{page}");
    let mut invented = hold.clone();
    invented["shown"]["sha256"] = json!("cd".repeat(32));
    let told = story.is_refused("commission", meeting, invented, "situation_differs");
    assert!(told.contains(&digest), "what it is: {told}");
    let mut of_another_month = hold.clone();
    of_another_month["from"] = json!(story.day(-60));
    story.is_refused("commission", meeting, of_another_month, "situation_differs");
    let mut list = hold.clone();
    list["shown"]["report"] = json!("sheet");
    story.is_refused("commission", meeting, list, "situation_of_another_kind");
    story.say("commission", meeting, hold);
    let close = |resolution: u32| json!({ "command": "close", "resolution": resolution, "how": "done" });
    story.is_refused("fire", meeting, close(2), "department_needed");
    story.say("fire", meeting, close(1));
    story.days(4);
    let missed = story.newest("meeting/m-1/record/missed-meeting_resolution-2", "DeadlineMissed");
    assert_eq!((&missed["result"]["whose"], &missed["result"]["due"]), (&json!("housing"), &json!(due)));
    assert!(story.page(Some("commission"), "/desk/meetings").contains(meeting));
    let page = story.page(Some("commission"), &format!("/desk/matters/{meeting}"));
    let way = format!("/desk/reports/situation?from={from}&amp;valid_at={today}&amp;at={at}");
    assert!(page.contains(&way), "the way to the report as it was shown: {page}");
    assert!(page.contains("Made again at that position, it has the same digest"), "days later: {page}");
    assert!(
        story.page(Some("housing"), &format!("/desk/matters/{meeting}")).contains("Resolutions are open")
    );
    story.say("housing", meeting, close(2));
}
