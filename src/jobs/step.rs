//! The kinds of work that follow from facts. Each is safe to do twice: it reads the present state first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pushing::Pushing;
use super::rehearsal;
use super::tell::Tell;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{CommentId, DeviceId, MediaId, SessionId, UploadId, UserId};
use crate::domain::feed::{self, Place};
use crate::domain::pushes::{Next, Turn};
use crate::domain::{comments, devices, follows, likes, media, uploads};
use crate::platform::queue::Lane;

/// A piece of work that follows from a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum Step {
    /// Make the images of an upload.
    ProcessUpload { upload: UploadId },
    /// Copy a follow into the follower's own list.
    MirrorFollow { follower: UserId, followee: UserId },
    /// End the follow of one who blocked.
    SeverFollow { blocker: UserId, blocked: UserId, block: i64 },
    /// Remove what another wrote below the media of an owner, and where they are tagged in them: one of the two blocked
    /// the other. `after` is the media that the page begins after.
    RemoveBlocked { owner: UserId, other: UserId, block: i64, after: i64 },
    /// Approve those who wait to follow an account that was opened.
    ApproveWaiting { user: UserId },
    /// Remove the devices of a session that ended.
    ForgetDevices { session: SessionId },
    /// Remove a device whose token became another's.
    ForgetDevice { device: DeviceId },
    /// Bring a media into the feeds made ahead.
    FanOut { media: MediaId, owner: UserId, place: Place },
    /// Remove the files of an upload that was thrown away.
    EraseUpload { upload: UploadId },
    /// Remove the images of looks that photos of a media no longer have.
    EraseOldLooks { media: MediaId },
    /// Renew the links of what everyone could see before an account turned private, after one of its media.
    RenewLinks { user: UserId, after: MediaId },
    /// Remove what belonged to a media that was deleted.
    EraseMedia { media: MediaId },
    /// Copy a like into the list of who likes.
    CopyLike { media: MediaId, user: UserId, edge: i64 },
    /// Add up the counts of a media that waited while many counted at once.
    AddUpCounts { media: MediaId },
    /// The same of a comment.
    AddUpCommentCounts { comment: CommentId },
    /// Remove what belonged to a comment that was deleted.
    EraseComment { comment: CommentId },
    /// Keep somebody told of what happened to them.
    Tell {
        /// Of what.
        of: Tell,
    },
    /// Bring something to the devices of somebody.
    Push {
        /// What.
        of: Pushing,
        /// How far that is.
        turn: Turn,
    },
    /// Note what was rehearsed.
    Rehearse { number: i64 },
}

/// Whether a step is finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is.
    Done,
    /// A page of it is; the rest is to be done as another step.
    More,
    /// A page of it is; the rest is this step.
    Next(Step),
    /// It is not; it goes on as this step at that time.
    Later(Step, Timestamp),
    /// It is not, because this program cannot read it: it waits for a newer worker.
    Unknown,
}

