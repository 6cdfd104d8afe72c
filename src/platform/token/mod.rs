//! Access tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037), each naming its key by `kid`.
//!
//! Only `EdDSA` is accepted, so `alg: none` and a key used as an HMAC secret are refused before anything is verified.

mod es256;
mod ring_provider;

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};

use crate::base::chance::Chance;
use crate::base::clock::Timestamp;
use crate::base::error::{Code, Error, Result};
use crate::base::generations::Generations;
use crate::base::ids::{SessionId, UserId};

pub use es256::Es256Key;

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The user.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    /// How many times the session was refreshed before; `None` in tokens of the previous version.
    pub rotation: Option<i64>,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it stops working, in seconds since 1970.
    pub exp: i64,
}

/// What access tokens are for: nothing else of this server takes them.
const AUDIENCE: &str = "photograph-api";

/// Claims as they stand in a token. Ids are texts (RFC 7519, section 4.1.2): JavaScript rounds numbers over 2^53.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    iss: Cow<'a, str>,
    aud: Cow<'a, str>,
    sub: String,
    sid: String,
    rot: i64,
    iat: i64,
    exp: i64,
}

/// Claims as the previous version wrote them. Its processes may still run beside this one while a server is upgraded.
#[derive(Serialize, Deserialize)]
struct WrittenBefore {
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Readable {
    Now(Written<'static>),
    Before(WrittenBefore),
}

impl Readable {
    /// What is claimed, when it is claimed by this issuer for what takes access tokens.
    fn claims(self, issuer: &str) -> Option<Claims> {
        match self {
            Self::Now(Written { iss, aud, sub, sid, rot, iat, exp }) if iss == issuer && aud == AUDIENCE => {
                Some(Claims { sub: sub.parse().ok()?, sid: sid.parse().ok()?, rotation: Some(rot), iat, exp })
            }
            Self::Now(_) => None,
            Self::Before(WrittenBefore { sub, sid, iat, exp }) => Some(Claims { sub, sid, rotation: None, iat, exp }),
        }
    }
}

/// A key that signs tokens, as it is kept.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// Its name in the `kid` of a token.
    pub kid: String,
    /// The private key, PKCS #8.
    pub pkcs8: Vec<u8>,
    /// When it was made.
    pub made_at: Timestamp,
}

struct Key {
    kid: String,
    signs: EncodingKey,
    verifies: DecodingKey,
    made_at: Timestamp,
}

/// Tokens in a generation of those that were verified lately.
const VERIFIED: usize = 4096;

/// The keys of this server. The newest one that every process can know signs; all verify.
pub struct Tokens {
    issuer: String,
    keys: RwLock<Vec<Key>>,
    /// What tokens say that were verified lately with these keys: a client sends the same one again and again, and a
    /// signature takes longer to verify than most operations take.
    verified: Mutex<Generations<String, Claims>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// No keys yet, for an issuer that is the same in all processes and at every address of the server. Chooses the
    /// cryptography of `jsonwebtoken` for this process.
    #[must_use]
    pub fn of(issuer: String) -> Self {
        ring_provider::install();
        Self { issuer, keys: RwLock::default(), verified: Mutex::new(Generations::of(VERIFIED)) }
    }

    /// Makes a new private key, PKCS #8.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new_pkcs8(chance: &Chance) -> Result<Vec<u8>> {
        let made = Ed25519KeyPair::generate_pkcs8(chance.secure());
        Ok(made.map_err(|_| Error::internal("no Ed25519 key could be made"))?.as_ref().to_vec())
    }

    /// Uses these keys from now on, oldest first.
    ///
    /// # Errors
    /// When one is not an Ed25519 key.
    pub fn use_keys(&self, stored: &[StoredKey]) -> Result<()> {
        let keys = stored.iter().map(key).collect::<Result<Vec<_>>>()?;
        let mut all = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *all = keys;
        // While nobody verifies: what a key signed that is no longer here must not work any more.
        self.verified().clear();
        Ok(())
    }

