//! Media on the shelves of users, on the shard of the user.

use std::collections::HashSet;

use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::base::page::Page;
use crate::platform::db::{IN_LIST, Reader, Tx, keyset};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, Order, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shelves")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub shelf: Shelf,
    #[sea_orm(primary_key, auto_increment = false)]
    pub media_id: MediaId,
    /// The number of when it was put there; grows with time.
    pub edge: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Which list of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Shelf {
    /// What they like.
    #[sea_orm(num_value = 0)]
    Liked,
    /// What they saved.
    #[sea_orm(num_value = 1)]
    Saved,
}

/// Where a media stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Place {
    /// Whose shelf.
    pub user: UserId,
    /// Which of theirs.
    pub shelf: Shelf,
    /// The media.
    pub media: MediaId,
}

impl Model {
    pub(super) fn place(&self) -> Place {
        Place { user: self.user_id, shelf: self.shelf, media: self.media_id }
    }
}

/// Puts a media on a shelf. One that is there keeps its place.
pub(in crate::domain) async fn put(tx: &Tx, place: Place, edge: i64) -> Result<()> {
    let keep = OnConflict::columns([Column::UserId, Column::Shelf, Column::MediaId]).do_nothing().to_owned();
    let row = Model { user_id: place.user, shelf: place.shelf, media_id: place.media, edge };
    let row = row.into_active_model().reset_all();
    Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Takes a media off a shelf.
pub(in crate::domain) async fn remove(tx: &Tx, place: Place) -> Result<()> {
    Entity::delete_by_id((place.user, place.shelf, place.media)).exec(tx.conn()).await?;
    Ok(())
}

fn of(shelf: (UserId, Shelf)) -> Select<Entity> {
    Entity::find().filter(Column::UserId.eq(shelf.0)).filter(Column::Shelf.eq(shelf.1))
}

/// What is on a shelf, last put there first, one more than the page has.
pub(super) async fn page(connection: &Reader, shelf: (UserId, Shelf), page: Page) -> Result<Vec<Model>> {
    Ok(keyset(of(shelf), Column::Edge, &Order::Desc, page).all(connection).await?)
}

/// Who of some has a media on a shelf.
pub(super) async fn keepers(
    connection: &Reader,
    users: Vec<UserId>,
    (shelf, media): (Shelf, MediaId),
) -> Result<Vec<UserId>> {
    let rows = Entity::find().filter(Column::UserId.is_in(users)).filter(Column::Shelf.eq(shelf));
    let rows = rows.filter(Column::MediaId.eq(media)).select_only().column(Column::UserId);
    Ok(rows.into_tuple().all(connection).await?)
}

/// Which of these media are on a shelf.
pub(super) async fn among(connection: &Reader, shelf: (UserId, Shelf), media: &[MediaId]) -> Result<HashSet<MediaId>> {
    let mut found = HashSet::new();
    for media in media.chunks(IN_LIST) {
        let those = of(shelf).filter(Column::MediaId.is_in(media.iter().copied()));
        let ids: Vec<MediaId> = those.select_only().column(Column::MediaId).into_tuple().all(connection).await?;
        found.extend(ids);
    }
    Ok(found)
}
