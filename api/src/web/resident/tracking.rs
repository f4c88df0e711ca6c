//! Tracking number: by it, and by nothing else, a resident follows a report.

use uuid::Uuid;
use wuping_ledger::encoding::{hex_encode, sha256};

/// A number with the premises it is of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::web) struct Tracking {
    premises: String,
    secret: String,
}

impl Tracking {
    /// The number of the report that this form makes. The form's id is known to its browser alone.
    pub(super) fn of_form(premises: &str, form: &Uuid) -> Self {
        let digest = sha256(format!("wuping-track/1\n{premises}\n{form}").as_bytes());
        let letter = |byte: &u8| ALPHABET[usize::from(byte % 32)] as char;
        Self { premises: premises.to_owned(), secret: digest.iter().take(LETTERS).map(letter).collect() }
    }

    /// Reads a number as a person types it: any case, with or without its dashes, `O` for `0`, `I` and `L` for `1`.
    pub(in crate::web) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut secret = Vec::with_capacity(LETTERS);
        let mut end = text.len();
        for (at, c) in text.char_indices().rev() {
            if secret.len() == LETTERS {
                break;
            }
            end = at;
            if c == '-' || c == ' ' {
                continue;
            }
            let c = match c.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                c => c,
            };
            if !c.is_ascii() || !ALPHABET.contains(&(c as u8)) {
                return None;
            }
            secret.push(c);
        }
        let premises = text.get(..end)?.trim_end_matches(['-', ' ']).to_ascii_lowercase();
        let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        let there = !premises.is_empty() && premises.bytes().all(named);
        (secret.len() == LETTERS && there)
            .then(|| Self { premises, secret: secret.into_iter().rev().collect() })
    }

    /// The number as it is told: `b-1-7KQ2-M9XW-3T4H`.
    pub(in crate::web) fn number(&self) -> String {
        let (a, rest) = self.secret.split_at(LETTERS / 3);
        let (b, c) = rest.split_at(LETTERS / 3);
        format!("{}-{a}-{b}-{c}", self.premises)
    }

    /// The premises.
    pub(super) fn premises(&self) -> &str {
        &self.premises
    }

    /// The last segment of the report's stream: a digest, from which the number cannot be had.
    pub(in crate::web) fn key(&self) -> String {
        let digest = sha256(format!("wuping-report/1\n{}\n{}", self.premises, self.secret).as_bytes());
        let short: String = hex_encode(&digest).chars().take(KEY_DIGITS).collect();
        format!("r{short}")
    }

    /// The report's stream.
    pub(super) fn stream(&self) -> String {
        format!("premises/{}/report/{}", self.premises, self.key())
    }
}

/// Digits and letters that are not taken for one another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Sixty bits: nobody guesses a number.
const LETTERS: usize = 12;
const KEY_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_type_it_and_leads_to_one_report() {
        let form = Uuid::parse_str("0190a3c2-7b1e-7c55-9f00-6a1d2e3f4a5b").unwrap();
        let tracking = Tracking::of_form("b-1", &form);
        assert_eq!(Tracking::of_form("b-1", &form), tracking, "a second tap is told the same");
        let number = tracking.number();
        for typed in [
            number.clone(),
            number.to_lowercase(),
            number.replace('-', " ").replace("b 1", "b-1"),
            format!(" {number} "),
        ] {
            assert_eq!(Tracking::parse(&typed), Some(tracking.clone()), "{typed}");
        }
        let without = format!("b-1-{}", &number["b-1-".len()..].replace('-', ""));
        assert_eq!(Tracking::parse(&without).map(|t| t.stream()), Some(tracking.stream()));
        assert!(!tracking.stream().contains(&tracking.secret.to_lowercase()));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", "b-1", "7KQ2-M9XW-3T4H", "b-1-7KQ2-M9XW-3T4U!", "楼-7KQ2-M9XW-3T4H", "b/1-7KQ2-M9XW-3T4H"]
        {
            assert_eq!(Tracking::parse(text), None, "{text}");
        }
    }
}
