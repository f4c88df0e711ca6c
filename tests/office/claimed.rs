//! Time that a device claims: it moves nobody's term. What a party signs counts on the day of its receipt; what an officer signs
//! counts on the day it claims, and never on one that has not come. Real signatures over REST, on a server whose clock is stepped.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::recorded::local_date;
use wuping_ledger::disclosure::{disclose, random_salt};
use wuping_ledger::encoding::b64u_encode;
use wuping_ledger::entry::{Meta, payload, protected, signing_input};
use wuping_ledger::jcs::canonical_str;
use wuping_ledger::keys::{Role, Signer};
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;

use crate::every_event::story::{EBIKE_INDOORS, SOUND, Story};
use crate::program::server::{Answer, Client};

/// A telephone with a key of its own, whose clock its holder has set.
struct Telephone {
    signer: Signer,
    holder: &'static str,
    clock: DateTime<Utc>,
}

impl Telephone {
    fn of(story: &Story, holder: &'static str, clock: DateTime<Utc>) -> Self {
        let telephone = Self { signer: Signer::generate().unwrap(), holder, clock };
        let enrolment = telephone.signer.enrolment(ORIGIN, holder, Role::Officer);
        let body = json!({ "jwk": enrolment["jwk"], "pop": enrolment["pop"] });
        let answer = telephone.posts(story, "/api/v1/keys", Uuid::now_v7(), &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        telephone
    }

    fn posts(&self, story: &Story, path: &str, id: Uuid, body: &Value) -> Answer {
        let (session, id) = (story.session(self.holder), id.to_string());
        let headers = [
            ("accept-language", "en"),
            ("cookie", session.cookie.as_str()),
            ("x-csrf-token", session.csrf.as_str()),
            ("idempotency-key", id.as_str()),
        ];
        Client::to(story.address()).post(path, &headers, body).unwrap()
    }

    /// Signs an event as of its own clock, and sends it with the command.
    fn signs(
        &self,
        story: &Story,
        stream: &str,
        command: &Value,
        event: &Value,
        private: &[(&str, Value)],
    ) -> Answer {
        let hide = |(name, value): &(&str, Value)| disclose(name, value, &random_salt().unwrap()).unwrap();
        let hidden: Vec<_> = private.iter().map(hide).collect();
        let mut digests: Vec<&str> = hidden.iter().map(|hidden| hidden.digest.as_str()).collect();
        digests.sort_unstable();
        let mut event = event.clone();
        event["_sd"] = json!(digests);
        let data = canonical_str(&event).unwrap();
        let concept = stream.split('/').nth(2).unwrap();
        let meta = Meta {
            author_seq: 1,
            event_id: Uuid::now_v7(),
            log: ORIGIN.to_owned(),
            occurred_at: Timestamp::from_datetime(self.clock),
            schema: format!("{concept}/1"),
            stream: StreamPath::new(stream).unwrap(),
            version: story.count(stream) + 1,
        };
        let signed = signing_input(self.signer.kid(), &data, &meta);
        let mut bare = command.clone();
        let name = bare.as_object_mut().unwrap().remove("command").unwrap();
        let body = json!({
            "command": bare,
            "disclosures": hidden.iter().map(|hidden| &hidden.text).collect::<Vec<_>>(),
            "payload": payload(&data, &meta),
            "protected": protected(self.signer.kid()),
            "signature": b64u_encode(&self.signer.sign(signed.as_bytes())),
        });
        let path = format!("/api/v1/signed/{stream}/{}", name.as_str().unwrap());
        self.posts(story, &path, meta.event_id, &body)
    }

    /// The day by its clock.
    fn day(&self) -> NaiveDate {
        local_date(self.clock)
    }
}

fn kind(answer: &Answer) -> &str {
    answer.body["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap()
}

#[test]
fn a_telephone_that_runs_ahead_ends_nobodys_time_to_speak() {
    let mut story = Story::begins();
    story.house("b-1", None);
    story.house("u-1", Some("b-1"));
    story.assess("u-1", "a1", "first", EBIKE_INDOORS);
    story.invite("u-1");
    // three working days from a Monday: Thursday is the last on which the party may speak
    story.days(3);
    let confirm = json!({ "command": "confirm", "determination": 1, "document_number": "住评〔2024〕1号" });
    story.is_refused("confirmer", GRADE, confirm.clone(), "confirmed_before_statement");
    let confirmed = |on: NaiveDate| {
        json!({
            "type": "AdverseGradeConfirmed", "determination": 1, "on": on, "document_number": "住评〔2024〕1号",
            "by": "confirmer"
        })
    };
    let unwaived = [("waiver_reason", Value::Null)];
    let ahead = Telephone::of(&story, "confirmer", story.now() + TimeDelta::hours(47));
    for on in [ahead.day(), story.today()] {
        let refused = ahead.signs(&story, GRADE, &confirm, &confirmed(on), &unwaived);
        assert_eq!(kind(&refused), "confirmed_before_statement", "signed for {on}: {}", refused.body);
    }

    // on Friday it may be confirmed, and counts as of Friday whatever a clock says
    story.days(1);
    let ahead = Telephone::of(&story, "confirmer", story.now() + TimeDelta::hours(47));
    let refused = ahead.signs(&story, GRADE, &confirm, &confirmed(ahead.day()), &unwaived);
    assert_eq!(kind(&refused), "not_decided", "{}", refused.body);
    let taken = ahead.signs(&story, GRADE, &confirm, &confirmed(story.today()), &unwaived);
    assert_eq!(taken.status, 201, "{}", taken.body);
    let shown = story.page(None, "/s/u-1");
    assert!(shown.contains(&story.today().to_string()), "in force from the day of receipt on: {shown}");
    is_sound(story);
}

#[test]
fn an_appeal_dated_back_by_its_telephone_is_late_all_the_same() {
    let mut story = Story::begins();
    story.house("b-1", None);
    story.house("u-1", Some("b-1"));
    story.assess("u-1", "a1", "first", SOUND);
    let notice = "premises/u-1/notice/n-1";
    let issue = json!({
        "command": "issue", "kind": "result_notice", "about": GRADE, "determination": 1, "to": "y-1",
        "authority": "housing", "document_number": "住评告〔2024〕1号", "legal_basis": "某区管理办法第十二条",
        "handling_officers": ["legal"], "remedies": ["appeal_file", "litigation"],
    });
    story.say("legal", notice, issue);
    story.say("legal", notice, json!({ "command": "serve", "method": "direct", "on": story.today() }));
    let in_time = story.now() + TimeDelta::days(2);
    story.days(30);

    let (appeal, against) = ("premises/u-1/appeal/1", json!({ "stream": GRADE, "determination": 1 }));
    let file = json!({ "command": "file", "against": against, "grounds": "评错了" });
    let filed = |on: NaiveDate| json!({ "type": "AppealFiled", "against": against, "on": on, "authorised": true, "by": "owner", "photo_count": 0 });
    let back = Telephone::of(&story, "owner", in_time);
    let private = [("grounds", json!("评错了")), ("photos", Value::Null), ("power_of_attorney", Value::Null)];
    let refused = back.signs(&story, appeal, &file, &filed(back.day()), &private);
    assert_eq!(kind(&refused), "not_decided", "{}", refused.body);
    let taken = back.signs(&story, appeal, &file, &filed(story.today()), &private);
    assert_eq!(taken.status, 201, "what was claimed stays as it was signed: {}", taken.body);
    let late = story.is_refused("legal", appeal, json!({ "command": "admit" }), "appeal_late");
    assert!(late.contains(&format!("came on {}", story.today())), "{late}");
    is_sound(story);
}

/// The house is closed, and every result in it is computed again and equal.
fn is_sound(story: Story) {
    let folder = story.ends();
    let verified = wuping_replay::verify::verify_folder(&folder.path().join("house")).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}

const GRADE: &str = "premises/u-1/grade";
const ORIGIN: &str = "sample/every-event";
