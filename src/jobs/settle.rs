//! Waiting until everything that follows from what was written has been done and told. For tests and for seeding.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::base::error::{Error, Result};
use crate::platform::{log, queue};

/// How often to look.
const LOOK: Duration = Duration::from_millis(5);

/// Comes back when no fact waits, no step is left and the live streams of this process have been told everything.
///
/// # Errors
/// Those of the database, and when a step was buried.
pub async fn settle(app: &Arc<App>) -> Result<()> {
    while !is_settled(app).await? {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// A step can record facts on another database and a relay can store steps, so nothing may have moved during the look.
async fn is_settled(app: &App) -> Result<bool> {
    let before = positions(app).await?;
    for database in app.db.databases() {
        let backlog = queue::backlog(database).await?;
        if backlog.buried > 0 {
            return Err(Error::internal("a step was buried"));
        }
        if backlog.waiting > 0 {
            return Ok(false);
        }
    }
    // Only now: a step that was still running above may have recorded facts on a database looked at before.
    for database in app.db.databases() {
        if !log::is_outbox_empty(database).await? {
            return Ok(false);
        }
    }
    let told = app.live.positions().iter().zip(&before).all(|(told, written)| told >= written);
    Ok(told && positions(app).await? == before)
}

async fn positions(app: &App) -> Result<Vec<i64>> {
    let mut positions = Vec::new();
    for database in app.db.databases() {
        positions.push(log::position(database).await?);
    }
    Ok(positions)
}
