//! Links that CloudFront checks itself, where it stands before the bucket: signed URLs with a canned policy, by a key that
//! Amazon knows the public half of.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html>

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::base::chance::Chance;
use crate::base::clock::Timestamp;
use crate::base::config::Config;
use crate::base::error::{Error, Result};

/// Links that are remembered, and as many older ones: a signature takes about a millisecond, and one by an elliptic curve
/// is another one each time.
const REMEMBERED: usize = 20_000;

/// What signs for one distribution.
pub(super) struct CloudFront {
    /// The address of the images in the distribution.
    pub(super) folder: String,
    key_id: String,
    key: PrivateKey,
    chance: Chance,
    signed: Mutex<Memory>,
}

enum PrivateKey {
    Rsa(Box<RsaKeyPair>),
    EllipticCurve(Box<EcdsaKeyPair>),
}

#[derive(Default)]
struct Memory {
    young: HashMap<String, String>,
    old: HashMap<String, String>,
}

impl fmt::Debug for CloudFront {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudFront").field("folder", &self.folder).field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl CloudFront {
    /// What is configured, if it is.
    pub(super) fn configured(config: &Config, chance: &Chance) -> Result<Option<Self>> {
        let images = &config.images;
        let (Some(url), Some(id), Some(file)) = (&images.url, &images.cloudfront_key_id, &images.cloudfront_key_file)
        else {
            return Ok(None);
        };
        let folder = format!("{}/{}images", url.trim_end_matches('/'), config.s3.prefix);
        let key = PrivateKey::read(file)?;
        Ok(Some(Self { folder, key_id: id.clone(), key, chance: chance.clone(), signed: Mutex::default() }))
    }

    /// An address with a signature that ends then.
    pub(super) fn sign(&self, url: &str, expires_at: Timestamp) -> Result<String> {
        let end = expires_at.seconds();
        let policy = policy(url, end);
        let signature = match self.recall(&policy) {
            Some(signature) => signature,
            None => self.remember(&policy, amazons(&self.key.sign(&self.chance, policy.as_bytes())?)),
        };
        let id = &self.key_id;
        Ok(format!("{url}?Expires={end}&Signature={signature}&Key-Pair-Id={id}&Hash-Algorithm=SHA256"))
    }

    fn recall(&self, policy: &str) -> Option<String> {
        let signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        signed.young.get(policy).or_else(|| signed.old.get(policy)).cloned()
    }

    fn remember(&self, policy: &str, signature: String) -> String {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.young.len() >= REMEMBERED {
            signed.old = mem::take(&mut signed.young);
        }
        signed.young.entry(policy.to_owned()).or_insert(signature).clone()
    }
}

/// What is signed: exactly this text, without a space.
fn policy(url: &str, end: i64) -> String {
    format!(r#"{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{end}}}}}}}]}}"#)
}

/// Base64 with letters that need no escape in a query.
fn amazons(signature: &[u8]) -> String {
    BASE64.encode(signature).replace('+', "-").replace('=', "_").replace('/', "~")
}

impl PrivateKey {
    fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| Error::internal(format!("{}: {error}", file.display())))?;
        Self::parse(&text).map_err(|why| Error::internal(format!("images.cloudfront_key_file: {why}")))
    }

    fn parse(pem: &str) -> std::result::Result<Self, String> {
        let (label, der) = block(pem).ok_or("it holds no private key in PEM.")?;
        let rsa = |key: std::result::Result<RsaKeyPair, _>| key.map(|key| Self::Rsa(Box::new(key)));
        let random = Chance::default();
        let curve = || EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der, random.secure());
        match label.as_str() {
            "RSA PRIVATE KEY" => rsa(RsaKeyPair::from_der(&der)).map_err(|error| error.to_string()),
            "PRIVATE KEY" => rsa(RsaKeyPair::from_pkcs8(&der))
                .or_else(|_| curve().map(|key| Self::EllipticCurve(Box::new(key))))
                .map_err(|_| "it is neither RSA of 2048 bits nor ECDSA on the curve P-256.".to_owned()),
            other => Err(format!("{other} is not known; `openssl pkcs8 -topk8 -nocrypt` makes it a PRIVATE KEY.")),
        }
    }

    fn sign(&self, chance: &Chance, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::internal("CloudFront's key cannot sign");
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, chance.secure(), message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Self::EllipticCurve(key) => Ok(key.sign(chance.secure(), message).map_err(failed)?.as_ref().to_vec()),
        }
    }
}

