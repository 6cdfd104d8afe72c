//! Looks that were replaced and whose images are still to be removed, on the shard of their media.

use crate::base::error::Result;
use crate::base::ids::MediaId;
use crate::domain::media::Photo;
use crate::platform::db::{Reader, Tx};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "old_looks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub look_key: String,
    pub media_id: MediaId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Notes that a photo has its look no longer, if it had one.
pub async fn replaced(tx: &Tx, before: &Photo) -> Result<()> {
    let Some(look_key) = before.look_key.clone() else { return Ok(()) };
    let row = Model { look_key, media_id: before.media_id };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn of_media(connection: &Reader, media: MediaId) -> Result<Vec<String>> {
    let rows = Entity::find().filter(Column::MediaId.eq(media)).all(connection).await?;
    Ok(rows.into_iter().map(|row| row.look_key).collect())
}

pub(super) async fn forget(tx: &Tx, key: &str) -> Result<()> {
    Entity::delete_many().filter(Column::LookKey.eq(key)).exec(tx.conn()).await?;
    Ok(())
}
