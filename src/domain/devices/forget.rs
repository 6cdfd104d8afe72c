//! Devices that go: unregistered, with their session, moved to another account, or because the app was removed.

use super::table::{self, Model as Device};
use super::token;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{DeviceId, SessionId};
use crate::domain::sessions::Viewer;

/// Pushes to one of the viewer's devices no more. False when there is none such.
///
/// # Errors
/// Those of the database.
pub async fn unregister(app: &App, viewer: Viewer, id: DeviceId) -> Result<bool> {
    let device = table::one(app.db.read_own(&id), id).await?;
    match device.filter(|device| device.user_id == viewer.user) {
        Some(device) => forget(app, &device).await,
        None => Ok(false),
    }
}

/// Removes the devices of a session that ended. A step: they are not pushed to from the moment it ended.
///
/// # Errors
/// Those of the database.
pub async fn forget_of_session(app: &App, session: SessionId) -> Result<()> {
    for device in table::of_session(app.db.read_own(&session), session).await? {
        forget(app, &device).await?;
    }
    Ok(())
}

/// Removes a device whose token has become that of another one. A step: it is not pushed to since then.
///
/// # Errors
/// Those of the database.
pub async fn forget_moved(app: &App, id: DeviceId) -> Result<()> {
    let Some(device) = table::one(app.db.read_own(&id), id).await? else { return Ok(()) };
    if token::owner(app, &device.token).await? != Some(id) {
        app.db.write(&id, async |tx| table::delete(tx, id).await).await?;
    }
    Ok(())
}

/// Removes a device that Apple knows no more. False when it was registered again since: then Apple's answer is about how
/// it was before.
pub(super) async fn forget_gone(app: &App, device: &Device, since: Timestamp) -> Result<bool> {
    let is_gone = app.db.write(&device.id, async |tx| table::delete_older(tx, device.id, since).await).await?;
    if is_gone {
        token::release(app, &device.token, device.id).await?;
    }
    Ok(is_gone)
}

/// The token is free before the row goes: a token whose device has no row is kept for a registration under way.
async fn forget(app: &App, device: &Device) -> Result<bool> {
    token::release(app, &device.token, device.id).await?;
    app.db.write(&device.id, async |tx| table::delete(tx, device.id).await).await
}
