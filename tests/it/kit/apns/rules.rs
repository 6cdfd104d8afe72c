//! What a push has to be, as Apple's documentation says: "Sending notification requests to APNs", "Establishing a
//! token-based connection to APNs" and "Handling notification responses from APNs".

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hyper::Method;
use hyper::http::request::Parts;
use photograph::base::clock::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

use super::{KEY_ID, Received, TEAM_ID, TOPIC};

/// A status and a reason.
pub type Wrong = (u16, &'static str);

/// Bytes in a payload.
const LARGEST: usize = 4096;
/// How old a token may be.
const OLDEST: Duration = Duration::from_hours(1);
/// How often a team may have another one.
const OFTEN: Duration = Duration::from_mins(20);

/// What is wrong with a request, whoever sent it.
pub fn wrong_request(head: &Parts, push: &Received, bytes: usize) -> Option<Wrong> {
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let rules = [
        (head.method != Method::POST, (405, "MethodNotAllowed")),
        (!head.uri.path().starts_with("/3/device/"), (404, "BadPath")),
        (!is_hex(&push.token), (400, "BadDeviceToken")),
        (push.topic.is_empty(), (400, "MissingTopic")),
        (push.topic != TOPIC, (400, "TopicDisallowed")),
        (!["alert", "background"].contains(&push.kind.as_str()), (400, "InvalidPushType")),
        (!["1", "5", "10"].contains(&push.priority.as_str()), (400, "BadPriority")),
        (push.kind == "background" && push.priority == "10", (400, "BadPriority")),
        (push.expiration < 0, (400, "BadExpirationDate")),
        (!is_uuid(&push.id), (400, "BadMessageId")),
        (push.collapse_id.as_ref().is_some_and(|id| id.len() > 64), (400, "BadCollapseId")),
        (bytes == 0, (400, "PayloadEmpty")),
        (bytes > LARGEST, (413, "PayloadTooLarge")),
        (!is_payload(&push.payload, &push.kind), (400, "BadPayload")),
    ];
    rules.into_iter().find_map(|(is_broken, wrong)| is_broken.then_some(wrong))
}

/// Lower case, in groups of 8, 4, 4, 4 and 12 digits.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    digits && groups == [8, 4, 4, 4, 12]
}

/// A dictionary `aps`, with nothing to see or hear in it when the app is only woken.
fn is_payload(payload: &Value, kind: &str) -> bool {
    let Some(aps) = payload["aps"].as_object() else { return false };
    match kind {
        "background" => aps.len() == 1 && aps.get("content-available") == Some(&Value::from(1)),
        _ => aps.contains_key("alert") || aps.contains_key("badge") || aps.contains_key("sound"),
    }
}

/// The tokens by which a team proved itself.
#[derive(Default)]
pub struct Proofs {
    last: Option<(String, Timestamp)>,
}

impl Proofs {
    /// What is wrong with a proof: it is signed with ES256 by the key of the team, not older than an hour, and another one
    /// than before only every 20 minutes.
    pub fn wrong(&mut self, proof: &str, key: &[u8], now: Timestamp) -> Option<Wrong> {
        let Some(token) = proof.strip_prefix("bearer ") else { return Some((403, "MissingProviderToken")) };
        let Some(made_at) = made_at(token, key) else { return Some((403, "InvalidProviderToken")) };
        // A clock may be a little behind.
        if now.since(made_at) > OLDEST || made_at.since(now) > Duration::from_mins(1) {
            return Some((403, "ExpiredProviderToken"));
        }
        match &self.last {
            Some((last, _)) if last == token => None,
            Some((_, at)) if now.since(*at) < OFTEN => Some((429, "TooManyProviderTokenUpdates")),
            _ => {
                self.last = Some((token.to_owned(), now));
                None
            }
        }
    }
}

/// When a token was made; `None` when it is not by the team's key.
fn made_at(token: &str, key: &[u8]) -> Option<Timestamp> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).ok()?).ok();
    let (header, claims) = (read(header)?, read(claims)?);
    let is_ours = header["alg"] == "ES256" && header["kid"] == KEY_ID && claims["iss"] == TEAM_ID;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
    key.verify(signed.as_bytes(), &BASE64.decode(signature).ok()?).ok()?;
    is_ours.then_some(Timestamp(claims["iat"].as_i64()? * 1000))
}
