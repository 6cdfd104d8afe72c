//! Registering a device: at every start of an app, so mostly one that is known already.

use std::time::Duration;

use super::table::{self, Model as Device};
use super::{Shown, Target, find, token};
use crate::app::App;
use crate::base::error::{Code, Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::DeviceId;
use crate::base::text;
use crate::domain::sessions::{self, Viewer};
use crate::platform::log;

/// Code points in the name of a device.
pub const NAME_LENGTH: usize = 100;
/// How often registering begins anew because the same token was registered by others at the same time.
const TRIES: usize = 5;
/// How long a token is kept for a device whose row is not there yet: longer than any request runs.
const CLAIM: Duration = Duration::from_mins(10);

/// A device as its app tells of it.
#[derive(Clone, Debug)]
pub struct Registration {
    /// How it is reached.
    pub target: Target,
    /// What its owner calls it.
    pub name: Option<String>,
}

/// Registers a device for the viewer's session. The token of another user's device stays theirs until that device is
/// unregistered or its session ends: whoever knows a token could stop its owner's pushes otherwise.
///
/// # Errors
/// `INVALID` when the token is none, the app is not one of this server's, or the name is too long; `TAKEN` when the token
/// is another user's.
pub async fn register(app: &App, viewer: Viewer, wanted: Registration) -> Result<Shown> {
    let name = text::name(wanted.name.as_deref().unwrap_or(""), NAME_LENGTH).map_err(|error| error.at(["name"]))?;
    let target = wanted.target.checked(app)?;
    let mut device = device(app, viewer, target, name.map(str::to_owned))?;
    for _ in 0..TRIES {
        let is_claimed = match token::owner(app, &device.token).await? {
            Some(known) if renew(app, &mut device, known).await? => true,
            known => match holder(app, known).await? {
                Holder::Session => return Err(taken()),
                Holder::Registration => false,
                Holder::Nobody => begin(app, &mut device, known).await?,
            },
        };
        // Somebody may have claimed the same token in between: then it is looked at again whose it is.
        if is_claimed && token::owner(app, &device.token).await? == Some(device.id) {
            let found = find(app, viewer, device.id).await?;
            return found.ok_or_else(Error::unauthenticated);
        }
        if is_claimed {
            app.db.write(&viewer.user, async |tx| table::delete(tx, device.id).await).await?;
        }
    }
    Err(Error::failed(Code::Overloaded, "This device is being registered by many at once. Try again in a moment."))
}

fn taken() -> Error {
    let message = "This device gets the pushes of another account. Unregister it there, or end that session, first.";
    Error::refused(RefusalCode::Taken, message).at(["target", "apns", "token"])
}

/// What keeps a token for a device.
enum Holder {
    /// A session that goes on.
    Session,
    /// A registration that may be under way.
    Registration,
    /// Nothing: the device is gone, or its session has ended.
    Nobody,
}

async fn holder(app: &App, id: Option<DeviceId>) -> Result<Holder> {
    let Some(id) = id else { return Ok(Holder::Nobody) };
    let Some(device) = table::one(app.db.read_own(&id), id).await? else {
        let is_new = app.clock.now().since(id.made_at()) < CLAIM;
        return Ok(if is_new { Holder::Registration } else { Holder::Nobody });
    };
    let alive = sessions::alive_among(app, device.user_id, vec![device.session_id]).await?;
    Ok(if alive.is_empty() { Holder::Nobody } else { Holder::Session })
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
async fn renew(app: &App, device: &mut Device, known: DeviceId) -> Result<bool> {
    device.id = known;
    let again = &*device;
    app.db.write(&again.user_id, async |tx| table::replace(tx, again).await).await
}

/// A new device, for a token that nothing keeps. Its token is its own before it has a row, so no row is left without one
/// that the viewer knows of. False when somebody else was faster.
async fn begin(app: &App, device: &mut Device, before: Option<DeviceId>) -> Result<bool> {
    device.id = app.ids.next(&device.user_id)?;
    let (token, id, now) = (device.token.clone(), device.id, app.clock.now());
    let place = token::place(&token);
    let claimed = app.db.write(&place, async |tx| {
        let is_claimed = token::claim(tx, token, (before, id)).await?;
        if let (true, Some(before)) = (is_claimed, before) {
            log::record(tx, now, &Fact::DeviceMoved { device: before }).await?;
        }
        Ok(is_claimed)
    });
    if !claimed.await? {
        return Ok(false);
    }
    let (row, most) = (device.clone(), app.config.push.devices);
    let inserted = app.db.write(&device.user_id, async |tx| {
        let user = row.user_id;
        table::insert(tx, row).await?;
        table::make_room(tx, user, most).await
    });
    for removed in inserted.await? {
        token::release(app, &removed.token, removed.id).await?;
    }
    Ok(true)
}
