//! The text encodings of the format (docs/format.md §1), each with one spelling per value, and SHA-256.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{Context, SHA256};

use crate::refusal::{Refusal, need};

/// 32 bytes of SHA-256: of a leaf, a node, a root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// How many bytes it has.
    pub const BYTES: usize = 32;

    /// These 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Hash {
        Hash(bytes)
    }

    /// SHA-256 of some bytes, without any prefix.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(sha256(bytes))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Lower-case hexadecimal.
    pub fn hex(&self) -> String {
        hex_encode(&self.0)
    }

    /// Padded base64, as notes and proofs have it.
    pub fn b64(&self) -> String {
        b64_encode(&self.0)
    }

    /// Unpadded base64url, as entries and heads have it.
    pub fn b64u(&self) -> String {
        b64u_encode(&self.0)
    }

    /// From exactly 32 bytes.
    ///
    /// # Errors
    /// `hash-length` for any other number of bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Hash, Refusal> {
        Ok(Hash(sized(bytes, "hash-length")?))
    }

    /// From 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// `hex` or `hash-length`.
    pub fn from_hex(text: &str) -> Result<Hash, Refusal> {
        Hash::from_slice(&hex_decode(text)?)
    }

    /// From padded base64; the code names what was being read.
    ///
    /// # Errors
    /// That code, for another spelling or length.
    pub fn from_b64(text: &str, code: &'static str) -> Result<Hash, Refusal> {
        Ok(Hash(sized(&b64_decode(text, code)?, code)?))
    }

    /// From unpadded base64url; the code names what was being read.
    ///
    /// # Errors
    /// That code, for another spelling or length.
    pub fn from_b64u(text: &str, code: &'static str) -> Result<Hash, Refusal> {
        Ok(Hash(b64u_array(text, code)?))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({})", self.hex())
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256_of(&[bytes])
}

/// SHA-256 of some bytes one behind the other. Every leaf goes through here, and whoever verifies does little else beside the
/// signatures: where a processor has no instructions for it, this library takes half the time of `sha2`, which says the same.
pub fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    for part in parts {
        digest.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.finish().as_ref());
    hash
}

/// Unpadded base64url.
pub fn b64u_encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the unpadded base64url of some bytes to a text. Every leaf goes through here when it is written and whenever it is
/// verified, so many bytes are written at a time; reading stays with the decoder whose strictness is tested below.
pub fn b64u_append(bytes: &[u8], text: &mut String) {
    base64_simd::URL_SAFE_NO_PAD.encode_append(bytes, text);
}

/// As [`b64u_append`], to bytes.
pub fn b64u_append_to(bytes: &[u8], text: &mut Vec<u8>) {
    base64_simd::URL_SAFE_NO_PAD.encode_append(bytes, text);
}

/// As [`b64u_decode`], into memory that is used again; none for any other spelling.
pub(crate) fn b64u_decode_into<'b>(text: &[u8], bytes: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    bytes.clear();
    base64_simd::URL_SAFE_NO_PAD.decode_append(text, bytes).ok()?;
    Some(bytes)
}

/// Reads unpadded base64url, unused bits zero; the code names what was being read.
///
/// # Errors
/// That code, for any other spelling.
pub fn b64u_decode(text: &str, code: &'static str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|e| Refusal::new(code, e.to_string()))
}

/// Reads exactly `N` bytes of unpadded base64url; the code names what was being read.
///
/// # Errors
/// That code, for any other spelling or length.
pub fn b64u_array<const N: usize>(text: &str, code: &'static str) -> Result<[u8; N], Refusal> {
    sized(&b64u_decode(text, code)?, code)
}

/// Padded base64.
pub fn b64_encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads padded base64, unused bits zero; the code names what was being read.
///
/// # Errors
/// That code, for any other spelling.
pub fn b64_decode(text: &str, code: &'static str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text).map_err(|e| Refusal::new(code, e.to_string()))
}

