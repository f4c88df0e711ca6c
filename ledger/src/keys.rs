//! Entry keys: the key test, strict verification, thumbprints, proof of possession (docs/format.md §4).

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::encoding::{b64u_append, b64u_array, b64u_encode, hex_decode, hex_encode, sha256, sized};
use crate::members::{exactly_ref, text};
use crate::refusal::{Refusal, need};
use crate::stream::StreamPath;

/// The name of a key: the base64url RFC 7638 thumbprint of its public half.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Kid(String);

impl Kid {
    /// Reads a key's name.
    ///
    /// # Errors
    /// `kid`, unless it is the base64url of 32 bytes.
    pub fn parse(text: impl Into<String>) -> Result<Kid, Refusal> {
        let text = text.into();
        b64u_array::<32>(&text, "kid")?;
        Ok(Kid(text))
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 32 bytes of the thumbprint.
    pub fn bytes(&self) -> [u8; 32] {
        // every constructor has checked the spelling
        b64u_array(&self.0, "kid").unwrap_or_default()
    }
}

impl std::fmt::Display for Kid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Kid {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Kid, Refusal> {
        Kid::parse(text)
    }
}

/// A public key that has passed the key test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Puts 32 bytes to the key test: a canonical point of the curve, of large order and free of torsion.
    ///
    /// # Errors
    /// `key-length`, `key-not-canonical-point`, `key-small-order` or `key-torsion`.
    pub fn from_bytes(bytes: &[u8]) -> Result<PublicKey, Refusal> {
        let bytes: [u8; 32] = sized(bytes, "key-length")?;
        let point = CompressedEdwardsY(bytes).decompress();
        // decompression takes y ≥ p and a negative zero; compressing again shows them
        let point = point.filter(|point| point.compress().0 == bytes);
        let point = point.ok_or_else(|| Refusal::new("key-not-canonical-point", hex_encode(&bytes)))?;
        need(!point.is_small_order(), "key-small-order", "")?;
        need(point.is_torsion_free(), "key-torsion", "")?;
        let key = VerifyingKey::from_bytes(&bytes);
        key.map(PublicKey).map_err(|e| Refusal::new("key-not-canonical-point", e.to_string()))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key's name.
    pub fn kid(&self) -> Kid {
        thumbprint(self.as_bytes())
    }

    /// The key as a JWK with exactly `crv`, `kty`, `x`.
    pub fn jwk(&self) -> Value {
        json!({"crv": "Ed25519", "kty": "OKP", "x": b64u_encode(self.as_bytes())})
    }

    /// Reads a JWK and puts its key to the key test.
    ///
    /// # Errors
    /// `jwk` for other members or another kind of key, else as [`PublicKey::from_bytes`].
    pub fn from_jwk(jwk: &Value) -> Result<PublicKey, Refusal> {
        let [crv, kty, x] = exactly_ref(jwk, ["crv", "kty", "x"], "jwk")?;
        need(crv == "Ed25519" && kty == "OKP", "jwk", "not an Ed25519 key")?;
        PublicKey::from_bytes(&crate::encoding::b64u_decode(text(x, "jwk")?, "jwk")?)
    }
}

/// A private key that can sign; wiped from memory when dropped, never shown.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    kid: Kid,
}

impl Signer {
    /// The key of a seed as it stands in a file, 64 hexadecimal digits; white space around them is passed over.
    ///
    /// # Errors
    /// `seed` for anything else.
    pub fn from_seed_hex(text: &str) -> Result<Signer, Refusal> {
        let seed =
            Zeroizing::new(hex_decode(text.trim()).map_err(|_| Refusal::new("seed", "not hexadecimal"))?);
        Ok(Signer::from_seed(&sized(&seed, "seed")?))
    }

