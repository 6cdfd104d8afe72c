//! What is pushed to devices, and how the server proves to Apple who it is: by a key or by a certificate, for which apps.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Mistake;

/// What is pushed to devices.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Push {
    pub delay_seconds: u64,
    pub expire_hours: u64,
    pub receipt_days: u64,
    pub devices: u64,
    pub apns: Apns,
}

/// Apple Push Notification service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Apns {
    pub key_file: Option<PathBuf>,
    pub key_id: Option<String>,
    pub team_id: Option<String>,
    pub certificate_file: Option<PathBuf>,
    pub topics: Vec<String>,
    pub production_url: String,
    pub sandbox_url: String,
    pub ca_file: Option<PathBuf>,
    pub timeout_seconds: u64,
    pub ping_seconds: u64,
    pub in_flight: usize,
}

impl Default for Push {
    fn default() -> Self {
        Self { delay_seconds: 5, expire_hours: 24, receipt_days: 7, devices: 20, apns: Apns::default() }
    }
}

impl Default for Apns {
    fn default() -> Self {
        Self {
            key_file: None,
            key_id: None,
            team_id: None,
            certificate_file: None,
            topics: Vec::new(),
            // Apple's own hosts, as its documentation names them.
            production_url: "https://api.push.apple.com".into(),
            sandbox_url: "https://api.sandbox.push.apple.com".into(),
            ca_file: None,
            timeout_seconds: 20,
            ping_seconds: 60,
            in_flight: 64,
        }
    }
}

impl Push {
    pub(super) fn check(&self) -> Result<(), Mistake> {
        let positive = [
            ("expire_hours", self.expire_hours),
            ("devices", self.devices),
            ("apns.timeout_seconds", self.apns.timeout_seconds),
            ("apns.ping_seconds", self.apns.ping_seconds),
            ("apns.in_flight", self.apns.in_flight as u64),
        ];
        match positive.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(Mistake(format!("push.{key} must be at least 1."))),
            None => self.apns.check(),
        }
    }
}

impl Apns {
    /// Whether pushes leave the server. Without a key and a certificate they are only logged.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.key_file.is_some() || self.certificate_file.is_some()
    }

    fn check(&self) -> Result<(), Mistake> {
        let wrong = match (&self.key_file, &self.certificate_file) {
            (Some(_), Some(_)) => "Set push.apns.key_file or push.apns.certificate_file, not both.",
            (Some(_), None) if self.key_id.is_none() || self.team_id.is_none() => {
                "push.apns.key_file needs push.apns.key_id and push.apns.team_id: Apple shows both beside the key."
            }
            (None, None) if self.key_id.is_some() || self.team_id.is_some() => {
                "push.apns.key_id and push.apns.team_id say nothing without push.apns.key_file."
            }
            _ if self.is_set() && self.topics.is_empty() => {
                "push.apns.topics names the apps that may be pushed to: their bundle IDs."
            }
            _ if !(self.production_url.starts_with("https://") && self.sandbox_url.starts_with("https://")) => {
                "push.apns.production_url and push.apns.sandbox_url start with https://."
            }
            _ => return Ok(()),
        };
        Err(Mistake(wrong.into()))
    }

    /// Whether devices of an app are taken. While pushes are only logged, every app is.
    #[must_use]
    pub fn takes(&self, topic: &str) -> bool {
        (self.topics.is_empty() && !self.is_set()) || self.topics.iter().any(|known| known == topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_setting_is_a_mistake() {
        let key = || Apns { key_file: Some("key.p8".into()), topics: vec!["app".into()], ..Apns::default() };
        let whole = Apns { key_id: Some("K".into()), team_id: Some("T".into()), ..key() };
        assert!(Apns::default().check().is_ok() && whole.check().is_ok());
        let certificate = Some("push.pem".into());
        let wrong = [
            key(),
            Apns { key_id: Some("K".into()), ..Apns::default() },
            Apns { topics: vec![], ..whole.clone() },
            Apns { certificate_file: certificate.clone(), ..whole.clone() },
            Apns { certificate_file: certificate, ..Apns::default() },
            Apns { sandbox_url: "http://127.0.0.1:1".into(), ..whole.clone() },
        ];
        assert!(wrong.iter().all(|apns| apns.check().is_err()));
        assert!(whole.takes("app") && !whole.takes("other") && Apns::default().takes("other"));
    }
}
