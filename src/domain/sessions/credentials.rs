//! What only a user may see of themselves: their e-mail address and the hash of their password.

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::platform::db::Tx;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub email: String,
    pub password_hash: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The e-mail address of a user, for themselves only.
///
/// # Errors
/// Those of the database.
pub async fn email_of(app: &App, user: UserId) -> Result<String> {
    let row = find(app, user).await?;
    row.map(|row| row.email).ok_or_else(super::no_account)
}

pub(super) async fn find(app: &App, user: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(user).one(app.db.read_own(&user)).await?)
}

pub(super) async fn insert(tx: &Tx, credentials: Model) -> Result<()> {
    Entity::insert(credentials.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}
