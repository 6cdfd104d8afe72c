//! The steps that keep people told of what happened to them. Each brings what was noted in line with what is so now.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Fact;
use crate::base::ids::{ActivityId, CommentId, MediaId, UserId};
use crate::domain::activity::{self, Deleted};
use crate::domain::{comments, media};

/// What somebody may have to be told of, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "camelCase")]
pub enum Tell {
    /// The owner of a media, of a like.
    Like { media: MediaId, user: UserId },
    /// The author of a comment, of a like.
    CommentLike { comment: CommentId, user: UserId },
    /// Whom it concerns, of a comment.
    Comment { comment: CommentId },
    /// Both, of a follow, a request or an approval.
    Follow { follower: UserId, followee: UserId },
    /// Whoever is mentioned, of that.
    Mention {
        media: MediaId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<CommentId>,
        user: UserId,
    },
    /// Whoever is tagged in a photo, of that.
    Tag { media: MediaId, user: UserId },
    /// Nobody any more, of a comment that was deleted.
    DeletedComment { comment: CommentId, media: MediaId, author: UserId, parent: Option<CommentId> },
    /// Its owner no longer, of a media that was deleted.
    DeletedMedia { media: MediaId, owner: UserId },
    /// Somebody no longer, of what another did whom a block parted from them.
    Parted { user: UserId, actor: UserId, block: i64 },
    /// An activity to which something was added, or of which something was taken back, is to be summed up.
    Sum { activity: ActivityId },
}

/// What people are to be told of after a fact, or no longer.
pub(super) fn after(fact: &Fact) -> Vec<Tell> {
    match *fact {
        Fact::MediaLiked { media, user } | Fact::MediaUnliked { media, user } => vec![Tell::Like { media, user }],
        Fact::CommentLiked { comment, user, .. } | Fact::CommentUnliked { comment, user, .. } => {
            vec![Tell::CommentLike { comment, user }]
        }
        Fact::CommentAdded { comment, .. } => vec![Tell::Comment { comment }],
        Fact::MentionChanged { media, comment, user } => vec![Tell::Mention { media, comment, user }],
        Fact::PhotoTagged { media, user } | Fact::PhotoTagRemoved { media, user } => vec![Tell::Tag { media, user }],
        Fact::FollowChanged { follower, followee } => vec![Tell::Follow { follower, followee }],
        Fact::CommentDeleted { comment, media, author, parent, .. } => {
            vec![Tell::DeletedComment { comment, media, author, parent }]
        }
        Fact::MediaDeleted { media, owner, .. } => vec![Tell::DeletedMedia { media, owner }],
        Fact::UserBlocked { blocker, blocked, edge } => parted(blocker, blocked, edge),
        Fact::ActivityNoted { activity } => vec![Tell::Sum { activity }],
        Fact::UserSignedUp { .. }
        | Fact::SessionEnded { .. }
        | Fact::DeviceMoved { .. }
        | Fact::PrivacyChanged { .. }
        | Fact::FollowingChanged { .. }
        | Fact::UserUnblocked { .. }
        | Fact::UserMuted { .. }
        | Fact::UserUnmuted { .. }
        | Fact::UploadReceived { .. }
        | Fact::UploadProcessed { .. }
        | Fact::UploadExpired { .. }
        | Fact::MediaPublished { .. }
        | Fact::MediaEdited { .. }
        | Fact::AudienceChanged { .. }
        | Fact::LinksRenewed { .. }
        | Fact::LikeWaits { .. }
        | Fact::CountsWait { .. }
        | Fact::CommentEdited { .. }
        | Fact::CommentCountsWait { .. }
        | Fact::ActivityChanged { .. }
        | Fact::ActivityRemoved { .. }
        | Fact::ActivitySeen { .. }
        | Fact::Rehearsed { .. }
        | Fact::Unknown => vec![],
    }
}

/// Both of two people, no longer of what the other did.
fn parted(blocker: UserId, blocked: UserId, block: i64) -> Vec<Tell> {
    [(blocker, blocked), (blocked, blocker)].map(|(user, actor)| Tell::Parted { user, actor, block }).into()
}

impl Tell {
    /// Does the step.
    ///
    /// # Errors
    /// When it is to be tried again later.
    pub(super) async fn run(&self, app: &App) -> Result<()> {
        match *self {
            Self::Like { media, user } => activity::note_like(app, media, user).await,
            Self::CommentLike { comment, user } => activity::note_comment_like(app, comment, user).await,
            Self::Comment { comment } => {
                comments::remove_if_blocked(app, comment).await?;
                activity::note_comment(app, comment).await
            }
            Self::Mention { media, comment, user } => activity::note_mention(app, media, comment, user).await,
            Self::Tag { media, user } => {
                media::remove_tags_if_blocked(app, media, user).await?;
                activity::note_tag(app, media, user).await
            }
            Self::Follow { follower, followee } => activity::note_follow(app, follower, followee).await,
            Self::DeletedComment { comment, media, author, parent } => {
                activity::forget_comment(app, Deleted { comment, media, author, parent }).await
            }
            Self::DeletedMedia { media, owner } => activity::forget_media(app, media, owner).await,
            Self::Parted { user, actor, block } => activity::forget_person(app, user, actor, block).await,
            Self::Sum { activity } => activity::sum_up(app, activity).await,
        }
    }
}
