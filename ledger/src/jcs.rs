//! RFC 8785 JSON, the only JSON that is signed or hashed (docs/format.md §1).
//!
//! The reader accepts nothing but the canonical spelling, so `canonical(parse(b)) == b` for whatever it accepts.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use crate::encoding::MAX_INT;
use crate::refusal::{Refusal, need};

/// The canonical bytes of a value.
///
/// # Errors
/// `json-float`, `json-int-range` or `json-depth` for a value the format has no spelling for.
pub fn canonical(value: &Value) -> Result<Vec<u8>, Refusal> {
    canonical_str(value).map(String::into_bytes)
}

/// The canonical text of a value.
///
/// # Errors
/// As [`canonical`].
pub fn canonical_str(value: &Value) -> Result<String, Refusal> {
    let mut text = String::new();
    write_value(value, 0, &mut text)?;
    Ok(text)
}

/// Reads bytes that are their own canonical form.
///
/// # Errors
/// `utf8`, `json-bom`, `json-syntax`, `json-duplicate-name`, `json-float`, `json-int-range`, `json-surrogate`,
/// `json-depth`, or `jcs-not-canonical` for sound JSON in another spelling.
pub fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    parse_enclosed(bytes, 0)
}

/// As [`parse`], of a value that will stand enclosed by so many arrays or objects.
///
/// # Errors
/// As [`parse`].
pub fn parse_enclosed(bytes: &[u8], depth: usize) -> Result<Value, Refusal> {
    need(!bytes.starts_with("\u{feff}".as_bytes()), "json-bom", "")?;
    let text = std::str::from_utf8(bytes).map_err(|e| Refusal::new("utf8", e.to_string()))?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(depth)?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.unexpected()),
    }
}

/// Appends the canonical spelling of a string with its quotes.
pub fn write_string(string: &str, text: &mut String) {
    text.push('"');
    let mut plain_from = 0;
    for (at, byte) in string.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        // only ASCII bytes get here, so these are character boundaries
        text.push_str(&string[plain_from..at]);
        plain_from = at + 1;
        match ESCAPES.iter().find(|(_, escaped)| *escaped == byte) {
            Some((letter, _)) => text.extend(['\\', char::from(*letter)]),
            None => text.extend(format!("\\u{byte:04x}").chars()),
        }
    }
    text.push_str(&string[plain_from..]);
    text.push('"');
}

