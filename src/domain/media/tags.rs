//! Who is in a photo, at which point of it, on the shard of its media. Their owner tags, and whoever is tagged can end it.
//!
//! Only people who exist for the owner can be tagged. For whom they do not exist, the tag is absent — but not for the owner,
//! who sees everything on their media. A block between the two removes it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::Photo;
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, PhotoId, PhotoTagId, UserId};
use crate::domain::follows;
use crate::domain::sessions::Viewer;
use crate::platform::db::{Reader, Tx};
use crate::platform::log;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};

/// Tags removed in one page of a step.
const BATCH: u64 = 50;

/// People tagged in one photo; Instagram's limit.
pub const TAGS: usize = 20;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "photo_tags")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhotoTagId,
    pub photo_id: PhotoId,
    pub media_id: MediaId,
    pub user_id: UserId,
    /// From the left, 0 to 1.
    pub x: f64,
    /// From the top, 0 to 1.
    pub y: f64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Somebody to tag in a photo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DraftTag {
    /// Who.
    pub user: UserId,
    /// From the left, 0 to 1.
    pub x: f64,
    /// From the top, 0 to 1.
    pub y: f64,
}

/// Where a tag of a draft stands in the input: the number of the photo and its own.
pub(super) type Place = (usize, usize);

/// Refuses tags that are too many, outside of the photo, or of the same person twice.
pub(super) fn check(number: usize, tags: &[DraftTag]) -> Result<()> {
    let photo = number.to_string();
    if tags.len() > TAGS {
        let error = Error::refused(RefusalCode::Invalid, format!("At most {TAGS} people can be tagged in a photo."));
        return Err(error.limit(TAGS).at(["photos", &photo, "tags"]));
    }
    let mut seen = HashSet::new();
    for (place, tag) in tags.iter().enumerate() {
        let at = |field| ["photos".to_owned(), photo.clone(), "tags".to_owned(), place.to_string(), field];
        if !(0.0..=1.0).contains(&tag.x) || !(0.0..=1.0).contains(&tag.y) {
            let error = Error::refused(RefusalCode::Invalid, "A point in a photo is from 0 to 1 in both directions.");
            return Err(error.limit(1).at(at("position".to_owned())));
        }
        if !seen.insert(tag.user) {
            let error = Error::refused(RefusalCode::Invalid, "Each person can be tagged once in a photo.");
            return Err(error.limit(1).at(at("userId".to_owned())));
        }
    }
    Ok(())
}

/// Refuses to tag somebody who does not exist for the viewer.
pub(super) async fn must_exist(app: &App, viewer: Viewer, tagged: BTreeMap<Place, UserId>) -> Result<()> {
    let users: Vec<UserId> = tagged.values().copied().collect();
    let there = follows::standings(app, Some(viewer), &users).await?;
    match tagged.into_iter().find(|(_, user)| !there.contains_key(user)) {
        None => Ok(()),
        Some(((photo, tag), _)) => {
            let (photo, tag) = (photo.to_string(), tag.to_string());
            Err(Error::not_found("user").at(["photos", &photo, "tags", &tag, "userId"]))
        }
    }
}

/// Stores who is in a photo, and records that they were tagged.
pub(super) async fn insert(app: &App, tx: &Tx, photo: &Photo, tags: &[DraftTag]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let (photo_id, media_id) = (photo.id, photo.media_id);
    let row = |tag: &DraftTag| {
        let row = Model { id: app.ids.next(&media_id)?, photo_id, media_id, user_id: tag.user, x: tag.x, y: tag.y };
        Ok(row.into_active_model().reset_all())
    };
    let rows = tags.iter().map(row).collect::<Result<Vec<_>>>()?;
    Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    for tag in tags {
        log::record(tx, app.clock.now(), &Fact::PhotoTagged { media: media_id, user: tag.user }).await?;
    }
    Ok(())
}

/// Who is in each of these photos, as far as they exist for the viewer, in the order in which they were tagged. Whether
/// the viewer sees the photos was decided before.
///
/// # Errors
/// Those of the database.
pub async fn of_photos(app: &App, viewer: Option<Viewer>, photos: &[PhotoId]) -> Result<HashMap<PhotoId, Vec<Model>>> {
    let mut of_photos: HashMap<PhotoId, Vec<Model>> = HashMap::new();
    for tag in visible(app, viewer, app.db.gather(photos, of_many).await?).await? {
        of_photos.entry(tag.photo_id).or_default().push(tag);
    }
    Ok(of_photos)
}

/// A tag with its photo, if the viewer can see both.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, viewer: Option<Viewer>, id: PhotoTagId) -> Result<Option<(Model, Photo)>> {
    let tag = app.db.gather(&[id], many).await?;
    let Some(tag) = visible(app, viewer, tag).await?.pop() else { return Ok(None) };
    let photo = super::find_photos(app, viewer, &[tag.photo_id]).await?.remove(&tag.photo_id);
    Ok(photo.map(|photo| (tag, photo)))
}

/// Whether a viewer can take a tag away: whoever is tagged and the owner of the media can.
#[must_use]
pub fn can_remove(viewer: Viewer, tag: &Model, owner: UserId) -> bool {
    viewer.user == tag.user_id || viewer.user == owner
}

