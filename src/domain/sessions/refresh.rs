//! Renewing a session. A refresh token works once. The one before the newest gets the newest tokens again for half a
//! minute, because several tabs refresh at once, and later for as long as neither of the newest tokens was accepted: a
//! phone may have lost the answer. Used after that, it was stolen or copied, and the session ends.

use std::time::Duration;

use super::accepted::is_newest_accepted;
use super::tokens::{Presented, tokens_at};
use super::{Begun, Session, end_in, ended, table};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, RefusalCode, Result};
use crate::platform::db::Tx;

/// How long a repeated refresh gets the same answer in any case.
const GRACE: Duration = Duration::from_secs(30);

enum Outcome {
    /// With the instant at which its access token was made.
    Renewed(Session, Timestamp),
    Ended(Session),
    Refused,
}

/// Renews a session with a refresh token.
///
/// # Errors
/// `BAD_CREDENTIAL` when the token is not ours, was used before, or its session is over.
pub async fn refresh(app: &App, token: &str) -> Result<Begun> {
    let presented = Presented::parse(token).ok_or_else(refused)?;
    let outcome = app.db.write(&presented.session, async |tx| decide(app, tx, &presented).await).await?;
    match outcome {
        Outcome::Renewed(session, made_at) => Ok(Begun { tokens: tokens_at(app, &session, made_at)?, session }),
        Outcome::Ended(session) => {
            ended::announce(app, &session);
            Err(refused())
        }
        Outcome::Refused => Err(refused()),
    }
}

async fn decide(app: &App, tx: &Tx, presented: &Presented) -> Result<Outcome> {
    let now = app.clock.now();
    let session = table::lock(tx, presented.session).await?;
    let Some(session) = session.filter(|session| presented.is_of(session) && session.is_alive(now)) else {
        return Ok(Outcome::Refused);
    };
    if presented.rotation == session.rotation {
        return renew(app, tx, session).await;
    }
    if presented.rotation + 1 == session.rotation
        && let Some(made_at) = repeated_at(app, &session, now)
    {
        return Ok(Outcome::Renewed(session, made_at));
    }
    end_in(app, tx, &session).await?;
    tracing::warn!(session = %session.id, "a refresh token was used twice; the session was ended");
    Ok(Outcome::Ended(session))
}

/// When the access token of a repeated answer was made; `None` when the answer is not repeated. One that comes late gets a
/// new access token, because the first one may have expired, and the same refresh token.
fn repeated_at(app: &App, session: &Session, now: Timestamp) -> Option<Timestamp> {
    if now.since(session.rotated_at) <= GRACE {
        return Some(session.rotated_at);
    }
    (!is_newest_accepted(app, session)).then_some(now)
}

async fn renew(app: &App, tx: &Tx, mut session: Session) -> Result<Outcome> {
    let now = app.clock.now();
    session.accepted_rotation = Some(session.rotation);
    session.rotation += 1;
    session.rotated_at = now;
    session.expires_at = now.after(table::lifetime(app));
    table::rotate(tx, &session).await?;
    Ok(Outcome::Renewed(session, now))
}

fn refused() -> Error {
    let message = "This refresh token is no longer valid. Log in again.";
    Error::refused(RefusalCode::BadCredential, message).at(["refreshToken"])
}
