//! The token that proves to Apple who sends. All processes of a server use the same one, through the first database: Apple
//! refuses those of a team that change more often than every 20 minutes, and those older than an hour.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hyper::header::HeaderValue;
use tokio::sync::Mutex;

use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::LogicalShard;
use crate::platform::db::Db;
use crate::platform::token::Es256Key;

/// How old a token may become.
const RENEWED: Duration = Duration::from_mins(50);
/// How old it has to be before it is replaced because Apple, by its own clock, finds it too old.
const REPLACED: Duration = Duration::from_mins(20);

/// Who signs, and what was signed last.
#[derive(Debug)]
pub(super) struct Provider {
    key: Es256Key,
    team: String,
    /// Its row: one for each key of each team.
    name: String,
    current: RwLock<Option<Arc<Proof>>>,
    fetching: Mutex<()>,
}

/// A token.
#[derive(Debug)]
pub(super) struct Proof {
    /// The value of the header.
    pub bearer: HeaderValue,
    made_at: Timestamp,
}

impl Provider {
    pub(super) fn new(key: Es256Key, key_id: &str, team: &str) -> Self {
        let (name, current, fetching) = (format!("{team}.{key_id}"), RwLock::default(), Mutex::default());
        Self { key, team: team.to_owned(), name, current, fetching }
    }

    /// The token in use.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn proof(&self, db: &Db, now: Timestamp) -> Result<Arc<Proof>> {
        if let Some(proof) = self.known(now, RENEWED) {
            return Ok(proof);
        }
        let _turn = self.fetching.lock().await;
        match self.known(now, RENEWED) {
            Some(proof) => Ok(proof),
            None => self.fetch(db, now, RENEWED).await,
        }
    }

    /// Another one, when Apple finds this one too old; `None` when it is too young to be replaced.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn replace(&self, db: &Db, now: Timestamp, stale: &Proof) -> Result<Option<Arc<Proof>>> {
        let _turn = self.fetching.lock().await;
        let fetched = self.fetch(db, now, REPLACED).await?;
        Ok((fetched.bearer != stale.bearer).then_some(fetched))
    }

    fn known(&self, now: Timestamp, life: Duration) -> Option<Arc<Proof>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|proof| is_fresh(proof.made_at, now, life)).cloned()
    }

    /// What the database has, or what this process signs because that is too old. Of several that sign, the first is used.
    async fn fetch(&self, db: &Db, now: Timestamp, life: Duration) -> Result<Arc<Proof>> {
        let place = LogicalShard::new(0);
        let mut row = table::one(db.read_own(&place), &self.name).await?;
        if !row.as_ref().is_some_and(|row| is_fresh(row.made_at, now, life)) {
            let (token, before) = (self.key.sign(&self.team, now)?, row.map(|row| row.made_at));
            let signed = table::Model { name: self.name.clone(), token, made_at: now };
            db.write(&place, async |tx| table::put(tx, signed, before).await).await?;
            row = table::one(db.read_own(&place), &self.name).await?;
        }
        let row = row.ok_or_else(|| Error::internal("the token for APNs is gone"))?;
        let proof = Arc::new(row.proof()?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(proof.clone());
        Ok(proof)
    }
}

/// Whether a token made at an instant can be used. One from the future is of a clock that was set back since: Apple would
/// refuse it.
fn is_fresh(made_at: Timestamp, now: Timestamp, life: Duration) -> bool {
    now.since(made_at) < life && made_at <= now.after(REPLACED)
}

mod table {
    use super::Proof;
    use crate::base::clock::Timestamp;
    use crate::base::error::{Error, Result};
    use crate::platform::db::{Reader, Tx};
    use sea_orm::IntoActiveModel;
    use sea_orm::entity::prelude::*;
    use sea_orm::sea_query::{ExprTrait, OnConflict};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "provider_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub token: String,
        pub made_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        pub(super) fn proof(&self) -> Result<Proof> {
            let bearer = format!("bearer {}", self.token).try_into().map_err(Error::internal)?;
            Ok(Proof { bearer, made_at: self.made_at })
        }
    }

    pub(super) async fn one(connection: &Reader, name: &str) -> Result<Option<Model>> {
        Ok(Entity::find_by_id(name).one(connection).await?)
    }

    /// Puts a token in the place of the one made at `before`, unless another process was first.
    pub(super) async fn put(tx: &Tx, row: Model, before: Option<Timestamp>) -> Result<()> {
        let made_at = Expr::col((Entity, Column::MadeAt));
        let replace = OnConflict::column(Column::Name)
            .update_columns([Column::Token, Column::MadeAt])
            .action_and_where(made_at.eq(before.unwrap_or(Timestamp(0))))
            .to_owned();
        Entity::insert(row.into_active_model().reset_all())
            .on_conflict(replace)
            .exec_without_returning(tx.conn())
            .await?;
        Ok(())
    }
}
