//! Signing up, logging in, and where a user is signed in. A session is what access hangs on; tokens only prove it.
//!
//! An access token is believed without a look into the database, so what must be known at once is which sessions ended:
//! every process keeps those of the last quarter of an hour.

mod accepted;
mod attempts;
mod credentials;
mod ended;
mod keys;
mod log_in;
mod password;
mod refresh;
mod sign_up;
mod table;
mod tokens;

use crate::app::App;
use crate::base::error::{Code, Error, Result};
use crate::base::facts::Fact;
use crate::base::ids::{SessionId, UserId};
use crate::domain::users;
use crate::platform::db::Tx;
use crate::platform::log;

pub use accepted::store as store_accepted;
pub use credentials::email_of;
pub use ended::{
    ENDED, is_ended, keep as keep_ended, load as load_ended, load_since as load_ended_since, note as note_ended,
    pause as ended_pause,
};
pub use keys::{load as load_keys, renew as renew_keys};
pub use log_in::{LogIn, log_in};
pub use refresh::refresh;
pub use sign_up::{Registration, sign_up};
pub use table::Model as Session;
pub use tokens::SessionTokens;

/// Who is asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Viewer {
    /// The user.
    pub user: UserId,
    /// The session they ask in.
    pub session: SessionId,
}

/// A session that has just begun or been renewed, with what to use it with.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The session.
    pub session: Session,
    /// What to use it with.
    pub tokens: SessionTokens,
}

impl Begun {
    /// Whose session it is.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer { user: self.session.user_id, session: self.session.id }
    }
}

/// Who an access token is of. Looks nothing up in a database.
///
/// # Errors
/// `UNAUTHENTICATED` when the token is not ours, has expired, or its session has ended.
pub fn authenticate(app: &App, access_token: &str) -> Result<Viewer> {
    let claims = app.tokens.verify(access_token, app.clock.now())?;
    if is_ended(app, claims.sid) {
        return Err(ended::error());
    }
    accepted::note(app, &claims);
    Ok(Viewer { user: claims.sub, session: claims.sid })
}

/// Whether the user of a session is there. While their database is away this is not known, and they may go on.
///
/// # Errors
/// `UNAUTHENTICATED` when they are gone.
pub async fn has_account(app: &App, viewer: Viewer) -> Result<()> {
    match users::known(app, &[viewer.user]).await {
        Ok(users) if users.is_empty() => Err(no_account()),
        _ => Ok(()),
    }
}

/// The user of a session is gone.
#[must_use]
pub fn no_account() -> Error {
    Error::failed(Code::Unauthenticated, "The account of this session is gone. Sign in to another, or sign up.")
}

/// Where the viewer is signed in, last begun first.
///
/// # Errors
/// Those of the database.
pub async fn of_viewer(app: &App, viewer: Viewer) -> Result<Vec<Session>> {
    table::alive_of(app.db.read_own(&viewer.user), viewer.user, app.clock.now()).await
}

/// Those of a user among some sessions that can be used.
///
/// # Errors
/// Those of the database.
pub async fn alive_among(app: &App, user: UserId, ids: Vec<SessionId>) -> Result<Vec<Session>> {
    let sessions = table::many(app.db.read_own(&user), ids).await?;
    let now = app.clock.now();
    Ok(sessions.into_iter().filter(|session| session.user_id == user && session.is_alive(now)).collect())
}

/// One of the viewer's own sessions.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Viewer, id: SessionId) -> Result<Option<Session>> {
    let session = table::one(app.db.read_own(&id), id).await?;
    Ok(session.filter(|session| session.user_id == viewer.user && session.is_alive(app.clock.now())))
}

/// Ends one of the viewer's own sessions: its tokens and sockets with it. False when there is none such.
///
/// # Errors
/// Those of the database.
pub async fn end(app: &App, viewer: Viewer, id: SessionId) -> Result<bool> {
    let ended = app.db.write(&id, async |tx| match table::lock(tx, id).await? {
        Some(session) if session.user_id == viewer.user && end_in(app, tx, &session).await? => Ok(Some(session)),
        _ => Ok(None),
    });
    let ended = ended.await?;
    if let Some(session) = &ended {
        ended::announce(app, session);
    }
    Ok(ended.is_some())
}

/// Ends a session in a transaction. False when it had ended before.
async fn end_in(app: &App, tx: &Tx, session: &Session) -> Result<bool> {
    if session.ended_at.is_some() {
        return Ok(false);
    }
    let now = app.clock.now();
    table::end(tx, session.id, now).await?;
    log::record(tx, now, &Fact::SessionEnded { session: session.id, user: session.user_id }).await?;
    Ok(true)
}

/// Begins a session in a transaction.
async fn begin(app: &App, tx: &Tx, user: UserId) -> Result<Session> {
    let session = table::new(app, user)?;
    table::insert(tx, session.clone()).await?;
    Ok(session)
}
