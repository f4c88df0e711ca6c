//! Pages and forms as people meet them: what was typed comes back when it is refused, lists say words and no codes, and nobody is
//! offered what is not theirs or is over.

use serde_json::json;
use uuid::Uuid;
use wuping::shelf;
use wuping_domain::rulebook::scheme::{Collect, Evidence, Indicator, Kind};

use crate::every_event::story::{EBIKE_INDOORS, PNG, SOUND, Sent, Story, code_of};
use crate::program::server::Client;

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

#[test]
fn a_report_that_is_sent_twice_is_one_and_its_number_is_told_to_its_browser_alone() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let reports = |story: &Story, form: &Uuid, text: &str, cookie: &str| {
        let id = form.to_string();
        let parts: Vec<(&str, &[u8])> = vec![
            ("command_id", id.as_bytes()),
            ("category", b"electrical_wiring"),
            ("text", text.as_bytes()),
        ];
        let sent = story.sends(None, &format!("/s/{}/report", code_of("u-1")), &parts, cookie);
        assert_eq!(sent.status, 303, "{}", sent.body);
        let (page, told) = sent.to.split_once('?').unwrap_or((&sent.to, ""));
        (page.to_owned(), told.to_owned(), sent.cookie)
    };
    let (form, words) = (Uuid::now_v7(), "走廊电线裸露");
    let (first, new, cookie) = reports(&story, &form, words, "");
    assert_eq!(new, "new=yes");
    let told = (first.clone(), "new=again".to_owned());
    let once_more = |form: &Uuid, words: &str, cookie: &str| {
        let (page, new, _) = reports(&story, form, words, cookie);
        (page, new)
    };
    let tapped = once_more(&form, words, "");
    assert_eq!(tapped, (first.clone(), "new=yes".to_owned()), "a second tap is told what the first was");
    assert_eq!(once_more(&form, "还有一处", ""), told, "the form that was sent, with other words");
    assert_eq!(once_more(&Uuid::now_v7(), words, &cookie), told, "this browser, going back");
    assert_eq!(story.streams_with("ReportFiled").len(), 1);
    let page = story.page(None, &format!("{first}?new=again"));
    assert!(page.contains("This report came already"), "{page}");

    let (stranger, new) = once_more(&Uuid::now_v7(), words, "");
    assert!(
        stranger != first && new == "new=yes",
        "somebody else who writes the same has a number of their own"
    );
    let (other, new) = once_more(&Uuid::now_v7(), "厨房插座冒火花", &cookie);
    assert!(other != first && new == "new=yes", "another problem is another report");
    story.ends();
}

#[test]
fn whoever_reported_reads_what_about_and_why_not_and_takes_nothing_back_by_one_tap() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let report = story.resident_reports("u-1", "electrical_wiring", "走廊电线裸露");
    let page = format!("/track/{}", story.followed);
    let told = story.page(None, &page);
    let day = story.today().to_string();
    for words in ["石井街道金龟路u-1", "not met: electrical wiring and load", day.as_str()] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(
        told.contains("<button class=\"button button-plain\" type=\"submit\">Take the report back"),
        "{told}"
    );
    let withdraw: Vec<(&str, &[u8])> = vec![("step", b"withdraw"), ("text", b"seen wrong")];
    let asked = story.sends(None, &page, &withdraw, "");
    assert!(asked.status == 422 && asked.body.contains("tick first that you are sure"), "{}", asked.body);
    assert!(asked.body.contains("seen wrong"), "what was typed is given back: {}", asked.body);
    assert_eq!(story.count(&report), 1, "nothing was recorded");

    let dismiss = json!({ "command": "dismiss", "why": "elsewhere", "reason": "隔壁王某家" });
    story.say(
        "dispatcher",
        &report,
        json!({ "command": "triage", "outcome": { "check": { "with": "grid" } } }),
    );
    story.say("grid", &report, dismiss);
    let told = story.page(None, &page);
    assert!(told.contains("it is not in these premises") && !told.contains("王某"), "{told}");

    let other = story.resident_reports("u-1", "other", "太吵");
    let page = format!("/track/{}", story.followed);
    assert!(story.page(None, &page).contains("Something else"));
    let listed = story.page(Some("dispatcher"), "/desk");
    assert!(
        listed.contains("Resident&#39;s report: Something else")
            || listed.contains("Resident's report: Something else"),
        "{listed}"
    );
    let sure: Vec<(&str, &[u8])> = vec![("step", b"withdraw"), ("sure", b"yes")];
    assert_eq!(story.sends(None, &page, &sure, "").status, 303);
    story.newest(&other, "ReportWithdrawn");
    story.ends();
}

