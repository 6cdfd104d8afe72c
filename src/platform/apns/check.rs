//! Whether pushes would reach Apple, tried without a device: a token that nobody has is refused only after the key was
//! found good.

use super::answer::Answer;
use super::{Apns, Environment, Push, Urgency};
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::platform::db::Db;

/// A token that no device has.
const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const ID: &str = "00000000-0000-4000-8000-000000000000";

impl Apns {
    /// Tries both services for an app, and says what was seen in a sentence, or what is wrong and how to mend it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn check(
        &self,
        db: &Db,
        now: Timestamp,
        topic: &str,
    ) -> Result<Vec<std::result::Result<String, String>>> {
        let Self::Live(live) = self else { return Ok(vec![]) };
        let mut found = Vec::new();
        for environment in [Environment::Production, Environment::Sandbox] {
            let answer = live.send(db, now, &nobodys(environment, topic, now)).await?;
            found.push(sentence(live.url(environment), answer));
        }
        Ok(found)
    }
}

fn nobodys(environment: Environment, topic: &str, now: Timestamp) -> Push {
    Push {
        token: NOBODY.into(),
        topic: topic.into(),
        environment,
        id: ID.into(),
        collapse_id: None,
        urgency: Urgency::Background,
        expires_at: now,
        payload: r#"{"aps":{"content-available":1}}"#.into(),
    }
}

fn sentence(url: &str, answer: Answer) -> std::result::Result<String, String> {
    match answer {
        Answer::Accepted | Answer::Gone { .. } | Answer::BadToken { .. } => Ok(format!("{url} takes our pushes.")),
        Answer::Denied { reason } => Err(format!(
            "{url} does not know us ({reason}): compare push.apns.key_id, team_id and key_file, or the certificate."
        )),
        Answer::Refused { reason } => Err(format!("{url} refuses the topic ({reason}): see push.apns.topics.")),
        Answer::Later { reason, .. } => {
            Err(format!("{url} did not answer well ({reason}): is the way there open, port 443 and HTTP/2?"))
        }
    }
}
