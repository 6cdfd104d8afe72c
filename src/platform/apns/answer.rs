//! What Apple's answers mean for a push, its device and this server.

use std::time::Duration;

use a2::ErrorReason;
use serde::Deserialize;

use crate::base::clock::Timestamp;

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Apple took it.
    Accepted,
    /// The device no longer has the app. A token that was registered again after that instant is a good one.
    Gone { reason: String, since: Option<Timestamp> },
    /// This service does not know the token: the other one may.
    BadToken { reason: String },
    /// It will never be taken as it is.
    Refused { reason: String },
    /// This server may not send it: someone must act. The device is as good as before.
    Denied { reason: String },
    /// Not now.
    Later { reason: String, after: Option<Duration> },
}

/// What the body of a refusal says. Apple's list of reasons grows, so they are text here.
#[derive(Debug, Default, Deserialize)]
struct Body {
    #[serde(default)]
    reason: String,
    timestamp: Option<i64>,
}

impl Answer {
    /// An answer by its status, `Retry-After` in seconds, and body.
    pub(super) fn read(status: u16, retry_after: Option<u64>, body: &[u8]) -> Self {
        if status == 200 {
            return Self::Accepted;
        }
        let Body { reason, timestamp } = serde_json::from_slice(body).unwrap_or_default();
        let reason = if reason.is_empty() { format!("status {status}") } else { reason };
        let after = retry_after.map(Duration::from_secs);
        match (status, known(&reason)) {
            (410, _) => Self::Gone { reason, since: timestamp.map(Timestamp) },
            (400, Some(ErrorReason::BadDeviceToken)) => Self::BadToken { reason },
            // Apple closes connections with it that were idle; that is no fault of the push.
            (400, Some(ErrorReason::IdleTimeout)) | (429 | 500.., _) => Self::Later { reason, after },
            (403, _) => Self::Denied { reason },
            _ => Self::Refused { reason },
        }
    }

    /// Nothing came back.
    pub(super) fn silence(reason: &str) -> Self {
        Self::Later { reason: reason.to_owned(), after: None }
    }

    /// Whether the token that proves who sends is too old for Apple's clock.
    pub(super) fn is_stale_proof(&self) -> bool {
        matches!(self, Self::Denied { reason } if known(reason) == Some(ErrorReason::ExpiredProviderToken))
    }
}

fn known(reason: &str) -> Option<ErrorReason> {
    serde_json::from_value(serde_json::Value::String(reason.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_apple_says_they_mean() {
        let read = |status, reason: &str| Answer::read(status, None, format!(r#"{{"reason":"{reason}"}}"#).as_bytes());
        let reason = |text: &str| text.to_owned();
        assert_eq!(read(200, ""), Answer::Accepted);
        assert_eq!(read(400, "BadDeviceToken"), Answer::BadToken { reason: reason("BadDeviceToken") });
        assert_eq!(read(400, "DeviceTokenNotForTopic"), Answer::Refused { reason: reason("DeviceTokenNotForTopic") });
        assert_eq!(read(403, "InvalidProviderToken"), Answer::Denied { reason: reason("InvalidProviderToken") });
        assert_eq!(read(413, "PayloadTooLarge"), Answer::Refused { reason: reason("PayloadTooLarge") });
        assert_eq!(read(503, "SomethingNew"), Answer::Later { reason: reason("SomethingNew"), after: None });
        assert_eq!(Answer::read(500, None, b"<html>"), Answer::Later { reason: reason("status 500"), after: None });
        let later = Answer::read(429, Some(7), br#"{"reason":"TooManyRequests"}"#);
        assert_eq!(later, Answer::Later { reason: reason("TooManyRequests"), after: Some(Duration::from_secs(7)) });
        let gone = Answer::read(410, None, br#"{"reason":"Unregistered","timestamp":1508249865488}"#);
        assert_eq!(gone, Answer::Gone { reason: reason("Unregistered"), since: Some(Timestamp(1_508_249_865_488)) });
    }
}
