//! Whether the client has its newest tokens. Once either of them was accepted, the refresh token before them is of no use
//! to it any more, so whoever presents that one has stolen or copied it.

use futures_util::{StreamExt, stream};

use super::{Session, table};
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::SessionId;
use crate::platform::token::Claims;

/// How many are stored at once.
const AT_ONCE: usize = 4;

/// Notes that an access token was accepted. The tokens that a session begins with replace none.
pub(super) fn note(app: &App, claims: &Claims) {
    if let Some(rotation) = claims.rotation.filter(|rotation| *rotation > 0) {
        app.accepted_rotations.note(claims.sid, rotation);
    }
}

/// Whether a token of the session's newest pair was accepted.
pub(super) fn is_newest_accepted(app: &App, session: &Session) -> bool {
    // Rows that the previous version wrote last count as before: a token works once.
    session.accepted_rotation.is_none_or(|accepted| accepted >= session.rotation)
        || app.accepted_rotations.has(session.id, session.rotation)
}

/// Waits for what is accepted and stores it. False when some of it could not be stored and waits to be stored again. What a
/// process that dies had still to store is noted with the next request.
pub async fn store(app: &App) -> bool {
    let accepted = app.accepted_rotations.take().await;
    let stored = stream::iter(accepted).map(|(session, rotation)| store_or_put_back(app, session, rotation));
    let stored: Vec<bool> = stored.buffer_unordered(AT_ONCE).collect().await;
    !stored.contains(&false)
}

async fn store_or_put_back(app: &App, session: SessionId, rotation: i64) -> bool {
    let stored = store_one(app, session, rotation).await;
    if let Err(error) = &stored {
        error.tell(|detail| tracing::error!(detail, "accepted tokens could not be noted"));
        app.accepted_rotations.put_back(session, rotation);
    }
    stored.is_ok()
}

async fn store_one(app: &App, session: SessionId, rotation: i64) -> Result<()> {
    let row = table::one(app.db.read_own(&session), session).await?;
    if row.is_some_and(|row| row.rotation == rotation && row.accepted_rotation < Some(rotation)) {
        app.db.write(&session, async |tx| table::accept(tx, session, rotation).await).await?;
    }
    Ok(())
}
