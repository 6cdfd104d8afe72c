//! The keys that sign access tokens. They are kept in the first database, so that all processes have the same.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::LogicalShard;
use crate::platform::token::{StoredKey, Tokens};

use super::tokens::KEYS_SPREAD;

/// Loads the keys, making the first one if there is none.
///
/// # Errors
/// Those of the database, or a damaged key.
pub async fn load(app: &App) -> Result<()> {
    let mut keys = stored(app).await?;
    if keys.is_empty() {
        add(app).await?;
        keys = stored(app).await?;
    }
    app.tokens.use_keys(in_use(app, &keys))
}

/// The keys that can still have signed a token that works: the newest, and those followed by another only lately.
fn in_use<'a>(app: &App, keys: &'a [StoredKey]) -> &'a [StoredKey] {
    let life = Duration::from_secs(app.config.auth.access_token_seconds) + 2 * KEYS_SPREAD;
    let now = app.clock.now();
    let is_over = |pair: &&[StoredKey]| now.since(pair[1].made_at) > life;
    &keys[keys.windows(2).take_while(is_over).count()..]
}

/// Makes a new key when the newest is old enough, and loads what other processes made.
///
/// # Errors
/// Those of the database, or a damaged key.
pub async fn renew(app: &App) -> Result<()> {
    let life = Duration::from_hours(24 * app.config.auth.key_days);
    let keys = stored(app).await?;
    let newest = keys.last().map(|key| key.made_at);
    if newest.is_some_and(|made_at| app.clock.now().since(made_at) > life) {
        add(app).await?;
    }
    load(app).await
}

fn place() -> LogicalShard {
    LogicalShard::new(0)
}

async fn stored(app: &App) -> Result<Vec<StoredKey>> {
    let rows = table::all(app.db.read_own(&place())).await?;
    rows.into_iter().map(|row| key(row.kid, &row.pkcs8, row.made_at)).collect()
}

fn key(kid: String, pkcs8: &str, made_at: Timestamp) -> Result<StoredKey> {
    let pkcs8 = BASE64.decode(pkcs8).map_err(Error::internal)?;
    Ok(StoredKey { kid, pkcs8, made_at })
}

async fn add(app: &App) -> Result<()> {
    let (kid, pkcs8) = (app.chance.token(), BASE64.encode(Tokens::new_pkcs8(&app.chance)?));
    let row = table::Model { kid, pkcs8, made_at: app.clock.now() };
    app.db.write(&place(), async |tx| table::insert(tx, row).await).await
}

mod table {
    use crate::base::clock::Timestamp;
    use crate::base::error::Result;
    use crate::platform::db::{Reader, Tx};
    use sea_orm::entity::prelude::*;
    use sea_orm::{IntoActiveModel, QueryOrder};

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "signing_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kid: String,
        pub pkcs8: String,
        pub made_at: Timestamp,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    pub(super) async fn all(connection: &Reader) -> Result<Vec<Model>> {
        let keys = Entity::find().order_by_asc(Column::MadeAt).order_by_asc(Column::Kid);
        Ok(keys.all(connection).await?)
    }

    pub(super) async fn insert(tx: &Tx, key: Model) -> Result<()> {
        Entity::insert(key.into_active_model().reset_all()).exec_without_returning(tx.conn()).await?;
        Ok(())
    }
}
