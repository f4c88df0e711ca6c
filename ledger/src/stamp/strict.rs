//! What a general reader of DER lets pass: sets whose members are not sorted. Verifiers of other makes refuse such a
//! response, so it is refused here too, before it is kept (docs/format.md §7).

use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};

use crate::refusal::{Refusal, need};

use super::{CODE, unreadable};

/// Bytes of signed data as they stand there.
#[derive(Debug)]
pub(super) struct SignedParts<'a> {
    /// Each certificate.
    pub(super) certificates: Vec<&'a [u8]>,
    /// The content of the only signer's signed attributes.
    pub(super) signed_attributes: &'a [u8],
}

impl<'a> SignedParts<'a> {
    /// Finds them in signed data whose shape has been read, and refuses sets that are not sorted.
    pub(super) fn of(signed_data: &'a [u8]) -> Result<Self, Refusal> {
        let mut certificates = Vec::new();
        let mut signers = Vec::new();
        for part in elements(value(signed_data)?)? {
            match tag_of(part)? {
                FIRST => certificates = sorted(value(part)?)?,
                // the digest algorithms come first, the signers last
                Tag::Set => signers = sorted(value(part)?)?,
                _ => {}
            }
        }
        let signer = *signers.first().ok_or_else(|| Refusal::new(CODE, "nobody signed it"))?;
        let mut signed_attributes = None;
        for part in elements(value(signer)?)? {
            // an identifier by key id has the same number, but holds no elements
            match tag_of(part)? {
                FIRST => {
                    sorted(value(part)?)?;
                    signed_attributes = Some(value(part)?);
                }
                SECOND => drop(sorted(value(part)?)?),
                _ => {}
            }
        }
        let signed_attributes =
            signed_attributes.ok_or_else(|| Refusal::new(CODE, "its signer signed no attributes"))?;
        Ok(Self { certificates, signed_attributes })
    }
}

/// Refuses an element in which, however deep, a set is not sorted. Sets under a tag of their own are known to who knows
/// the structure: see [`SignedParts::of`].
pub(super) fn all_sorted(element: &[u8], depth: usize) -> Result<(), Refusal> {
    need(depth < DEPTH_MAX, CODE, "it is nested deeper than any stamp")?;
    let any = AnyRef::from_der(element).map_err(unreadable)?;
    if !any.tag().is_constructed() {
        return Ok(());
    }
    let members = elements(any.value())?;
    if any.tag() == Tag::Set {
        need(members.is_sorted(), CODE, "a set in it is not sorted as DER has it")?;
    }
    members.into_iter().try_for_each(|member| all_sorted(member, depth + 1))
}

/// The members of a set, each with tag and length.
fn sorted(content: &[u8]) -> Result<Vec<&[u8]>, Refusal> {
    let members = elements(content)?;
    need(members.is_sorted_by(|one, next| one < next), CODE, "a set in it is not sorted as DER has it")?;
    Ok(members)
}

/// What follows each other in a content, each with tag and length.
pub(super) fn elements(content: &[u8]) -> Result<Vec<&[u8]>, Refusal> {
    let mut reader = SliceReader::new(content).map_err(unreadable)?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(reader.tlv_bytes().map_err(unreadable)?);
    }
    Ok(elements)
}

/// The content of an element.
pub(super) fn value(element: &[u8]) -> Result<&[u8], Refusal> {
    Ok(AnyRef::from_der(element).map_err(unreadable)?.value())
}

fn tag_of(element: &[u8]) -> Result<Tag, Refusal> {
    Ok(AnyRef::from_der(element).map_err(unreadable)?.tag())
}

const DEPTH_MAX: usize = 64;
const SECOND: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber::N1 };
const FIRST: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber::N0 };