    /// What goes into such a file. Wiped when dropped.
    pub fn seed_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex_encode(self.seed().as_slice()))
    }

    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Signer {
        let key = SigningKey::from_bytes(seed);
        let kid = thumbprint(key.verifying_key().as_bytes());
        Signer { key, kid }
    }

    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// `entropy`, when there is none.
    pub fn generate() -> Result<Signer, Refusal> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|e| Refusal::new("entropy", e.to_string()))?;
        Ok(Signer::from_seed(&seed))
    }

    /// The seed, to be sealed and stored; nothing else may see it.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// The key's name.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// The public half. A multiple of the base point by a clamped scalar passes the key test by construction.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key())
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// The members that say which key is enrolled for whom, with the proof that its private half was at hand.
    pub fn enrolment(&self, log: &str, holder: &str, role: Role) -> Value {
        json!({
            "holder": holder,
            "jwk": self.public().jwk(),
            "kid": self.kid.as_str(),
            "pop": b64u_encode(&self.sign(&pop_message(log, &self.kid, holder))),
            "role": role.as_str(),
        })
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.kid)
    }
}

/// What a key may sign (docs/format.md §4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Kept offline; looks after keys and erasures.
    Root,
    /// Opens and ends officers' keys in daily work.
    Registrar,
    /// A person with a key of their own; signs testimony.
    Officer,
    /// The server computing; signs results and heads.
    Service,
    /// The server receiving for those who have no key; attests receipt.
    Intake,
}