/// Lower-case hexadecimal.
pub fn hex_encode(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(HEX_DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads lower-case hexadecimal of any even length.
///
/// # Errors
/// `hex` for upper case, other characters or an odd length.
pub fn hex_decode(text: &str) -> Result<Vec<u8>, Refusal> {
    let digits = text.as_bytes();
    need(digits.len().is_multiple_of(2), "hex", "an odd number of digits")?;
    digits.chunks_exact(2).map(|pair| Ok(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

/// Whether a text is the lower-case hexadecimal of 32 bytes.
pub fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// These bytes as an array, when there are exactly `N`.
///
/// # Errors
/// The code, for any other number of bytes.
pub fn sized<const N: usize>(bytes: &[u8], code: &'static str) -> Result<[u8; N], Refusal> {
    bytes.try_into().map_err(|_| Refusal::new(code, format!("{} bytes instead of {N}", bytes.len())))
}

/// Reads an ASCII decimal number without sign or leading zero, at most 2^53−1 (docs/format.md §1).
///
/// # Errors
/// The code, for any other spelling or a larger number.
pub fn decimal(text: &str, code: &'static str) -> Result<u64, Refusal> {
    let digits = !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit());
    let spelled = digits && (text == "0" || !text.starts_with('0'));
    let number = text.parse().ok().filter(|n| spelled && *n <= MAX_INT);
    number.ok_or_else(|| Refusal::new(code, format!("{text:?} is not a plain decimal number")))
}

/// The largest integer of the format: every JSON reader in use represents it exactly.
pub const MAX_INT: u64 = (1 << 53) - 1;

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

fn nibble(digit: u8) -> Result<u8, Refusal> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(Refusal::new("hex", "only 0-9 and a-f")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::Digest as _;

    proptest! {
        #[test]
        fn another_library_hashes_to_the_same(parts: Vec<Vec<u8>>) {
            let borrowed: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(sha256_of(&borrowed), <[u8; 32]>::from(sha2::Sha256::digest(parts.concat())));
        }
    }

    #[test]
    fn every_second_spelling_is_refused() {
        for text in ["QQ==", "Q", "QR", "Q+", "QQ ", "Q\n"] {
            assert_eq!(b64u_decode(text, "b64url").unwrap_err().code, "b64url", "{text:?}");
        }
        for text in ["QQ", "QR==", "QQ=", "Q-==", "QQ==\n", "QQ===="] {
            assert_eq!(b64_decode(text, "b64").unwrap_err().code, "b64", "{text:?}");
        }
        for text in ["A0", "0", "0g", "+1"] {
            assert!(hex_decode(text).is_err(), "{text:?}");
        }
        for text in ["", "+1", "01", "-0", "9007199254740992", "18446744073709551616", "1 ", "１"] {
            assert!(decimal(text, "n").is_err(), "{text:?}");
        }
        assert_eq!(decimal("9007199254740991", "n"), Ok(MAX_INT));
        assert_eq!(decimal("0", "n"), Ok(0));
    }

    #[test]
    fn a_hash_has_three_spellings_of_its_own() {
        let hash = Hash::of(b"");
        assert_eq!(hash.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Hash::from_hex(&hash.hex()), Ok(hash));
        assert_eq!(Hash::from_b64(&hash.b64(), "x"), Ok(hash));
        assert_eq!(Hash::from_b64u(&hash.b64u(), "x"), Ok(hash));
        assert!(Hash::from_hex(&hash.hex()[2..]).is_err());
        assert!(is_sha256_hex(&hash.hex()) && !is_sha256_hex(&hash.hex().to_uppercase()));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(&b64u_decode(&b64u_encode(&bytes), "x").unwrap(), &bytes);
            prop_assert_eq!(&b64_decode(&b64_encode(&bytes), "x").unwrap(), &bytes);
            prop_assert_eq!(&hex_decode(&hex_encode(&bytes)).unwrap(), &bytes);
        }

        #[test]
        fn many_bytes_at_a_time_are_written_as_one_after_the_other(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (mut text, mut appended) = ("before ".to_owned(), b"before ".to_vec());
            b64u_append(&bytes, &mut text);
            b64u_append_to(&bytes, &mut appended);
            prop_assert_eq!(&text, &format!("before {}", b64u_encode(&bytes)));
            prop_assert_eq!(appended, text.into_bytes());
        }

        #[test]
        fn what_is_read_is_spelled_one_way(text in "[A-Za-z0-9_-]{0,9}") {
            if let Ok(bytes) = b64u_decode(&text, "x") {
                prop_assert_eq!(b64u_encode(&bytes), text);
            }
        }
    }
}
