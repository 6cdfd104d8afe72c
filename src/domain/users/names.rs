//! Usernames and e-mail addresses: who has which. Each stands in a directory on the shard of its hash.
//!
//! A name is claimed before its user is stored, on another shard. A claim whose user never came (the server died in
//! between) can be taken over after a while.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{LogicalShard, Sharded, UserId};
use crate::base::text;

use super::find as find_user;

/// How long a claim without a user holds: longer than any request runs.
const CLAIM: Duration = Duration::from_mins(10);

/// A name in the directory.
#[derive(Clone, Debug)]
pub struct Name(String);

impl Name {
    /// A username, unique in any case.
    #[must_use]
    pub fn username(username: &str) -> Self {
        Self(format!("username:{}", text::folded(username)))
    }

    /// An e-mail address, unique in any case.
    #[must_use]
    pub fn email(email: &str) -> Self {
        Self(format!("email:{}", text::folded(email)))
    }
}

impl Name {
    /// As it stands in the directory.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Sharded for Name {
    fn shard(&self) -> LogicalShard {
        LogicalShard::of_name(&self.0)
    }
}

/// Who has a name.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, name: &Name) -> Result<Option<UserId>> {
    Ok(table::one(app.db.read_own(name), name).await?.map(|row| row.user_id))
}

/// Who has these names. Those that nobody has are missing.
///
/// # Errors
/// Those of the database.
pub async fn find_many(app: &App, names: &[Name]) -> Result<HashMap<String, UserId>> {
    let mut of_databases: BTreeMap<usize, Vec<&Name>> = BTreeMap::new();
    for name in names {
        of_databases.entry(app.db.database(name).number).or_default().push(name);
    }
    let reads = of_databases.into_values().map(|names| table::many(app.db.read_own(names[0]), names));
    let rows = try_join_all(reads).await?.into_iter().flatten();
    Ok(rows.map(|row| (row.name, row.user_id)).collect())
}

/// Claims a name for a user who is about to be stored. False when somebody has it.
pub(in crate::domain) async fn claim(app: &App, name: &Name, user: UserId) -> Result<bool> {
    let now = app.clock.now();
    if app.db.write(name, async |tx| table::insert(tx, name, user, now).await).await? {
        return Ok(true);
    }
    let Some(earlier) = table::one(app.db.read_own(name), name).await? else { return Ok(false) };
    let abandoned = now.since(earlier.claimed_at) > CLAIM && find_user(app, earlier.user_id).await?.is_none();
    if !abandoned {
        return Ok(false);
    }
    app.db.write(name, async |tx| table::take_over(tx, &earlier, user, now).await).await
}

/// Gives a claim up.
pub(in crate::domain) async fn release(app: &App, name: &Name, user: UserId) -> Result<()> {
    app.db.write(name, async |tx| table::delete(tx, name, user).await).await
}

mod table {
    use super::Name;
    use crate::base::clock::Timestamp;
    use crate::base::error::Result;
    use crate::base::ids::UserId;
    use crate::platform::db::{IN_LIST, Reader, Tx};
    use sea_orm::IntoActiveModel;
    use sea_orm::entity::prelude::*;
    use sea_orm::sea_query::OnConflict;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "names")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub user_id: UserId,
        pub claimed_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    pub(super) async fn one(connection: &Reader, name: &Name) -> Result<Option<Model>> {
        Ok(Entity::find_by_id(name.0.clone()).one(connection).await?)
    }

    pub(super) async fn many(connection: &Reader, names: Vec<&Name>) -> Result<Vec<Model>> {
        let mut rows = Vec::new();
        for names in names.chunks(IN_LIST) {
            let names = names.iter().map(|name| name.0.clone());
            rows.extend(Entity::find().filter(Column::Name.is_in(names)).all(connection).await?);
        }
        Ok(rows)
    }

    pub(super) async fn insert(tx: &Tx, name: &Name, user: UserId, now: Timestamp) -> Result<bool> {
        let row = Model { name: name.0.clone(), user_id: user, claimed_at: now };
        let taken = Entity::insert(row.into_active_model().reset_all())
            .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
            .exec_without_returning(tx.conn())
            .await?;
        Ok(taken == 1)
    }

    pub(super) async fn take_over(tx: &Tx, earlier: &Model, user: UserId, now: Timestamp) -> Result<bool> {
        let changed = Entity::update_many()
            .col_expr(Column::UserId, Expr::value(user))
            .col_expr(Column::ClaimedAt, Expr::value(now))
            .filter(Column::Name.eq(&earlier.name))
            .filter(Column::UserId.eq(earlier.user_id))
            .exec(tx.conn())
            .await?;
        Ok(changed.rows_affected == 1)
    }

    pub(super) async fn delete(tx: &Tx, name: &Name, user: UserId) -> Result<()> {
        Entity::delete_many()
            .filter(Column::Name.eq(name.0.clone()))
            .filter(Column::UserId.eq(user))
            .exec(tx.conn())
            .await?;
        Ok(())
    }
}
