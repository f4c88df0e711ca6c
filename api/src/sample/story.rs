//! The life story: one building from its registration over a dangerous shop on its ground floor, a low grade, a hearing
//! and the repair, up to more stars than it began with.

use serde_json::json;

use super::diary::{Diary, Until};
use super::findings::{Found, WORN};
use super::houses::House;

/// Everything that happened to the building after it was first assessed.
pub(super) fn tell(house: &House, diary: &mut Diary<'_>) {
    measured_again(house, diary);
    danger_found(house, diary);
    heard_and_confirmed(house, diary);
    repaired(house, diary);
    assessed_again(house, diary);
}

/// The street lead names the grid worker as the building's assessor, and the steward is named, before the first visit.
pub(super) fn prepare(house: &House, diary: &mut Diary<'_>) {
    let premises = format!("premises/{}", house.id());
    let steward = json!({ "command": "name_party", "party": "y-02", "role": "steward" });
    diary.say("clerk", &premises, steward);
    let assign = json!({ "command": "assign_assessor", "account": super::people::account(house.worker()) });
    diary.say("street", &premises, assign);
    let on = diary.almanac.working_day(house.first);
    let announce = json!({ "command": "announce", "kind": "assessment", "on": on, "served": true });
    diary.say(house.worker(), format!("{premises}/visit/first"), announce);
}

/// The stair was misread: a correction says so, what was said stands, and the grade is computed again.
fn measured_again(house: &House, diary: &mut Diary<'_>) {
    let premises = format!("premises/{}", house.id());
    diary.on(391, 16, 25);
    let correct = json!({
        "command": "correct", "corrects": format!("{premises}/assessment/a1"), "field": "stair_width",
        "right": "wide", "why": "misread", "reason": "复测楼梯净宽1.12米，原记录读错尺",
    });
    diary.say(house.worker(), format!("{premises}/record/r1"), correct);
}

/// On a round the shop's wall is found broken through; the fire department confirms it, and the star falls to one.
fn danger_found(house: &House, diary: &mut Diary<'_>) {
    let (premises, photos) = (format!("premises/{}", house.id()), &diary.almanac.photos);
    let seen = [photos.of("ground_floor_separation"), photos.of("common_wiring")];
    diary.on_any_day(224, 9, 20);
    let find = json!({
        "command": "find", "indicator": "ground_floor_separation", "severity": "major", "works": "build",
        "competent": "fire", "source": "patrol", "suspected": true, "photos": seen,
        "note": "首层小店把后墙打通做仓库，与楼梯间之间没有防火分隔",
    });
    diary.say(house.worker(), format!("{premises}/hazard/h1"), find);
    diary.on(223, 10, 30);
    let review =
        json!({ "command": "review", "outcome": "confirmed", "reason": "现场复核属实，疑似重大隐患" });
    diary.say("fire", format!("{premises}/hazard/h1"), review);
}

/// The owner is invited, speaks, is answered, and a named person confirms the lower grade.
fn heard_and_confirmed(house: &House, diary: &mut Diary<'_>) {
    let words = Hearing {
        determination: 3,
        statement: "店是租户自己打通的，我不知情。已通知停业，保证一个月内砌回防火墙。",
        reasons: "隐患事实清楚，业主对房屋安全负责；整改承诺予以记录，等级不变。",
        document: "坪房评示〔甲〕1号",
    };
    hear(&format!("premises/{}/grade", house.id()), diary, 222, &words, Some("owner"));
    diary.on(216, 11, 5);
    confirm(&format!("premises/{}/grade", house.id()), diary, &words);
}

/// The steward looks round every day while the wall is built; the fire department accepts it, which closes the case.
fn repaired(house: &House, diary: &mut Diary<'_>) {
    let premises = format!("premises/{}", house.id());
    diary.on(182, 10, 10);
    let photos = [diary.almanac.photos.of("ground_floor_separation")];
    let accept = json!({
        "command": "accept", "findings": "防火墙已砌筑到顶，防火门安装合格，小店已清空", "photos": photos,
    });
    diary.say("fire", format!("{premises}/hazard/h1"), accept);
    for back in (150..180).rev() {
        let on = diary.on_any_day(back, 8, (back * 11) % 50);
        let looked_at = ["escape_route", "smoke_alarm"];
        let check = json!({ "command": "record_steward_check", "on": on, "looked_at": looked_at });
        diary.say("steward", &premises, check);
    }
}

/// A new assessment, and up.
fn assessed_again(house: &House, diary: &mut Diary<'_>) {
    let (id, units) = (house.id(), house.unit_ids());
    diary.on(149, 9, 15);
    for unit in &units[1..] {
        diary.assess(&house.unit(unit), "a2", "owner_request", WORN, Until::Submitted);
    }
    diary.assess(&house.building(&id, &units), "a2", "after_rectification", REPAIRED, Until::Submitted);
}

/// What is said in a hearing about a determination.
pub(super) struct Hearing {
    pub(super) determination: u64,
    pub(super) statement: &'static str,
    pub(super) reasons: &'static str,
    pub(super) document: &'static str,
}

/// Invitation, statement and consideration, begun so many days before today; the statement comes by the counter where
/// its party has no account.
pub(super) fn hear(
    stream: &str,
    diary: &mut Diary<'_>,
    begun: u32,
    words: &Hearing,
    by: Option<&'static str>,
) {
    invite(stream, diary, begun, words);
    state(stream, diary, begun - 1, words, by);
    diary.on(begun - 3, 15, 30);
    let consider = json!({
        "command": "consider_statement", "determination": words.determination, "adopted": false,
        "reasons": words.reasons,
    });
    diary.say("legal", stream, consider);
}

/// The party is told what is proposed, and by the service of that is invited to speak.
pub(super) fn invite(stream: &str, diary: &mut Diary<'_>, back: u32, words: &Hearing) {
    let premises = stream.trim_end_matches("/grade");
    let notice = format!("{premises}/notice/hearing-{}", words.determination);
    let served_on = diary.on(back, 14, 20);
    let issue = json!({
        "command": "issue", "kind": "proposal", "about": stream, "determination": words.determination,
        "authority": "示例区住房和建设局", "document_number": words.document.replace("评示", "评先告"),
        "legal_basis": "示例区出租屋分级分类管理办法第十条",
        "handling_officers": [super::people::account("legal")], "text_version": "1",
    });
    diary.say("legal", &notice, issue);
    diary.say("legal", &notice, json!({ "command": "serve", "method": "direct", "on": served_on }));
}

/// The party speaks.
pub(super) fn state(
    stream: &str,
    diary: &mut Diary<'_>,
    back: u32,
    words: &Hearing,
    by: Option<&'static str>,
) {
    diary.on(back, 10, 45);
    let statement = json!({
        "command": "make_statement", "determination": words.determination, "text": words.statement,
    });
    match by {
        Some(login) => diary.say(login, stream, statement),
        None => diary.receive("counter", stream, statement),
    }
}

/// A named person confirms.
pub(super) fn confirm(stream: &str, diary: &mut Diary<'_>, words: &Hearing) {
    let confirm = json!({
        "command": "confirm", "determination": words.determination, "document_number": words.document,
    });
    diary.say("confirmer", stream, confirm);
}

/// The building after the works: better kept than before.
const REPAIRED: Found = &[("exits_and_stairs", "one_with_alternative"), ("rubbish_sorting", "partly")];
