//! The reserved members of an entry's content (docs/format.md §4, §8, §9): `received`, `_sd`, `derivation`, `result`.

use serde_json::{Map, Value};

use crate::disclosure;
use crate::members::{array, exactly_ref, object, sha256_hex, text};
use crate::refusal::{Refusal, need};
use crate::stream::{StreamPath, is_path, subject_of};

/// Checks the reserved members of a content; who may sign which of them is the key state's matter.
///
/// # Errors
/// The first rule that is broken.
pub fn check(data: &Map<String, Value>, stream: &StreamPath) -> Result<(), Refusal> {
    disclosure::check_sd_of(data)?;
    data.get("received").map_or(Ok(()), check_received)?;
    data.get("derivation").map_or(Ok(()), |derivation| check_derivation(derivation, stream))?;
    let computed = data.contains_key("derivation");
    need(
        computed == data.contains_key("result"),
        "derivation-members",
        "derivation and result come together",
    )?;
    if computed {
        need(data.len() == 3, "derivation-members", "content is exactly derivation, result and type")?;
        object(&data["result"], "derivation-members")?;
    }
    Ok(())
}

/// The subjects whose entries a computed entry was computed from; none for other content.
pub fn derivation_subjects(data: &Value) -> impl Iterator<Item = &str> {
    data.pointer("/derivation/subjects")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// What came in and where from.
fn check_received(received: &Value) -> Result<(), Refusal> {
    let code = "received-members";
    let (channel, reference) = match object(received, code)?.get("sha256") {
        None => exactly_ref(received, ["channel", "ref"], code)
            .map(|[channel, reference]| (channel, reference))?,
        Some(_) => {
            let [channel, reference, digest] = exactly_ref(received, ["channel", "ref", "sha256"], code)?;
            sha256_hex(digest, "received-sha256")?;
            (channel, reference)
        }
    };
    need(is_channel(text(channel, "received-channel")?), "received-channel", "")?;
    let reference = text(reference, "received-ref")?;
    let plain = !reference.bytes().any(|b| b < 0x20 || b == 0x7f);
    need(
        (1..=256).contains(&reference.len()) && plain,
        "received-ref",
        "1 to 256 bytes, no control characters",
    )
}

/// By which scheme and from which subjects a result was computed.
fn check_derivation(derivation: &Value, stream: &StreamPath) -> Result<(), Refusal> {
    let [scheme, subjects] = exactly_ref(derivation, ["scheme", "subjects"], "derivation-members")?;
    let [id, digest] = exactly_ref(scheme, ["id", "sha256"], "derivation-members")?;
    need(!text(id, "derivation-members")?.is_empty(), "derivation-members", "the scheme has no id")?;
    sha256_hex(digest, "derivation-members")?;
    let code = "derivation-subjects";
    let subjects = array(subjects, code)?.iter().map(|subject| text(subject, code));
    let subjects: Vec<&str> = subjects.collect::<Result<_, _>>()?;
    let whole = subjects.iter().all(|subject| is_path(subject) && subject_of(subject) == *subject);
    need(whole, code, "a subject has two segments or is a shorter stream")?;
    need(subjects.is_sorted_by(|a, b| a < b), code, "sorted and distinct")?;
    need(subjects.contains(&stream.subject()), code, "the entry's own subject is one of them")
}

/// `[a-z0-9][a-z0-9._-]{0,63}`: a single segment of a path, no longer than 64 bytes.
fn is_channel(text: &str) -> bool {
    text.len() <= 64 && !text.contains('/') && is_path(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(data: Value) -> &'static str {
        let stream = StreamPath::new("premises/p-1/grade").unwrap();
        check(data.as_object().unwrap(), &stream).map_or_else(|refusal| refusal.code, |()| "")
    }

    fn computed() -> Value {
        let scheme = json!({"id": "grade-unit-1", "sha256": "0".repeat(64)});
        let derivation = json!({"scheme": scheme, "subjects": ["heads", "premises/p-1", "premises/p-2"]});
        json!({"derivation": derivation, "result": {"stars": 3}, "type": "Graded"})
    }

    #[test]
    fn a_computed_content_is_derivation_result_and_type() {
        assert_eq!(refused(computed()), "");
        for (member, value) in [("note", json!("x")), ("result", json!(3)), ("derivation", json!({}))] {
            let mut bad = computed();
            bad[member] = value;
            assert_eq!(refused(bad), "derivation-members", "{member}");
        }
        assert_eq!(refused(json!({"result": {}, "type": "Graded"})), "derivation-members");
    }

    #[test]
    fn subjects_are_whole_sorted_and_contain_the_own_one() {
        for bad in [
            json!([]),
            json!(["premises/p-2"]),
            json!(["premises/p-2", "premises/p-1"]),
            json!(["premises/p-1", "premises/p-1"]),
            json!(["premises/p-1", "premises/p-1/grade"]),
            json!([1, "premises/p-1"]),
            json!("premises/p-1"),
        ] {
            let mut data = computed();
            data["derivation"]["subjects"] = bad.clone();
            assert_eq!(refused(data), "derivation-subjects", "{bad}");
        }
        assert_eq!(derivation_subjects(&computed()).count(), 3);
    }

    #[test]
    fn received_says_channel_and_reference() {
        let received = |received: Value| refused(json!({"received": received, "type": "Complained"}));
        assert_eq!(received(json!({"channel": "hotline", "ref": "2026/17"})), "");
        assert_eq!(received(json!({"channel": "a".repeat(65), "ref": "1"})), "received-channel");
        assert_eq!(received(json!({"channel": "a/b", "ref": "1"})), "received-channel");
        assert_eq!(received(json!({"channel": "a", "ref": ""})), "received-ref");
        assert_eq!(received(json!({"channel": "a", "ref": "x\n"})), "received-ref");
        assert_eq!(received(json!({"channel": "a", "ref": "é".repeat(129)})), "received-ref");
        assert_eq!(received(json!({"channel": "a", "sha256": "0".repeat(64)})), "received-members");
    }
}
