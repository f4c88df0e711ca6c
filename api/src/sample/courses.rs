//! Courses: what became of the houses after their first assessment, rounds apart. Some were put right, some
//! are under way, three wait for a person, two stand low.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::diary::{Diary, Until};
use super::findings::*;
use super::houses::{HOUSES, House, STORY};
use super::story::{self, Hearing, confirm, hear, invite, state};

/// Everything about one house, from its registration on.
pub(super) fn of(house: &House, diary: &mut Diary<'_>) {
    house.register(diary);
    if house.number == STORY {
        story::prepare(house, diary);
        house.first_assessments(diary);
        story::tell(house, diary);
        return;
    }
    house.first_assessments(diary);
    match house.number {
        7 => way_cleared(house, diary),
        13 => wires_replaced(house, diary),
        14 => smoke_put_out(house, diary),
        15 => quarrel_reported(house, diary),
        18 => under_way(house, diary),
        19 => just_opened(house, diary),
        20 => awaits_invitation(house, diary),
        21 => awaits_consideration(house, diary),
        22 => awaits_confirmation(house, diary),
        23 => stands_strict(house, diary),
        24 => stands_prohibited(house, diary),
        _ => {}
    }
}

/// Every house, and no diary knows of another.
pub(super) fn houses() -> impl Iterator<Item = &'static House> {
    HOUSES.iter()
}

/// The building's way out was cleared, accepted, and it was graded anew.
fn way_cleared(house: &House, diary: &mut Diary<'_>) {
    let (id, units) = (house.id(), house.unit_ids());
    diary.hazards_put_right(&house.building(&id, &units), "a1", house.seen, 280);
    diary.on(276, 9, 30);
    diary.assess(&house.building(&id, &units), "a2", "after_rectification", ORDINARY, Until::Submitted);
}

/// A unit's bare wires were replaced, accepted, and it was graded anew.
fn wires_replaced(house: &House, diary: &mut Diary<'_>) {
    let unit = house.unit_id(0);
    diary.hazards_put_right(&house.unit(&unit), "a1", house.units_seen[0], 244);
    diary.on(239, 10, 0);
    diary.assess(&house.unit(&unit), "a2", "after_rectification", FAIR, Until::Submitted);
}

/// Smoke from a kitchen, put out at once: the fire department confirms it, and the hazard that follows by rule, which holds the
/// house at two stars until it is put right.
fn smoke_put_out(house: &House, diary: &mut Diary<'_>) {
    let premises = format!("premises/{}", house.id());
    let record = happened(
        diary.on(3, 8, 40),
        "fire",
        "minor",
        "示119-0417",
        "一楼煮饭离人，锅烧干冒烟，邻居扑灭，没有人受伤",
    );
    diary.say("fire", format!("{premises}/incident/i1"), record);
    let note = "已到现场核实，锅具和线路已断开";
    diary.say("fire", format!("{premises}/incident/i1"), json!({ "command": "confirm", "note": note }));
    diary.on(2, 15, 10);
    let review = json!({ "command": "review", "outcome": "confirmed", "reason": "灶具软管老化，与起火有关" });
    diary.say("fire", format!("{premises}/hazard/incident-i1"), review);
}

/// A quarrel that the police's system shares; the police have still to confirm that it was here, and this grave.
fn quarrel_reported(house: &House, diary: &mut Diary<'_>) {
    let incident = format!("premises/{}/incident/i1", house.id());
    let record =
        happened(diary.on(1, 8, 50), "public_order", "general", "示110-2093", "租户之间因噪音争吵推搡");
    diary.receive("feed-police", incident, record);
}

/// What a source says of the evening before.
fn happened(told_on: NaiveDate, category: &str, severity: &str, source_id: &str, text: &str) -> Value {
    let source = if category == "fire" { "fire" } else { "police" };
    let on = told_on - Days::new(1);
    json!({
        "command": "record", "source": source, "source_id": source_id, "category": category, "severity": severity,
        "happened_at": format!("{on}T11:40:00Z"), "text": text,
    })
}

/// The periodic assessment is half done: the departments' and the feeds' parts are missing.
fn under_way(house: &House, diary: &mut Diary<'_>) {
    let (id, units) = (house.id(), house.unit_ids());
    diary.on(4, 9, 20);
    diary.assess(&house.unit(&units[0]), "a2", "periodic", FAIR, Until::GridDone);
    diary.assess(&house.building(&id, &units), "a2", "periodic", ORDINARY, Until::GridDone);
}

/// The periodic assessment was opened and nothing more.
fn just_opened(house: &House, diary: &mut Diary<'_>) {
    let (id, units) = (house.id(), house.unit_ids());
    diary.on(2, 14, 35);
    diary.assess(&house.building(&id, &units), "a2", "periodic", SOUND, Until::Opened);
}

