//! Who gave a stamp: the certificate it names, what that one signed, and whether it leads to a root that is trusted and
//! may stamp times at all (RFC 3161 §2.3, RFC 5035, RFC 5652 §5.4).

use std::time::Duration;

use cms::signed_data::{SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_KP_TIME_STAMPING;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST};
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ID_SHA_256, ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION,
    SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode as _, Encode as _, Tag, Tagged as _};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use webpki::ring as algorithms;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage as KeyPurposes, SubjectKeyIdentifier};

use crate::refusal::{Refusal, need};

use super::strict::{elements, value};
use super::{CODE, TST_INFO, unreadable};

/// Certificates of authorities that a reader trusts to say the time.
#[derive(Clone, Debug, Default)]
pub struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Reads certificates in PEM, one after the other.
    ///
    /// # Errors
    /// `time-stamp-root` for what is no certificate; none at all is no error.
    pub fn parse(pem: &str) -> Result<Self, Refusal> {
        let refused = |why: String| Refusal::new(ROOT, why);
        let roots: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| refused(format!("it is not PEM: {error}")))?;
        for root in &roots {
            anchor_from_trusted_cert(root).map_err(|error| refused(error.to_string()))?;
            Certificate::from_der(root).map_err(|error| refused(error.to_string()))?;
        }
        Ok(Self(roots))
    }

    /// Takes others in.
    pub fn add(&mut self, others: Roots) {
        self.0.extend(others.0);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that were valid at a time.
    fn valid_at(&self, time: Duration) -> Vec<&CertificateDer<'static>> {
        let valid = |root: &&CertificateDer<'static>| {
            Certificate::from_der(root).is_ok_and(|root| {
                let validity = &root.tbs_certificate.validity;
                (validity.not_before.to_unix_duration()..=validity.not_after.to_unix_duration())
                    .contains(&time)
            })
        };
        self.0.iter().filter(valid).collect()
    }
}

/// The certificate that a signer names.
#[derive(Debug)]
pub(super) struct Signer<'a> {
    der: &'a [u8],
    read: Certificate,
}

impl Signer<'_> {
    pub(super) fn subject(&self) -> String {
        self.read.tbs_certificate.subject.to_string()
    }
}

/// The one certificate, of those that came along, that a signer names.
pub(super) fn certificate<'a>(
    named: &SignerIdentifier,
    certificates: &[&'a [u8]],
) -> Result<Signer<'a>, Refusal> {
    let mut found = None;
    for der in certificates {
        let read = Certificate::from_der(der).map_err(unreadable)?;
        if is_named(named, &read)? {
            need(found.is_none(), CODE, "two certificates bear the name of its signer")?;
            found = Some(Signer { der, read });
        }
    }
    found.ok_or_else(|| Refusal::new(CODE, "the certificate of its signer is not in it"))
}

