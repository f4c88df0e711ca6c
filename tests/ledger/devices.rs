//! Commands signed by a device whose private key never was on the server: taken if the decision is exactly what was signed, and
//! by nobody else's key.

use std::path::Path;

use crate::program::server::{Answer, Client, Server, Session};
use crate::program::{On, init, run, said, told};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_ledger::disclosure::{disclose, random_salt};
use wuping_ledger::encoding::b64u_encode;
use wuping_ledger::entry::{Meta, payload, protected, signing_input};
use wuping_ledger::jcs::canonical_str;
use wuping_ledger::keys::{Role, Signer};
use wuping_ledger::reader::Reader;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;

const ORIGIN: &str = "ledger.example/devices";

/// A telephone with a key of its own and somebody who is signed in on it.
struct Device {
    signer: Signer,
    session: Session,
    client: Client,
}

/// What a device signs besides the content.
#[derive(Clone)]
struct Claim {
    author_seq: u64,
    id: Uuid,
    occurred_at: Timestamp,
    stream: String,
    version: u64,
}

impl Device {
    fn of(server: &Server, login: &str, password: &str) -> Self {
        let session = server.sign_in(login, password);
        Self { signer: Signer::generate().unwrap(), session, client: Client::to(server.address) }
    }

    fn headers<'a>(&'a self, id: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("accept-language", "en"),
            ("cookie", &self.session.cookie),
            ("x-csrf-token", &self.session.csrf),
            ("idempotency-key", id),
        ]
    }

    fn post(&mut self, path: &str, id: &str, body: &Value) -> Answer {
        let (cookie, csrf) = (self.session.cookie.clone(), self.session.csrf.clone());
        let headers = [
            ("accept-language", "en"),
            ("cookie", cookie.as_str()),
            ("x-csrf-token", csrf.as_str()),
            ("idempotency-key", id),
        ];
        self.client.post(path, &headers, body).unwrap()
    }

    fn enrol(&mut self, holder: &str) -> Answer {
        let enrolment = self.signer.enrolment(ORIGIN, holder, Role::Officer);
        self.post("/api/v1/keys", "", &json!({ "jwk": enrolment["jwk"], "pop": enrolment["pop"] }))
    }

    /// What the server says is to be signed next.
    fn next(&mut self, stream: &str) -> Claim {
        let path = format!("/api/v1/signing?kid={}&stream={stream}", self.signer.kid());
        let headers: Vec<(String, String)> =
            self.headers("").into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (status, text) = self.client.get_with(&path, &headers).unwrap();
        assert_eq!(status, 200, "{text}");
        let told: Value = serde_json::from_str(&text).unwrap();
        Claim {
            author_seq: told["author_seq"].as_u64().unwrap(),
            id: Uuid::now_v7(),
            occurred_at: Timestamp::now(),
            stream: stream.to_owned(),
            version: told["version"].as_u64().unwrap() + 1,
        }
    }

    /// The registration of a building at an address, as the device signs it.
    fn registration(&self, claim: &Claim, address: &str) -> Value {
        let coordinates = disclose("coordinates", &json!("22.7,114.3"), &random_salt().unwrap()).unwrap();
        let data = json!({
            "_sd": [coordinates.digest], "address": address, "codes": {}, "community": "", "grid_cell": "",
            "layer": "building", "subdistrict": "", "type": "PremisesRegistered",
        });
        let data = canonical_str(&data).unwrap();
        let meta = Meta {
            author_seq: claim.author_seq,
            event_id: claim.id,
            log: ORIGIN.to_owned(),
            occurred_at: claim.occurred_at,
            schema: "premises/1".to_owned(),
            stream: StreamPath::new(claim.stream.as_str()).unwrap(),
            version: claim.version,
        };
        let signed = signing_input(self.signer.kid(), &data, &meta);
        json!({
            "command": { "layer": "building", "address": address, "coordinates": "22.7,114.3" },
            "disclosures": [coordinates.text],
            "payload": payload(&data, &meta),
            "protected": protected(self.signer.kid()),
            "signature": b64u_encode(&self.signer.sign(signed.as_bytes())),
        })
    }

    fn send(&mut self, claim: &Claim, body: &Value) -> Answer {
        let path = format!("/api/v1/signed/{}/register", claim.stream);
        self.post(&path, &claim.id.to_string(), body)
    }
}

/// A ledger with a data clerk and an administrator; answers the clerk's account and both passwords.
fn house(folder: &Path, on: On) -> (String, String, String) {
    let admin = init(folder, on, ORIGIN)["password"].as_str().unwrap().to_owned();
    let clerk =
        told(folder, &["account", "open", "clerk", "--name", "某人", "--role", "data_clerk", "--json"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&clerk["account"]), text(&clerk["password"]), admin)
}

