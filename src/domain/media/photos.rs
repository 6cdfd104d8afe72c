//! The photos of a media, on its shard, in their order.

use std::collections::HashMap;

use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Row;
use crate::base::ids::{MediaId, PhotoId};
use crate::platform::db::{Reader, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "photos")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhotoId,
    pub media_id: MediaId,
    pub position: i16,
    /// The key in the links of its images.
    pub image_key: String,
    /// The media type of the original.
    pub content_type: String,
    pub width: i32,
    pub height: i32,
    pub blur_hash: String,
    pub dominant_color: String,
    pub alt_text: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The photos of each of these media, in order. Whether the viewer sees the media was decided before.
///
/// # Errors
/// Those of the database.
pub async fn of_media(app: &App, media: &[MediaId]) -> Result<HashMap<MediaId, Vec<Model>>> {
    app.db
        .kept_or(media, Row::Photos, async |media| {
            let mut photos: HashMap<MediaId, Vec<Model>> = HashMap::new();
            for photo in app.db.gather(&media, of_many).await? {
                photos.entry(photo.media_id).or_default().push(photo);
            }
            Ok(photos)
        })
        .await
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
