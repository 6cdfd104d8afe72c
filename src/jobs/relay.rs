//! Moving committed facts into the log, with the steps that follow, and telling the tails.

use std::sync::Arc;
use std::time::Duration;

use super::after::after;
use super::step::Step;
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::platform::db::Database;
use crate::platform::log;
use crate::platform::queue::Task;

/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// Relays the facts of one database for ever: when told, and every `poll` for what other processes wrote.
pub(super) async fn run(app: Arc<App>, database: Arc<Database>, poll: Duration) {
    let mut waits_at = None;
    loop {
        match move_all(&app, &database).await {
            // More facts change nothing: it gets no further without a newer relay.
            Ok(Some(fact)) => {
                if waits_at.replace(fact) != Some(fact) {
                    let database = database.number;
                    tracing::warn!(database, fact, "relay waits for a newer one: this version does not know a fact");
                }
                tokio::time::sleep(poll.max(PAUSE)).await;
            }
            Ok(None) => {
                waits_at = None;
                let _ = tokio::time::timeout(poll, database.outbox_filled.notified()).await;
            }
            Err(error) => {
                error.tell(|detail| tracing::error!(database = database.number, detail, "facts could not be relayed"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Returns the number of a fact that this process does not know, which it stopped at.
async fn move_all(app: &App, database: &Database) -> Result<Option<i64>> {
    // Looking needs no lock; most looks find nothing.
    while !log::is_outbox_empty(database).await? {
        let moved = log::relay(database, app.clock.now(), steps_after).await?;
        if !moved.entries.is_empty() {
            app.bus.tell(moved.entries);
        }
        if moved.unknown.is_some() {
            return Ok(moved.unknown);
        }
    }
    Ok(None)
}

fn steps_after(fact: &Fact) -> Result<Vec<Task>> {
    after(fact).iter().map(Step::task).collect()
}
