//! Time stamps of an RFC 3161 authority over a checkpoint's text (docs/format.md §7): by when these entries existed, on
//! somebody else's word. A response is verified whole before it is kept, and again by whoever relies on it.

mod signer;
mod strict;

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::ID_SIGNED_DATA;
use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::{Any, OctetString};
use der::{Decode as _, Encode as _};
use x509_cert::spki::AlgorithmIdentifier;
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

use crate::encoding::sha256;
use crate::refusal::{Refusal, need, need_that};

pub use signer::Roots;

/// What an authority says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// When it saw the text, in POSIX seconds by its own clock.
    pub time: u64,
    /// The subject of the certificate it signed with.
    pub authority: String,
}

/// The request for a stamp over a checkpoint's three lines: with the signer's certificate, without a nonce.
///
/// # Errors
/// `time-stamp`, if it could not be encoded.
pub fn query(text: &str) -> Result<Vec<u8>, Refusal> {
    let hashed_message = OctetString::new(sha256(text.as_bytes())).map_err(unreadable)?;
    // absent parameters would do; this is what authorities see most
    let hash_algorithm = AlgorithmIdentifier { oid: ID_SHA_256, parameters: Some(Any::null()) };
    let message_imprint = MessageImprint { hash_algorithm, hashed_message };
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint,
        req_policy: None,
        nonce: None,
        cert_req: true,
        extensions: None,
    };
    request.to_der().map_err(unreadable)
}

/// Verifies a response (DER of a TimeStampResp) over a checkpoint's text, against the roots that its reader trusts.
/// Certificates need to have been valid when it was given, not now.
///
/// # Errors
/// `time-stamp` for what is no stamp or does not hold, `time-stamp-imprint` for a sound one over another text,
/// `time-stamp-root` where its certificate does not lead to a root.
pub fn open_stamp(response: &[u8], text: &str, roots: &Roots) -> Result<Stamp, Refusal> {
    let signed_data = granted(response)?;
    let signed: SignedData = SignedData::from_der(&signed_data).map_err(unreadable)?;
    let raw = strict::SignedParts::of(&signed_data)?;
    let tst_info = content(&signed)?;
    let stated = TstInfo::from_der(&tst_info).map_err(unreadable)?;
    let exact = stated.to_der().map_err(unreadable)? == tst_info;
    need(exact, CODE, "its content is not DER")?;
    let critical = stated.extensions.iter().flatten().any(|extension| extension.critical);
    need(!critical, CODE, "its content has an extension that nobody here knows")?;
    let [info] = signed.signer_infos.0.as_slice() else {
        return Err(Refusal::new(CODE, "one authority signs, no fewer and no more"));
    };
    let time = stated.gen_time.to_unix_duration();
    let certificate = signer::certificate(&info.sid, &raw.certificates)?;
    signer::signed(info, raw.signed_attributes, &tst_info, &certificate)?;
    signer::leads_to(&certificate, &raw.certificates, roots, time)?;
    let imprint = &stated.message_imprint;
    need(imprint.hash_algorithm.oid == ID_SHA_256, "time-stamp-imprint", "its digest is not SHA-256")?;
    let same = imprint.hashed_message.as_bytes() == sha256(text.as_bytes());
    need(same, "time-stamp-imprint", "it is over another text")?;
    Ok(Stamp { time: time.as_secs(), authority: certificate.subject() })
}

/// The signed data of a response that grants a stamp.
fn granted(response: &[u8]) -> Result<Vec<u8>, Refusal> {
    need(response.len() <= RESPONSE_BYTES_MAX, CODE, "it is longer than any stamp")?;
    strict::all_sorted(response, 0)?;
    let response = TimeStampResp::from_der(response).map_err(unreadable)?;
    let status = response.status.status;
    need_that(status as u8 == GRANTED, CODE, || format!("it was not granted: {status:?}"))?;
    let token: ContentInfo =
        response.time_stamp_token.ok_or_else(|| Refusal::new(CODE, "there is no token in it"))?;
    need(token.content_type == ID_SIGNED_DATA, CODE, "its token is not signed data")?;
    token.content.to_der().map_err(unreadable)
}

/// The bytes of the TSTInfo, as they were signed.
fn content(signed: &SignedData) -> Result<Vec<u8>, Refusal> {
    let encapsulated = &signed.encap_content_info;
    need(encapsulated.econtent_type == TST_INFO, CODE, "what is signed is no time stamp")?;
    let content = encapsulated.econtent.as_ref();
    let content = content.ok_or_else(|| Refusal::new(CODE, "what is signed is not in it"))?;
    Ok(content.decode_as::<OctetString>().map_err(unreadable)?.into_bytes())
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(CODE, format!("it is not DER of a time stamp: {error}"))
}

/// A response with a chain of long certificates has some ten thousand bytes.
pub const RESPONSE_BYTES_MAX: usize = 64 * 1024;

const CODE: &str = "time-stamp";
const GRANTED: u8 = 0;
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

#[cfg(test)]
mod tests;
