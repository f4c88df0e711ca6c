//! Vacant units: told to the public, asked about, let, and taken down where letting becomes prohibited.

use serde_json::{Value, json};

use super::story::{SOUND, Story};

pub(crate) fn tell(story: &mut Story) {
    story.house("b-31", None);
    for unit in ["u-31", "u-32"] {
        story.house(unit, Some("b-31"));
        story.assess(unit, "a1", "first", SOUND);
    }
    one_is_let(story);
    the_other_is_prohibited(story);
}

fn one_is_let(story: &mut Story) {
    let listing = "premises/u-31/listing/l-1";
    let vacant = vacancy(story);
    story.say("owner", listing, vacant);
    story.say("community", listing, json!({ "command": "publish" }));
    let page = "/vacancies/u-31/l-1";
    assert!(story.page(None, "/").contains(page) && story.page(None, "/vacancies").contains(page));
    assert!(story.page(None, page).contains("金龟社区服务站"));
    story.stranger_asks(page, "short-let");
    let asked = story.newest(listing, "ListingInquired");
    assert_eq!(asked["received"]["channel"], "public");
    assert!(!asked.to_string().contains("13800000000"), "{asked}");
    let from = story.day(3);
    story.say("owner", listing, json!({ "command": "let", "from": from }));
    assert!(!story.page(None, "/vacancies").contains(page), "it is let");
    assert!(story.page(None, page).contains("It has been let."));
}

fn the_other_is_prohibited(story: &mut Story) {
    let listing = "premises/u-32/listing/l-1";
    let vacant = vacancy(story);
    story.say("owner", listing, vacant.clone());
    story.say("community", listing, json!({ "command": "publish" }));
    let prohibit = json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "坪住建〔2024〕9号", "proposer": "housing", "waiver_ground": "imminent_danger",
        "waiver_reason": "地基下沉",
    });
    story.say("confirmer", "premises/u-32/grade", prohibit);
    let withdrawn = story.newest(listing, "ListingWithdrawn");
    assert_eq!(withdrawn["result"]["why"], "letting_prohibited");
    assert!(story.page(None, "/vacancies/u-32/l-1").contains("Letting is prohibited by law"));
    assert!(!story.page(None, "/vacancies").contains("/vacancies/u-32/l-1"));
    let again = "premises/u-32/listing/l-2";
    let told = story.is_refused("owner", again, vacant.clone(), "letting_prohibited");
    assert!(told.contains(&story.today().to_string()), "it says since when: {told}");
    story.say(
        "confirmer-2",
        "premises/u-32/grade",
        json!({ "command": "lift_prohibition", "document_number": "坪住建〔2024〕10号" }),
    );
    story.say("owner", again, vacant);
}

fn vacancy(story: &Story) -> Value {
    json!({ "command": "submit", "rent": "from1000", "from": story.day(1), "station": "金龟社区服务站" })
}