impl Role {
    /// The role as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Root => "root",
            Role::Registrar => "registrar",
            Role::Officer => "officer",
            Role::Service => "service",
            Role::Intake => "intake",
        }
    }

    /// Reads a role.
    ///
    /// # Errors
    /// `key-role` for any other word.
    pub fn parse(text: &str) -> Result<Role, Refusal> {
        let roles = [Role::Root, Role::Registrar, Role::Officer, Role::Service, Role::Intake];
        roles.into_iter().find(|role| role.as_str() == text).ok_or_else(|| Refusal::new("key-role", text))
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The RFC 7638 thumbprint of the Ed25519 key with these bytes.
pub fn thumbprint(public: &[u8; 32]) -> Kid {
    let mut jwk = String::with_capacity(90);
    jwk.push_str(r#"{"crv":"Ed25519","kty":"OKP","x":""#);
    b64u_append(public, &mut jwk);
    jwk.push_str(r#""}"#);
    Kid(b64u_encode(&sha256(jwk.as_bytes())))
}

/// Verifies a signature by the strict rules: S in range, R canonical and of large order, no cofactor.
///
/// # Errors
/// `sig-length`, `sig-s-range`, `sig-r-not-canonical`, `sig-r-small-order` or `sig-invalid`.
pub fn verify_strict(public: &PublicKey, signature: &[u8], message: &[u8]) -> Result<(), Refusal> {
    let signature: [u8; 64] = sized(signature, "sig-length")?;
    let verified = public.0.verify_strict(message, &Signature::from_bytes(&signature));
    verified.map_err(|_| why_refused(&signature))
}

/// Verifies many signatures in one equation: key, signature and message of each. All of them hold if it answers true; if it
/// does not, one of them does not hold, and [`verify_strict`] finds which. What a batch does not see is a signature that its
/// own author made ambiguous, with a point of small order or in another spelling.
#[must_use]
pub fn verify_batch(signed: &[(&PublicKey, &[u8; 64], &[u8])]) -> bool {
    let messages: Vec<&[u8]> = signed.iter().map(|(.., message)| *message).collect();
    let signatures: Vec<Signature> =
        signed.iter().map(|(_, signature, _)| Signature::from_bytes(signature)).collect();
    let keys: Vec<VerifyingKey> = signed.iter().map(|(public, ..)| public.0).collect();
    ed25519_dalek::verify_batch(&messages, &signatures, &keys).is_ok()
}

/// What the holder of a new key signs with it, so that nobody can enrol another's public key as their own.
pub fn pop_message(log: &str, kid: &Kid, holder: &str) -> Vec<u8> {
    format!("wuping-key-pop/v1\n{log}\n{kid}\n{holder}\n").into_bytes()
}

/// The stream of the lineage that begins with this key.
#[allow(clippy::expect_used, reason = "64 hex digits behind one segment are always a path")]
pub fn key_stream(kid: &Kid) -> StreamPath {
    StreamPath::new(format!("keys/{}", hex_encode(&kid.bytes()))).expect("hex digits make a path")
}

/// The first of the strict rules that a refused signature breaks.
fn why_refused(signature: &[u8; 64]) -> Refusal {
    let [r, s] = [0, 32].map(|from| {
        let mut half = [0; 32];
        half.copy_from_slice(&signature[from..from + 32]);
        half
    });
    let in_range = bool::from(curve25519_dalek::Scalar::from_canonical_bytes(s).is_some());
    let point = CompressedEdwardsY(r).decompress().filter(|point| point.compress().0 == r);
    match point {
        _ if !in_range => Refusal::new("sig-s-range", ""),
        None => Refusal::new("sig-r-not-canonical", ""),
        Some(point) if point.is_small_order() => Refusal::new("sig-r-small-order", ""),
        Some(_) => Refusal::new("sig-invalid", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signer() -> Signer {
        Signer::from_seed(&[7; 32])
    }

    #[test]
    fn a_signature_holds_for_its_key_and_message_only() {
        let signature = signer().sign(b"said");
        assert!(verify_strict(&signer().public(), &signature, b"said").is_ok());
        let other = Signer::from_seed(&[8; 32]).public();
        assert_eq!(verify_strict(&signer().public(), &signature, b"sad").unwrap_err().code, "sig-invalid");
        assert_eq!(verify_strict(&other, &signature, b"said").unwrap_err().code, "sig-invalid");
        assert_eq!(verify_strict(&other, &signature[1..], b"said").unwrap_err().code, "sig-length");
    }

    #[test]
    fn each_strict_rule_has_its_reason() {
        let mut identity = [0; 64];
        identity[0] = 1;
        let refused =
            |signature: &[u8; 64]| verify_strict(&signer().public(), signature, b"x").unwrap_err().code;
        assert_eq!(refused(&identity), "sig-r-small-order");
        assert_eq!(refused(&[0xff; 64]), "sig-s-range");
        let mut off_range = signer().sign(b"x");
        off_range[..32].fill(0xff);
        assert_eq!(refused(&off_range), "sig-r-not-canonical");
    }

    #[test]
    fn a_jwk_has_three_members_and_comes_back() {
        let jwk = signer().public().jwk();
        assert_eq!(PublicKey::from_jwk(&jwk).unwrap(), signer().public());
        let mut more = jwk.clone();
        more["alg"] = "Ed25519".into();
        assert_eq!(PublicKey::from_jwk(&more).unwrap_err().code, "jwk");
    }

    #[test]
    fn a_private_key_is_not_shown() {
        assert_eq!(format!("{:?}", signer()), format!("Signer({})", signer().kid()));
        assert_eq!(*signer().seed(), [7; 32]);
    }

    #[test]
    fn two_generated_keys_differ() {
        assert_ne!(Signer::generate().unwrap().kid(), Signer::generate().unwrap().kid());
    }

    #[test]
    fn a_lineage_is_named_in_lower_case_hex() {
        let stream = key_stream(signer().kid());
        assert_eq!(stream.as_str().len(), 5 + 64);
        assert_eq!(stream.subject(), stream.as_str());
    }

    proptest! {
        #[test]
        fn every_key_made_from_a_seed_passes_the_key_test(seed: [u8; 32]) {
            let public = Signer::from_seed(&seed).public();
            prop_assert_eq!(PublicKey::from_bytes(public.as_bytes()).unwrap(), public);
        }

        #[test]
        fn a_flipped_bit_of_a_signature_is_noticed(bit in 0usize..512) {
            let mut signature = signer().sign(b"said");
            signature[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify_strict(&signer().public(), &signature, b"said").is_err());
        }
    }
}
