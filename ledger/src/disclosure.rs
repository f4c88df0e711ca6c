//! Private fields: digests in the log, values in disclosures that are kept elsewhere (docs/format.md §8, RFC 9901).

use serde_json::{Map, Value, json};

use crate::encoding::{b64u_array, b64u_decode, b64u_encode, sha256};
use crate::jcs;
use crate::members::{array, count, exactly_ref, object, sha256_hex, text};
use crate::refusal::{Refusal, need, need_that};

/// One private field: its name, its value and the salt that makes its digest say nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Disclosure {
    /// base64url of the canonical `[salt, name, value]`; what is handed over to disclose the field.
    pub text: String,
    /// base64url of the SHA-256 of the text; what stands in `_sd`.
    pub digest: String,
    /// The field's name.
    pub name: String,
    /// The field's value, `null` when it is empty.
    pub value: Value,
}

impl Disclosure {
    /// Reads a disclosure.
    ///
    /// # Errors
    /// `disclosure`, `disclosure-name` or `disclosure-salt` for another shape, a name that may not be private, or a
    /// salt of another length.
    pub fn parse(text: &str) -> Result<Disclosure, Refusal> {
        let [salt, name, value] = match jcs::parse(&b64u_decode(text, "disclosure")?)? {
            Value::Array(elements) => <[Value; 3]>::try_from(elements).ok(),
            _ => None,
        }
        .ok_or_else(|| Refusal::new("disclosure", "not an array of salt, name and value"))?;
        let name = crate::members::string(name, "disclosure-name")?;
        check_name(&name)?;
        b64u_array::<SALT>(crate::members::text(&salt, "disclosure-salt")?, "disclosure-salt")?;
        Ok(Disclosure { text: text.to_owned(), digest: digest_of(text), name, value })
    }
}

/// Makes a private field of a name and a value.
///
/// # Errors
/// `disclosure-name` for a name that may not be private, or a value without a canonical form.
pub fn disclose(name: &str, value: &Value, salt: &[u8; 16]) -> Result<Disclosure, Refusal> {
    check_name(name)?;
    let text = b64u_encode(&jcs::canonical(&json!([b64u_encode(salt), name, value]))?);
    Ok(Disclosure { digest: digest_of(&text), text, name: name.to_owned(), value: value.clone() })
}

/// A fresh salt from the operating system's randomness.
///
/// # Errors
/// `entropy`, when there is none.
pub fn random_salt() -> Result<[u8; 16], Refusal> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|e| Refusal::new("entropy", e.to_string()))?;
    Ok(salt)
}

/// The digests of a content's private fields, from its canonical text.
pub fn digests_in(data: &str) -> Vec<String> {
    // most contents have none, and are not parsed for it
    if !data.contains("\"_sd\"") {
        return Vec::new();
    }
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    let digests = data.get("_sd").and_then(Value::as_array).into_iter().flatten();
    digests.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The digest of a disclosure's text, as it stands in `_sd`.
pub fn digest_of(text: &str) -> String {
    b64u_encode(&sha256(text.as_bytes()))
}

/// The content with these fields put in and `_sd` taken out.
///
/// # Errors
/// `disclosure-unknown` for one that is not the content's, `disclosure-duplicate`, `disclosure-name` for a name the
/// content has already, `photos`, or as [`Disclosure::parse`].
pub fn apply<T: AsRef<str>>(data: &Value, texts: &[T]) -> Result<Value, Refusal> {
    let public = object(data, "payload-members")?;
    let digests: Vec<&str> = digests(public).collect();
    let mut shown: Map<String, Value> = public.clone();
    shown.remove("_sd");
    let mut seen = std::collections::HashSet::new();
    for disclosure in texts {
        let Disclosure { digest, name, value, .. } = Disclosure::parse(disclosure.as_ref())?;
        need(digests.contains(&digest.as_str()), "disclosure-unknown", &name)?;
        need(seen.insert(digest), "disclosure-duplicate", &name)?;
        need_that(!shown.contains_key(&name), "disclosure-name", || format!("{name} is already there"))?;
        if name == "photos" {
            check_photos(public, &value)?;
        }
        shown.insert(name, value);
    }
    Ok(Value::Object(shown))
}

/// As [`apply`], for a command: every digest needs its disclosure.
///
/// # Errors
/// `disclosure-missing`, or as [`apply`].
pub fn apply_all<T: AsRef<str>>(data: &Value, texts: &[T]) -> Result<Value, Refusal> {
    let digests = digests(object(data, "payload-members")?).count();
    let shown = apply(data, texts)?;
    need_that(digests == texts.len(), "disclosure-missing", || format!("{} of {digests}", texts.len()))?;
    Ok(shown)
}

/// Checks the place and order of the digests in a content, and that photos stay private.
///
/// # Errors
/// `sd-name`, `sd-nested`, `sd-list`, `sd-digest`, `sd-order`, `photos-public` or `photo_count`.
pub fn check_sd(data: &Value) -> Result<(), Refusal> {
    check_sd_of(object(data, "payload-members")?)
}

/// As [`check_sd`], for the members of a content.
///
/// # Errors
/// As [`check_sd`].
pub fn check_sd_of(data: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, member) in data {
        need(!NEVER.contains(&name.as_str()), "sd-name", name)?;
        check_below(member)?;
    }
    need(!data.contains_key("photos"), "photos-public", "photos are always private")?;
    data.get("photo_count").map_or(Ok(0), |n| count(n, "photo_count"))?;
    let Some(digests) = data.get("_sd") else { return Ok(()) };
    let digests = array(digests, "sd-list")?;
    need(!digests.is_empty(), "sd-list", "an empty list is left out")?;
    let mut last = "";
    for digest in digests {
        let digest = text(digest, "sd-digest")?;
        b64u_array::<32>(digest, "sd-digest")?;
        need(last < digest, "sd-order", "sorted and distinct")?;
        last = digest;
    }
    Ok(())
}

