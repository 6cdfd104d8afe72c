//! Activities as their viewer may see them at this moment: who did it, and what it is about. What is hidden is absent.

use std::collections::{HashMap, HashSet};

use super::table::{Kind, Newest, Row};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{ActivityId, CommentId, MediaId, UserId, made_at};
use crate::domain::comments::{self, Comment};
use crate::domain::follows::{self, Standing};
use crate::domain::media::{self, Media};
use crate::domain::users::{self, User};

/// How many of those who did it are shown.
const ACTORS: usize = 10;

/// An activity with what it is about.
#[derive(Clone, Debug)]
pub struct Activity {
    /// Its ID.
    pub id: ActivityId,
    /// What kind.
    pub kind: Kind,
    /// Its place in the list, which changes when more is added to it.
    pub place: i64,
    /// Whether the viewer has seen it as it is now.
    pub is_seen: bool,
    /// Who did it, last first; at most 10, at least one.
    pub actors: Vec<User>,
    /// How many did it.
    pub actor_count: i64,
    /// The media it is about, or whose comment.
    pub media: Option<Media>,
    /// The comment it is about, or the last of those by which it happened.
    pub comment: Option<Comment>,
}

impl Activity {
    /// When it first happened.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.id.made_at()
    }

    /// When it last happened.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        made_at(self.place)
    }
}

/// What a user sees of these, in their order.
pub(super) async fn shown(app: &App, user: UserId, rows: Vec<Row>) -> Result<Vec<Activity>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows = rows.into_iter().map(|row| Ok((row.newest()?, row))).collect::<Result<Vec<_>>>()?;
    let sight = Sight::of(app, user, &rows).await?;
    Ok(rows.into_iter().filter_map(|(newest, row)| sight.activity(&newest, &row)).collect())
}

/// Everything that some activities are about, as far as the viewer sees it.
struct Sight {
    users: HashMap<UserId, User>,
    media: HashMap<MediaId, Media>,
    comments: HashMap<CommentId, Comment>,
}

impl Sight {
    async fn of(app: &App, user: UserId, rows: &[(Vec<Newest>, Row)]) -> Result<Self> {
        let media: HashSet<MediaId> = rows.iter().map(|row| row.1.media_id).filter(|media| media.0 != 0).collect();
        let media = media::load(app, &media.into_iter().collect::<Vec<_>>()).await?;
        let comments = rows.iter().flat_map(|(newest, row)| comments_of(newest, row));
        let mut comments = comments::load(app, &comments.collect::<Vec<_>>()).await?;
        let parents = comments::load(app, &comments::parents_of(&comments)).await?;
        comments.extend(parents);
        let actors: HashSet<UserId> = rows.iter().flat_map(|row| &row.0).map(|newest| newest.0).collect();
        let mut people: Vec<UserId> = media.iter().map(|media| media.owner_id).collect();
        people.extend(comments.iter().map(|comment| comment.author_id));
        people.extend(&actors);
        let standings = follows::standings_of(app, user, &people).await?;
        let actors: Vec<UserId> = actors.into_iter().filter(|actor| standings.contains_key(actor)).collect();
        Ok(Self::sorted(users::find_many(app, &actors).await?, media, comments, &standings))
    }

    fn sorted(
        users: HashMap<UserId, User>,
        media: Vec<Media>,
        comments: Vec<Comment>,
        standings: &HashMap<UserId, Standing>,
    ) -> Self {
        let seen = |media: &Media| media::is_visible(media.audience, standings.get(&media.owner_id).copied());
        let media: HashMap<MediaId, Media> = media.into_iter().filter(seen).map(|media| (media.id, media)).collect();
        let exists = |comment: &Comment| standings.contains_key(&comment.author_id);
        let there: HashSet<CommentId> = comments.iter().filter(|row| exists(row)).map(|row| row.id).collect();
        // A reply is seen where its comment is.
        let is_below = |comment: &Comment| comment.parent_id.is_none_or(|parent| there.contains(&parent));
        let seen = |comment: &Comment| {
            there.contains(&comment.id) && is_below(comment) && media.contains_key(&comment.media_id)
        };
        let comments = comments.into_iter().filter(seen).map(|comment| (comment.id, comment)).collect();
        Self { users, media, comments }
    }

    /// `None` when nobody did it for the viewer, or they do not see what it is about.
    fn activity(&self, newest: &[Newest], row: &Row) -> Option<Activity> {
        let seen: Vec<&User> = newest.iter().filter_map(|(actor, _)| self.users.get(actor)).collect();
        let hidden = i64::try_from(newest.len() - seen.len()).unwrap_or(0);
        let actors: Vec<User> = seen.into_iter().take(ACTORS).cloned().collect();
        let media = self.media.get(&row.media_id).cloned();
        let comment = match row.kind {
            Kind::Mentioned => self.comments.get(&self.mention(newest)?),
            _ => comments_of(newest, row).find_map(|id| self.comments.get(&id)),
        };
        let comment = comment.cloned();
        let needs_media = row.media_id.0 != 0;
        if actors.is_empty() || (needs_media && media.is_none()) || (row.kind.is_by_comment() && comment.is_none()) {
            return None;
        }
        let is_seen = row.seen.is_some_and(|seen| seen >= row.place);
        let (id, kind, place, actor_count) = (row.id, row.kind, row.place, row.actor_count - hidden);
        Some(Activity { id, kind, place, is_seen, actors, actor_count, media, comment })
    }

    /// The last of the comments that mention the viewer; 0 when it is the caption.
    fn mention(&self, newest: &[Newest]) -> Option<CommentId> {
        let seen = newest.iter().filter(|(actor, _)| self.users.contains_key(actor));
        let is_there = |comment: &CommentId| comment.0 == 0 || self.comments.contains_key(comment);
        seen.map(|(_, cause)| CommentId(*cause)).find(is_there)
    }
}

/// The comments that an activity is about, or by which it happened, last first.
fn comments_of(newest: &[Newest], row: &Row) -> impl Iterator<Item = CommentId> {
    let object = (row.kind == Kind::CommentLiked).then_some(row.object_id);
    let causes = newest.iter().map(|(_, cause)| *cause).filter(|cause| *cause != 0);
    object.into_iter().chain(causes).map(CommentId)
}
