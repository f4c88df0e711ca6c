//! Pages and forms as people meet them: what was typed comes back when it is refused, lists say words and no codes, and nobody is
//! offered what is not theirs or is over.

use serde_json::json;
use uuid::Uuid;
use wuping_domain::rulebook::scheme::{Collect, Evidence, Indicator, Kind};

use crate::every_event::story::{EBIKE_INDOORS, PNG, SOUND, Sent, Story, code_of};

fn begins() -> Story {
    let mut story = Story::begins();
    story.house("b-1", None);
    story.house("u-1", Some("b-1"));
    story
}

/// What stands between two texts of a page.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let rest = page.split_once(from).unwrap_or_else(|| panic!("no {from}: {page}")).1;
    rest.split_once(to).map_or(rest, |(within, _)| within)
}

#[test]
fn an_assessment_that_is_refused_comes_back_as_it_was_filled_in() {
    let mut story = begins();
    story.open("u-1", "a1", "first");
    let page = "/desk/assessments/u-1/a1";
    let mine = |fits: &dyn Fn(&Indicator) -> bool| {
        let all = &story.units.rulebook.scheme.indicators;
        all.iter().find(|one| one.collect == Collect::Grid && fits(one)).cloned().unwrap()
    };
    let skipped = mine(&|one| one.not_applicable);
    let seen = mine(&|one| {
        one.id != skipped.id
            && one.evidence == Evidence::Photo
            && one.kind != Kind::Count
            && !one.rows.is_empty()
    });
    let (row, id) = (seen.rows[0].id.clone(), Uuid::now_v7().to_string());
    let [result, note, photo, skips, why] = [
        format!("result-{}", seen.id),
        format!("note-{}", seen.id),
        format!("photo-{}\"; filename=\"a.png", seen.id),
        format!("result-{}", skipped.id),
        format!("note-{}", skipped.id),
    ];
    let filled: Vec<(&str, &[u8])> = vec![
        ("command_id", id.as_bytes()),
        (&result, row.as_bytes()),
        (&note, b"by daylight"),
        (&photo, PNG),
        (&skips, b"not_applicable"),
    ];
    let is_filled = |sent: &Sent| {
        assert_eq!(sent.status, 422, "{}", sent.body);
        let question = between(&sent.body, &format!("id=\"field-{result}\""), "</fieldset>");
        assert!(question.contains(&format!("value=\"{row}\" checked")), "{question}");
        assert!(question.contains("value=\"by daylight\""), "{question}");
        let skipped = between(&sent.body, &format!("id=\"field-{skips}\""), "</fieldset>");
        assert!(skipped.contains("value=\"not_applicable\" checked"), "{skipped}");
    };
    let refused = story.sends(Some("grid"), page, &filled, "");
    is_filled(&refused);
    let told = format!("<a href=\"#field-{why}\">“{}”: say why it does not apply.</a>", skipped.en);
    assert!(refused.body.contains(&told), "{told}: {}", refused.body);
    let kept = between(&refused.body, &format!("name=\"photo-{}.kept\" value=\"", seen.id), "\"").to_owned();

    let no_photo: Vec<(&str, &[u8])> =
        filled.iter().map(|(name, value)| (*name, if *name == photo { b"text" } else { *value })).collect();
    let refused = story.sends(Some("grid"), page, &no_photo, "");
    is_filled(&refused);
    assert!(refused.body.contains(&format!("“{}”: The file is no photo.", seen.en)), "{}", refused.body);

    let kept_name = format!("photo-{}.kept", seen.id);
    let mended: Vec<(&str, &[u8])> = filled
        .iter()
        .filter(|(name, _)| *name != photo)
        .copied()
        .chain([(kept_name.as_str(), kept.as_bytes()), (&why, b"no stairwell")])
        .collect();
    let saved = story.sends(Some("grid"), page, &mended, "");
    assert_eq!((saved.status, saved.to.as_str()), (303, page), "{}", saved.body);
    let checked = story.newest("premises/u-1/assessment/a1", "IndicatorsChecked");
    let photos = |of: &Indicator| {
        let results = checked["results"].as_array().unwrap();
        results.iter().find(|one| one["indicator"] == of.id).map(|one| one["photos_taken"].clone())
    };
    assert_eq!(photos(&seen), Some(json!(1)), "the photo that was kept: {checked}");
    assert!(photos(&skipped).is_some(), "{checked}");

    let (status, told) = story.fills("grid", &format!("{page}/submit"), &[("command_id", id.as_str())]);
    assert_eq!(status, 422);
    assert!(told.contains("has no result yet") && told.contains("href=\"#field-result-"), "{told}");
    story.ends();
}
