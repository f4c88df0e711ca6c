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

/// Words and parts of pages are asked by what prints, reports and seals as well as by the web, so that they know none of them.
#[test]
fn the_look_of_pages_knows_nothing_of_what_it_is_the_look_of() {
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/look")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                let mut known = text.split("crate::").skip(1);
                assert!(known.all(|rest| rest.starts_with("look")), "{} knows more", path.display());
                read += 1;
            }
        }
    }
    assert!(read > 20, "{read} files");
}