/// Whether a name may be that of a private field.
///
/// # Errors
/// `disclosure-name` for the empty and the reserved ones.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    need_that(!RESERVED.contains(&name), "disclosure-name", || format!("{name:?} is never private"))
}

const SALT: usize = 16;

/// Names that are never those of private fields.
const RESERVED: [&str; 9] =
    ["", "...", "_sd", "_sd_alg", "derivation", "photo_count", "received", "result", "type"];

/// Names of RFC 9901 that never appear.
const NEVER: [&str; 2] = ["_sd_alg", "..."];

fn digests(data: &Map<String, Value>) -> impl Iterator<Item = &str> {
    data.get("_sd").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn check_below(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Array(elements) => elements.iter().try_for_each(check_below),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            need(!NEVER.contains(&name.as_str()), "sd-name", name)?;
            need(name != "_sd", "sd-nested", "digests stand at the top only")?;
            check_below(member)
        }),
        _ => Ok(()),
    }
}

/// The private list of attachments: `null` or a non-empty list, as long as the public count says.
fn check_photos(public: &Map<String, Value>, photos: &Value) -> Result<(), Refusal> {
    let listed = match photos {
        Value::Null => &[],
        _ => array(photos, "photos")?,
    };
    need(photos.is_null() || !listed.is_empty(), "photos", "no photos are null, not an empty list")?;
    let counted = public.get("photo_count").and_then(Value::as_u64);
    need(counted == Some(listed.len() as u64), "photos", "photo_count differs")?;
    listed.iter().try_for_each(|photo| {
        let [bytes, digest, media_type] = exactly_ref(photo, ["bytes", "sha256", "type"], "photos")?;
        need(count(bytes, "photos")? > 0, "photos", "an empty photo")?;
        sha256_hex(digest, "photos")?;
        need(is_media_type(text(media_type, "photos")?), "photos", "no media type")
    })
}

