//! Parting what an author says into what the log holds and what only the vault holds (docs/format.md §8).

use serde_json::{Map, Value};

use crate::disclosure::{Disclosure, apply_all, disclose, random_salt};
use crate::jcs::canonical_str;
use crate::refusal::{Refusal, need_that};

/// Takes the member `private`, an object of private fields by name, out of what is said.
///
/// Answers the canonical text of `D`, with the fields' digests sorted in `_sd` and, when `photos` is among them, their
/// number in `photo_count`; and the disclosures, for the vault. Every field gets a salt of its own.
///
/// # Errors
///
/// A [`Refusal`] if it is no object, a name may not be private, or `photos` are not as the format has them.
pub fn split_private(said: Value) -> Result<(String, Vec<Disclosure>), Refusal> {
    let Parted { mut data, private } = parted(said)?;
    let mut disclosures = Vec::with_capacity(private.len());
    for (name, value) in &private {
        disclosures.push(disclose(name, value, &random_salt()?)?);
    }
    if !disclosures.is_empty() {
        let mut digests: Vec<&str> =
            disclosures.iter().map(|disclosure| disclosure.digest.as_str()).collect();
        digests.sort_unstable();
        data.insert("_sd".to_owned(), digests.into());
    }
    let data = Value::Object(data);
    let texts: Vec<&str> = disclosures.iter().map(|disclosure| disclosure.text.as_str()).collect();
    apply_all(&data, &texts)?;
    Ok((canonical_str(&data)?, disclosures))
}

/// Whether what somebody signed elsewhere, with the disclosures they made, is exactly what is said here: the same public
/// content to the byte, and the same private fields with the same values, whatever their salts.
///
/// # Errors
///
/// `not-decided`, which tells the public content that was decided and the names of its private fields.
pub fn agrees(said: Value, data_jcs: &str, disclosures: &[Disclosure]) -> Result<(), Refusal> {
    let Parted { mut data, private } = parted(said)?;
    let open = canonical_str(&Value::Object(data.clone()))?;
    let mut digests: Vec<&str> = disclosures.iter().map(|disclosure| disclosure.digest.as_str()).collect();
    if !digests.is_empty() {
        digests.sort_unstable();
        data.insert("_sd".to_owned(), digests.into());
    }
    let disclosed: Map<String, Value> =
        disclosures.iter().map(|disclosure| (disclosure.name.clone(), disclosure.value.clone())).collect();
    let same = canonical_str(&Value::Object(data))? == data_jcs
        && canonical_str(&Value::Object(disclosed))? == canonical_str(&Value::Object(private.clone()))?;
    need_that(same, "not-decided", || {
        let names: Vec<&str> = private.keys().map(String::as_str).collect();
        format!("decided is {open} with the private fields [{}]", names.join(", "))
    })
}

/// Public members with the number of photos, and private fields.
struct Parted {
    data: Map<String, Value>,
    private: Map<String, Value>,
}

fn parted(said: Value) -> Result<Parted, Refusal> {
    let Value::Object(mut data) = said else {
        return Err(Refusal::new("payload-members", "what is said is an object"));
    };
    let private = match data.remove("private") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(private)) => private,
        Some(_) => return Err(Refusal::new("private", "private fields are an object")),
    };
    if let Some(photos) = private.get("photos") {
        let count = photos.as_array().map_or(0, Vec::len);
        data.insert("photo_count".to_owned(), count.into());
    }
    Ok(Parted { data, private })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn private_values_leave_digests_behind_and_nothing_else() {
        let said = json!({"area": "ward-4", "private": {"name": "陈", "phone": null}, "type": "OwnerNamed"});
        let (data, disclosures) = split_private(said.clone()).unwrap();
        assert!(!data.contains("陈") && !data.contains("private"), "{data}");
        let parsed: Value = serde_json::from_str(&data).unwrap();
        let texts: Vec<&str> = disclosures.iter().map(|disclosure| disclosure.text.as_str()).collect();
        let shown = apply_all(&parsed, &texts).unwrap();
        assert_eq!((&shown["name"], &shown["phone"]), (&json!("陈"), &Value::Null));
        assert_ne!(split_private(said).unwrap().0, data, "the salts are fresh");
    }

    #[test]
    fn photos_are_counted_in_the_open() {
        let photo = json!({"bytes": 12, "sha256": "0".repeat(64), "type": "image/jpeg"});
        let counted = |photos: Value| {
            let said = json!({"private": {"photos": photos}, "type": "Found"});
            split_private(said)
                .map(|(data, _)| serde_json::from_str::<Value>(&data).unwrap()["photo_count"].clone())
        };
        assert_eq!(counted(json!([photo, photo])).unwrap(), json!(2));
        assert_eq!(counted(Value::Null).unwrap(), json!(0));
        assert!(counted(json!([])).is_err() && counted(json!("a photo")).is_err());
    }

    #[test]
    fn what_may_not_be_private_is_refused() {
        for name in ["type", "_sd", "received", "result", "", "area"] {
            let said = json!({"area": 1, "private": {name: 1}, "type": "T"});
            assert!(split_private(said).is_err(), "{name}");
        }
        assert!(split_private(json!([1])).is_err());
        assert!(split_private(json!({"private": 1, "type": "T"})).is_err());
        assert_eq!(split_private(json!({"type": "T"})).unwrap(), (r#"{"type":"T"}"#.to_owned(), Vec::new()));
    }

    #[test]
    fn what_was_signed_elsewhere_agrees_to_the_byte_and_hides_what_is_private() {
        let said = json!({"area": "ward-4", "private": {"name": "陈", "photos": null}, "type": "OwnerNamed"});
        let (data, disclosures) = split_private(said.clone()).unwrap();
        agrees(said.clone(), &data, &disclosures).unwrap();
        let refused = |said: &Value, data: &str, disclosures: &[Disclosure]| {
            let refusal = agrees(said.clone(), data, disclosures).unwrap_err();
            assert!(!refusal.detail.contains("陈"), "{refusal}");
            refusal.code
        };
        let (another, others) = split_private(said.clone()).unwrap();
        assert_eq!(refused(&said, &data, &others), "not-decided", "the salts of another");
        assert_eq!(refused(&said, &another, &disclosures), "not-decided");
        let open = json!({"area": "ward-4", "name": "陈", "private": {"photos": null}, "type": "OwnerNamed"});
        let (open, fewer) = split_private(open).unwrap();
        assert_eq!(refused(&said, &open, &fewer), "not-decided", "a private value in the open");
        let mut elsewhere = said.clone();
        elsewhere["area"] = json!("ward-5");
        assert_eq!(refused(&elsewhere, &data, &disclosures), "not-decided");
        elsewhere = said.clone();
        elsewhere["private"]["name"] = json!("李");
        assert_eq!(refused(&elsewhere, &data, &disclosures), "not-decided");
    }

    proptest! {
        #[test]
        fn every_private_field_comes_back(fields in proptest::collection::btree_map("[a-z]{1,8}", ".{0,20}", 0..8)) {
            let mut said = json!({"type": "T"});
            said["private"] = json!(fields);
            prop_assume!(!fields.contains_key("type") && !fields.contains_key("result") && !fields.contains_key("photos"));
            let (data, disclosures) = split_private(said).unwrap();
            prop_assert_eq!(disclosures.len(), fields.len());
            for disclosure in disclosures {
                prop_assert_eq!(disclosure.value.as_str(), fields.get(&disclosure.name).map(String::as_str));
                prop_assert!(data.contains(&disclosure.digest));
            }
        }
    }
}
