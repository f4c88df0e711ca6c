//! JSON from outside, read without guessing: a name that stands twice, a fraction, a number beyond 2^53−1 is refused and not
//! rounded. The bytes need not be canonical; only what is signed must be.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use wuping_ledger::encoding::MAX_INT;

/// Reads a document of a known shape.
///
/// # Errors
/// What is wrong, and in which line.
pub(crate) fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice::<Strict>(bytes).and_then(|_| serde_json::from_slice(bytes))
}

/// Reads a value; else the code of the rule that is broken, as the format names it, and what was found.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, (&'static str, String)> {
    serde_json::from_slice::<Strict>(bytes).map(|strict| strict.0).map_err(|error| {
        let told = error.to_string();
        let code =
            CODES.iter().find(|(_, says)| told.starts_with(says)).map_or("json-syntax", |(code, _)| code);
        (code, told)
    })
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading).map(Self)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        match value.unsigned_abs() <= MAX_INT {
            true => Ok(Value::Number(Number::from(value))),
            false => Err(E::custom(TOO_LARGE)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match value <= MAX_INT {
            true => Ok(Value::Number(Number::from(value))),
            false => Err(E::custom(TOO_LARGE)),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        Err(E::custom(FRACTION))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(element)) = elements.next_element()? {
            all.push(element);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Strict(member) = members.next_value()?;
            if all.insert(name.clone(), member).is_some() {
                return Err(A::Error::custom(format_args!("{TWICE}: {name:?}")));
            }
        }
        Ok(Value::Object(all))
    }
}

const FRACTION: &str = "a fraction or exponent: whole numbers only";
const TOO_LARGE: &str = "a number beyond 2^53-1";
const TWICE: &str = "a name that stands twice";
const CODES: [(&str, &str); 3] =
    [("json-duplicate-name", TWICE), ("json-float", FRACTION), ("json-int-range", TOO_LARGE)];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_would_be_guessed_elsewhere_is_refused_here() {
        for (bytes, code) in [
            (r#"{"a":1,"a":1}"#, "json-duplicate-name"),
            (r#"{"a":{"b":[{"c":1,"c":2}]}}"#, "json-duplicate-name"),
            (r#"{"a":1.0}"#, "json-float"),
            (r#"{"a":1e3}"#, "json-float"),
            (r#"{"a":-0}"#, "json-float"),
            (r#"{"a":9007199254740992}"#, "json-int-range"),
            (r#"{"a":-9007199254740992}"#, "json-int-range"),
            (r#"{"a":123456789012345678901234567890}"#, "json-float"),
            (r#"{"a":1"#, "json-syntax"),
            (r#"{"a":1} x"#, "json-syntax"),
            ("{\"a\":\"\u{1}\"}", "json-syntax"),
            ("", "json-syntax"),
        ] {
            assert_eq!(parse(bytes.as_bytes()).unwrap_err().0, code, "{bytes}");
        }
        assert_eq!(parse(b"\xff").unwrap_err().0, "json-syntax");
        let deep = "[".repeat(1_000);
        assert_eq!(parse(deep.as_bytes()).unwrap_err().0, "json-syntax");
    }

    #[test]
    fn whatever_else_is_read_as_it_is() {
        let value = json!({ "a": [null, true, -3, 9_007_199_254_740_991_u64, "楼道\n"], "b": {} });
        assert_eq!(parse(value.to_string().as_bytes()).unwrap(), value);
        assert_eq!(parse(b" { \"a\" : 1 } ").unwrap(), json!({ "a": 1 }));
    }
}
