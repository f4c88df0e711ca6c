//! Closed member sets: an object of the format has exactly the members it names, of the types it names.

use serde_json::{Map, Value};

use crate::encoding::is_sha256_hex;
use crate::refusal::{Refusal, need};

/// The members of an object that has exactly these names, in the order asked for.
///
/// # Errors
/// The code, for anything that is not such an object.
pub fn exactly<const N: usize>(
    value: Value,
    names: [&str; N],
    code: &'static str,
) -> Result<[Value; N], Refusal> {
    let Value::Object(mut members) = value else {
        return Err(Refusal::new(code, "not an object"));
    };
    need_exactly(&members, &names, code)?;
    Ok(names.map(|name| members.remove(name).unwrap_or_default()))
}

/// As [`exactly`], leaving the object where it is.
///
/// # Errors
/// The code, for anything that is not such an object.
pub fn exactly_ref<'a, const N: usize>(
    value: &'a Value,
    names: [&str; N],
    code: &'static str,
) -> Result<[&'a Value; N], Refusal> {
    let members = object(value, code)?;
    need_exactly(members, &names, code)?;
    Ok(names.map(|name| members.get(name).unwrap_or(&Value::Null)))
}

/// The object that a value is.
///
/// # Errors
/// The code, for any other type.
pub fn object<'a>(value: &'a Value, code: &'static str) -> Result<&'a Map<String, Value>, Refusal> {
    value.as_object().ok_or_else(|| Refusal::new(code, "not an object"))
}

/// The string that a value is.
///
/// # Errors
/// The code, for any other type.
pub fn string(value: Value, code: &'static str) -> Result<String, Refusal> {
    match value {
        Value::String(string) => Ok(string),
        _ => Err(Refusal::new(code, "not a string")),
    }
}

/// The string that a value is.
///
/// # Errors
/// The code, for any other type.
pub fn text<'a>(value: &'a Value, code: &'static str) -> Result<&'a str, Refusal> {
    value.as_str().ok_or_else(|| Refusal::new(code, "not a string"))
}

/// The array that a value is.
///
/// # Errors
/// The code, for any other type.
pub fn array<'a>(value: &'a Value, code: &'static str) -> Result<&'a [Value], Refusal> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| Refusal::new(code, "not an array"))
}

/// The whole number, zero or more, that a value is.
///
/// # Errors
/// The code, for any other type, a float or a negative number.
pub fn count(value: &Value, code: &'static str) -> Result<u64, Refusal> {
    value.as_u64().ok_or_else(|| Refusal::new(code, "not a whole number from 0"))
}

/// The lower-case hexadecimal of 32 bytes that a value is.
///
/// # Errors
/// The code, for anything else.
pub fn sha256_hex<'a>(value: &'a Value, code: &'static str) -> Result<&'a str, Refusal> {
    let hex = text(value, code)?;
    need(is_sha256_hex(hex), code, "not the lower-case hex of 32 bytes")?;
    Ok(hex)
}

fn need_exactly(members: &Map<String, Value>, names: &[&str], code: &'static str) -> Result<(), Refusal> {
    let closed = members.len() == names.len() && names.iter().all(|name| members.contains_key(*name));
    let found = || members.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    if closed {
        Ok(())
    } else {
        Err(Refusal::new(code, format!("members {} instead of {}", found(), names.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_too_many_or_too_few_is_refused() {
        let names = ["a", "b"];
        assert_eq!(exactly(json!({"b": 2, "a": 1}), names, "x"), Ok([json!(1), json!(2)]));
        for bad in [json!({"a": 1}), json!({"a": 1, "b": 2, "c": 3}), json!({"a": 1, "c": 2}), json!([1, 2])]
        {
            assert_eq!(exactly_ref(&bad, names, "x").unwrap_err().code, "x", "{bad}");
            assert_eq!(exactly(bad, names, "x").unwrap_err().code, "x");
        }
    }

    #[test]
    fn types_are_not_converted() {
        assert!(count(&json!("1"), "x").is_err() && count(&json!(true), "x").is_err());
        assert!(count(&json!(-1), "x").is_err() && count(&json!(1.0), "x").is_err());
        assert_eq!(count(&json!(7), "x"), Ok(7));
        assert!(sha256_hex(&json!("AA"), "x").is_err());
    }
}