/// `[a-z0-9.+-]{1,63}/[a-z0-9.+-]{1,63}`.
fn is_media_type(text: &str) -> bool {
    let half = |s: &str| {
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'+' | b'-');
        (1..=63).contains(&s.len()) && s.bytes().all(allowed)
    };
    text.split_once('/').is_some_and(|(kind, subtype)| half(kind) && half(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn phone() -> Disclosure {
        disclose("phone", &json!("138 0000 0000"), &[7; 16]).unwrap()
    }

    fn content(digests: Value) -> Value {
        json!({"_sd": digests, "rooms": 2, "type": "PremisesRegistered"})
    }

    #[test]
    fn a_disclosed_field_stands_in_its_content() {
        let data = content(json!([phone().digest]));
        assert_eq!(Disclosure::parse(&phone().text).unwrap(), phone());
        let shown = apply_all(&data, &[phone().text]).unwrap();
        assert_eq!(shown, json!({"phone": "138 0000 0000", "rooms": 2, "type": "PremisesRegistered"}));
        assert_eq!(apply_all::<&str>(&data, &[]).unwrap_err().code, "disclosure-missing");
        assert!(apply::<&str>(&data, &[]).unwrap().get("_sd").is_none());
    }

    #[test]
    fn what_is_not_the_contents_own_is_refused() {
        let none = json!({"type": "X"});
        assert_eq!(apply(&none, &[phone().text]).unwrap_err().code, "disclosure-unknown");
        let data = content(json!([phone().digest]));
        assert_eq!(apply(&data, &[phone().text, phone().text]).unwrap_err().code, "disclosure-duplicate");
        let rooms = disclose("rooms", &json!(3), &[7; 16]).unwrap();
        assert_eq!(
            apply(&content(json!([rooms.digest])), &[rooms.text]).unwrap_err().code,
            "disclosure-name"
        );
        for name in RESERVED {
            assert_eq!(
                disclose(name, &Value::Null, &[7; 16]).unwrap_err().code,
                "disclosure-name",
                "{name:?}"
            );
        }
    }

    #[test]
    fn digests_stand_sorted_at_the_top_only() {
        let (a, b) = (b64u_encode(&[1; 32]), b64u_encode(&[2; 32]));
        assert!(check_sd(&content(json!([a, b]))).is_ok());
        for (data, code) in [
            (content(json!([b, a])), "sd-order"),
            (content(json!([a, a])), "sd-order"),
            (content(json!([])), "sd-list"),
            (content(json!("x")), "sd-list"),
            (content(json!([b64u_encode(&[1; 31])])), "sd-digest"),
            (json!({"a": [{"_sd": []}]}), "sd-nested"),
            (json!({"a": {"_sd_alg": "sha-256"}}), "sd-name"),
            (json!({"...": 1}), "sd-name"),
            (json!({"photos": null}), "photos-public"),
            (json!({"photo_count": -1}), "photo_count"),
        ] {
            assert_eq!(check_sd(&data).unwrap_err().code, code, "{data}");
        }
    }

    #[test]
    fn photos_agree_with_their_public_count() {
        let photo = json!({"bytes": 12, "sha256": "0".repeat(64), "type": "image/jpeg"});
        let show = |photos: Value, counted: Value| {
            let field = disclose("photos", &photos, &[7; 16]).unwrap();
            let data = json!({"_sd": [field.digest], "photo_count": counted, "type": "X"});
            apply(&data, &[field.text]).map(|_| ())
        };
        assert!(show(json!([photo]), json!(1)).is_ok() && show(Value::Null, json!(0)).is_ok());
        for (photos, counted) in [
            (json!([photo]), json!(2)),
            (json!([photo]), Value::Null),
            (json!([]), json!(0)),
            (json!("x"), json!(1)),
            (json!([{"bytes": 0, "sha256": "0".repeat(64), "type": "image/jpeg"}]), json!(1)),
            (json!([{"bytes": 1, "sha256": "0".repeat(64), "type": "jpeg"}]), json!(1)),
        ] {
            assert_eq!(show(photos.clone(), counted).unwrap_err().code, "photos", "{photos}");
        }
    }

    proptest! {
        #[test]
        fn the_digest_depends_on_every_part(name in "[a-z_]{1,12}", other in "[a-z_]{1,12}", salt: [u8; 16]) {
            prop_assume!(name != other && check_name(&name).is_ok() && check_name(&other).is_ok());
            let one = disclose(&name, &json!("x"), &salt).unwrap();
            prop_assert_ne!(&one.digest, &disclose(&other, &json!("x"), &salt).unwrap().digest);
            prop_assert_ne!(&one.digest, &disclose(&name, &json!("y"), &salt).unwrap().digest);
            prop_assert_ne!(&one.digest, &disclose(&name, &json!("x"), &[salt[0] ^ 1; 16]).unwrap().digest);
            prop_assert_eq!(Disclosure::parse(&one.text).unwrap(), one);
        }
    }
}