impl Step {
    /// Where it waits for its turn.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Self::ProcessUpload { .. } => Lane::Photos,
            Self::Push { .. } => Lane::Pushes,
            _ => Lane::Short,
        }
    }

    /// Does the step, or one page of it.
    ///
    /// # Errors
    /// When it is to be tried again later.
    pub async fn run(&self, app: &Arc<App>) -> Result<Progress> {
        match *self {
            Self::ProcessUpload { upload } => uploads::process(app, upload).await.map(done),
            Self::MirrorFollow { follower, followee } => mirror(app, follower, followee).await.map(done),
            Self::SeverFollow { blocker, blocked, block } => {
                follows::sever(app, blocker, blocked, block).await.map(done)
            }
            Self::RemoveBlocked { owner, other, block, after } => {
                Ok(match remove_blocked(app, (owner, other), block, after).await? {
                    Rest::Here => Progress::More,
                    Rest::After(after) => Progress::Next(Self::RemoveBlocked { owner, other, block, after }),
                    Rest::Nothing => Progress::Done,
                })
            }
            Self::ApproveWaiting { user } => follows::approve_waiting(app, user).await.map(more),
            Self::ForgetDevices { session } => devices::forget_of_session(app, session).await.map(done),
            Self::ForgetDevice { device } => devices::forget_moved(app, device).await.map(done),
            Self::FanOut { media, owner, place } => {
                let rest = feed::fan_out(app, media, owner, place).await?;
                Ok(rest.map_or(Progress::Done, |place| Progress::Next(Self::FanOut { media, owner, place })))
            }
            Self::EraseUpload { upload } => uploads::erase(app, upload).await.map(done),
            Self::EraseOldLooks { media } => media::erase_old_looks(app, media).await.map(done),
            Self::RenewLinks { user, after } => {
                let last = media::renew_links(app, user, after).await?;
                Ok(last.map_or(Progress::Done, |after| Progress::Next(Self::RenewLinks { user, after })))
            }
            Self::EraseMedia { media } => erase(app, media).await,
            Self::CopyLike { media, user, edge } => likes::copy(app, user, media, edge).await.map(done),
            Self::AddUpCounts { media } => media::add_up_counts(app, media).await.map(more),
            Self::AddUpCommentCounts { comment } => comments::add_up_counts(app, comment).await.map(more),
            Self::EraseComment { comment } => comments::erase_likes(app, comment).await.map(more),
            Self::Tell { ref of } => of.run(app).await.map(done),
            Self::Push { of, turn } => Ok(match of.run(app, turn).await? {
                Next::Done => Progress::Done,
                Next::At(at, turn) => Progress::Later(Self::Push { of, turn }, at),
            }),
            Self::Rehearse { number } => rehearsal::note(app, number).await.map(done),
        }
    }
}

impl Step {
    /// What is left to do when the step is given up: nothing stays half done in the eyes of people.
    ///
    /// # Errors
    /// Those of the disk and the database.
    pub async fn give_up(&self, app: &Arc<App>) -> Result<()> {
        match *self {
            Self::ProcessUpload { upload } => uploads::give_up(app, upload).await,
            Self::MirrorFollow { .. }
            | Self::SeverFollow { .. }
            | Self::RemoveBlocked { .. }
            | Self::ApproveWaiting { .. }
            | Self::ForgetDevices { .. }
            | Self::ForgetDevice { .. }
            | Self::FanOut { .. }
            | Self::EraseUpload { .. }
            | Self::EraseOldLooks { .. }
            | Self::RenewLinks { .. }
            | Self::EraseMedia { .. }
            | Self::CopyLike { .. }
            | Self::AddUpCounts { .. }
            | Self::AddUpCommentCounts { .. }
            | Self::EraseComment { .. }
            | Self::Tell { .. }
            | Self::Push { .. }
            | Self::Rehearse { .. } => Ok(()),
        }
    }
}

/// What is left of a step that goes through media.
enum Rest {
    /// More of the same media.
    Here,
    /// The media after this one.
    After(i64),
    Nothing,
}

/// Media looked through in one page.
const MEDIA: u64 = 500;

/// One page. When the two exist for each other again by now, only what was before the block goes.
async fn remove_blocked(app: &App, (owner, other): (UserId, UserId), block: i64, after: i64) -> Result<Rest> {
    let page = media::ids_after(app, owner, after, MEDIA).await?;
    let Some(last) = page.last() else { return Ok(Rest::Nothing) };
    // Made before it is asked: what is written from here on is looked at by a step of its own.
    let now: i64 = app.ids.next(&owner)?;
    let before = if follows::are_blocked(app, owner, other).await? { now } else { block };
    if comments::remove_by(app, other, &page, before).await?
        || media::remove_tags_of(app, (owner, other), &page, before).await?
    {
        return Ok(Rest::Here);
    }
    Ok(if page.len() as u64 == MEDIA { Rest::After(last.0) } else { Rest::Nothing })
}

/// The timeline was made of those whom the follower followed before.
async fn mirror(app: &Arc<App>, follower: UserId, followee: UserId) -> Result<()> {
    follows::mirror(app, follower, followee).await?;
    feed::forget(app, follower).await
}

async fn erase(app: &Arc<App>, id: MediaId) -> Result<Progress> {
    if likes::erase(app, id).await? || comments::erase(app, id).await? {
        return Ok(Progress::More);
    }
    media::erase(app, id).await.map(done)
}

fn done((): ()) -> Progress {
    Progress::Done
}

fn more(is_more: bool) -> Progress {
    if is_more { Progress::More } else { Progress::Done }
}
