//! Who of many likes a media, in few statements however many they are.

use std::collections::HashSet;

use super::table::{Column, Entity};
use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::platform::db::Reader;
use sea_orm::entity::prelude::*;
use sea_orm::{QuerySelect, Select};

/// Likes that are read as they are; of a media with more, those of the users are looked for.
const FEW: u64 = 1000;
/// Users looked for in one statement.
const AT_ONCE: usize = 500;

/// Which of these users like a media.
pub(super) async fn among(connection: &Reader, media: MediaId, users: &[UserId]) -> Result<HashSet<UserId>> {
    let all = Entity::find().filter(Column::MediaId.eq(media));
    let some = ids(all.clone().limit(FEW), connection).await?;
    if (some.len() as u64) < FEW {
        let users: HashSet<UserId> = users.iter().copied().collect();
        return Ok(some.into_iter().filter(|user| users.contains(user)).collect());
    }
    let mut found = HashSet::new();
    for users in users.chunks(AT_ONCE) {
        found.extend(ids(all.clone().filter(Column::UserId.is_in(users.iter().copied())), connection).await?);
    }
    Ok(found)
}

async fn ids(likes: Select<Entity>, connection: &Reader) -> Result<Vec<UserId>> {
    Ok(likes.select_only().column(Column::UserId).into_tuple().all(connection).await?)
}
