//! Repeating a request that creates something is harmless: the first result is given again for a day.

mod table;

use std::time::Duration;

use ring::digest::{SHA256, digest};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::base::clock::Timestamp;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::UserId;
use crate::platform::blobs::hex;
use crate::platform::db::{Database, Tx};

/// How long a key is remembered; the schema says so.
pub const KEPT: Duration = Duration::from_hours(24);

/// A key that a client gave, with a digest of what came with it.
#[derive(Clone, Debug)]
pub struct Key {
    key: String,
    input: String,
}

impl Key {
    /// The key of an operation with its whole input.
    #[must_use]
    pub fn new(key: String, operation: &str, input: &impl serde::Serialize) -> Self {
        let input = serde_json::to_string(input).unwrap_or_default();
        let input = hex(digest(&SHA256, format!("{operation}{input}").as_bytes()).as_ref());
        Self { key, input }
    }
}

/// Takes the key for a new result; gives the earlier result when the key was taken before.
///
/// # Errors
/// `IDEMPOTENCY_MISMATCH` when it was taken with another input.
pub async fn take(tx: &Tx, owner: UserId, key: Option<&Key>, result: i64, now: Timestamp) -> Result<Option<i64>> {
    let Some(key) = key else { return Ok(None) };
    let (name, input) = (key.key.clone(), key.input.clone());
    let row = table::Model { owner_id: owner, key: name, input, result_id: result, made_at: now };
    let taken = table::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::columns([table::Column::OwnerId, table::Column::Key]).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    if taken == 1 {
        return Ok(None);
    }
    let earlier = table::Entity::find_by_id((owner, key.key.clone())).one(tx.conn()).await?;
    let earlier = earlier.ok_or_else(|| Error::internal("an idempotency key vanished while it was used"))?;
    if earlier.input != key.input {
        let message = "This idempotency key was used before with another input.";
        return Err(Error::refused(RefusalCode::IdempotencyMismatch, message).at(["idempotencyKey"]));
    }
    Ok(Some(earlier.result_id))
}

/// Forgets keys that are old enough.
///
/// # Errors
/// Those of the database.
pub async fn forget(database: &Database, now: Timestamp) -> Result<u64> {
    let old = table::Column::MadeAt.lt(now.before(KEPT));
    database.write(async |tx| Ok(table::Entity::delete_many().filter(old).exec(tx.conn()).await?.rows_affected)).await
}
