//! Vacant units: told to the public, asked about, let, and taken down where letting becomes prohibited.

use serde_json::{Value, json};

use crate::story::{SOUND, Story};

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
    let asked =
        json!({ "command": "inquire", "words": "可以短租吗", "name": "某租客", "phone": "13800000000" });
    story.say("grid", listing, asked);
    let from = story.day(3);
    story.say("owner", listing, json!({ "command": "let", "from": from }));
}

fn the_other_is_prohibited(story: &mut Story) {
    let listing = "premises/u-32/listing/l-1";
    let vacant = vacancy(story);
    story.say("owner", listing, vacant.clone());
    story.say("community", listing, json!({ "command": "publish" }));
    let prohibit = json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "坪住建〔2024〕9号", "proposer": "housing",
    });
    story.say("confirmer", "premises/u-32/grade", prohibit);
    let withdrawn = story.newest(listing, "ListingWithdrawn");
    assert_eq!(withdrawn["result"]["why"], "letting_prohibited");
    let again = "premises/u-32/listing/l-2";
    let told = story.is_refused("owner", again, vacant.clone(), "letting_prohibited");
    assert!(told.contains(&story.today().to_string()), "it says since when: {told}");
    story.say(
        "confirmer",
        "premises/u-32/grade",
        json!({ "command": "lift_prohibition", "document_number": "坪住建〔2024〕10号" }),
    );
    story.say("owner", again, vacant);
}

fn vacancy(story: &Story) -> Value {
    json!({ "command": "submit", "rent": "from1000", "from": story.day(1), "station": "金龟社区服务站" })
}
