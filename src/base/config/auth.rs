//! How long sessions last, and how often passwords may be tried.

use serde::{Deserialize, Serialize};

/// Sessions and passwords.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "described in OPTIONS")]
pub struct Auth {
    pub access_token_seconds: u64,
    pub refresh_token_days: u64,
    pub key_days: u64,
    pub ended_poll_milliseconds: u64,
    pub wrong_passwords: u32,
    pub wrong_passwords_of_account: u32,
    pub log_ins_of_network: u32,
    /// The name that `log_ins_of_network` had in the version before.
    #[serde(skip_serializing)]
    pub(super) wrong_passwords_of_network: Option<u32>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            access_token_seconds: 15 * 60,
            refresh_token_days: 60,
            key_days: 90,
            ended_poll_milliseconds: 1000,
            wrong_passwords: 10,
            wrong_passwords_of_account: 100,
            log_ins_of_network: 25,
            wrong_passwords_of_network: None,
        }
    }
}