    /// Signs an access token with the newest key made before `known_by`, or else the oldest.
    ///
    /// # Errors
    /// When there is no key.
    pub fn sign(&self, claims: &Claims, known_by: Timestamp) -> Result<String> {
        let Claims { sub, sid, rotation, iat, exp } = *claims;
        let written = Written {
            iss: self.issuer.as_str().into(),
            aud: AUDIENCE.into(),
            sub: sub.to_string(),
            sid: sid.to_string(),
            rot: rotation.unwrap_or_default(),
            iat,
            exp,
        };
        self.encode(&written, known_by)
    }

    /// The same as the previous version wrote it, which both take: for comparing the two.
    ///
    /// # Errors
    /// When there is no key.
    pub fn sign_as_before(&self, claims: &Claims, known_by: Timestamp) -> Result<String> {
        let Claims { sub, sid, iat, exp, .. } = *claims;
        self.encode(&WrittenBefore { sub, sid, iat, exp }, known_by)
    }

    fn encode(&self, claims: &impl Serialize, known_by: Timestamp) -> Result<String> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.iter().rev().find(|key| key.made_at <= known_by).or(keys.first());
        let key = key.ok_or_else(|| Error::internal("there is no signing key"))?;
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &key.signs).map_err(Error::internal)
    }

    /// The claims of a token that one of our keys signed and that still works.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for anything else.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims> {
        let claims = self.claims(token).ok_or_else(|| refused("This access token is not one of this server."))?;
        if claims.exp <= now.seconds() {
            return Err(refused("This access token has expired. Refresh the session."));
        }
        Ok(claims)
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let known = self.verified().find(token);
        if known.is_some() {
            return known;
        }
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let key = keys.iter().find(|key| key.kid == kid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The clock of the program decides, not the library's.
        validation.validate_exp = false;
        // `Readable` does: tokens of the previous version have none.
        validation.validate_aud = false;
        let read = jsonwebtoken::decode::<Readable>(token, &key.verifies, &validation).ok()?.claims;
        let claims = read.claims(&self.issuer)?;
        self.verified().put(token.to_owned(), claims);
        Some(claims)
    }

    fn verified(&self) -> MutexGuard<'_, Generations<String, Claims>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(stored: &StoredKey) -> Result<Key> {
    let pair = Ed25519KeyPair::from_pkcs8(&stored.pkcs8).map_err(|_| Error::internal("a signing key is damaged"))?;
    Ok(Key {
        kid: stored.kid.clone(),
        signs: EncodingKey::from_ed_der(&stored.pkcs8),
        verifies: DecodingKey::from_ed_der(pair.public_key().as_ref()),
        made_at: stored.made_at,
    })
}

