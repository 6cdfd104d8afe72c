//! The secret that seals links, in the first database. Made once, by whichever process comes first.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;

use crate::base::chance::Chance;
use crate::base::error::{Error, Result};
use crate::base::ids::LogicalShard;
use crate::platform::db::{Db, Reader, Tx};
use sea_orm::ActiveValue;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

/// Its name among the secrets of the server.
const NAME: &str = "links";
const BYTES: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "secrets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Base64.
    pub value: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The secret, made when there is none.
pub(super) async fn load(db: &Db, chance: &Chance) -> Result<Vec<u8>> {
    let place = LogicalShard::new(0);
    if let Some(secret) = find(db.read_own(&place)).await? {
        return Ok(secret);
    }
    let made = BASE64.encode(chance.bytes::<BYTES>());
    db.write(&place, async |tx| insert(tx, made).await).await?;
    find(db.read_own(&place)).await?.ok_or_else(|| Error::internal("the secret of the links is gone"))
}

async fn find(connection: &Reader) -> Result<Option<Vec<u8>>> {
    let row = Entity::find_by_id(NAME).one(connection).await?;
    row.map(|row| BASE64.decode(row.value).map_err(Error::internal)).transpose()
}

/// Another process may have been first: then its secret stays.
async fn insert(tx: &Tx, value: String) -> Result<()> {
    let row = ActiveModel { name: ActiveValue::Set(NAME.to_owned()), value: ActiveValue::Set(value) };
    let first = OnConflict::column(Column::Name).do_nothing().to_owned();
    Entity::insert(row).on_conflict(first).exec_without_returning(tx.conn()).await?;
    Ok(())
}
