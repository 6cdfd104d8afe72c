//! People with an account, as others see them. What only they may see is in `sessions`.

pub mod names;
mod table;

use std::collections::HashMap;

use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Row;
use crate::base::ids::UserId;
use crate::base::text;
use crate::platform::db::Database;

pub use table::Model as User;
pub(in crate::domain) use table::{Counter, count, insert, lock, set_private};

use names::Name;

/// A user, whoever asks.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, id: UserId) -> Result<Option<User>> {
    table::one(app.db.read_own(&id), id).await
}

/// Users, whoever asks.
///
/// # Errors
/// Those of the database.
pub async fn find_many(app: &App, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
    let users = app.db.gather(ids, table::many).await?;
    Ok(users.into_iter().map(|user| (user.id, user)).collect())
}

/// Users as they are shown beside what they made: as they were a moment ago, when another process changed them just now.
/// What is decided about users is decided by [`find_many`].
///
/// # Errors
/// Those of the database.
pub async fn known(app: &App, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
    app.db.kept_or(ids, Row::User, async |ids| find_many(app, &ids).await).await
}

/// All users of a database, some at a time: those after `after`, in the order of their ids.
///
/// # Errors
/// Those of the database.
pub async fn some_of(database: &Database, after: UserId, most: u64) -> Result<Vec<UserId>> {
    table::some(database.read_own(), after, most).await
}

/// The user with a username, with or without `@`, in any case.
///
/// # Errors
/// Those of the database.
pub async fn by_username(app: &App, username: &str) -> Result<Option<User>> {
    let username = username.strip_prefix('@').unwrap_or(username);
    if !text::is_username(username) {
        return Ok(None);
    }
    match names::find(app, &Name::username(username)).await? {
        Some(id) => find(app, id).await,
        None => Ok(None),
    }
}
