//! Registering a device: at every start of an app, so mostly one that is known already.

use super::table::{self, Model as Device};
use super::{Shown, Target, find, token};
use crate::app::App;
use crate::base::error::{Code, Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::DeviceId;
use crate::domain::sessions::Viewer;
use crate::platform::log;

/// Code points in the name of a device.
pub const NAME_LENGTH: usize = 100;
/// How often registering begins anew because the same token was registered by others at the same time.
const TRIES: usize = 5;

/// A device as its app tells of it.
#[derive(Clone, Debug)]
pub struct Registration {
    /// How it is reached.
    pub target: Target,
    /// What its owner calls it.
    pub name: Option<String>,
}

/// Registers a device for the viewer's session. A token that was another's is the viewer's from now on.
///
/// # Errors
/// `INVALID` when the token is none, the app is not one of this server's, or the name is too long.
pub async fn register(app: &App, viewer: Viewer, wanted: Registration) -> Result<Shown> {
    let name = wanted.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.chars().count() > NAME_LENGTH) {
        let message = "The name of a device has at most 100 characters.";
        return Err(Error::refused(RefusalCode::Invalid, message).limit(NAME_LENGTH).at(["name"]));
    }
    let target = wanted.target.checked(app)?;
    let mut device = device(app, viewer, target, name)?;
    for _ in 0..TRIES {
        device.id = match token::owner(app, &device.token).await? {
            Some(known) if renew(app, &device, known).await? => known,
            _ => begin(app, &mut device).await?,
        };
        // Somebody may have registered the same token in between: the last one has it.
        if token::owner(app, &device.token).await? == Some(device.id) {
            let found = find(app, viewer, device.id).await?;
            return found.ok_or_else(Error::unauthenticated);
        }
        app.db.write(&viewer.user, async |tx| table::delete(tx, device.id).await).await?;
    }
    Err(Error::failed(Code::Overloaded, "This device is being registered by many at once. Try again in a moment."))
}

fn device(app: &App, viewer: Viewer, target: Target, name: Option<String>) -> Result<Device> {
    Ok(Device {
        id: app.ids.next(&viewer.user)?,
        user_id: viewer.user,
        session_id: viewer.session,
        token: target.token,
        topic: target.topic,
        environment: target.environment.into(),
        name,
        registered_at: app.clock.now(),
    })
}

/// Registers a device again that is one of the viewer's. False when it is not.
async fn renew(app: &App, device: &Device, known: DeviceId) -> Result<bool> {
    let again = Device { id: known, ..device.clone() };
    app.db.write(&device.user_id, async |tx| table::replace(tx, &again).await).await
}

/// A new device. Its token is its own before it has a row, so no row is left without one that the viewer knows of.
async fn begin(app: &App, device: &mut Device) -> Result<DeviceId> {
    device.id = app.ids.next(&device.user_id)?;
    let (token, id, now) = (device.token.clone(), device.id, app.clock.now());
    let place = token::place(&token);
    let claimed = app.db.write(&place, async |tx| {
        if let Some(before) = token::claim(tx, token, id).await? {
            log::record(tx, now, &Fact::DeviceMoved { device: before }).await?;
        }
        Ok(())
    });
    claimed.await?;
    let (row, most) = (device.clone(), app.config.push.devices);
    let inserted = app.db.write(&device.user_id, async |tx| {
        let user = row.user_id;
        table::insert(tx, row).await?;
        table::make_room(tx, user, most).await
    });
    inserted.await?;
    Ok(id)
}
