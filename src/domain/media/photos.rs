//! The photos of a media, on its shard, in their order.

use std::collections::HashMap;

use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Row;
use crate::base::ids::{MediaId, PhotoId};
use crate::platform::db::{Reader, Tx};
use crate::platform::imaging::Camera;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "photos")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhotoId,
    pub media_id: MediaId,
    pub position: i16,
    /// The key of the files of the photo as it was sent.
    pub image_key: String,
    /// The media type of the original.
    pub content_type: String,
    pub width: i32,
    pub height: i32,
    pub blur_hash: String,
    pub dominant_color: String,
    pub alt_text: Option<String>,
    /// How it is shown, as JSON; `None` when as it was sent.
    pub look: Option<String>,
    /// The key of its files when it has a look.
    pub look_key: Option<String>,
    /// What it was taken with, as JSON, when its owner shows it.
    pub camera: Option<String>,
    /// The key in the links of its images. `None` for photos of versions before whose links were never renewed.
    pub link_key: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// What it was taken with, when its owner shows it.
    #[must_use]
    pub fn camera(&self) -> Option<Camera> {
        serde_json::from_str(self.camera.as_deref()?).ok()
    }
}

/// The photos of each of these media, in order. Whether the viewer sees the media was decided before.
///
/// # Errors
/// Those of the database.
pub async fn of_media(app: &App, media: &[MediaId]) -> Result<HashMap<MediaId, Vec<Model>>> {
    app.db
        .kept_or(media, Row::Photos, async |media| {
            let mut photos: HashMap<MediaId, Vec<Model>> = HashMap::new();
            for photo in read(app, &media).await? {
                photos.entry(photo.media_id).or_default().push(photo);
            }
            Ok(photos)
        })
        .await
}

/// The photos of these media as they are stored now.
pub(super) async fn read(app: &App, media: &[MediaId]) -> Result<Vec<Model>> {
    app.db.gather(media, of_many).await
}

async fn of_many(connection: &Reader, media: Vec<MediaId>) -> Result<Vec<Model>> {
    let photos = Entity::find().filter(Column::MediaId.is_in(media)).order_by_asc(Column::Position);
    Ok(photos.all(connection).await?)
}

pub(super) async fn many(connection: &Reader, ids: Vec<PhotoId>) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids)).all(connection).await?)
}

pub(super) async fn insert_many(tx: &Tx, photos: Vec<Model>) -> Result<()> {
    let rows = photos.into_iter().map(|photo| photo.into_active_model().reset_all());
    Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn delete_of(tx: &Tx, media: MediaId) -> Result<()> {
    Entity::delete_many().filter(Column::MediaId.eq(media)).exec(tx.conn()).await?;
    Ok(())
}

/// The photo that is shown with a look.
pub(super) async fn with_look_key(connection: &Reader, key: &str) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::LookKey.eq(key)).one(connection).await?)
}

/// The photo that a key in links is for.
pub(super) async fn with_link_key(connection: &Reader, key: &str) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::LinkKey.eq(key)).one(connection).await?)
}

/// The photos of some media, which stay as they are until the transaction ends.
pub(super) async fn in_some(tx: &Tx, media: &[MediaId]) -> Result<Vec<Model>> {
    let photos = Entity::find().filter(Column::MediaId.is_in(media.iter().copied()));
    // In one order, so that two of these do not wait for each other.
    Ok(photos.order_by_asc(Column::Id).lock_exclusive().all(tx.conn()).await?)
}

pub(super) async fn set_link_key(tx: &Tx, id: PhotoId, key: &str) -> Result<()> {
    let changed = Entity::update_many().col_expr(Column::LinkKey, Expr::value(key));
    changed.filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

pub(super) async fn lock(tx: &Tx, id: PhotoId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

pub(super) async fn set_look_key(tx: &Tx, id: PhotoId, key: Option<&str>) -> Result<()> {
    let changed = Entity::update_many().col_expr(Column::LookKey, Expr::value(key));
    changed.filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Stores what can be changed of a photo.
pub(super) async fn set_changed(tx: &Tx, photo: Model) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::AltText, Expr::value(photo.alt_text))
        .col_expr(Column::Look, Expr::value(photo.look))
        .col_expr(Column::LookKey, Expr::value(photo.look_key))
        .col_expr(Column::LinkKey, Expr::value(photo.link_key))
        .col_expr(Column::BlurHash, Expr::value(photo.blur_hash))
        .col_expr(Column::DominantColor, Expr::value(photo.dominant_color));
    changed.filter(Column::Id.eq(photo.id)).exec(tx.conn()).await?;
    Ok(())
}