/// An e-bike indoors brought a unit to one star; the invitation is still to be served.
fn awaits_invitation(house: &House, diary: &mut Diary<'_>) {
    let unit = house.unit_id(0);
    diary.on(3, 10, 10);
    diary.assess(&house.unit(&unit), "a2", "report", EBIKE_INDOORS, Until::Submitted);
}

/// A locked exit brought a building to one star; the owner has spoken and is to be answered.
fn awaits_consideration(house: &House, diary: &mut Diary<'_>) {
    let (id, units) = (house.id(), house.unit_ids());
    diary.on(8, 9, 50);
    diary.assess(&house.building(&id, &units), "a2", "report", EXIT_LOCKED, Until::Submitted);
    diary.hazards(&house.building(&id, &units), "a2", EXIT_LOCKED, 7);
    let words = Hearing { statement: "出口是夜里防盗才锁的，白天都开着。", ..WORDS };
    let stream = format!("premises/{id}/grade");
    invite(&stream, diary, 6, &words);
    state(&stream, diary, 5, &words, None);
}

/// A heater without a flue brought a unit to one star; everything is done but the confirmation.
fn awaits_confirmation(house: &House, diary: &mut Diary<'_>) {
    let unit = house.unit_id(1);
    diary.on(14, 10, 25);
    diary.assess(&house.unit(&unit), "a2", "owner_request", HEATER_WITHOUT_FLUE, Until::Submitted);
    diary.hazards(&house.unit(&unit), "a2", HEATER_WITHOUT_FLUE, 13);
    hear(&format!("premises/{unit}/grade"), diary, 12, &WORDS, None);
}

/// First graded at one star, heard and confirmed; a unit of it too.
fn stands_strict(house: &House, diary: &mut Diary<'_>) {
    for (place, premises) in [house.id(), house.unit_id(0)].into_iter().enumerate() {
        let stream = format!("premises/{premises}/grade");
        let document = ["坪房评示〔甲〕3号", "坪房评示〔甲〕4号"][place];
        let words = Hearing { determination: 1, document, ..WORDS };
        hear(&stream, diary, 146 - 4 * u32::try_from(place).unwrap_or_default(), &words, None);
        confirm(&stream, diary, &words);
    }
    told_too_long_ago(house, diary);
}

/// The grade was notified late, and so that the time to appeal against it ended on the last working day before today;
/// reconsideration and court are still open.
fn told_too_long_ago(house: &House, diary: &mut Diary<'_>) {
    let (premises, back) = (format!("premises/{}", house.id()), diary.almanac.ended_yesterday("appeal_file"));
    let served_on = diary.on_any_day(back, 10, 40);
    let issue = json!({
        "command": "issue", "kind": "result_notice", "about": format!("{premises}/grade"), "determination": 1,
        "authority": "示例区住房和建设局", "document_number": "坪房评告〔甲〕3号",
        "legal_basis": "示例区出租屋分级分类管理办法第十二条", "handling_officers": [super::people::account("legal")],
        "remedies": ["appeal_file", "administrative_reconsideration", "litigation"],
    });
    diary.say("legal", format!("{premises}/notice/n1"), issue);
    let serve = json!({ "command": "serve", "method": "direct", "on": served_on });
    diary.say(house.worker(), format!("{premises}/notice/n1"), serve);
}

/// An appraisal found grade D: no star, heard, confirmed, and letting prohibited by the housing authority.
fn stands_prohibited(house: &House, diary: &mut Diary<'_>) {
    let (id, units) = (house.id(), house.unit_ids());
    let stream = format!("premises/{id}/grade");
    diary.on(34, 9, 35);
    diary.assess(&house.building(&id, &units), "a2", "incident", DANGEROUS, Until::Submitted);
    diary.hazards(&house.building(&id, &units), "a2", DANGEROUS, 33);
    let words = Hearing {
        statement: "房子住了二十多年没有问题，请再鉴定一次。",
        reasons: "鉴定报告由有资质的机构出具，程序完整；复鉴请求另行办理，不停止安全措施。",
        document: "坪房评示〔甲〕7号",
        ..WORDS
    };
    hear(&stream, diary, 32, &words, None);
    diary.on(27, 10, 15);
    confirm(&stream, diary, &words);
    let prohibit = json!({
        "command": "prohibit", "ground": "dangerous_building", "authority": "housing", "scope": "vacate",
        "document_number": "坪住建示〔甲〕12号", "proposer": super::people::account("housing"),
    });
    diary.on(26, 16, 0);
    diary.say("confirmer", stream, prohibit);
}

/// What is said where nothing else is.
const WORDS: Hearing = Hearing {
    determination: 2,
    statement: "情况属实，已经在改，请给几天时间。",
    reasons: "陈述已记录；隐患消除以前等级不变，整改后可以申请复评。",
    document: "坪房评示〔甲〕2号",
};