#[test]
fn a_report_stands_in_lists_by_what_it_is_about_in_words() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    story.resident_reports("u-1", "electrical_wiring", "走廊电线裸露");
    for page in ["/desk", "/desk/matters"] {
        let listed = story.page(Some("dispatcher"), page);
        assert!(listed.contains("report: not met: electrical wiring and load"), "{page}: {listed}");
        assert!(!listed.contains("electrical_wiring"), "{page}: {listed}");
    }
    story.ends();
}

#[test]
fn a_question_without_words_comes_back_filled_in() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let (listing, page) = ("premises/u-1/listing/l-1", "/vacancies/u-1/l-1");
    let vacant =
        json!({ "command": "submit", "rent": "from1000", "from": story.day(1), "station": "金龟社区服务站" });
    story.say("owner", listing, vacant);
    let home = story.page(None, &format!("/s/{}", code_of("u-1")));
    assert!(!home.contains(page), "it is not shown yet");
    story.say("community", listing, json!({ "command": "publish" }));
    let home = story.page(None, &format!("/s/{}", code_of("u-1")));
    assert!(home.contains("This home is to let") && home.contains(&format!("href=\"{page}\"")), "{home}");
    for linked in ["href=\"/vacancies\"", "href=\"/track\""] {
        assert!(home.contains(linked), "{linked}: {home}");
    }
    let fields = [("words", "+"), ("name", "Wang"), ("phone", "13800000000")];
    let (status, again) = story.fills("stranger", &format!("{page}/ask"), &fields);
    assert_eq!(status, 422);
    assert!(again.contains("href=\"#field-words\">Write what you want to know."), "{again}");
    assert!(again.contains("value=\"13800000000\"") && again.contains("value=\"Wang\""), "{again}");
    let (status, again) = story.fills("stranger", &format!("{page}/ask"), &[("words", "still+free")]);
    assert!(
        status == 422 && again.contains("Leave a telephone number") && again.contains("still free"),
        "{again}"
    );
    story.ends();
}

#[test]
fn an_owner_is_offered_what_is_open_and_the_offices_lateness_is_not_the_owners() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let hazard = "premises/u-1/hazard/h-1";
    let find = json!({
        "command": "find", "indicator": "electrical_wiring", "severity": "general", "works": "repair", "competent": "fire",
        "source": "patrol", "suspected": false,
    });
    story.say("grid", hazard, find);
    let house = |story: &Story| {
        let page = story.page(Some("owner"), "/my");
        between(&page, "石井街道金龟路u-1</h2>", "<h2>石井街道").to_owned()
    };
    assert!(!house(&story).contains("#step-contest"), "nobody has confirmed it");
    story.say("fire", hazard, json!({ "command": "review", "outcome": "confirmed", "reason": "属实" }));
    let mine = house(&story);
    let links = [
        format!("/desk/matters/{hazard}#step-submit"),
        format!("/desk/matters/{hazard}#step-contest"),
        "/desk/premises/u-1\"".to_owned(),
        "/desk/premises/u-1#step-steward_check".to_owned(),
        "/desk/matters/premises/u-1/grade#step-reply".to_owned(),
    ];
    for link in &links {
        assert!(mine.contains(link.as_str()), "{link}: {mine}");
    }
    assert!(!mine.contains("Nothing waits for you"), "{mine}");
    let opened = story.page(Some("owner"), &format!("/desk/matters/{hazard}"));
    assert!(opened.contains("id=\"step-submit\"") && opened.contains("id=\"step-contest\""), "{opened}");
    let opened = story.page(Some("owner"), "/desk/premises/u-1");
    assert!(opened.contains("id=\"step-steward_check\""), "{opened}");

    // the department's time to order is over: it is the office's, and nothing in red for the owner
    story.days(30);
    assert!(story.matter("fire", hazard).unwrap()["overdue_since"].is_string());
    let mine = house(&story);
    assert!(mine.contains("a deadline of the office, which is"), "{mine}");
    let table = between(&mine, "<table", "</table>");
    assert!(!table.contains("row-grave") && !table.contains("overdue"), "{table}");

    story.say("owner", hazard, json!({ "command": "contest", "ground": "not_there", "text": "线路是好的" }));
    let mine = house(&story);
    assert!(mine.contains("your objection awaits an answer") && !mine.contains("#step-contest"), "{mine}");
    story.ends();
}

