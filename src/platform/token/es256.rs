//! Tokens for other services: signed with a key that such a service gave, ECDSA on P-256 (RFC 7518, `ES256`).

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::ring_provider;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};

/// A private key that signs.
#[derive(Clone, Debug)]
pub struct Es256Key {
    kid: String,
    signs: EncodingKey,
}

/// What a token says: who made it, and when.
#[derive(Clone, Debug, Serialize)]
struct IssuedAt<'a> {
    /// Who made it.
    iss: &'a str,
    /// When, in seconds since 1970.
    iat: i64,
}

impl Es256Key {
    /// The key in a PEM text (PKCS #8), with the name it has at the service.
    ///
    /// # Errors
    /// When it is not such a key.
    pub fn from_pem(kid: &str, pem: &str) -> Result<Self> {
        ring_provider::install();
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(Error::internal)?;
        let key = Self { kid: kid.to_owned(), signs: EncodingKey::from_ec_der(der.secret_pkcs8_der()) };
        // One that cannot sign is found out at the start and not at the first push.
        key.sign("", Timestamp(0))?;
        Ok(key)
    }

    /// A token by `iss`, made `now`.
    ///
    /// # Errors
    /// When the key is none of P-256.
    pub fn sign(&self, iss: &str, now: Timestamp) -> Result<String> {
        let header = Header { kid: Some(self.kid.clone()), typ: None, ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &IssuedAt { iss, iat: now.seconds() }, &self.signs).map_err(Error::internal)
    }
}