/// The first block of a PEM file that is a private key, with its label.
fn block(pem: &str) -> Option<(String, Vec<u8>)> {
    let blocks = pem.split("-----BEGIN ").skip(1).filter_map(|rest| rest.split_once("-----"));
    let (label, rest) = blocks.into_iter().find(|(label, _)| label.ends_with("PRIVATE KEY"))?;
    let text: String = rest.split("-----END").next()?.split_whitespace().collect();
    Some((label.to_owned(), BASE64.decode(text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1, KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };

    const URL: &str = "https://d111111abcdef8.cloudfront.net/images/3mJr7AoUXx2Wqd/low.jpg";
    const END: Timestamp = Timestamp(1_767_290_400_000);
    /// Made for tests alone: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`.
    const RSA: &str = include_str!("rsa_for_tests.pem");

    fn curve() -> String {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, Chance::default().secure()).unwrap();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der.as_ref()))
    }

    fn with_key(pem: &str) -> CloudFront {
        let (folder, key_id) = ("https://d111111abcdef8.cloudfront.net/images".to_owned(), "K2JCJMDEHXQW5F".to_owned());
        let (key, chance) = (PrivateKey::parse(pem).unwrap(), Chance::default());
        CloudFront { folder, key_id, key, chance, signed: Mutex::default() }
    }

    /// Looks at a link as CloudFront does: takes the end and the signature from it, and verifies it for the policy.
    fn verifies(cloudfront: &CloudFront, link: &str) -> Option<i64> {
        let query = link.strip_prefix(URL)?.strip_prefix('?')?;
        let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let [("Expires", end), ("Signature", text), ("Key-Pair-Id", "K2JCJMDEHXQW5F"), ("Hash-Algorithm", "SHA256")] =
            pairs[..]
        else {
            return None;
        };
        assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "-_~".contains(c)), "{text}");
        let signature = BASE64.decode(text.replace('-', "+").replace('_', "=").replace('~', "/")).ok()?;
        let (algorithm, public): (&dyn VerificationAlgorithm, &[u8]) = match &cloudfront.key {
            PrivateKey::Rsa(key) => (&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref()),
            PrivateKey::EllipticCurve(key) => (&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref()),
        };
        let policy = format!(
            "{{\"Statement\":[{{\"Resource\":\"{URL}\",\"Condition\":{{\"DateLessThan\":{{\"AWS:EpochTime\":{end}}}}}}}]}}"
        );
        UnparsedPublicKey::new(algorithm, public).verify(policy.as_bytes(), &signature).ok()?;
        end.parse().ok()
    }

    #[test]
    fn cloudfront_finds_the_signatures_right() {
        for pem in [RSA.to_owned(), curve()] {
            let cloudfront = with_key(&pem);
            let ending = cloudfront.sign(URL, END).unwrap();
            assert_eq!(verifies(&cloudfront, &ending), Some(1_767_290_400));
            let later = ending.replace("1767290400", "1767290401");
            assert_eq!((verifies(&cloudfront, &later), verifies(&with_key(&curve()), &ending)), (None, None));
            assert_eq!(cloudfront.sign(URL, END).unwrap(), ending, "a link stays the same");
        }
    }

    #[test]
    fn links_that_are_asked_for_again_are_not_forgotten_at_once() {
        let cloudfront = with_key(&curve());
        let first = cloudfront.sign(URL, END).unwrap();
        for number in 0..REMEMBERED {
            cloudfront.remember(&number.to_string(), String::new());
        }
        assert_eq!(cloudfront.sign(URL, END).unwrap(), first);
        assert!(cloudfront.signed.lock().unwrap().young.len() <= REMEMBERED);
    }

    #[test]
    fn a_key_that_is_none_is_refused_in_plain_words() {
        let armored = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        for (pem, why) in [
            (String::new(), "no private key"),
            (armored("PUBLIC KEY", "MAAA"), "no private key"),
            (armored("EC PRIVATE KEY", "MAAA"), "openssl pkcs8"),
            (armored("PRIVATE KEY", "MAAA"), "neither RSA"),
            (armored("PRIVATE KEY", "?"), "no private key"),
        ] {
            let error = PrivateKey::parse(&pem).err().expect("it is refused");
            assert!(error.contains(why), "{error}");
        }
    }
}
