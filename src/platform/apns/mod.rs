//! Apple Push Notification service: one verb, which sends a push and says what Apple answered.
//!
//! Without a key it only logs what it would send. What must stay true: a push that Apple may have taken is sent again only
//! under the same id, and nothing here forgets a device — that is decided by whoever reads the answer.

mod answer;
mod check;
mod connection;
mod gate;
mod live;
mod payload;
mod provider;
mod tls;
mod trouble;

use crate::base::clock::Timestamp;
use crate::base::config;
use crate::base::error::Result;
use crate::platform::db::Db;

pub use answer::Answer;
pub use payload::{Alert, LARGEST, Message};

/// The service, or a log in its place.
#[derive(Debug)]
pub enum Apns {
    /// Apple, or whoever `push.apns` names.
    Live(Box<live::Live>),
    /// Nobody: that a push would be sent is logged, and what it says at `debug`.
    Log,
}

/// Which of Apple's two services a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Of apps from the App Store and TestFlight.
    Production,
    /// Of apps from Xcode.
    Sandbox,
}

/// How a push is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// At once.
    Now,
    /// When it suits the device: it is seen, but wakes nobody.
    Quiet,
    /// Not at all: the app is woken in the background.
    Background,
}

/// A push that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Push {
    /// The token of the device, in hexadecimal.
    pub token: String,
    /// The app: its bundle id.
    pub topic: String,
    /// Which service knows the token.
    pub environment: Environment,
    /// Its id, a UUID: the same whenever the same push is sent again.
    pub id: String,
    /// Pushes with the same one replace each other on the screen; at most 64 bytes.
    pub collapse_id: Option<String>,
    /// How it is to be shown.
    pub urgency: Urgency,
    /// From when on it need not be delivered any more.
    pub expires_at: Timestamp,
    /// What it says, at most [`LARGEST`] bytes.
    pub payload: String,
}

impl Apns {
    /// Readies it. Nothing is sent yet, so Apple may be away.
    ///
    /// # Errors
    /// When a key or certificate cannot be read, or is none.
    pub fn open(config: &config::Apns) -> Result<Self> {
        Ok(live::Live::open(config)?.map_or(Self::Log, |live| Self::Live(Box::new(live))))
    }

    /// Sends a push and tells what became of it. The tokens that prove who sends are shared through the first database.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn send(&self, db: &Db, now: Timestamp, push: &Push) -> Result<Answer> {
        match self {
            Self::Live(live) => live.send(db, now, push).await,
            Self::Log => {
                tracing::info!(topic = %push.topic, id = %push.id, "push not sent: push.apns is not set");
                // It holds links, names and a cursor.
                tracing::debug!(id = %push.id, payload = %push.payload, "payload of a push that was not sent");
                Ok(Answer::Accepted)
            }
        }
    }

    /// Whether pushes leave the server.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// How many connections were opened so far. For tests.
    #[must_use]
    pub fn connections(&self) -> u64 {
        match self {
            Self::Live(live) => live.connections(),
            Self::Log => 0,
        }
    }
}

impl Environment {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Production => Self::Sandbox,
            Self::Sandbox => Self::Production,
        }
    }
}