#[test]
fn a_steward_is_offered_the_look_round_and_nothing_of_the_owners() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    story.say("admin", "account/stranger", json!({ "command": "grant", "role": "steward" }));
    story.say("street", "premises/u-1", json!({ "command": "appoint_steward", "account": "stranger" }));
    for page in ["/my", "/desk"] {
        let mine = story.page(Some("stranger"), page);
        assert!(mine.contains("/desk/premises/u-1#step-steward_check"), "{page}: {mine}");
        for others in ["#step-reply", "#step-request", "#step-appeal"] {
            assert!(!mine.contains(others), "{page}, {others}: {mine}");
        }
    }
    let opened = story.page(Some("stranger"), "/desk/premises/u-1");
    assert!(opened.contains("id=\"step-steward_check\""), "{opened}");
    story.ends();
}

#[test]
fn an_appeal_says_against_what_and_by_when_and_is_offered_once() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let determined = story.today();
    let notice = "premises/u-1/notice/n-1";
    let issue = json!({
        "command": "issue", "kind": "result_notice", "about": "premises/u-1/grade", "determination": 1, "to": "y-1",
        "authority": "housing", "document_number": "住评告〔2024〕1号", "legal_basis": "某区管理办法第十二条",
        "handling_officers": ["legal"], "remedies": ["appeal_file", "litigation"],
    });
    story.say("legal", notice, issue);
    story.say("legal", notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    story.assess("u-1", "a2", "campaign", SOUND);
    let named = format!("Grade no. 1 (Five stars, determined on {determined}");
    for (who, form) in [("owner", "/desk/premises/u-1"), ("legal", "/desk/premises/u-1")] {
        let form = story.page(Some(who), form);
        assert!(form.contains(&named), "{who}, {named}: {form}");
    }
    let door = "Filing an appeal";
    let before = story.page(Some("owner"), "/my");
    assert!(before.contains(&format!("/desk/premises/u-1#step-appeal\">{door}</a> — ")), "{before}");
    let appeal = "premises/u-1/appeal/1";
    let against = json!({ "stream": "premises/u-1/grade", "determination": 1 });
    story.say("owner", appeal, json!({ "command": "file", "against": against, "grounds": "评错了" }));
    let told = story.page(Some("legal"), &format!("/desk/matters/{appeal}"));
    for words in [named.as_str(), "Admission of the appeal", "Yes: it was served on"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let after = story.page(Some("owner"), "/my");
    assert!(!after.contains(door), "{after}");
    assert!(after.contains(&format!("/desk/matters/{appeal}\">The pending appeal</a>")), "{after}");

    story.say("owner", appeal, json!({ "command": "withdraw", "reason": "想通了" }));
    story.days(30);
    let late = "premises/u-1/appeal/2";
    story.say("owner", late, json!({ "command": "file", "against": against, "grounds": "又想了想" }));
    let told = story.page(Some("owner"), &format!("/desk/matters/{late}"));
    assert!(told.contains("No, it came late: it was served on"), "{told}");
    story.ends();
}

#[test]
fn a_proposal_is_read_on_the_screen_with_the_right_to_be_heard_and_its_last_day() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", EBIKE_INDOORS);
    let waits = story.page(Some("legal"), "/desk/grades/u-1");
    for words in
        ["This grade is proposed only", "No grade is in force now.", "Next: the notice of what is proposed"]
    {
        assert!(waits.contains(words), "{words}: {waits}");
    }
    let notice = "premises/u-1/notice/proposal-1";
    let issue = json!({
        "command": "issue", "kind": "proposal", "about": "premises/u-1/grade", "determination": 1, "authority": "housing",
        "legal_basis": "示例办法第十条", "document_number": "住先告〔2024〕1号", "handling_officers": ["legal"],
    });
    story.say("legal", notice, issue);
    let page = format!("/desk/matters/{notice}");
    let letter = |story: &Story, who: &str| {
        between(&story.page(Some(who), &page), "letter-sheet", "</article>").to_owned()
    };
    let before = letter(&story, "owner");
    assert!(before.contains("<h2 class=\"letter-title\">The letter</h2>"), "{before}");
    assert!(
        before.contains("You have the right to make a statement (") && before.contains("within"),
        "{before}"
    );
    assert!(!before.contains("The last day for it"), "{before}");
    story.say("legal", notice, json!({ "command": "serve", "method": "direct" }));
    let by = story.newest("premises/u-1/grade", "StatementInvited")["result"]["statement_by"].clone();
    let last = format!("The last day for it: {}", by.as_str().unwrap());
    for who in ["owner", "legal"] {
        let after = letter(&story, who);
        assert!(after.contains(&last), "{last}: {after}");
    }
    let waits = story.page(Some("legal"), "/desk/grades/u-1");
    assert!(waits.contains("Next: the party may make a statement until"), "{waits}");
    story.ends();
}

