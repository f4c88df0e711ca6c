//! The rooms point one way.

/// The rooms that a room's manifest names among its dependencies.
fn arrows(room: &str) -> Vec<String> {
    let manifest = format!("{}/../{room}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(manifest).unwrap();
    let dependencies = text.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = dependencies.lines().filter_map(|line| line.strip_prefix("wuping-"));
    names.map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned()).collect()
}

#[test]
fn every_room_knows_only_those_below_it() {
    let allowed: [(&str, &[&str]); 5] = [
        ("api", &["domain", "ledger", "projections", "replay"]),
        ("domain", &[]),
        ("ledger", &[]),
        ("projections", &["domain", "ledger"]),
        ("replay", &["domain", "ledger", "projections"]),
    ];
    for (room, may) in allowed {
        let mut found = arrows(room);
        found.sort();
        assert_eq!(found, may, "{room} points elsewhere");
    }
}
