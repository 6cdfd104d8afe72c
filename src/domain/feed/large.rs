//! Accounts that very many follow: their media are not put into feeds ahead, but read from the database with each page.
//!
//! Once large, an account stays so: nothing has to be undone, and one that goes back and forth costs nothing. Before its
//! media are no longer pushed, every timeline of a follower is told; those that are built later find it here.

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::platform::db::Reader;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "large_accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Whether all timelines know.
    pub is_told: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// An account, if it is large.
pub(super) async fn one(app: &App, user: UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(user).one(app.db.read_own(&user)).await?)
}

/// The large ones among these.
pub(super) async fn among(app: &App, users: &[UserId]) -> Result<Vec<UserId>> {
    let rows = app.db.gather(users, many).await?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}

async fn many(connection: &Reader, users: Vec<UserId>) -> Result<Vec<Model>> {
    Ok(Entity::find().filter(Column::UserId.is_in(users)).all(connection).await?)
}

/// From now on an account is large, and timelines that are built know it.
pub(super) async fn begin(app: &App, user: UserId) -> Result<()> {
    let keep = OnConflict::column(Column::UserId).do_nothing().to_owned();
    let row = Model { user_id: user, is_told: false }.into_active_model().reset_all();
    let insert = Entity::insert(row).on_conflict(keep);
    app.db.write(&user, async |tx| Ok(insert.exec_without_returning(tx.conn()).await.map(|_| ())?)).await
}

/// All timelines know that an account is large.
pub(super) async fn told(app: &App, user: UserId) -> Result<()> {
    let told = Entity::update_many().col_expr(Column::IsTold, Expr::value(true)).filter(Column::UserId.eq(user));
    app.db.write(&user, async |tx| Ok(told.exec(tx.conn()).await.map(|_| ())?)).await
}
