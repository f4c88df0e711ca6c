//! Accounts as they are opened: a role is given for an area, a department and a party that there are.

use std::path::Path;

use serde_json::json;
use uuid::Uuid;
use wuping_ledger::genesis::Ledger;

use crate::program::server::{Client, Server};
use crate::program::{run, said, told};

#[test]
fn a_mistyped_area_or_party_is_refused_once_there_are_premises() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/accounts", "--json"]);
    open(&folder, "early", &["--role", "grid_worker", "--area", "石井"]);
    open(&folder, "early-owner", &["--role", "owner", "--party", "office-7"]);
    let admin = open(&folder, "admin-2", &["--role", "administrator"]);
    let clerk = open(&folder, "clerk", &["--role", "data_clerk"]);

    let list = |kind: &str, table: &str| {
        let file = place.path().join(format!("{kind}.csv"));
        std::fs::write(&file, table).unwrap();
        let ran = run(&folder, &["import", kind, file.to_str().unwrap()]);
        assert!(ran.status.success(), "{}", said(&ran));
    };
    list("premises", "code,layer,address,subdistrict,grid_cell\n4403-1,building,石井街道1号,石井,g-1\n");
    list("parties", "party,kind,name\n7,person,张三\n");

    let size = || Ledger::open_read_only(&folder).unwrap().size().unwrap();
    let before = size();
    for (more, zh, en) in [
        (["--area", "石並"], "没有登记的房屋位于“石並”", "No registered premises lie in “石並”"),
        (["--party", "office-8"], "没有登记这些主体，或者已并入别的主体：office-8", "/desk/parties"),
        (["--department", "fier"], "没有部门“fier”", "there is no department “fier”"),
    ] {
        for (lang, told) in [("zh", zh), ("en", en)] {
            let words = [&["--lang", lang][..], &OPEN, &["li", "--role", "grid_worker"], &more].concat();
            let ran = run(&folder, &words);
            assert!(ran.status.code() == Some(2) && said(&ran).contains(told), "{}", said(&ran));
        }
    }
    assert_eq!(size(), before, "no account was left without a role");
    open(&folder, "li", &["--role", "grid_worker", "--area", "g-1"]);
    open(&folder, "owner", &["--role", "owner", "--party", "office-7"]);

    let server = Server::start(&folder, &[]);
    let admin = server.sign_in("admin-2", &admin);
    let ask = |path: &str, body| {
        let answer = Client::to(server.address).command(&admin, path, Uuid::now_v7(), &body).unwrap();
        (answer.status, answer.body["type"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(ask("account/a-9/open", json!({ "name": "王五" })).0, 201);
    for (grant, code) in [
        (json!({ "role": "grid_worker", "area": "石並" }), "unknown_area"),
        (json!({ "role": "owner", "party": "y-1" }), "unknown_party"),
        (json!({ "role": "department_officer", "department": "fier" }), "unknown_department"),
    ] {
        assert_eq!(ask("account/a-9/grant", grant), (422, format!("/problems/{code}")));
    }
    // whom premises name answers for them, registered or not
    let named = json!({ "party": "y-1", "role": "owner", "basis": "lease" });
    let clerk = server.sign_in("clerk", &clerk);
    let named = Client::to(server.address)
        .command(&clerk, "premises/office-4403-1/name_party", Uuid::now_v7(), &named)
        .unwrap();
    assert_eq!(named.status, 201, "{}", named.body);
    assert_eq!(ask("account/a-9/grant", json!({ "role": "owner", "party": "y-1" })).0, 201);
}

/// Opens an account, which must be taken: its password.
fn open(folder: &Path, login: &str, more: &[&str]) -> String {
    let opened = told(folder, &[&["--json"], &OPEN[..], &[login], more].concat());
    opened["password"].as_str().unwrap().to_owned()
}

const OPEN: [&str; 4] = ["account", "open", "--name", "某人"];
