use super::*;
use crate::note::note_text;

const RESPONSE: &[u8] = include_bytes!("../../../tests/verifiers/sample-tsa/checkpoint-300.tsr");
const ROOT: &str = include_str!("../../../tests/verifiers/sample-tsa/root.pem");
const NOTE: &[u8] = include_bytes!("../../../tests/verifiers/sample-log/checkpoint");

fn text() -> &'static str {
    note_text(NOTE).unwrap()
}

fn roots() -> Roots {
    Roots::parse(ROOT).unwrap()
}

#[test]
fn the_sample_stamp_says_when_the_sample_checkpoint_existed() {
    let stamp = open_stamp(RESPONSE, text(), &roots()).unwrap();
    assert!(stamp.authority.contains("Sample TSA"), "{}", stamp.authority);
    assert!((1_700_000_000..2_000_000_000).contains(&stamp.time), "{}", stamp.time);
}

#[test]
fn a_stamp_holds_for_its_own_text_only() {
    let other = text().replace("300", "299");
    assert_eq!(open_stamp(RESPONSE, &other, &roots()).unwrap_err().code, "time-stamp-imprint");
    assert_eq!(open_stamp(RESPONSE, "", &roots()).unwrap_err().code, "time-stamp-imprint");
}

#[test]
fn a_stamp_leads_to_a_root_that_is_trusted_or_is_none() {
    assert_eq!(open_stamp(RESPONSE, text(), &Roots::default()).unwrap_err().code, "time-stamp-root");
    assert!(Roots::parse("").unwrap().is_empty());
    assert!(Roots::parse(&ROOT.replace("MII", "MIJ")).is_err());
    assert!(Roots::parse(&ROOT.replace("END", "")).is_err());
}

/// Some bytes outside of what is signed may change, as in the version of a structure; none of what it says.
#[test]
fn no_changed_byte_changes_what_a_stamp_says() {
    let honest = open_stamp(RESPONSE, text(), &roots()).unwrap();
    let mut accepted = 0;
    for at in 0..RESPONSE.len() {
        for bit in [0x01, 0x80] {
            let mut changed = RESPONSE.to_vec();
            changed[at] ^= bit;
            if let Ok(stamp) = open_stamp(&changed, text(), &roots()) {
                assert_eq!(stamp, honest, "byte {at}");
                accepted += 1;
            }
        }
    }
    assert!(accepted < 40, "{accepted} changes were not noticed");
}

#[test]
fn nothing_may_be_missing_from_a_stamp_or_follow_it() {
    for kept in 0..RESPONSE.len() {
        assert!(open_stamp(&RESPONSE[..kept], text(), &roots()).is_err(), "{kept} bytes");
    }
    assert!(open_stamp(&[RESPONSE, &[0]].concat(), text(), &roots()).is_err());
    assert!(open_stamp(&vec![0x30; RESPONSE_BYTES_MAX + 1], text(), &roots()).is_err());
}

#[test]
fn a_request_is_the_one_that_openssl_makes_of_the_same_text() {
    // openssl ts -query -sha256 -cert -no_nonce over the three bytes “abc”
    let openssl = "30390201013031300d060960864801650304020105000420ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb4\
                   10ff61f20015ad0101ff";
    assert_eq!(crate::encoding::hex_encode(&query("abc").unwrap()), openssl);
}