/// Takes a tag away: for whoever is tagged also when they cannot see the media. Gives the photo it was on, if the viewer sees
/// it.
///
/// # Errors
/// `NOT_FOUND` when the viewer cannot see it, `NOT_PERMITTED` when it is neither of them nor on their photo.
pub async fn remove(app: &App, viewer: Viewer, id: PhotoTagId) -> Result<Option<Photo>> {
    let not_found = || Error::not_found("tag").at(["photoTagId"]);
    let tag = app.db.gather(&[id], many).await?.pop().ok_or_else(not_found)?;
    let media = super::load(app, &[tag.media_id]).await?.pop().ok_or_else(not_found)?;
    if !can_remove(viewer, &tag, media.owner_id) {
        find(app, Some(viewer), id).await?.ok_or_else(not_found)?;
        let message = "Only whoever is tagged and the owner of the media can take a tag away.";
        return Err(Error::refused(RefusalCode::NotPermitted, message).at(["photoTagId"]));
    }
    app.db.write(&id, async |tx| remove_in(app, tx, &tag, media.owner_id).await).await?;
    Ok(super::find_photos(app, Some(viewer), &[tag.photo_id]).await?.remove(&tag.photo_id))
}

/// A step after a block: removes some tags of a user in media of an owner that were made before an id was, and says whether
/// there may be more. Safe twice.
///
/// # Errors
/// Those of the database.
pub async fn remove_of(app: &App, (owner, user): (UserId, UserId), media: &[MediaId], before: i64) -> Result<bool> {
    let tags = Entity::find().filter(Column::UserId.eq(user)).filter(Column::MediaId.is_in(media.iter().copied()));
    let tags = tags.filter(Column::Id.lt(before)).limit(BATCH).all(app.db.read_own(&owner)).await?;
    for tag in &tags {
        app.db.write(&tag.id, async |tx| remove_in(app, tx, tag, owner).await).await?;
    }
    Ok(tags.len() as u64 == BATCH)
}

/// A step after somebody was tagged: takes the tags away when a block came in between.
///
/// # Errors
/// Those of the database.
pub async fn remove_if_blocked(app: &App, id: MediaId, user: UserId) -> Result<()> {
    let Some(media) = super::load(app, &[id]).await?.pop() else { return Ok(()) };
    let owner = media.owner_id;
    if follows::are_blocked(app, owner, user).await? {
        while remove_of(app, (owner, user), &[id], i64::MAX).await? {}
    }
    Ok(())
}

async fn remove_in(app: &App, tx: &Tx, tag: &Model, owner: UserId) -> Result<()> {
    if Entity::delete_by_id(tag.id).exec(tx.conn()).await?.rows_affected == 0 {
        return Ok(());
    }
    let (now, media) = (app.clock.now(), tag.media_id);
    log::record(tx, now, &Fact::PhotoTagRemoved { media, user: tag.user_id }).await?;
    log::record(tx, now, &Fact::MediaEdited { media, owner }).await
}

/// Whether somebody is tagged in a media, whoever asks.
///
/// # Errors
/// Those of the database.
pub async fn is_tagged(app: &App, media: MediaId, user: UserId) -> Result<bool> {
    let tags = Entity::find().filter(Column::MediaId.eq(media)).filter(Column::UserId.eq(user));
    Ok(tags.one(app.db.read_own(&media)).await?.is_some())
}

/// Records that nobody is tagged in a media any more, which was deleted.
pub(super) async fn end_with(app: &App, tx: &Tx, media: MediaId) -> Result<()> {
    let tagged = Entity::find().select_only().column(Column::UserId).distinct().filter(Column::MediaId.eq(media));
    let tagged: Vec<UserId> = tagged.into_tuple().all(tx.conn()).await?;
    for user in tagged {
        log::record(tx, app.clock.now(), &Fact::PhotoTagRemoved { media, user }).await?;
    }
    Ok(())
}

pub(super) async fn delete_of(tx: &Tx, media: MediaId) -> Result<()> {
    Entity::delete_many().filter(Column::MediaId.eq(media)).exec(tx.conn()).await?;
    Ok(())
}

async fn visible(app: &App, viewer: Option<Viewer>, tags: Vec<Model>) -> Result<Vec<Model>> {
    let users: Vec<UserId> = tags.iter().map(|tag| tag.user_id).collect();
    let there = follows::standings(app, viewer, &users).await?;
    let hidden = tags.iter().filter(|tag| !there.contains_key(&tag.user_id)).map(|tag| tag.media_id);
    let own = super::own_among(app, viewer, &hidden.collect::<Vec<_>>()).await?;
    Ok(tags.into_iter().filter(|tag| there.contains_key(&tag.user_id) || own.contains(&tag.media_id)).collect())
}

async fn of_many(connection: &Reader, photos: Vec<PhotoId>) -> Result<Vec<Model>> {
    let tags = Entity::find().filter(Column::PhotoId.is_in(photos)).order_by_asc(Column::Id);
    Ok(tags.all(connection).await?)
}

async fn many(connection: &Reader, ids: Vec<PhotoTagId>) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids)).all(connection).await?)
}
