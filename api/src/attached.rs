//! Attachments that a command names must be kept before it is recorded: an entry whose photo never was here would be missed for
//! ever (docs/format.md §8).

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// The attachments that a command names in its lists of photos, and that are not kept in this folder.
#[must_use]
pub(crate) fn not_kept(command: &Value, folder: &Path) -> Vec<String> {
    let mut named = BTreeSet::new();
    photos(command, &mut named);
    // a name is a digest and leads nowhere else
    let digest = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let kept =
        |name: &&str| digest(name) && folder.join(name.get(..2).unwrap_or_default()).join(name).is_file();
    named.into_iter().filter(|name| !kept(name)).map(str::to_owned).collect()
}

fn photos<'a>(value: &'a Value, named: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| photos(element, named)),
        Value::Object(members) => {
            let listed = members.get("photos").and_then(Value::as_array).into_iter().flatten();
            named.extend(listed.filter_map(|photo| photo["sha256"].as_str()));
            members.values().for_each(|member| photos(member, named));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn photos_are_found_wherever_a_command_lists_them() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, gone) = ("ab".repeat(32), "cd".repeat(32));
        std::fs::create_dir_all(folder.path().join("ab")).unwrap();
        std::fs::write(folder.path().join("ab").join(&kept), b"").unwrap();
        let command = json!({
            "photos": [{ "sha256": kept }],
            "results": [{ "indicator": "i", "photos": [{ "sha256": gone }, { "sha256": kept }] }, { "photos": null }],
        });
        assert_eq!(not_kept(&command, folder.path()), [gone]);
        assert_eq!(not_kept(&json!({ "received": { "sha256": "00" } }), folder.path()), Vec::<String>::new());
        let outside = json!({ "photos": [{ "sha256": "../../etc/passwd" }] });
        assert_eq!(not_kept(&outside, folder.path()).len(), 1);
    }
}