fn is_named(named: &SignerIdentifier, certificate: &Certificate) -> Result<bool, Refusal> {
    let of = &certificate.tbs_certificate;
    Ok(match named {
        SignerIdentifier::IssuerAndSerialNumber(id) => {
            id.issuer == of.issuer && id.serial_number == of.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(id) => {
            of.get::<SubjectKeyIdentifier>().map_err(unreadable)?.is_some_and(|(_, own)| own == *id)
        }
    })
}

/// That the signer signed this content: its attributes name the content and this very certificate, and its signature is
/// over them.
pub(super) fn signed(
    info: &SignerInfo,
    attributes: &[u8],
    content: &[u8],
    signer: &Signer<'_>,
) -> Result<(), Refusal> {
    let read = Attributes::of(attributes)?;
    let of_type = ObjectIdentifier::from_der(read.only(ID_CONTENT_TYPE)?).map_err(unreadable)?;
    need(of_type == TST_INFO, CODE, "its signer signed no time stamp")?;
    let digest = OctetStringRef::from_der(read.only(ID_MESSAGE_DIGEST)?).map_err(unreadable)?;
    let digest_is = hash(info.digest_alg.oid, content)?;
    need(digest.as_bytes() == digest_is, CODE, "its signer signed another content")?;
    need(read.names(signer.der)?, CODE, "its signer signed under another certificate")?;

    // in the response they stand under a tag of their own, and are signed as the set they are
    let header = der::Header::new(Tag::Set, attributes.len()).map_err(unreadable)?;
    let mut message = header.to_der().map_err(unreadable)?;
    message.extend_from_slice(attributes);
    let certificate = CertificateDer::from(signer.der);
    let key = EndEntityCert::try_from(&certificate).map_err(unreadable)?;
    let signature = info.signature.as_bytes();
    let holds = allowed(info.signature_algorithm.oid, info.digest_alg.oid)?
        .into_iter()
        .any(|algorithm| key.verify_signature(algorithm, &message, signature).is_ok());
    need(holds, CODE, "its signature does not hold")
}

/// That the certificate may stamp times and nothing else, and leads to a root through others that came along.
pub(super) fn leads_to(
    signer: &Signer<'_>,
    certificates: &[&[u8]],
    roots: &Roots,
    time: Duration,
) -> Result<(), Refusal> {
    let usages = signer.read.tbs_certificate.get::<ExtendedKeyUsage>().map_err(unreadable)?;
    let only_that = usages
        .is_some_and(|(critical, ExtendedKeyUsage(usages))| critical && usages == [ID_KP_TIME_STAMPING]);
    need(only_that, CODE, "its signer's certificate is not one for stamping times only")?;
    // of the purposes of a key, where they are named, only those that RFC 3161 §2.3 and RFC 5280 §4.2.1.12 allow
    let purposes = signer.read.tbs_certificate.get::<KeyPurposes>().map_err(unreadable)?;
    let may_sign =
        purposes.is_none_or(|(_, purposes)| purposes.digital_signature() || purposes.non_repudiation());
    need(may_sign, CODE, "its signer's certificate is not one for signing")?;
    let refused = |error: webpki::Error| Refusal::new(ROOT, error.to_string());
    let certificate = CertificateDer::from(signer.der);
    let leaf = EndEntityCert::try_from(&certificate).map_err(refused)?;
    let valid = roots.valid_at(time);
    let anchors: Vec<_> = valid
        .into_iter()
        .map(|root| anchor_from_trusted_cert(root))
        .collect::<Result<_, _>>()
        .map_err(refused)?;
    let between: Vec<_> = certificates.iter().map(|der| CertificateDer::from(*der)).collect();
    let at = UnixTime::since_unix_epoch(time);
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &between,
        at,
        KeyUsage::required_if_present(ID_KP_TIME_STAMPING.as_bytes()),
        None,
        None,
    )
    .map_err(refused)?;
    Ok(())
}

/// Signed attributes: each type with its only value.
struct Attributes<'a>(Vec<(ObjectIdentifier, &'a [u8])>);

impl<'a> Attributes<'a> {
    fn of(content: &'a [u8]) -> Result<Self, Refusal> {
        let mut read: Vec<(ObjectIdentifier, &[u8])> = Vec::new();
        for attribute in elements(content)? {
            let parts = elements(value(attribute)?)?;
            let [kind, values] = parts[..] else {
                return Err(Refusal::new(CODE, "an attribute has another shape"));
            };
            let kind = ObjectIdentifier::from_der(kind).map_err(unreadable)?;
            let values = elements(value(values)?)?;
            let [only] = values[..] else {
                return Err(Refusal::new(CODE, "an attribute has not one value"));
            };
            need(read.iter().all(|(known, _)| *known != kind), CODE, "an attribute stands in it twice")?;
            read.push((kind, only));
        }
        Ok(Self(read))
    }

