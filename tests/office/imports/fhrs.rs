//! The UK's food hygiene ratings: stars with a worst-part cap, replies, and premises without a rating.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::house::{House, found, is_killed, kinds, oracle, rows, shipped, some_rows, text};
use crate::program::server::{Client, Server};
use crate::program::until;

const FILE: &str = "uk_fhrs_norwich_2026-07-21";

#[test]
fn ratings_follow_from_their_parts_and_the_worst_part_caps_them() {
    let (house, oracle) = (House::new(), oracle("uk_fhrs"));
    let first = house.import("uk-fhrs", &[shipped(FILE)]);
    house.import_again("uk-fhrs", &[shipped(FILE)], &first);
    house.gives_back(&["uk-fhrs"], FILE);
    house.is_sound();
    assert_eq!((&first["rows"], &first["premises"]), (&oracle["rows"], &oracle["rows"]));

    let grades = house.report(&["grades"]);
    assert_eq!(json!(grades.len()), oracle["scored"]);
    let published: BTreeMap<String, String> =
        rows(FILE).into_iter().map(|row| (row["FHRSID"].clone(), row["RatingValue"].clone())).collect();
    let equal = grades.iter().filter(|line| published[text(line, "code")] == text(line, "band")).count();
    assert_eq!(json!(equal), oracle["rating_equal"]);
    let lowered = house.determined().filter(|result| result["star"] != result["band_star"]).count();
    assert_eq!(json!(lowered), oracle["lowered_by_worst_part_cap"]);

    // what was rated without its parts being published has no grade here, and is named
    let mut ratings: BTreeMap<&str, u64> = BTreeMap::new();
    grades.iter().for_each(|line| *ratings.entry(text(line, "band")).or_default() += 1);
    for finding in first["findings"].as_array().unwrap() {
        *ratings.entry(text(finding, "published")).or_default() += 1;
    }
    let tags = house.tags();
    for (tag, word) in [
        ("awaiting_inspection", "AwaitingInspection"),
        ("awaiting_publication", "AwaitingPublication"),
        ("exempt", "Exempt"),
    ] {
        *ratings.entry(word).or_default() += tags[tag];
    }
    assert_eq!(json!(ratings), oracle["by_rating"]);
    assert_eq!(kinds(&first), BTreeMap::from([("parts_not_published".to_owned(), 27)]));
    assert_eq!(house.entries("OwnerReplied", |_| true), oracle["right_to_reply"]);
    assert_eq!(house.entries("ReevaluationRequested", |_| true), oracle["new_rating_pending"]);
}

#[test]
fn an_owners_reply_is_published_beside_the_rating_it_answers() {
    let house = House::new();
    let file = house.path().join("fhrs.csv");
    some_rows(FILE, &file, |_, row| &row[0] == "1284764");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("2026-03-11,,", "2026-03-11,We have put all of it right.,", 1))
        .unwrap();
    let first = house.import("uk-fhrs", std::slice::from_ref(&file));
    assert_eq!(first["told"]["replies"], 1);
    let said = house.said("premises/uk-fhrs-1284764/grade");
    let reply = said.iter().find(|said| said["type"] == "OwnerReplied").unwrap();
    assert_eq!(
        (&reply["determination"], &reply["text"]),
        (&json!(1), &json!("We have put all of it right."))
    );
    house.import_again("uk-fhrs", &[file], &first);
}

#[test]
fn a_rating_that_does_not_follow_is_found_and_not_mended() {
    let house = House::new();
    let file = house.path().join("fhrs.csv");
    some_rows(FILE, &file, |_, row| &row[0] == "1284764");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen(",4,fhrs_4_en-GB", ",5,fhrs_4_en-GB", 1)).unwrap();
    let first = house.import("uk-fhrs", &[file]);
    assert_eq!(found(&first, "rating_differs"), ["1284764"]);
    let finding = &first["findings"][0];
    assert_eq!((&finding["published"], &finding["against"]), (&json!("5"), &json!("4")));
    assert_eq!(house.report(&["grades"])[0]["star"], 4);
}

#[test]
fn ratings_killed_in_their_middle_end_in_the_same_state() {
    is_killed("uk-fhrs", &[shipped(FILE)], &[&["uk-fhrs"]]);
}

#[test]
fn premises_without_a_rating_say_why_on_their_page() {
    let house = House::new();
    let some = some_rows(FILE, &house.path().join("fhrs.csv"), |_, row| {
        ["AwaitingInspection", "Exempt"].contains(&&row[10])
    });
    house.import("uk-fhrs", &[some]);
    let server = Server::start(house.path(), &[]);
    let mut client = Client::to(server.address);
    for (rating, words) in [("AwaitingInspection", "Awaiting inspection"), ("Exempt", "Exempt from grading")]
    {
        let row = rows(FILE).into_iter().find(|row| row["RatingValue"] == rating).unwrap();
        let path = format!("/s/uk-fhrs-{}", row["FHRSID"]);
        // a server that has just started is still reading the log
        until("the page is there", Duration::from_secs(30), || {
            let (status, page) = client.get_with(&path, &[("accept-language", "en")]).unwrap();
            status == 200 && page.contains(words) && page.contains("Food Standards Agency")
        });
    }
}
