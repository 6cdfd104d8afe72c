//! A device in its table, on the shard of its user.

use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{DeviceId, SessionId, UserId};
use crate::platform::apns;
use crate::platform::db::{Reader, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "devices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeviceId,
    pub user_id: UserId,
    pub session_id: SessionId,
    pub token: String,
    pub topic: String,
    pub environment: Environment,
    pub name: Option<String>,
    /// When it was registered last.
    pub registered_at: Timestamp,
}

/// Which of Apple's two services knows its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Environment {
    #[sea_orm(num_value = 0)]
    Production,
    #[sea_orm(num_value = 1)]
    Sandbox,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<apns::Environment> for Environment {
    fn from(environment: apns::Environment) -> Self {
        match environment {
            apns::Environment::Production => Self::Production,
            apns::Environment::Sandbox => Self::Sandbox,
        }
    }
}

impl From<Environment> for apns::Environment {
    fn from(environment: Environment) -> Self {
        match environment {
            Environment::Production => Self::Production,
            Environment::Sandbox => Self::Sandbox,
        }
    }
}

pub(super) async fn one(connection: &Reader, id: DeviceId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(connection).await?)
}

/// All of a user, registered last first. There are at most `push.devices`, and some on their way out.
pub(super) async fn of(connection: &Reader, user: UserId) -> Result<Vec<Model>> {
    let newest_first = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::RegisteredAt);
    Ok(newest_first.order_by_desc(Column::Id).all(connection).await?)
}

pub(super) async fn of_session(connection: &Reader, session: SessionId) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::SessionId.eq(session)).all(connection).await?)
}

pub(super) async fn insert(tx: &Tx, device: Model) -> Result<()> {
    Entity::insert(device.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Puts a device that is registered again in the place of what it was. False when it is gone.
pub(super) async fn replace(tx: &Tx, device: &Model) -> Result<bool> {
    let replaced = Entity::update_many()
        .col_expr(Column::SessionId, Expr::value(device.session_id))
        .col_expr(Column::Topic, Expr::value(device.topic.clone()))
        .col_expr(Column::Environment, Expr::value(device.environment.to_value()))
        .col_expr(Column::Name, Expr::value(device.name.clone()))
        .col_expr(Column::RegisteredAt, Expr::value(device.registered_at))
        .filter(Column::Id.eq(device.id))
        .filter(Column::UserId.eq(device.user_id));
    Ok(replaced.exec(tx.conn()).await?.rows_affected == 1)
}

pub(super) async fn move_to(tx: &Tx, id: DeviceId, environment: Environment) -> Result<()> {
    let moved = Entity::update_many().col_expr(Column::Environment, Expr::value(environment.to_value()));
    moved.filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// False when it was gone.
pub(super) async fn delete(tx: &Tx, id: DeviceId) -> Result<bool> {
    Ok(Entity::delete_by_id(id).exec(tx.conn()).await?.rows_affected == 1)
}

/// Removes a device that was not registered again after an instant. False when it was, or is gone.
pub(super) async fn delete_older(tx: &Tx, id: DeviceId, registered_until: Timestamp) -> Result<bool> {
    let old = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::RegisteredAt.lte(registered_until));
    Ok(old.exec(tx.conn()).await?.rows_affected == 1)
}

/// Removes the devices of a user beyond the newest `most`. Returns them.
pub(super) async fn make_room(tx: &Tx, user: UserId, most: u64) -> Result<Vec<Model>> {
    let newest_first = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::RegisteredAt);
    let mut devices = newest_first.order_by_desc(Column::Id).all(tx.conn()).await?;
    let beyond = devices.split_off(devices.len().min(usize::try_from(most).unwrap_or(usize::MAX)));
    if !beyond.is_empty() {
        let ids = beyond.iter().map(|device| device.id);
        Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx.conn()).await?;
    }
    Ok(beyond)
}
