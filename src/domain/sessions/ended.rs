//! The sessions that ended lately, known to every process, so that an access token can be refused without a query.

use std::sync::PoisonError;
use std::time::Duration;

use super::table;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Code, Error, Result};
use crate::base::ids::SessionId;

/// What is said to who comes with a session that has ended.
pub const ENDED: &str = "This session has ended. Log in again.";

/// Whether a session ended while its access tokens could still be in use.
#[must_use]
pub fn is_ended(app: &App, session: SessionId) -> bool {
    app.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
}

/// Notes that a session ended.
pub fn note(app: &App, session: SessionId, at: Timestamp) {
    app.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(session, at);
}

/// Reads which sessions ended lately: when a process starts, and when it may have missed some.
///
/// # Errors
/// Those of the database.
pub async fn load(app: &App) -> Result<()> {
    let since = app.clock.now().before(token_life(app));
    for database in app.db.databases() {
        for session in table::ended_since(database.read_own(), since).await? {
            note(app, session.id, session.ended_at.unwrap_or(since));
        }
    }
    Ok(())
}

/// Forgets sessions whose access tokens have all expired.
pub fn keep(app: &App) {
    let since = app.clock.now().before(token_life(app));
    app.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, at| *at >= since);
}

/// Tokens can outlive the end of their session by their whole life; a minute covers clocks that differ.
fn token_life(app: &App) -> Duration {
    Duration::from_secs(app.config.auth.access_token_seconds + 60)
}

pub(super) fn error() -> Error {
    Error::failed(Code::Unauthenticated, ENDED)
}
