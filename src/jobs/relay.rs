//! Moving committed facts into the log, with the steps that follow, and telling the tails.

use std::sync::Arc;
use std::time::Duration;

use super::after::after;
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
    loop {
        match move_all(&app, &database).await {
            Ok(()) => {
                let _ = tokio::time::timeout(poll, database.outbox_filled.notified()).await;
            }
            Err(error) => {
                error.tell(|detail| tracing::error!(database = database.number, detail, "facts could not be relayed"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn move_all(app: &App, database: &Database) -> Result<()> {
    // Looking needs no lock; most looks find nothing.
    while !log::is_outbox_empty(database).await? {
        let entries = log::relay(database, app.clock.now(), steps_after).await?;
        if !entries.is_empty() {
            app.bus.tell(entries);
        }
    }
    Ok(())
}

fn steps_after(fact: &Fact) -> Result<Vec<Task>> {
    after(fact).iter().map(|step| Ok(Task { lane: step.lane(), step: serde_json::to_string(step)? })).collect()
}
