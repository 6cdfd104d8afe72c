//! Deleting a media: gone for everybody at once; its photos and files follow in a step.

use super::publish::counted;
use super::{Audience, looks, photos, table, tags};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::MediaId;
use crate::domain::mentions;
use crate::domain::sessions::Viewer;
use crate::domain::uploads;
use crate::domain::users::{self, Counter};
use crate::platform::db::Tx;
use crate::platform::log;

/// Deletes one of the viewer's own media.
///
/// # Errors
/// `NOT_FOUND` when the viewer cannot see it, `NOT_PERMITTED` when it is somebody else's.
pub async fn delete(app: &App, viewer: Viewer, id: MediaId) -> Result<()> {
    let media = super::must_find(app, viewer, id).await?;
    if media.owner_id != viewer.user {
        return Err(not_permitted());
    }
    app.db.write(&id, async |tx| delete_in(app, tx, id).await).await
}

async fn delete_in(app: &App, tx: &Tx, id: MediaId) -> Result<()> {
    let not_found = || Error::not_found("media").at(["mediaId"]);
    let media = table::lock(tx, id).await?.ok_or_else(not_found)?;
    if !table::delete(tx, media.owner_id, id).await? {
        return Err(not_found());
    }
    mentions::record(app, tx, (id, None), (media.mentions.as_deref(), None)).await?;
    tags::end_with(app, tx, id).await?;
    users::count(tx, media.owner_id, Counter::Media, -counted(media.audience)).await?;
    let only_me = media.audience == Audience::OnlyMe;
    let (owner, audience) = (media.owner_id, Some(media.audience));
    let fact = Fact::MediaDeleted { media: media.id, owner, only_me, audience };
    log::record(tx, app.clock.now(), &fact).await
}

fn not_permitted() -> Error {
    Error::refused(RefusalCode::NotPermitted, "Only its owner can delete a media.").at(["mediaId"])
}

/// A step after a media was deleted: removes its files, unless another of its owner's media shows them too, then its
/// photos. Safe twice.
///
/// # Errors
/// Those of the store and the database.
pub async fn erase(app: &App, id: MediaId) -> Result<()> {
    looks::erase_of(app, id).await?;
    uploads::erase_of(app, id).await?;
    app.db.write(&id, async |tx| erase_in(tx, id).await).await
}

async fn erase_in(tx: &Tx, id: MediaId) -> Result<()> {
    tags::delete_of(tx, id).await?;
    photos::delete_of(tx, id).await
}
