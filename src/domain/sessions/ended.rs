//! The sessions that ended lately, known to every process, so that an access token can be refused without a query.
//!
//! An end must be known everywhere within a second or so, whatever the log and its relay do. The process that ends a
//! session tells the others through Redis, where there is one. A message can be lost, so each process also asks every
//! database, again and again, which sessions ended.

use std::sync::PoisonError;
use std::time::Duration;

use super::{Session, table};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Code, Error, Result};
use crate::base::ids::SessionId;
use crate::platform::db::Database;
use crate::platform::log::SessionEnd;

/// What is said to who comes with a session that has ended.
pub const ENDED: &str = "This session has ended. Log in again.";

/// An end is seen later than the instant that stands in it, by what clocks differ and a transaction takes.
const MARGIN: Duration = Duration::from_mins(1);

/// Whether a session ended while its access tokens could still be in use.
#[must_use]
pub fn is_ended(app: &App, session: SessionId) -> bool {
    app.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
}

/// Notes that a session ended. Its sockets and streams on this process end with it.
pub fn note(app: &App, end: SessionEnd) {
    let mut ended = app.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let is_new = ended.insert(end.session, end.at).is_none();
    drop(ended);
    if is_new {
        app.live.end_session(end);
    }
}

/// Notes that this process ended a session, and tells the others.
pub(super) fn announce(app: &App, session: &Session) {
    let end = SessionEnd { session: session.id, user: session.user_id, at: app.clock.now() };
    note(app, end);
    app.bus.tell_session_end(app.db.database(&session.id), end);
}

/// Reads which sessions ended while their access tokens can still be in use: when a process starts.
///
/// # Errors
/// Those of the database.
pub async fn load(app: &App) -> Result<()> {
    let since = app.clock.now().before(token_life(app));
    for database in app.db.databases() {
        load_since(app, database, since).await?;
    }
    Ok(())
}

/// Reads which sessions of a database ended after an instant at which that was known.
///
/// # Errors
/// Those of the database.
pub async fn load_since(app: &App, database: &Database, known: Timestamp) -> Result<()> {
    for end in table::ended_since(database.read_own(), known.before(MARGIN)).await? {
        note(app, end);
    }
    Ok(())
}

/// How long to wait before asking a database again. While Redis tells the ends, only lost messages are looked for.
#[must_use]
pub fn pause(app: &App) -> Duration {
    let pause = Duration::from_millis(app.config.auth.ended_poll_milliseconds);
    let is_told = app.redis.as_ref().is_some_and(|redis| redis.epoch().is_some());
    if is_told { 3 * pause } else { pause }
}

/// Forgets sessions whose access tokens have all expired.
pub fn keep(app: &App) {
    let since = app.clock.now().before(token_life(app));
    app.ended_sessions.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, at| *at >= since);
}

/// Tokens can outlive the end of their session by their whole life.
fn token_life(app: &App) -> Duration {
    Duration::from_secs(app.config.auth.access_token_seconds) + MARGIN
}

pub(super) fn error() -> Error {
    Error::failed(Code::Unauthenticated, ENDED)
}
