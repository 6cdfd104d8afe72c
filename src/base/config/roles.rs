//! What a process does: all of it, or one part of a larger setup.

use serde::{Deserialize, Serialize};

/// The parts of the work that a process takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Roles {
    /// Serves the API and the live streams.
    pub api: bool,
    /// Does steps, and what is due because time has passed.
    pub worker: bool,
    /// Moves facts into the log.
    pub relay: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self { api: true, worker: true, relay: true };
}

impl std::str::FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut roles = Self { api: false, worker: false, relay: false };
        for role in text.split(',').map(str::trim) {
            match role {
                "all" => roles = Self::ALL,
                "api" => roles.api = true,
                "worker" => roles.worker = true,
                "relay" => roles.relay = true,
                _ => {
                    return Err(format!(
                        "a role is all, api, worker or relay, or some of them with commas, not {role:?}"
                    ));
                }
            }
        }
        Ok(roles)
    }
}

impl TryFrom<String> for Roles {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::ALL {
            return f.write_str("all");
        }
        let parts = [("api", self.api), ("worker", self.worker), ("relay", self.relay)];
        let names: Vec<&str> = parts.iter().filter(|(_, taken)| *taken).map(|(name, _)| *name).collect();
        f.write_str(&names.join(","))
    }
}

impl From<Roles> for String {
    fn from(roles: Roles) -> Self {
        roles.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for text in ["all", "api", "worker", "relay", "api,relay"] {
            assert_eq!(text.parse::<Roles>().unwrap().to_string(), text);
        }
        assert_eq!("api,worker,relay".parse(), Ok(Roles::ALL));
        assert!("".parse::<Roles>().is_err() && "web".parse::<Roles>().is_err());
    }
}
