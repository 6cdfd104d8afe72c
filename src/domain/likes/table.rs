//! A like in its table, on the shard of the media.

use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::platform::db::{Reader, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "likes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub media_id: MediaId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub liked_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Rows deleted in one transaction.
const BATCH: u64 = 1000;

/// Stores a like. False when it was there.
pub(super) async fn insert(tx: &Tx, like: Model) -> Result<bool> {
    let keep = OnConflict::columns([Column::MediaId, Column::UserId]).do_nothing().to_owned();
    let row = like.into_active_model().reset_all();
    Ok(Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await? == 1)
}

/// Removes a like. False when there was none.
pub(super) async fn delete(tx: &Tx, media: MediaId, user: UserId) -> Result<bool> {
    Ok(Entity::delete_by_id((media, user)).exec(tx.conn()).await?.rows_affected == 1)
}

/// The likes of one user among these media.
pub(super) async fn of(connection: &Reader, user: UserId, media: Vec<MediaId>) -> Result<Vec<Model>> {
    let likes = Entity::find().filter(Column::UserId.eq(user)).filter(Column::MediaId.is_in(media));
    Ok(likes.all(connection).await?)
}

/// Removes some likes of a media, and tells whether there may be more.
pub(super) async fn delete_some(tx: &Tx, media: MediaId) -> Result<bool> {
    let users: Vec<UserId> = Entity::find()
        .select_only()
        .column(Column::UserId)
        .filter(Column::MediaId.eq(media))
        .limit(BATCH)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let more = users.len() as u64 == BATCH;
    let these = Entity::delete_many().filter(Column::MediaId.eq(media)).filter(Column::UserId.is_in(users));
    these.exec(tx.conn()).await?;
    Ok(more)
}