fn kind(answer: &Answer) -> String {
    answer.body["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap().to_owned()
}

fn a_device_signs_and_the_ledger_takes_it_as_it_is(on: On) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (account, password, _) = house(folder, on);
    let server = Server::start(folder, &[]);
    let mut device = Device::of(&server, "clerk", &password);
    assert_eq!(device.enrol(&account).status, 201);
    assert_eq!(device.enrol(&account).status, 200, "the same key again is nothing to do");

    let claim = device.next("premises/b-1");
    let body = device.registration(&claim, "石井街道1号");
    let taken = device.send(&claim, &body);
    assert_eq!(taken.status, 201, "{}", taken.body);
    let again = device.send(&claim, &body);
    assert_eq!((again.status, again.body["position"].clone()), (200, taken.body["position"].clone()));

    let next = device.next("premises/b-2");
    assert_eq!(next.author_seq, 2);
    let body_2 = device.registration(&next, "石井街道2号");
    assert_eq!(device.send(&next, &body_2).status, 201);

    server.end();
    let position = taken.body["position"].as_u64().unwrap();
    let row = Reader::open(folder).unwrap().row(position).unwrap().unwrap();
    assert_eq!(row.kid, device.signer.kid().to_string());
    assert_eq!(row.signature, body["signature"].as_str().unwrap(), "stored unchanged");
    let verified = run(folder, &["verify", "--level", "5", "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
}

#[test]
fn a_device_signs_and_sqlite_takes_it_as_it_is() {
    a_device_signs_and_the_ledger_takes_it_as_it_is(On::Sqlite);
}

#[test]
fn a_device_signs_and_postgres_takes_it_as_it_is() {
    a_device_signs_and_the_ledger_takes_it_as_it_is(On::Postgres);
}

#[test]
fn what_is_not_what_was_decided_or_not_signed_by_its_holder_is_refused_and_nothing_written() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (account, password, admin) = house(folder, On::Sqlite);
    let server = Server::start(folder, &[]);
    let mut device = Device::of(&server, "clerk", &password);
    let mut other = Device::of(&server, "admin", &admin);
    let unknown = Claim {
        author_seq: 1,
        id: Uuid::now_v7(),
        occurred_at: Timestamp::now(),
        stream: "premises/b-1".into(),
        version: 1,
    };
    let body = device.registration(&unknown, "石井街道1号");
    let refused = device.send(&unknown, &body);
    assert_eq!((refused.status, kind(&refused).as_str()), (403, "key_unknown"), "{}", refused.body);

    assert_eq!(device.enrol(&account).status, 201);
    let size = || Reader::open(folder).unwrap().size().unwrap();
    let before = size();
    let claim = device.next("premises/b-1");
    let good = device.registration(&claim, "石井街道1号");
    let mut forged = good.clone();
    forged["signature"] = json!(b64u_encode(&[7; 64]));
    let mut elsewhere = good.clone();
    elsewhere["command"]["address"] = json!("石井街道9号");
    let mut undisclosed = good.clone();
    undisclosed["disclosures"] = json!([]);
    let mut more = good.clone();
    more["note"] = json!("x");
    for (body, status, is) in [
        (&forged, 403, "wrong_signature"),
        (&elsewhere, 422, "not_decided"),
        (&undisclosed, 422, "disclosures_differ"),
        (&more, 400, "malformed"),
    ] {
        let refused = device.send(&claim, body);
        assert_eq!((refused.status, kind(&refused).as_str()), (status, is), "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().len() > 20, "{}", refused.body);
    }
    let as_another = other.send(&claim, &good);
    assert_eq!((as_another.status, kind(&as_another).as_str()), (403, "key_of_another"));

    let moved = |change: &dyn Fn(&mut Claim)| {
        let mut claim = claim.clone();
        change(&mut claim);
        claim
    };
    let hours =
        |hours: i64| Timestamp::from_datetime(Timestamp::now().datetime() + chrono::TimeDelta::hours(hours));
    for (claim, status, is) in [
        (moved(&|claim| claim.version = 2), 409, "stale_version"),
        (moved(&|claim| claim.author_seq = 5), 409, "stale_author_seq"),
        (moved(&|claim| claim.occurred_at = hours(49)), 422, "claimed_time_ahead"),
    ] {
        let body = device.registration(&claim, "石井街道1号");
        let refused = device.send(&claim, &body);
        assert_eq!((refused.status, kind(&refused).as_str()), (status, is), "{}", refused.body);
        if status == 409 {
            assert_eq!((&refused.body["version"], &refused.body["author_seq"]), (&json!(0), &json!(1)));
        }
    }
    assert_eq!(size(), before, "nothing is written for what is refused");
    assert_eq!(device.send(&claim, &good).status, 201, "and the id is not used up by it");

    let earlier = Claim { occurred_at: hours(-1), ..device.next("premises/b-2") };
    let body = device.registration(&earlier, "石井街道2号");
    let refused = device.send(&earlier, &body);
    assert_eq!((refused.status, kind(&refused).as_str()), (422, "claimed_time_before_last"));
}

#[test]
fn a_lost_telephone_is_ended_by_its_holder_and_signs_nothing_more() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (account, password, _) = house(folder, On::Sqlite);
    let server = Server::start(folder, &[]);
    let mut lost = Device::of(&server, "clerk", &password);
    assert_eq!(lost.enrol(&account).status, 201);
    let claim = lost.next("premises/b-1");
    let body = lost.registration(&claim, "石井街道1号");
    let taken = lost.send(&claim, &body);
    assert_eq!(taken.status, 201);

    let end = format!("/api/v1/keys/{}/end", lost.signer.kid());
    let reason = json!({ "reason": "telephone lost", "suspect_from": taken.body["position"] });
    let mut stranger = Device::of(&server, "clerk", &password);
    stranger.session.csrf = "made up".into();
    assert_eq!(stranger.post(&end, "", &reason).status, 403);
    let mut desk = Device::of(&server, "clerk", &password);
    assert_eq!(desk.post(&end, "", &reason).status, 200);
    assert_eq!(kind(&desk.post(&end, "", &reason)), "key_ended", "once is enough");

    let late = Claim {
        author_seq: 2,
        id: Uuid::now_v7(),
        occurred_at: Timestamp::now(),
        stream: "premises/b-2".into(),
        version: 1,
    };
    let body = lost.registration(&late, "石井街道2号");
    let refused = lost.send(&late, &body);
    assert_eq!((refused.status, kind(&refused).as_str()), (403, "key_ended"), "{}", refused.body);

    let mut new = Device::of(&server, "clerk", &password);
    assert_eq!(new.enrol(&account).status, 201);
    let claim = new.next("premises/b-2");
    let body = new.registration(&claim, "石井街道2号");
    assert_eq!(new.send(&claim, &body).status, 201);
}

/// What the lost telephone signed stands in doubt; said again with another key it keeps the time that was claimed first.
#[test]
fn what_is_in_doubt_is_said_again_and_keeps_the_time_that_was_claimed_first() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let (account, password, _) = house(folder, On::Sqlite);
    let server = Server::start(folder, &[]);
    let mut lost = Device::of(&server, "clerk", &password);
    assert_eq!(lost.enrol(&account).status, 201);
    let yesterday = Timestamp::from_datetime(Timestamp::now().datetime() - chrono::TimeDelta::hours(20));
    let claim = Claim { occurred_at: yesterday, ..lost.next("premises/b-1") };
    let taken = lost.send(&claim, &lost.registration(&claim, "石井街道1号"));
    assert_eq!(taken.status, 201, "{}", taken.body);
    let mut desk = Device::of(&server, "clerk", &password);
    let rename = json!({ "changes": { "name": "甲楼" }, "why": "recorded again" });
    let mut amend = |again: &str| {
        let (cookie, csrf, id) =
            (desk.session.cookie.clone(), desk.session.csrf.clone(), Uuid::now_v7().to_string());
        let headers = [
            ("accept-language", "en"),
            ("cookie", cookie.as_str()),
            ("x-csrf-token", csrf.as_str()),
            ("idempotency-key", id.as_str()),
            ("records-again", again),
        ];
        desk.client.post("/api/v1/commands/premises/b-1/amend", &headers, &rename).unwrap()
    };
    let first = claim.id.to_string();
    assert_eq!(kind(&amend(&first)), "not_in_doubt", "the telephone is not lost yet");
    let end = format!("/api/v1/keys/{}/end", lost.signer.kid());
    let reason = json!({ "reason": "telephone lost", "suspect_from": taken.body["position"] });
    assert_eq!(lost.post(&end, "", &reason).status, 200);
    assert_eq!(kind(&amend("no id")), "malformed");
    assert_eq!(kind(&amend(&Uuid::now_v7().to_string())), "not_found");
    let recorded = amend(&first);
    assert_eq!(recorded.status, 201, "{}", recorded.body);

    let position = recorded.body["position"].as_u64().unwrap();
    let row = Reader::open(folder).unwrap().row(position).unwrap().unwrap();
    let content: Value = serde_json::from_str(&row.payload).unwrap();
    assert_eq!(content["again"], json!({ "event_id": first, "occurred_at": yesterday.to_string() }));
    let (cookie, language) = (desk.session.cookie.clone(), ("accept-language", "en"));
    let headers = [("cookie", cookie.as_str()), language];
    let (status, page) = desk.client.get_with("/desk/premises/b-1", &headers).unwrap();
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("Recorded again: first claimed for"), "{page}");
    assert!(page.contains("Under doubt"), "what was signed with the lost key stands, marked: {page}");
    server.end();
    let verified = run(folder, &["verify", "--level", "5", "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
}