fn refused(message: &'static str) -> Error {
    Error::failed(Code::Unauthenticated, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn claims(exp: i64) -> Claims {
        Claims { sub: UserId(1), sid: SessionId(2), rotation: Some(3), iat: 900, exp }
    }

    fn server(kid: &str) -> Tokens {
        let tokens = Tokens::of("ours".into());
        let pkcs8 = Tokens::new_pkcs8(&Chance::default()).unwrap();
        tokens.use_keys(&[StoredKey { kid: kid.into(), pkcs8, made_at: Timestamp(0) }]).unwrap();
        tokens
    }

    #[test]
    fn a_token_of_this_server_works_until_it_expires() {
        let tokens = server("a");
        let token = tokens.sign(&claims(1001), NOW).unwrap();
        assert_eq!(tokens.verify(&token, NOW).unwrap(), claims(1001));
        assert!(tokens.verify(&token, Timestamp(1_001_000)).is_err());
    }

    #[test]
    fn a_token_that_was_verified_stops_with_its_key() {
        let tokens = server("a");
        let token = tokens.sign(&claims(2000), NOW).unwrap();
        for _ in 0..2 {
            assert_eq!(tokens.verify(&token, NOW).unwrap(), claims(2000));
        }
        let pkcs8 = Tokens::new_pkcs8(&Chance::default()).unwrap();
        tokens.use_keys(&[StoredKey { kid: "b".into(), pkcs8, made_at: Timestamp(0) }]).unwrap();
        assert!(tokens.verify(&token, NOW).is_err());
    }

    #[test]
    fn tokens_of_others_and_forged_ones_are_refused() {
        let (ours, theirs) = (server("a"), server("a"));
        let token = theirs.sign(&claims(2000), NOW).unwrap();
        let body = token.split('.').nth(1).unwrap();
        let header = |json: &str| BASE64.encode(json);
        let none = format!("{}.{body}.", header(r#"{"alg":"none","kid":"a"}"#));
        let hmac = format!("{}.{body}.{}", header(r#"{"alg":"HS256","kid":"a"}"#), BASE64.encode("x"));
        for forged in [token.as_str(), &none, &hmac, "", "a.b.c", "\0"] {
            assert_eq!(ours.verify(forged, NOW).unwrap_err().code(), Some(Code::Unauthenticated), "{forged}");
        }
    }

    #[test]
    fn ids_are_texts_and_issuer_and_audience_are_demanded() {
        let tokens = server("a");
        let token = tokens.sign(&claims(2000), NOW).unwrap();
        let written: Value = serde_json::from_slice(&BASE64.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
        let (sub, sid) = (UserId(1).to_string(), SessionId(2).to_string());
        let expected = json!({
            "iss": "ours", "aud": "photograph-api", "sub": sub, "sid": sid, "rot": 3, "iat": 900, "exp": 2000
        });
        assert_eq!(written, expected);
        let before = json!({ "sub": i64::MAX, "sid": i64::MAX - 1, "iat": 900, "exp": 2000 });
        let claims_before =
            Claims { sub: UserId(i64::MAX), sid: SessionId(i64::MAX - 1), rotation: None, ..claims(2000) };
        let with = |name: &str, value: Value| {
            let mut changed = written.clone();
            changed[name] = value;
            changed
        };
        let cases = [
            (written.clone(), Some(claims(2000))),
            (before, Some(claims_before)),
            (with("iss", json!("theirs")), None),
            (with("iss", Value::Null), None),
            (with("aud", json!("another")), None),
            (with("aud", Value::Null), None),
            (with("sub", json!("1")), None),
            (with("sub", json!(sid)), None),
        ];
        for (claims, expected) in cases {
            let header = Header { kid: Some("a".into()), ..Header::new(Algorithm::EdDSA) };
            let token = jsonwebtoken::encode(&header, &claims, &tokens.keys.read().unwrap()[0].signs).unwrap();
            assert_eq!(tokens.verify(&token, NOW).ok(), expected, "{claims}");
        }
    }

    #[test]
    fn a_new_key_signs_only_when_every_process_can_know_it_and_old_ones_verify() {
        let old = StoredKey {
            kid: "old".into(),
            pkcs8: Tokens::new_pkcs8(&Chance::default()).unwrap(),
            made_at: Timestamp(0),
        };
        let new = StoredKey { kid: "new".into(), pkcs8: Tokens::new_pkcs8(&Chance::default()).unwrap(), made_at: NOW };
        let tokens = Tokens::of("ours".into());
        tokens.use_keys(&[old, new]).unwrap();
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let before = tokens.sign(&claims(2000), Timestamp(NOW.0 - 1)).unwrap();
        let after = tokens.sign(&claims(2000), NOW).unwrap();
        assert_eq!((kid(&before), kid(&after)), ("old".into(), "new".into()));
        assert!(tokens.verify(&before, NOW).is_ok() && tokens.verify(&after, NOW).is_ok());
    }
}
