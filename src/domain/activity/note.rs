//! Noting what somebody did, and taking it back: each as often as one likes, in any order.

use std::time::Duration;

use super::actors::{self, Model as Actor};
use super::marks;
use super::table::{self, Kind, Model as Row};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::{ActivityId, MediaId, UserId};
use crate::platform::db::Tx;
use crate::platform::log;

/// How long after an activity began alike things become part of it.
const TOGETHER: Duration = Duration::from_hours(24);

/// What somebody did to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    /// To whom.
    pub user: UserId,
    pub kind: Kind,
    /// The media or the comment it is about; 0 for the user themselves.
    pub object: i64,
    /// The media it is about, or whose comment.
    pub media: Option<MediaId>,
    /// By whom.
    pub actor: UserId,
    /// The comment by which; 0 for what one can do once only.
    pub cause: i64,
}

/// Brings what is noted in line with whether its cause stands, which is read again afterwards: when it changed meanwhile, the
/// step that follows from the change may have come too early.
pub(super) async fn bring<S, Standing>(app: &App, happening: Happening, stands: S) -> Result<()>
where
    S: Fn() -> Standing,
    Standing: Future<Output = Result<bool>>,
{
    // Nobody is told of what they did themselves.
    if happening.user == happening.actor {
        return Ok(());
    }
    let mut before = stands().await?;
    loop {
        match before {
            true => app.db.write(&happening.user, async |tx| add(app, tx, &happening).await).await?,
            false => take_back(app, &happening).await?,
        }
        let now = stands().await?;
        if now == before {
            return Ok(());
        }
        before = now;
    }
}

/// Takes back what somebody did. Harmless when it was not noted.
pub(super) async fn take_back(app: &App, happening: &Happening) -> Result<()> {
    app.db
        .write(&happening.user, async |tx| match actors::delete(tx, happening).await? {
            Some(activity) => noted(app, tx, activity).await,
            None => Ok(()),
        })
        .await
}

/// An activity is to be summed up again.
pub(super) async fn noted(app: &App, tx: &Tx, activity: ActivityId) -> Result<()> {
    log::record(tx, app.clock.now(), &Fact::ActivityNoted { activity }).await
}

async fn add(app: &App, tx: &Tx, happening: &Happening) -> Result<()> {
    if actors::is_there(tx, happening).await? {
        return Ok(());
    }
    let Happening { user, kind, object, media, actor, cause } = *happening;
    let media = media.unwrap_or(MediaId(0));
    let activity = opened(app, tx, empty(app.ids.next(&user)?, happening)).await?;
    let row = Actor {
        user_id: user,
        kind,
        object_id: object,
        actor_id: actor,
        cause_id: cause,
        media_id: media,
        activity_id: activity,
        place: app.ids.next(&user)?,
    };
    match actors::insert(tx, row).await? {
        true => noted(app, tx, activity).await,
        false => Ok(()),
    }
}

/// An activity of which nothing is known yet.
pub(super) fn empty(id: ActivityId, happening: &Happening) -> Row {
    let Happening { user, kind, object, media, .. } = *happening;
    let media_id = media.unwrap_or(MediaId(0));
    Row { id, user_id: user, kind, object_id: object, media_id, place: 0, actor_count: 0, newest: "[]".into() }
}

/// The activity that is still open for this, or else this new one. Only who begins one waits for others who do.
async fn opened(app: &App, tx: &Tx, new: Row) -> Result<ActivityId> {
    let since = app.clock.now().before(TOGETHER);
    if let Some(open) = table::open(tx, &new, since).await? {
        return Ok(open);
    }
    marks::lock(tx, new.user_id).await?;
    if let Some(open) = table::open(tx, &new, since).await? {
        return Ok(open);
    }
    let id = new.id;
    table::insert(tx, new).await?;
    Ok(id)
}
