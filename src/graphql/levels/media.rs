//! Media, and pages of them.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::Field;
use futures_util::FutureExt;
use futures_util::future::try_join_all;

use super::comment::Comments;
use super::photo::Photo;
use super::{Asked, JsonColumn, Object, Resolved, distinct, level, lists, options, page, text};
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, UserId, base58};
use crate::base::page::{Direction, Slice, cursor};
use crate::domain::comments::{self, Order};
use crate::domain::likes;
use crate::domain::media::{self, Audience};
use crate::domain::shelves::{self, Shelf};
use crate::domain::users::{self, User};
use crate::graphql::media::Media;
use crate::graphql::page::PageInfo;

/// A page of media.
pub(super) struct Connection {
    pub(super) edges: Vec<Edge>,
    pub(super) info: PageInfo,
    /// Whether it is the home feed.
    pub(super) is_feed: bool,
}

/// A media in a page.
pub(super) struct Edge {
    pub(super) cursor: String,
    pub(super) node: Media,
    /// In the home feed, whether the viewer published it.
    pub(super) is_own: Option<bool>,
}

/// Why a media is in the home feed.
struct Reason {
    is_own: bool,
}

impl Connection {
    /// A page of the media of a user.
    pub(super) fn of_user(slice: Slice<media::Media>) -> Self {
        let info = PageInfo::of(&slice, |media| media.id.0);
        let edge = |media: media::Media| Edge { cursor: cursor(media.id.0), node: media.into(), is_own: None };
        Self { edges: slice.items.into_iter().map(edge).collect(), info, is_feed: false }
    }
}