    fn find(&self, kind: ObjectIdentifier) -> Option<&'a [u8]> {
        self.0.iter().find(|(known, _)| *known == kind).map(|(_, value)| *value)
    }

    fn only(&self, kind: ObjectIdentifier) -> Result<&'a [u8], Refusal> {
        self.find(kind)
            .ok_or_else(|| Refusal::new(CODE, format!("its signer did not sign the attribute {kind}")))
    }

    /// Whether the signer names this certificate as the one it signs under: by a SHA-2 digest, or by SHA-1 in the older
    /// attribute, which only says which certificate was meant; whether that one is trusted is found out elsewhere.
    fn names(&self, certificate: &[u8]) -> Result<bool, Refusal> {
        let (attribute, newer) = match self.find(SIGNING_CERTIFICATE_V2) {
            Some(attribute) => (attribute, true),
            None => (self.only(SIGNING_CERTIFICATE)?, false),
        };
        let odd = || Refusal::new(CODE, "its signer names its certificate in another shape");
        let certificates = *elements(value(attribute)?)?.first().ok_or_else(odd)?;
        let first = *elements(value(certificates)?)?.first().ok_or_else(odd)?;
        let mut parts = elements(value(first)?)?.into_iter();
        let mut digest = parts.next().ok_or_else(odd)?;
        let mut algorithm = ID_SHA_256;
        if newer && AnyRef::from_der(digest).map_err(unreadable)?.tag() == Tag::Sequence {
            let named = *elements(value(digest)?)?.first().ok_or_else(odd)?;
            algorithm = ObjectIdentifier::from_der(named).map_err(unreadable)?;
            digest = parts.next().ok_or_else(odd)?;
        }
        let digest = OctetStringRef::from_der(digest).map_err(unreadable)?.as_bytes();
        let own = match newer {
            true => hash(algorithm, certificate)?,
            false => {
                let sha1 = &ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
                ring::digest::digest(sha1, certificate).as_ref().to_vec()
            }
        };
        Ok(digest == own)
    }
}

fn hash(algorithm: ObjectIdentifier, content: &[u8]) -> Result<Vec<u8>, Refusal> {
    match algorithm {
        ID_SHA_256 => Ok(Sha256::digest(content).to_vec()),
        ID_SHA_384 => Ok(Sha384::digest(content).to_vec()),
        ID_SHA_512 => Ok(Sha512::digest(content).to_vec()),
        other => Err(Refusal::new(CODE, format!("the digest {other} is not taken"))),
    }
}

/// What a named algorithm of signatures can mean with a digest.
fn allowed(
    signature: ObjectIdentifier,
    digest: ObjectIdentifier,
) -> Result<Vec<&'static dyn SignatureVerificationAlgorithm>, Refusal> {
    match (signature, digest) {
        (RSA_ENCRYPTION | SHA_256_WITH_RSA_ENCRYPTION, ID_SHA_256) => {
            Ok(vec![algorithms::RSA_PKCS1_2048_8192_SHA256])
        }
        (RSA_ENCRYPTION | SHA_384_WITH_RSA_ENCRYPTION, ID_SHA_384) => {
            Ok(vec![algorithms::RSA_PKCS1_2048_8192_SHA384])
        }
        (RSA_ENCRYPTION | SHA_512_WITH_RSA_ENCRYPTION, ID_SHA_512) => {
            Ok(vec![algorithms::RSA_PKCS1_2048_8192_SHA512])
        }
        (ECDSA_WITH_SHA_256, ID_SHA_256) => {
            Ok(vec![algorithms::ECDSA_P256_SHA256, algorithms::ECDSA_P384_SHA256])
        }
        (ECDSA_WITH_SHA_384, ID_SHA_384) => {
            Ok(vec![algorithms::ECDSA_P256_SHA384, algorithms::ECDSA_P384_SHA384])
        }
        _ => {
            let why = format!("signatures by {signature} with the digest {digest} are not taken");
            Err(Refusal::new(CODE, why))
        }
    }
}

const ROOT: &str = "time-stamp-root";
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
