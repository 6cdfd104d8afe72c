//! What happened to the viewer: activities, and having seen them.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Interface, Object, Result, SimpleObject};

use super::comment::Comment;
use super::context::{app, signed_in};
use super::error::{UserError, outcome};
use super::media::Media;
use super::page::PageInfo;
use super::scalars::DateTime;
use super::text::FormattedText;
use super::user::User;
use super::viewer::Viewer;
use crate::base::error::{Error, RefusalCode, Result as Answer};
use crate::base::ids::ActivityId;
use crate::base::page::{Slice, cursor, key};
use crate::domain::activity::words::{self, Language};
use crate::domain::activity::{self, Kind};

/// Something that happened to the viewer. Alike things about the same object within a day are one activity, in every app
/// and in push alike. New types may be added.
#[expect(clippy::duplicated_attributes, reason = "two fields of the interface have the same type")]
#[derive(Clone, Debug, Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "The global ID."),
    field(name = "kind", ty = "&ActivityKind", desc = "What kind."),
    field(name = "summary", ty = "&FormattedText", desc = "In words: English, for now."),
    field(name = "created_at", ty = "&DateTime", desc = "When it first happened."),
    field(name = "updated_at", ty = "&DateTime", desc = "When it last happened; the order of the list."),
    field(name = "is_seen", ty = "&bool", desc = "Whether the viewer has seen it as it is now."),
    field(name = "actors", ty = "&Vec<User>", desc = "Who did it, last first; at most 10."),
    field(name = "actor_count", ty = "&i64", desc = "How many did it.")
)]
pub enum Activity {
    /// Likes of a media.
    MediaLiked(MediaLikedActivity),
    /// Likes of a comment.
    CommentLiked(CommentLikedActivity),
    /// Comments and replies.
    Commented(CommentedActivity),
    /// Mentions.
    Mentioned(MentionedActivity),
    /// Photo tags.
    PhotoTagged(PhotoTaggedActivity),
    /// Followers, requests, approvals.
    Follow(FollowActivity),
}

/// The kinds of activity. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum ActivityKind {
    /// Someone likes a media of the viewer.
    MediaLiked,
    /// Someone likes a comment of the viewer.
    CommentLiked,
    /// Someone commented on a media of the viewer.
    MediaCommented,
    /// Someone replied to a comment of the viewer.
    CommentReplied,
    /// Someone mentioned the viewer.
    Mentioned,
    /// Someone tagged the viewer in a photo.
    PhotoTagged,
    /// Someone follows the viewer. Who let them in after they had asked knows, and is not told.
    Followed,
    /// Someone asks to follow the viewer.
    FollowRequested,
    /// Someone let the viewer follow them.
    FollowApproved,
}

/// What all activities have.
struct Told {
    id: ActivityId,
    kind: ActivityKind,
    summary: FormattedText,
    created_at: DateTime,
    updated_at: DateTime,
    is_seen: bool,
    actors: Vec<User>,
    actor_count: i64,
}

macro_rules! activities {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of_doc:meta])* $of:ident: $ty:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, SimpleObject)]
        #[graphql(complex)]
        pub struct $name {
            #[graphql(skip)]
            id: ActivityId,
            /// What kind.
            kind: ActivityKind,
            /// In words: English, for now.
            summary: FormattedText,
            /// When it first happened.
            created_at: DateTime,
            /// When it last happened.
            updated_at: DateTime,
            /// Whether the viewer has seen it.
            is_seen: bool,
            /// Who did it.
            actors: Vec<User>,
            /// How many did it.
            actor_count: i64,
            $($(#[$of_doc])* $of: $ty,)*
        }

        #[ComplexObject]
        impl $name {
            /// The global ID.
            pub async fn id(&self) -> ID {
                self.id.to_string().into()
            }
        }

        impl $name {
            fn new(told: Told, ($($of,)*): ($($ty,)*)) -> Self {
                let Told { id, kind, summary, created_at, updated_at, is_seen, actors, actor_count } = told;
                Self { id, kind, summary, created_at, updated_at, is_seen, actors, actor_count, $($of,)* }
            }
        }
    )*};
}

activities! {
    /// Likes of a media of the viewer.
    MediaLikedActivity {
        /// The media.
        media: Media,
    }
    /// Likes of a comment of the viewer.
    CommentLikedActivity {
        /// The comment.
        comment: Comment,
    }
    /// Comments on a media of the viewer, or replies to a comment of theirs.
    CommentedActivity {
        /// The media.
        media: Media,
        /// The last of the comments.
        latest_comment: Comment,
    }
    /// A mention of the viewer in a caption or a comment.
    MentionedActivity {
        /// The media.
        media: Media,
        /// The comment; null when it is the caption.
        comment: Option<Comment>,
    }
    /// A photo tag of the viewer.
    PhotoTaggedActivity {
        /// The media.
        media: Media,
    }
    /// New followers, requests to follow, or requests approved; `actors` are the users.
    FollowActivity {}
}