impl Object for Connection {
    fn name(&self) -> &'static str {
        if self.is_feed { "HomeFeedConnection" } else { "MediaConnection" }
    }

    fn values(_: &Asked<'_>, _: &Field, _: &[&Self]) -> Option<JsonColumn> {
        None
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        let lengths = || objects.iter().map(|page| page.edges.len());
        async move {
            let (set, edges) = (&field.selection_set.node, objects.iter().flat_map(|page| &page.edges));
            match field.name.node.as_str() {
                "edges" => {
                    let edges: Vec<&Edge> = edges.collect();
                    Ok(level(asked, set, &edges).await?.in_lists(lengths()))
                }
                "nodes" => {
                    let nodes: Vec<&Media> = edges.map(|edge| &edge.node).collect();
                    Ok(level(asked, set, &nodes).await?.in_lists(lengths()))
                }
                "pageInfo" => {
                    let infos: Vec<&PageInfo> = objects.iter().map(|page| &page.info).collect();
                    level(asked, set, &infos).await
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

impl Object for Edge {
    fn name(&self) -> &'static str {
        if self.is_own.is_some() { "HomeFeedEdge" } else { "MediaEdge" }
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        (field.name.node == "cursor").then(|| JsonColumn::of(objects, |edge, json| json.plain(&edge.cursor)))
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            let set = &field.selection_set.node;
            if field.name.node == "node" {
                let nodes: Vec<&Media> = objects.iter().map(|edge| &edge.node).collect();
                return level(asked, set, &nodes).await;
            }
            let reasons: Vec<Reason> =
                objects.iter().map(|edge| Reason { is_own: edge.is_own == Some(true) }).collect();
            level(asked, set, &reasons.iter().collect::<Vec<_>>()).await
        }
        .boxed()
    }
}

impl Object for Reason {
    fn name(&self) -> &'static str {
        if self.is_own { "OwnMediaReason" } else { "FollowedUserReason" }
    }

    fn values(_: &Asked<'_>, _: &Field, _: &[&Self]) -> Option<JsonColumn> {
        None
    }
}

impl Object for Media {
    fn name(&self) -> &'static str {
        "Media"
    }

    fn values(asked: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        let viewer = asked.viewer.map(|viewer| viewer.user);
        Some(match field.name.node.as_str() {
            "id" => JsonColumn::of(objects, |media, json| json.plain(media.row.id)),
            "shortcode" => JsonColumn::of(objects, |media, json| json.plain(base58(media.row.id.0))),
            "url" => JsonColumn::of(objects, |media, json| json.text(&asked.reachable(media.link(asked.app)))),
            "contentWarning" => JsonColumn::of(objects, |media, json| json.value(&media.row.content_warning)),
            "audience" => JsonColumn::of(objects, |media, json| json.plain(audience(media.row.audience))),
            "publishedAt" => JsonColumn::of(objects, |media, json| json.plain(media.row.id.made_at().rfc3339())),
            "editedAt" => {
                JsonColumn::of(objects, |media, json| json.value(&media.row.edited_at.map(Timestamp::rfc3339)))
            }
            "likeCount" => JsonColumn::of(objects, |media, json| json.value(&media.row.like_count)),
            "commentCount" => JsonColumn::of(objects, |media, json| json.value(&media.row.comment_count)),
            "viewerCanComment" => JsonColumn::of(objects, |_, json| json.value(&viewer.is_some())),
            "viewerCanEdit" => JsonColumn::of(objects, |media, json| json.value(&(viewer == Some(media.row.owner_id)))),
            _ => return None,
        })
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            match field.name.node.as_str() {
                "owner" => {
                    let owners = owners(asked, objects).await?;
                    let owner = objects.iter().map(|media| found(&owners, media).ok_or_else(no_owner));
                    let owners: Vec<&User> = owner.collect::<Result<_>>()?;
                    level(asked, &field.selection_set.node, &owners).await
                }
                "caption" => {
                    let captions = objects.iter().map(|media| media.row.caption.as_deref().map(Text));
                    options(asked, field, captions.collect()).await
                }
                "photos" => photos(asked, field, objects).await,
                "comments" => comments(asked, field, objects).await,
                "viewerHasLiked" => {
                    let unknown = objects.iter().filter(|media| media.beside.is_none());
                    let liked = liked(asked, &distinct(unknown.map(|media| media.row.id))).await?;
                    let is_liked =
                        |media: &Media| media.beside.as_ref().map_or(liked.contains(&media.row.id), |it| it.is_liked);
                    Ok(JsonColumn::of(objects, |media, json| json.value(&is_liked(media))))
                }
                "viewerHasSaved" => {
                    let ids = distinct(objects.iter().map(|media| media.row.id));
                    let saved = match asked.viewer {
                        Some(viewer) => shelves::among(asked.app, viewer.user, Shelf::Saved, &ids).await?,
                        None => HashSet::new(),
                    };
                    Ok(JsonColumn::of(objects, |media, json| json.value(&saved.contains(&media.row.id))))
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

async fn liked(asked: &Asked<'_>, ids: &[MediaId]) -> Result<HashSet<MediaId>> {
    match asked.viewer {
        Some(viewer) if !ids.is_empty() => likes::liked(asked.app, viewer.user, ids).await,
        _ => Ok(HashSet::new()),
    }
}

/// The owners of media that were read without them.
async fn owners(asked: &Asked<'_>, objects: &[&Media]) -> Result<HashMap<UserId, User>> {
    let unknown = objects.iter().filter(|media| media.beside.is_none());
    users::known(asked.app, &distinct(unknown.map(|media| media.row.owner_id))).await
}

fn found<'a>(owners: &'a HashMap<UserId, User>, media: &'a Media) -> Option<&'a User> {
    media.beside.as_ref().map(|beside| &beside.owner).or_else(|| owners.get(&media.row.owner_id))
}

fn no_owner() -> Error {
    Error::internal("a media has no owner")
}

async fn photos<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Media]) -> Result<JsonColumn> {
    let ids = distinct(objects.iter().map(|media| media.row.id));
    let owners = owners(asked, objects);
    let (photos, owners) = tokio::try_join!(media::photos_of(asked.app, &ids), owners)?;
    let of_media = |media: &&'a Media| {
        let is_private = found(&owners, media).ok_or_else(no_owner)?.is_private;
        let photos = photos.get(&media.row.id).map(Vec::as_slice).unwrap_or_default();
        Ok(photos.iter().map(|row| Photo { row, media: &media.row, is_private }).collect())
    };
    lists(asked, field, objects.iter().map(of_media).collect::<Result<_>>()?).await
}

async fn comments<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Media]) -> Result<JsonColumn> {
    let page = page(field)?;
    let order = if text(field, "order") == Some("NEWEST_FIRST") { Order::NewestFirst } else { Order::OldestFirst };
    let ids = distinct(objects.iter().map(|media| media.row.id));
    let pages = if page.direction == Direction::Forward && page.beyond.is_none() {
        comments::first_of_each(asked.app, asked.viewer, &ids, order, page.items).await?
    } else {
        let each = ids.iter().map(|id| comments::of_media(asked.app, asked.viewer, *id, order, page));
        ids.iter().copied().zip(try_join_all(each).await?).collect()
    };
    let none = Slice::default();
    let page = |media: &&Media| {
        let slice = pages.get(&media.row.id).unwrap_or(&none);
        Some(Comments { slice, owner: media.row.owner_id })
    };
    options(asked, field, objects.iter().map(page).collect()).await
}

fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Everyone => "EVERYONE",
        Audience::Followers => "FOLLOWERS",
        Audience::OnlyMe => "ONLY_ME",
    }
}

/// What somebody wrote.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Object for Text<'_> {
    fn name(&self) -> &'static str {
        "FormattedText"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        (field.name.node == "plain").then(|| JsonColumn::of(objects, |text, json| json.text(text.0)))
    }
}
