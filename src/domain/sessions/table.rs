//! A session in its table, on the shard of its user.

use std::time::Duration;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{SessionId, UserId};
use crate::platform::blobs::hex;
use crate::platform::db::{IN_LIST, Reader, Tx};
use crate::platform::log::SessionEnd;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub user_id: UserId,
    /// What its refresh tokens are made with.
    pub secret: String,
    /// How many times it was refreshed.
    pub rotation: i64,
    pub rotated_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// The newest rotation of which a token was accepted; `None` in rows of the previous version.
    pub accepted_rotation: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Sessions shown to a user at most: more are an accident, and the newest matter.
const SHOWN: u64 = 100;

impl Model {
    /// Whether it can be used.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// How long a session lasts unless it is used.
pub(super) fn lifetime(app: &App) -> Duration {
    Duration::from_hours(24 * app.config.auth.refresh_token_days)
}

pub(super) fn new(app: &App, user: UserId) -> Result<Model> {
    let now = app.clock.now();
    Ok(Model {
        id: app.ids.next(&user)?,
        user_id: user,
        secret: hex(&app.chance.bytes::<32>()),
        rotation: 0,
        rotated_at: now,
        expires_at: now.after(lifetime(app)),
        ended_at: None,
        accepted_rotation: Some(0),
    })
}

pub(super) async fn insert(tx: &Tx, session: Model) -> Result<()> {
    Entity::insert(session.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub(super) async fn one(connection: &Reader, id: SessionId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(connection).await?)
}

pub(super) async fn many(connection: &Reader, ids: Vec<SessionId>) -> Result<Vec<Model>> {
    let mut sessions = Vec::new();
    for ids in ids.chunks(IN_LIST) {
        sessions.extend(Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(connection).await?);
    }
    Ok(sessions)
}

pub(super) async fn lock(tx: &Tx, id: SessionId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await?)
}

pub(super) async fn alive_of(connection: &Reader, user: UserId, now: Timestamp) -> Result<Vec<Model>> {
    let alive = Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Column::Id)
        .limit(SHOWN);
    Ok(alive.all(connection).await?)
}

pub(super) async fn ended_since(connection: &Reader, since: Timestamp) -> Result<Vec<SessionEnd>> {
    let ended = Entity::find().select_only().columns([Column::Id, Column::UserId, Column::EndedAt]);
    let ended = ended.filter(Column::EndedAt.gte(since)).into_tuple();
    let ended: Vec<(SessionId, UserId, Timestamp)> = ended.all(connection).await?;
    Ok(ended.into_iter().map(|(session, user, at)| SessionEnd { session, user, at }).collect())
}

pub(super) async fn end(tx: &Tx, id: SessionId, now: Timestamp) -> Result<()> {
    let ended = Entity::update_many().col_expr(Column::EndedAt, Expr::value(now));
    ended.filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

pub(super) async fn rotate(tx: &Tx, session: &Model) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Rotation, Expr::value(session.rotation))
        .col_expr(Column::RotatedAt, Expr::value(session.rotated_at))
        .col_expr(Column::ExpiresAt, Expr::value(session.expires_at))
        .col_expr(Column::AcceptedRotation, Expr::value(session.accepted_rotation))
        .filter(Column::Id.eq(session.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a token of a rotation was accepted, while it is the newest.
pub(super) async fn accept(tx: &Tx, id: SessionId, rotation: i64) -> Result<()> {
    let accepted = Entity::update_many().col_expr(Column::AcceptedRotation, Expr::value(rotation));
    accepted.filter(Column::Id.eq(id)).filter(Column::Rotation.eq(rotation)).exec(tx.conn()).await?;
    Ok(())
}
