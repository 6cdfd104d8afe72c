//! The step that sums an activity up from who did what, once for everything that was noted meanwhile. Safe twice and late.

use super::actors::{self, Last};
use super::note::{Happening, empty};
use super::table::{self, Model, Newest};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::ActivityId;
use crate::platform::db::Tx;
use crate::platform::log;

/// Sums an activity up. When nothing of it is left, it goes.
///
/// # Errors
/// Those of the database.
pub async fn sum_up(app: &App, id: ActivityId) -> Result<()> {
    app.db.write(&id, async |tx| sum_up_in(app, tx, id).await).await
}

async fn sum_up_in(app: &App, tx: &Tx, id: ActivityId) -> Result<()> {
    let Some(before) = locked(tx, id).await? else { return Ok(()) };
    let last = actors::last_of(tx, id).await?;
    match last.first() {
        Some(first) => change(app, tx, &before, (first, last.as_slice())).await,
        None => remove(app, tx, &before).await,
    }
}

/// The activity, kept from others. One that has just gone comes back when somebody had joined it meanwhile.
async fn locked(tx: &Tx, id: ActivityId) -> Result<Option<Model>> {
    if let Some(row) = table::lock(tx, id).await? {
        return Ok(Some(row));
    }
    let Some(part) = actors::any_of(tx, id).await? else { return Ok(None) };
    let (user, kind, object, media) = (part.user_id, part.kind, part.object_id, Some(part.media_id));
    let happening = Happening { user, kind, object, media, actor: part.actor_id, cause: part.cause_id };
    table::insert(tx, empty(id, &happening)).await?;
    table::lock(tx, id).await
}

async fn change(app: &App, tx: &Tx, before: &Model, (first, last): (&Last, &[Last])) -> Result<()> {
    let newest: Vec<Newest> = last.iter().map(|last| (last.actor_id, last.cause_id)).collect();
    let newest = serde_json::to_string(&newest)?;
    let after = Model { place: first.place, actor_count: first.total, newest, ..before.clone() };
    if after == *before {
        return Ok(());
    }
    table::update(tx, &after).await?;
    let is_more = after.place > before.place;
    let fact = Fact::ActivityChanged { user: after.user_id, activity: after.id, is_more };
    log::record(tx, app.clock.now(), &fact).await
}

async fn remove(app: &App, tx: &Tx, before: &Model) -> Result<()> {
    table::delete(tx, before.id).await?;
    // Nobody had been told of it.
    if before.actor_count == 0 {
        return Ok(());
    }
    let fact = Fact::ActivityRemoved { user: before.user_id, activity: before.id };
    log::record(tx, app.clock.now(), &fact).await
}
