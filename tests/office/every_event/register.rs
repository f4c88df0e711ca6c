//! The register: accounts, authorities, parties, and houses with who answers for them and who assesses them.

use serde_json::json;

use super::story::Story;

pub(crate) fn tell(story: &mut Story) {
    an_account_comes_and_goes(story);
    an_authority_delegates(story);
    a_party_is_two_and_one(story);
    a_party_is_registered_and_merged_on_its_page(story);
    a_house_is_put_right(story);
    people_answer_for_a_house(story);
    people_assess_a_house(story);
}

fn an_account_comes_and_goes(story: &mut Story) {
    let account = "account/leaver";
    story.say("admin", account, json!({ "command": "open", "name": "某离职者" }));
    story.say("admin", account, json!({ "command": "grant", "role": "auditor" }));
    story.say("admin", account, json!({ "command": "revoke", "role": "auditor" }));
    story.say("admin", account, json!({ "command": "suspend", "why": "lost_device" }));
    story.say("admin", account, json!({ "command": "close" }));
    let kin = json!({ "command": "declare_relation", "to": "party/y-7", "relation": "kin" });
    story.say("reviewer", "account/reviewer", kin);
}

fn an_authority_delegates(story: &mut Story) {
    let authority = "authority/housing";
    let register = json!({ "command": "register", "name": "某区住房和建设局", "decides": ["adverse_grade"] });
    story.say("admin", authority, register);
    let delegation = json!({
        "command": "record_delegation", "to": "石井街道办事处", "decides": ["rectification"], "document_number": "住建委〔2024〕7号",
    });
    story.say("commission", authority, delegation);
    let end =
        json!({ "command": "end_delegation", "document_number": "住建委〔2024〕7号", "why": "revoked" });
    story.say("commission", authority, end);
}

fn a_party_is_two_and_one(story: &mut Story) {
    story.say("clerk", "party/y-1", json!({ "command": "register", "kind": "person", "name": "黄某" }));
    story.say(
        "clerk",
        "party/y-1",
        json!({ "command": "check_identity", "method": "paper_seen", "matches": true }),
    );
    let moved = json!({ "command": "amend", "phone": "13800000000", "why": "new_phone" });
    story.say("owner", "party/y-1", moved);
    story.say("clerk", "party/y-3", json!({ "command": "register", "kind": "person", "name": "黄某某" }));
    let merge = |into: &str| json!({ "command": "merge", "into": into, "why": "same_identity" });
    story.is_refused("clerk", "party/y-3", merge("y-99999"), "not_found");
    story.say("clerk", "party/y-3", merge("y-1"));
    // nobody goes in a circle
    story.is_refused("clerk", "party/y-1", merge("y-3"), "wrong_state");
}

fn a_party_is_registered_and_merged_on_its_page(story: &mut Story) {
    let desk = story.page(Some("clerk"), "/desk");
    assert!(desk.contains("/desk/parties"), "the way there: {desk}");
    let (status, told) = story.opens("grid", "/desk/parties");
    assert!(status == 422 && told.contains("Data clerks and credit officers"), "{status} {told}");
    let twice = [("kind", "person"), ("name", "黄某某"), ("phone", "13811112222")];
    let (status, led) = story.takes("clerk", "/desk/parties", "register", &twice);
    assert!(status == 303 && led.starts_with("/desk/matters/party/y"), "{status} {led}");
    let page = led.split('?').next().unwrap();
    let party = page.rsplit('/').next().unwrap();
    let found = story.page(Some("clerk"), "/desk/parties?q=黄某某");
    assert!(found.contains(party) && found.contains("Merged into y-1"), "this one and y-3: {found}");
    let (status, told) =
        story.takes("clerk", page, "merge", &[("into", "y-9"), ("why", "same_identity"), ("sure", "yes")]);
    assert!(status == 422 && told.contains("party that it is merged into"), "{status} {told}");
    let into = [("into", "y-1"), ("why", "same_identity")];
    let (status, told) = story.takes("clerk", page, "merge", &into);
    assert!(status == 200 && told.contains("Merge them?"), "asked once more: {status} {told}");
    let (status, led) = story.takes("clerk", page, "merge", &[into[0], into[1], ("sure", "yes")]);
    assert_eq!(status, 303, "{led}");
    let told = story.page(Some("clerk"), page);
    assert!(told.contains("merged into y-1") && !told.contains("step-merge"), "{told}");
    assert!(told.contains("13811112222"), "who registers parties reads their particulars: {told}");
    let told = story.page(Some("grid"), page);
    assert!(!told.contains("13811112222") && !told.contains("黄某某"), "others of the office do not: {told}");
    let list = story.page(Some("credit"), "/audit/credit");
    assert!(list.contains("Merged into y-1") && !list.contains("黄某"), "no natural person's name: {list}");
}