impl Activity {
    /// An activity as the schema has it.
    ///
    /// # Errors
    /// When what it is about is missing, which would be a bug.
    pub fn of(activity: activity::Activity) -> Answer<Self> {
        let media = activity.media.clone().map(Media::from).ok_or_else(|| lacks("media"));
        let comment = activity.comment.clone().map(Comment::from).ok_or_else(|| lacks("comment"));
        let told = told(activity);
        Ok(match Kind::from(told.kind) {
            Kind::MediaLiked => Self::MediaLiked(MediaLikedActivity::new(told, (media?,))),
            Kind::CommentLiked => Self::CommentLiked(CommentLikedActivity::new(told, (comment?,))),
            Kind::MediaCommented | Kind::CommentReplied => {
                Self::Commented(CommentedActivity::new(told, (media?, comment?)))
            }
            Kind::Mentioned => Self::Mentioned(MentionedActivity::new(told, (media?, comment.ok()))),
            Kind::PhotoTagged => Self::PhotoTagged(PhotoTaggedActivity::new(told, (media?,))),
            Kind::Followed | Kind::FollowRequested | Kind::FollowApproved => {
                Self::Follow(FollowActivity::new(told, ()))
            }
        })
    }
}

fn lacks(what: &str) -> Error {
    Error::internal(format!("an activity is shown without its {what}"))
}

fn told(activity: activity::Activity) -> Told {
    let names: Vec<&str> = activity.actors.iter().map(|actor| actor.username.as_str()).collect();
    let plain = words::summary(Language::English, activity.kind, &names, activity.actor_count);
    Told {
        id: activity.id,
        kind: activity.kind.into(),
        summary: FormattedText { plain, mentions: None },
        created_at: DateTime(activity.created_at()),
        updated_at: DateTime(activity.updated_at()),
        is_seen: activity.is_seen,
        actor_count: activity.actor_count,
        actors: activity.actors.into_iter().map(User).collect(),
    }
}

/// A page of activities.
#[derive(Clone, Debug)]
pub struct ActivityConnection(Slice<ActivityEdge>);

impl ActivityConnection {
    /// A page of activities as the schema has it.
    ///
    /// # Errors
    /// Those of [`Activity::of`].
    pub fn of(page: Slice<activity::Activity>) -> Answer<Self> {
        Ok(Self(page.map(ActivityEdge::of).transpose()?))
    }
}

/// A page of activities.
#[Object]
impl ActivityConnection {
    /// The activities with their cursors.
    async fn edges(&self) -> Vec<ActivityEdge> {
        self.0.items.clone()
    }

    /// The activities.
    async fn nodes(&self) -> Vec<Activity> {
        self.0.items.iter().map(|edge| edge.node.clone()).collect()
    }

    /// The position of the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.0, |edge| edge.place)
    }
}

/// One activity in a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct ActivityEdge {
    #[graphql(skip)]
    place: i64,
    /// Its cursor. When more is added to an activity, it moves up and gets another.
    cursor: String,
    /// The activity.
    node: Activity,
}

impl ActivityEdge {
    fn of(activity: activity::Activity) -> Answer<Self> {
        let place = activity.place;
        Ok(Self { place, cursor: cursor(place), node: Activity::of(activity)? })
    }
}

/// Input of `markActivitiesSeen`.
#[derive(InputObject)]
pub struct MarkActivitiesSeenInput {
    /// The cursor of the newest activity seen.
    up_to_cursor: String,
}

/// Result of `markActivitiesSeen`.
#[derive(Clone, Debug, SimpleObject)]
pub struct MarkActivitiesSeenPayload {
    /// The viewer.
    viewer: Option<Viewer>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Activities.
#[derive(Default)]
pub struct ActivityMutation;

/// Activities.
#[Object]
impl ActivityMutation {
    /// Remember what was seen. Clears the badge on every device. Never moves back.
    async fn mark_activities_seen(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: MarkActivitiesSeenInput,
    ) -> Result<MarkActivitiesSeenPayload> {
        let viewer = signed_in(ctx)?;
        let mark = async || -> Answer<Viewer> {
            let up_to = key(&input.up_to_cursor).map_err(|_| no_cursor())?;
            activity::mark_seen(app(ctx), viewer, up_to).await?;
            Ok(Viewer(viewer))
        };
        let (viewer, user_errors) = outcome(mark().await)?;
        Ok(MarkActivitiesSeenPayload { viewer, user_errors })
    }
}

fn no_cursor() -> Error {
    Error::refused(RefusalCode::Invalid, "This cursor is not one that this API gave.").at(["upToCursor"])
}
