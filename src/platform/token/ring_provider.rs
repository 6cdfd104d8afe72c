//! The cryptography behind `jsonwebtoken`: Ed25519 from `ring`, and P-256 for what others ask to be signed so. Only
//! Ed25519 is accepted of tokens that come in.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, UnparsedPublicKey};
use signature::{Signer, Verifier};

use crate::base::chance::Chance;

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Makes it the cryptography of this process. Harmless when it already is.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's signature")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    if *algorithm == Algorithm::ES256 {
        return Ok(Box::new(EcSigner::new(key.as_bytes())?));
    }
    only_eddsa(*algorithm)?;
    let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| Error::from(ErrorKind::InvalidEddsaKey))?;
    Ok(Box::new(EdSigner(pair)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's signature")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    only_eddsa(*algorithm)?;
    Ok(Box::new(EdVerifier(UnparsedPublicKey::new(&ED25519, key.try_get_as_bytes()?.to_vec()))))
}

fn only_eddsa(algorithm: Algorithm) -> Result<()> {
    if algorithm == Algorithm::EdDSA { Ok(()) } else { Err(ErrorKind::InvalidAlgorithm.into()) }
}

struct EdSigner(Ed25519KeyPair);

impl Signer<Vec<u8>> for EdSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for EdSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct EdVerifier(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for EdVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        self.0.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for EdVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct EcSigner(EcdsaKeyPair, Chance);

impl EcSigner {
    fn new(pkcs8: &[u8]) -> Result<Self> {
        let chance = Chance::default();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, chance.secure());
        Ok(Self(pair.map_err(|_| Error::from(ErrorKind::InvalidEcdsaKey))?, chance))
    }
}

impl Signer<Vec<u8>> for EcSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let signed = self.0.sign(self.1.secure(), message).map_err(|_| signature::Error::new())?;
        Ok(signed.as_ref().to_vec())
    }
}

impl JwtSigner for EcSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}