#[test]
fn a_banned_owner_reads_the_ground_what_to_do_and_where_to_contest_it() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let prohibit = json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "住禁〔2024〕1号", "proposer": "housing", "waiver_ground": "imminent_danger",
        "waiver_reason": "墙体开裂",
    });
    story.say("confirmer", "premises/u-1/grade", prohibit);
    let mine = story.page(Some("owner"), "/my");
    let banned = between(&mine, "Letting is prohibited</strong>", "What you can do now");
    for words in
        ["Ground: ", "住禁〔2024〕1号", "What you are to do: let nothing anew", "was not served on you yet"]
    {
        assert!(banned.contains(words), "{words}: {banned}");
    }
    assert!(banned.contains("/desk/premises/u-1#step-appeal\">Appeal against the ban"), "{banned}");
    let against = json!({ "stream": "premises/u-1/grade", "prohibition": 1 });
    story.say(
        "owner",
        "premises/u-1/appeal/1",
        json!({ "command": "file", "against": against, "grounds": "裂缝在隔壁" }),
    );
    let mine = story.page(Some("owner"), "/my");
    let banned = between(&mine, "Letting is prohibited</strong>", "What you can do now");
    assert!(banned.contains("/desk/matters/premises/u-1/appeal/1\">You have appealed"), "{banned}");
    story.ends();
}

#[test]
fn a_round_of_today_leads_to_where_it_is_completed() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let day = (0..60).find(|_| {
        story.days(1);
        story.page(Some("grid"), "/desk").contains("href=\"/desk/premises/b-1#step-complete\"")
    });
    assert!(day.is_some(), "{}", story.page(Some("grid"), "/desk"));
    let opened = story.page(Some("grid"), "/desk/premises/b-1");
    assert!(opened.contains("id=\"step-complete\""), "{opened}");
    story.ends();
}

#[test]
fn what_is_given_to_somebody_is_offered_to_whom_it_concerns_and_to_no_other_owner() {
    let story = begins();
    let page = story.page(Some("street"), "/desk/premises/u-1");
    let offered = |step: &str| between(&page, &format!("id=\"step-{step}\""), "</details>").to_owned();
    let steward = offered("appoint_steward");
    assert!(steward.contains("value=\"owner\""), "y-1 owns it: {steward}");
    assert!(!steward.contains("value=\"stranger\""), "y-2 does not, and is nobody's concern here: {steward}");
    let assessor = offered("assign_assessor");
    for (account, fits) in [("grid", true), ("fire", true), ("owner", false), ("auditor", false)] {
        assert_eq!(assessor.contains(&format!("value=\"{account}\"")), fits, "{account}: {assessor}");
    }
    story.ends();
}

