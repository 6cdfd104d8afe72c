//! Media as a viewer comes upon them: each is read in one statement with its owner, with how the viewer stands to the owner
//! and with whether they like it. So whatever decides or shows it need not ask again.

use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, Order, QueryFilter, QueryResult, QuerySelect,
    QueryTrait, Select,
};

use super::table::{Column, Entity, Model as Media, rows};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::base::page::{Direction, Page};
use crate::domain::follows::{HomeSide, Seen, Standing, select_seen};
use crate::domain::sessions::Viewer;
use crate::domain::users::User;
use crate::platform::db::{Reader, keyset};

/// What the columns about the owner are called before their names.
const OWNER: &str = "u_";

/// A media, and all that was read with it for a viewer. Not yet filtered: [`Card::is_visible`] tells.
#[derive(Clone, Debug)]
pub struct Card {
    /// The media.
    pub media: Media,
    /// Its owner.
    pub owner: User,
    /// Whether the viewer likes it.
    pub is_liked: bool,
    seen: Seen,
}

impl FromQueryResult for Card {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            media: Media::from_query_result(row, prefix)?,
            owner: User::from_query_result(row, OWNER)?,
            is_liked: row.try_get(prefix, "is_liked")?,
            seen: Seen::from_query_result(row, OWNER)?,
        })
    }
}

impl Card {
    /// How the viewer stands to its owner; `None` when the owner does not exist for them.
    pub(in crate::domain) fn standing(&self, viewer: Option<Viewer>) -> Option<Standing> {
        self.seen.standing(viewer.map(|viewer| viewer.user))
    }

    /// Whether the viewer mutes its owner.
    pub(in crate::domain) fn is_muted(&self) -> bool {
        self.seen.is_muted()
    }

    /// Whether the viewer can see it.
    pub(in crate::domain) fn is_visible(&self, viewer: Option<Viewer>) -> bool {
        super::is_visible(self.media.audience, self.standing(viewer))
    }
}

/// Who looks, and when.
#[derive(Clone, Copy, Debug)]
struct Look {
    viewer: Option<UserId>,
    now: Timestamp,
}

/// These media, as far as they are still there, in no order.
pub(in crate::domain) async fn cards(app: &App, viewer: Option<Viewer>, ids: &[MediaId]) -> Result<Vec<Card>> {
    let look = Look { viewer: viewer.map(|viewer| viewer.user), now: app.clock.now() };
    let these = |connection, ids: Vec<MediaId>| read(connection, look, Column::Id.is_in(ids));
    let cards = app.db.gather(ids, these).await?;
    complete(app, look, cards).await
}

/// The newest media of many users, nearest to the page's cursor first: one more than the page has.
pub(in crate::domain) async fn cards_of(app: &App, viewer: Viewer, users: &[UserId], page: Page) -> Result<Vec<Card>> {
    let look = Look { viewer: Some(viewer.user), now: app.clock.now() };
    let theirs = |connection, owners: Vec<UserId>| {
        // First which, then what is to be said about those few.
        let ids = Entity::find().select_only().column(Column::Id).filter(Column::OwnerId.is_in(owners));
        let ids = keyset(ids, Column::Id, &Order::Desc, page).into_query();
        read(connection, look, Column::Id.in_subquery(ids))
    };
    let mut cards = app.db.gather(users, theirs).await?;
    cards.sort_unstable_by_key(|card| card.media.id);
    if page.direction == Direction::Forward {
        cards.reverse();
    }
    cards.truncate(page.items as usize + 1);
    complete(app, look, cards).await
}

async fn read(connection: &Reader, look: Look, which: Expr) -> Result<Vec<Card>> {
    Ok(looked_at(look).filter(which).into_model::<Card>().all(connection).await?)
}

fn looked_at(look: Look) -> Select<Entity> {
    let mut media = rows();
    let query = QuerySelect::query(&mut media);
    query.join_as(JoinType::InnerJoin, "users", "u", Expr::col(("u", "id")).equals((Entity, Column::OwnerId)));
    for name in ["username", "display_name", "media_count", "follower_count", "following_count"] {
        query.expr_as(Expr::col(("u", name)), format!("{OWNER}{name}"));
    }
    select_seen(query, OWNER, (look.viewer, look.now));
    let like = Condition::all()
        .add(Expr::col(("l", "media_id")).equals((Entity, Column::Id)))
        .add(Expr::col(("l", "user_id")).eq(look.viewer));
    query.join_as(JoinType::LeftJoin, "likes", "l", like);
    query.expr_as(Expr::col(("l", "user_id")).is_not_null(), "is_liked");
    media
}

/// Adds what only the viewer's shard knows.
async fn complete(app: &App, look: Look, mut cards: Vec<Card>) -> Result<Vec<Card>> {
    if let Some(viewer) = look.viewer {
        let owners: Vec<UserId> = cards.iter().map(|card| card.media.owner_id).collect();
        let home = HomeSide::of(app, viewer, &owners, look.now).await?;
        cards.iter_mut().for_each(|card| home.complete(&mut card.seen));
    }
    Ok(cards)
}