fn a_house_is_put_right(story: &mut Story) {
    story.house("b-1", None);
    let house = "premises/b-1";
    story.say("clerk", house, json!({ "command": "amend", "changes": { "storeys": 7 }, "why": "survey" }));
    let propose =
        json!({ "command": "propose_amendment", "changes": { "year_built": 1998 }, "reason": "房产证如此" });
    story.say("owner", house, propose);
    let decide = json!({ "command": "decide_amendment", "number": 1, "accepted": true, "changes": { "year_built": 1998 } });
    story.say("clerk", house, decide);
    let moved = json!({
        "command": "move", "subdistrict": "石井", "community": "田心", "grid_cell": "g-02", "why": "new_cell",
    });
    story.say("clerk", house, moved);
    story.say("fire", house, json!({ "command": "tag", "tag": "key_building", "why": "many_lodgers" }));
    story.say("fire", house, json!({ "command": "untag", "tag": "key_building", "why": "emptied" }));
    story.say(
        "grid",
        house,
        json!({ "command": "record_occupancy", "vacant": false, "residents_band": "6+" }),
    );
    story.house("b-0", None);
    story.say("clerk", "premises/b-0", json!({ "command": "close", "why": "demolished" }));
}

fn people_answer_for_a_house(story: &mut Story) {
    let house = "premises/b-1";
    for role in ["owner", "operator"] {
        let mut claim = json!({ "command": "claim", "party": "y-2", "role": role });
        story.is_refused("stranger", house, claim.clone(), "naming_without_basis");
        let mut name = json!({ "command": "name_party", "party": "y-2", "role": role });
        let told = story.is_refused("clerk", house, name.clone(), "naming_without_basis");
        assert!(told.contains("property certificate"), "{told}");
        name["basis"] = json!("hearsay");
        story.is_refused("clerk", house, name, "malformed");
        claim["basis"] = json!("management_contract");
        story.say("stranger", house, claim);
    }
    story.say("clerk", house, json!({ "command": "confirm_claim", "party": "y-2", "role": "operator" }));
    story.say(
        "clerk",
        house,
        json!({ "command": "refuse_claim", "party": "y-2", "role": "owner", "reason": "证件不符" }),
    );
    let lease = json!({
        "command": "name_party", "party": "y-2", "role": "steward", "basis": "lease", "evidence": [story.photo()],
    });
    story.say("clerk", house, lease);
    let mut end = json!({ "command": "end_party", "party": "y-2", "why": "lease_ended" });
    story.is_refused("clerk", house, end.clone(), "malformed");
    for role in ["operator", "steward"] {
        end["role"] = json!(role);
        story.say("clerk", house, end.clone());
    }
    story.say("street", house, json!({ "command": "appoint_steward", "account": "owner" }));
    let today = story.today();
    story.say(
        "owner",
        house,
        json!({ "command": "record_steward_check", "on": today, "looked_at": ["escape_route"] }),
    );
    let check = |on, looked_at: &[&str]| json!({ "command": "record_steward_check", "on": on, "looked_at": looked_at });
    story.is_refused("owner", house, check(story.day(-3), &["wiring"]), "check_too_long_ago");
    story.is_refused("owner", house, check(story.today(), &[]), "check_of_nothing");
    story.is_refused("owner", house, check(story.today(), &["wiring"]), "check_recorded_already");
    story.say(
        "street",
        house,
        json!({ "command": "release_steward", "account": "owner", "why": "moved_away" }),
    );
}

fn people_assess_a_house(story: &mut Story) {
    let house = "premises/b-1";
    story.say(
        "street",
        house,
        json!({ "command": "assign_assessor", "account": "housing", "department": "housing" }),
    );
    let page = story.page(Some("street"), "/desk/premises/b-1");
    assert!(page.contains("As it stands") && page.contains("某housing (housing)"), "{page}");
    assert!(page.contains("none yet"), "no grade is in force: {page}");
    assert_eq!(story.opens("legal", "/desk/grades/none").0, 404);
    let hand_over =
        json!({ "command": "hand_over_assignments", "from": "housing", "to": "fire", "why": "leave" });
    story.say("street", house, hand_over);
    story.say("street", house, json!({ "command": "release_assessor", "account": "fire", "why": "done" }));
}
