//! What a session is used with: an access token, and a refresh token that works once.
//!
//! Both follow from the session's row alone, so a refresh that is repeated gives the same answer without any token being
//! kept. A refresh token is `session.rotation.mac`, with an HMAC-SHA-256 (RFC 2104) under the session's secret.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac;

use super::Session;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::SessionId;
use crate::platform::token::Claims;

/// A new key signs only after every process has had time to load it.
pub(super) const KEYS_SPREAD: Duration = Duration::from_mins(3);

/// What a session is used with.
#[derive(Clone, Debug)]
pub struct SessionTokens {
    /// For `Authorization: Bearer` and for sockets.
    pub access: String,
    /// When it stops working.
    pub access_expires_at: Timestamp,
    /// For the next refresh, once.
    pub refresh: String,
    /// When it stops working.
    pub refresh_expires_at: Timestamp,
}

/// The tokens of a session as it is now: the same until it is refreshed.
pub(super) fn tokens(app: &App, session: &Session) -> Result<SessionTokens> {
    tokens_at(app, session, session.rotated_at)
}

/// The same, with an access token made at an instant.
pub(super) fn tokens_at(app: &App, session: &Session, made_at: Timestamp) -> Result<SessionTokens> {
    let expires_at = made_at.after(Duration::from_secs(app.config.auth.access_token_seconds));
    let (iat, exp) = (made_at.seconds(), expires_at.seconds());
    let claims = Claims { sub: session.user_id, sid: session.id, rotation: Some(session.rotation), iat, exp };
    Ok(SessionTokens {
        access: app.tokens.sign(&claims, made_at.before(KEYS_SPREAD))?,
        access_expires_at: expires_at,
        refresh: refresh_token(session),
        refresh_expires_at: session.expires_at,
    })
}

fn refresh_token(session: &Session) -> String {
    let mac = hmac::sign(&key(session), &message(session.rotation));
    format!("{}.{}.{}", session.id, session.rotation, BASE64.encode(mac))
}

/// A refresh token as it came in, not yet believed.
pub(super) struct Presented {
    pub session: SessionId,
    pub rotation: i64,
    mac: Vec<u8>,
}

impl Presented {
    /// Takes a token apart; `None` when it is not of our form.
    pub fn parse(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (session, rotation, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let mac = BASE64.decode(mac).ok()?;
        let whole = parts.next().is_none();
        whole.then_some(Self { session: session.parse().ok()?, rotation: rotation.parse().ok()?, mac })
    }

    /// Whether this server made it for the session.
    pub fn is_of(&self, session: &Session) -> bool {
        hmac::verify(&key(session), &message(self.rotation), &self.mac).is_ok()
    }
}

fn key(session: &Session) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, session.secret.as_bytes())
}

fn message(rotation: i64) -> [u8; 8] {
    rotation.to_be_bytes()
}