/// The order of member names: by UTF-16 code units, which differs from that of UTF-8 above U+D7FF.
fn by_utf16(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

fn write_value(value: &Value, depth: usize, text: &mut String) -> Result<(), Refusal> {
    need(depth <= MAX_DEPTH, "json-depth", "")?;
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(number, text)?,
        Value::String(string) => write_string(string, text),
        Value::Array(elements) => {
            let mut before = '[';
            for element in elements {
                text.push(before);
                write_value(element, depth + 1, text)?;
                before = ',';
            }
            text.push_str(if elements.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|a, b| by_utf16(a.0, b.0));
            let mut before = '{';
            for (name, member) in sorted {
                text.push(before);
                write_string(name, text);
                text.push(':');
                write_value(member, depth + 1, text)?;
                before = ',';
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
    Ok(())
}

fn write_number(number: &Number, text: &mut String) -> Result<(), Refusal> {
    need(number.is_i64() || number.is_u64(), "json-float", "only integers")?;
    let in_range = number.as_i64().is_some_and(|n| n.unsigned_abs() <= MAX_INT);
    need(in_range, "json-int-range", "beyond 2^53-1")?;
    write!(text, "{number}").map_err(|e| Refusal::new("jcs", e.to_string()))
}

/// Reads canonical text front to back.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, Refusal> {
        need(depth <= MAX_DEPTH, "json-depth", "")?;
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Refusal> {
        let mut members: Vec<(String, Value)> = Vec::new();
        self.at += 1;
        if self.take(b'}') {
            return Ok(Value::Object(Map::new()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let name = self.string()?;
            if members.last().is_some_and(|(last, _)| by_utf16(last, &name) != Ordering::Less) {
                let twice = members.iter().any(|(known, _)| *known == name);
                need(!twice, "json-duplicate-name", &name)?;
                return Err(Refusal::new("jcs-not-canonical", "members out of order"));
            }
            self.expect(b':')?;
            members.push((name, self.value(depth + 1)?));
            if self.take(b'}') {
                return Ok(Value::Object(members.into_iter().collect()));
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Refusal> {
        let mut elements = Vec::new();
        self.at += 1;
        if self.take(b']') {
            return Ok(Value::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Value::Array(elements));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Result<String, Refusal> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let stop = rest.bytes().position(|b| b == b'"' || b == b'\\' || b < 0x20);
            let Some(stop) = stop else {
                return Err(Refusal::new("json-syntax", "a string without an end"));
            };
            string.push_str(&rest[..stop]);
            self.at += stop + 1;
            match rest.as_bytes()[stop] {
                b'"' => return Ok(string),
                b'\\' => string.push(self.escape()?),
                _ => return Err(Refusal::new("json-syntax", "a control character in a string")),
            }
        }
    }

    /// What stands behind a backslash; only the spellings that canonical text has.
    fn escape(&mut self) -> Result<char, Refusal> {
        let letter = self.peek().ok_or_else(|| self.unexpected())?;
        self.at += 1;
        if let Some((_, byte)) = ESCAPES.iter().find(|(known, _)| *known == letter) {
            return Ok(char::from(*byte));
        }
        need(letter == b'u', "jcs-not-canonical", "an escape that is not needed")?;
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 4);
        let code = code.ok_or_else(|| Refusal::new("json-syntax", "an escape without four digits"))?;
        need(!(0xd800..0xe000).contains(&code), "json-surrogate", digits)?;
        let short = ESCAPES.iter().any(|(_, byte)| u32::from(*byte) == code);
        let canonical = code < 0x20 && !short && digits == format!("{code:04x}");
        self.at += 4;
        char::from_u32(code)
            .filter(|_| canonical)
            .ok_or_else(|| Refusal::new("jcs-not-canonical", "an escape that is not needed"))
    }

    fn number(&mut self) -> Result<Value, Refusal> {
        let rest = &self.text[self.at..];
        let negative = rest.starts_with('-');
        let digits = &rest[usize::from(negative)..];
        let length = digits.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, behind) = digits.split_at(length);
        need(!behind.starts_with(['.', 'e', 'E']), "json-float", "only integers in plain digits")?;
        need(!digits.is_empty() && (digits == "0" || !digits.starts_with('0')), "json-syntax", "a number")?;
        need(!(negative && digits == "0"), "jcs-not-canonical", "minus zero")?;
        let magnitude = digits.parse::<i64>().ok().filter(|n| n.unsigned_abs() <= MAX_INT);
        let magnitude = magnitude.ok_or_else(|| Refusal::new("json-int-range", digits))?;
        self.at += usize::from(negative) + length;
        Ok(Value::from(if negative { -magnitude } else { magnitude }))
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Refusal> {
        need(self.text[self.at..].starts_with(word), "json-syntax", word)?;
        self.at += word.len();
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Refusal {
        match self.peek() {
            Some(b' ' | b'\t' | b'\n' | b'\r') => Refusal::new("jcs-not-canonical", "white space"),
            Some(_) => Refusal::new("json-syntax", format!("at byte {}", self.at)),
            None => Refusal::new("json-syntax", "ends too early"),
        }
    }
}

/// The number of arrays and objects that may enclose a value.
const MAX_DEPTH: usize = 32;

/// Letters behind a backslash and the bytes they stand for.
const ESCAPES: [(u8, u8); 7] =
    [(b'"', b'"'), (b'\\', b'\\'), (b'b', 8), (b't', 9), (b'n', 10), (b'f', 12), (b'r', 13)];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn code(text: &str) -> &'static str {
        parse(text.as_bytes()).unwrap_err().code
    }

    #[test]
    fn every_departure_from_the_one_spelling_has_its_reason() {
        for (text, why) in [
            ("\u{feff}{}", "json-bom"),
            (" {}", "jcs-not-canonical"),
            ("{} ", "jcs-not-canonical"),
            (r#"{"a":1,"a":2}"#, "json-duplicate-name"),
            (r#"{"a":1,"b":2,"a":2}"#, "json-duplicate-name"),
            (r#"{"b":1,"a":2}"#, "jcs-not-canonical"),
            ("{\"\u{ff21}\":1,\"\u{1f600}\":2}", "jcs-not-canonical"),
            ("1.0", "json-float"),
            ("1e0", "json-float"),
            ("-0", "jcs-not-canonical"),
            ("01", "json-syntax"),
            ("-", "json-syntax"),
            ("9007199254740992", "json-int-range"),
            ("-9007199254740992", "json-int-range"),
            ("99999999999999999999999", "json-int-range"),
            (r#""\ud800""#, "json-surrogate"),
            (r#""\/""#, "jcs-not-canonical"),
            (r#""\u0041""#, "jcs-not-canonical"),
            (r#""\u000a""#, "jcs-not-canonical"),
            (r#""\u001F""#, "jcs-not-canonical"),
            (r#""\u+01f""#, "jcs-not-canonical"),
            (r#""\u00é""#, "json-syntax"),
            ("\"\n\"", "json-syntax"),
            (r#""a"#, "json-syntax"),
            ("", "json-syntax"),
            ("nul", "json-syntax"),
            ("[1,]", "json-syntax"),
            ("{\"a\"}", "json-syntax"),
            ("NaN", "json-syntax"),
            ("1 2", "jcs-not-canonical"),
        ] {
            assert_eq!(code(text), why, "{text:?}");
        }
        assert_eq!(parse(b"\"\xff\"").unwrap_err().code, "utf8");
    }

    #[test]
    fn thirty_two_enclosures_and_no_more() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(nested(33).as_bytes()).is_ok(), "the innermost has nothing inside and 32 around it");
        assert_eq!(code(&nested(34)), "json-depth");
        let deep = (0..33).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(canonical(&deep).unwrap_err().code, "json-depth");
        assert_eq!(code(&"[".repeat(100_000)), "json-depth");
    }

    #[test]
    fn names_sort_by_utf16_code_units() {
        let text = canonical_str(&json!({"\u{ff21}": 1, "\u{1f600}": 2, "b": 3})).unwrap();
        assert_eq!(text, "{\"b\":3,\"\u{1f600}\":2,\"\u{ff21}\":1}");
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn floats_and_large_integers_are_not_written() {
        assert_eq!(canonical(&json!(1.5)).unwrap_err().code, "json-float");
        assert_eq!(canonical(&json!(1.0)).unwrap_err().code, "json-float");
        assert_eq!(canonical(&json!(u64::MAX)).unwrap_err().code, "json-int-range");
        assert_eq!(canonical(&json!(i64::MIN)).unwrap_err().code, "json-int-range");
    }

    #[test]
    fn members_are_kept_sorted_by_the_json_library() {
        // A dependency that turns on `preserve_order` would change how every map in the programme iterates.
        let value: Value = serde_json::from_str(r#"{"b":1,"a":2}"#).unwrap();
        assert_eq!(value.to_string(), r#"{"a":2,"b":1}"#);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let limit = i64::try_from(MAX_INT).unwrap();
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-limit..=limit).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x1f\"\\\\/a]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::hash_map(any::<String>(), inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(value in any_value()) {
            let bytes = canonical(&value).unwrap();
            prop_assert_eq!(&parse(&bytes).unwrap(), &value);
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }

        #[test]
        fn what_is_read_is_already_canonical(value in any_value(), at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = canonical(&value).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = parse(&bytes) {
                prop_assert_eq!(canonical(&read).unwrap(), bytes);
            }
        }
    }
}