#[test]
fn what_the_office_owes_by_a_grade_lies_on_the_desk_of_the_subdistrict_until_it_is_done() {
    let mut story = begins();
    story.assess("u-1", "a1", "first", SOUND);
    let owed = |story: &Story, rule: &str| story.matter("street", &format!("premises/u-1/grade/{rule}"));
    let (told, posted) = (owed(&story, "result_notice").unwrap(), owed(&story, "plaque_post").unwrap());
    assert_eq!((&told["kind"], &posted["deadlines"][0]["whose"]), (&json!("duty"), &json!("office")));
    let desk = story.page(Some("street"), "/desk?kind=duty");
    for (what, href) in [
        ("Posting the grade plaque", "/desk/matters/premises/u-1/grade#step-hang_plaque"),
        ("Written notice of the result", "/desk/premises/u-1#step-issue"),
    ] {
        let row = between(&desk, &format!("href=\"{href}\""), "</tr>");
        assert!(row.contains(&format!("Owed by the office: {what}")), "{row}");
        let (page, step) = href.split_once('#').unwrap();
        assert!(story.page(Some("street"), page).contains(&format!("id=\"{step}\"")), "{href}");
    }
    let hung = json!({ "command": "hang_plaque", "plaque": "grade_plaque", "shows": 5, "place": "门口" });
    story.say("grid", "premises/u-1/grade", hung);
    assert_eq!(owed(&story, "plaque_post"), None);
    story.days(40);
    let late = owed(&story, "result_notice").unwrap();
    assert!(late["overdue_since"].is_string(), "{late}");
    let lateness = story.page(Some("street"), "/desk");
    assert!(lateness.contains("/desk/matters?overdue=true&amp;role=street_lead"), "{lateness}");
    story.ends();
}

#[test]
fn what_nobody_can_collect_is_told_to_whoever_publishes_rulebooks_and_beside_the_gaps() {
    let mut story = begins();
    let pages = [("commission", "/desk/rulebooks"), ("street", "/desk/reports/gaps")];
    let tell = |story: &Story, lang: &str| {
        pages.map(|(who, path)| {
            // the pages know what was said last
            let in_english = story.page(Some(who), path);
            if lang == "en" {
                return in_english;
            }
            let headers = [("accept-language", lang), ("cookie", story.session(who).cookie.as_str())];
            Client::to(story.address()).get_with(path, &headers).unwrap().1
        })
    };
    for (lang, none) in [("zh", "每项指标都有人采集"), ("en", "has somebody who collects it")] {
        assert!(tell(&story, lang).iter().all(|page| page.contains(none)), "{lang}");
    }

    let [.., estate] = shelf::pingshan().unwrap();
    story.publishes(&estate, None, story.day(30));
    // of the story's people there are officers of fire, housing and emergency; the systems of housing and police share results
    let nobodys = |there: &[&str]| -> Vec<String> {
        let all = estate.rulebook.scheme.indicators.iter().filter(|one| match one.collect {
            Collect::Department => !there.contains(&one.competent.as_str()),
            Collect::Feed => !["housing", "police"].contains(&one.competent.as_str()),
            Collect::Grid | Collect::Ledger => false,
        });
        all.map(|one| format!("/rules/{}#{}\"", estate.scheme.id, one.id)).collect()
    };
    let listed = |story: &Story, there: &[&str]| {
        let told = nobodys(there);
        assert!(told.len() > 3, "{told:?}");
        for page in tell(story, "en") {
            let (_, list) = page.split_once("Indicators that nobody collects now").unwrap();
            assert_eq!(list.matches(&format!("/rules/{}#", estate.scheme.id)).count(), told.len(), "{list}");
            assert!(told.iter().all(|link| list.contains(link)), "{told:?}: {list}");
        }
    };
    listed(&story, &["fire", "housing", "emergency"]);
    let water = json!({ "command": "grant", "role": "department_officer", "department": "water" });
    story.say("admin", "account/water", json!({ "command": "open", "name": "曾某" }));
    story.say("admin", "account/water", water);
    listed(&story, &["fire", "housing", "emergency", "water"]);
    story.say("admin", "account/water", json!({ "command": "suspend", "why": "leave" }));
    listed(&story, &["fire", "housing", "emergency"]);
    assert!(tell(&story, "zh")[0].contains("现在没有人采集的指标"));
    story.ends();
}
