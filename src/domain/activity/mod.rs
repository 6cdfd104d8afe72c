//! What happened to somebody, told once: alike things about the same object within a day are one activity.
//!
//! What somebody did is a row of its own, on the shard of the one it happened to. A step makes it after the fact, and another
//! takes it out when its cause is gone; each reads the cause again after it has written, so in whatever order and however
//! often they come, what stands at the end is what is true. What a list shows is summed up from those rows by a step of
//! its own, once for all that happened meanwhile: a thousand people who like a photo at once do not queue for its row.
//!
//! Whether the viewer may see who did it and what it is about is decided at each read, as everywhere.

mod actors;
mod causes;
mod forget;
mod marks;
mod named;
mod note;
mod quiet;
mod settings;
mod shown;
mod sum;
mod table;
pub mod words;

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, UserId};
use crate::base::page::{Page, Slice};
use crate::domain::sessions::Viewer;

pub use causes::{note_comment, note_comment_like, note_follow, note_like};
pub use forget::{Deleted, forget_comment, forget_media, forget_person};
pub use marks::mark_seen;
pub use named::{note_mention, note_tag};
pub use quiet::QuietHours;
pub use settings::{Change, News, Settings, Source, change_settings, settings, wants};
pub use shown::Activity;
pub use sum::sum_up;
pub use table::Kind;

use table::Row;

/// Unseen activities are counted up to here.
pub const UNSEEN: u32 = 100;

/// What happened to the viewer, newest first: only some kinds, or all.
///
/// # Errors
/// Those of the database.
pub async fn list(app: &App, viewer: Viewer, kinds: Option<&[Kind]>, page: Page) -> Result<Slice<Activity>> {
    let read = |page| table::page(app.db.read_own(&viewer.user), viewer.user, kinds, page);
    Slice::fill(page, |row: &Row| row.place, read, |rows| shown::shown(app, viewer.user, rows)).await
}

/// How many activities a user has not seen yet as they are now, up to [`UNSEEN`]. Asked by the user, or for a push to them.
///
/// # Errors
/// Those of the database.
pub async fn unseen(app: &App, user: UserId) -> Result<usize> {
    let read = |page| table::unseen(app.db.read_own(&user), user, page);
    let page = Page::first(UNSEEN);
    let unseen = Slice::fill(page, |row: &Row| row.place, read, |rows| shown::shown(app, user, rows)).await?;
    Ok(unseen.items.len())
}

/// One activity of a user, if there is something of it that they can see. Asked by the user, or for a push to them.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, user: UserId, id: ActivityId) -> Result<Option<Activity>> {
    let row = table::one(app.db.read_own(&id), user, id).await?;
    Ok(shown::shown(app, user, row.into_iter().collect()).await?.pop())
}
