//! Renewing a session. A refresh token works once; used a second time, it was stolen or copied, and the session ends.
//! Within half a minute the same token gets the same answer, because phones repeat requests whose answer they lost.

use std::time::Duration;

use super::tokens::{Presented, tokens};
use super::{Begun, Session, end_in, ended, table};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::platform::db::Tx;

/// How long a repeated refresh gets the same answer.
const GRACE: Duration = Duration::from_secs(30);

enum Outcome {
    Renewed(Session),
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
        Outcome::Renewed(session) => Ok(Begun { tokens: tokens(app, &session)?, session }),
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
    let repeated = presented.rotation + 1 == session.rotation && now.since(session.rotated_at) <= GRACE;
    if repeated {
        return Ok(Outcome::Renewed(session));
    }
    end_in(app, tx, &session).await?;
    tracing::warn!(session = %session.id, "a refresh token was used twice; the session was ended");
    Ok(Outcome::Ended(session))
}

async fn renew(app: &App, tx: &Tx, mut session: Session) -> Result<Outcome> {
    let now = app.clock.now();
    session.rotation += 1;
    session.rotated_at = now;
    session.expires_at = now.after(table::lifetime(app));
    table::rotate(tx, &session).await?;
    Ok(Outcome::Renewed(session))
}

fn refused() -> Error {
    let message = "This refresh token is no longer valid. Log in again.";
    Error::refused(RefusalCode::BadCredential, message).at(["refreshToken"])
}
