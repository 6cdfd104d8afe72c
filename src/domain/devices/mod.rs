//! Phones that get pushes. A device belongs to the session that registered it and goes with it; its token is that of one
//! device at a time. Another user's registration of it is refused for as long as the session of that device goes on.
//!
//! Whose a token is, is decided on the shard of the token (`device_tokens`). A device whose token has become another's is
//! never pushed to, also while its row is still there. Ids of devices are never used again for another registration, so
//! what is tidied away late cannot be a device that came back.

mod forget;
mod push;
mod receipts;
mod register;
mod table;
mod token;

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{DeviceId, UserId};
use crate::domain::sessions::{self, Session, Viewer};

pub use forget::{forget_moved, forget_of_session, unregister};
pub use push::{Errand, Outcome, push, suppress, test};
pub use receipts::{Receipt, Status, about, forget as forget_receipts, last_taken};
pub use register::{NAME_LENGTH, Registration, register};
pub use table::Model as Device;
pub use token::{Target, Topic};

/// A device as its owner sees it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The device.
    pub device: Device,
    /// The session it belongs to.
    pub session: Session,
    /// The last push to it.
    pub last: Option<Receipt>,
}

/// The devices of the viewer, registered last first.
///
/// # Errors
/// Those of the database.
pub async fn of_viewer(app: &App, viewer: Viewer) -> Result<Vec<Shown>> {
    let devices = table::of(app.db.read_own(&viewer.user), viewer.user).await?;
    shown(app, viewer, devices).await
}

/// One of the viewer's own devices.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Viewer, id: DeviceId) -> Result<Option<Shown>> {
    let device = table::one(app.db.read_own(&id), id).await?.filter(|device| device.user_id == viewer.user);
    Ok(shown(app, viewer, device.into_iter().collect()).await?.pop())
}

/// The devices of a user that can be pushed to: of sessions that go on, with tokens that are still theirs.
///
/// # Errors
/// Those of the database.
pub async fn reachable(app: &App, user: UserId) -> Result<Vec<Device>> {
    let mut devices = table::of(app.db.read_own(&user), user).await?;
    if devices.is_empty() {
        return Ok(devices);
    }
    let sessions = devices.iter().map(|device| device.session_id).collect();
    let alive = sessions::alive_among(app, user, sessions).await?;
    let owners = token::owners(app, &devices).await?;
    devices.retain(|device| alive.iter().any(|session| session.id == device.session_id) && owners.contains(&device.id));
    Ok(devices)
}

/// Devices with their sessions; those whose session is over are gone.
async fn shown(app: &App, viewer: Viewer, devices: Vec<Device>) -> Result<Vec<Shown>> {
    if devices.is_empty() {
        return Ok(vec![]);
    }
    let ids: Vec<DeviceId> = devices.iter().map(|device| device.id).collect();
    let sessions = devices.iter().map(|device| device.session_id).collect();
    let alive = sessions::alive_among(app, viewer.user, sessions).await?;
    let last = receipts::last_of(app.db.read_own(&viewer.user), ids).await?;
    let shown = devices.into_iter().filter_map(|device| {
        let session = alive.iter().find(|session| session.id == device.session_id)?.clone();
        let last = last.iter().find(|receipt| receipt.device_id == device.id).cloned();
        Some(Shown { device, session, last })
    });
    Ok(shown.collect())
}
