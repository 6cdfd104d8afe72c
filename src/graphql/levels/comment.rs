//! Comments, and pages of them.

use std::collections::HashSet;

use async_graphql::parser::types::Field;
use futures_util::FutureExt;

use super::media::Text;
use super::{Asked, JsonColumn, Object, Resolved, distinct, level};
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::UserId;
use crate::base::page::{Slice, cursor};
use crate::domain::comments::{self, Comment};
use crate::domain::users::{self, User};
use crate::graphql::page::PageInfo;

/// A page of comments on a media.
pub(super) struct Comments<'a> {
    pub(super) slice: &'a Slice<Comment>,
    /// The owner of the media.
    pub(super) owner: UserId,
}

/// A comment in a page, which is also its edge.
struct Listed<'a, const EDGE: bool> {
    row: &'a Comment,
    owner: UserId,
}

impl Comments<'_> {
    fn listed<const EDGE: bool>(&self) -> impl Iterator<Item = Listed<'_, EDGE>> {
        self.slice.items.iter().map(|row| Listed { row, owner: self.owner })
    }
}

impl Object for Comments<'_> {
    fn name(&self) -> &'static str {
        "CommentConnection"
    }

    fn values(_: &Asked<'_>, _: &Field, _: &[&Self]) -> Option<JsonColumn> {
        None
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        let lengths = || objects.iter().map(|page| page.slice.items.len());
        async move {
            let set = &field.selection_set.node;
            match field.name.node.as_str() {
                "edges" => {
                    let edges: Vec<Listed<'_, true>> = objects.iter().flat_map(|page| page.listed()).collect();
                    Ok(level(asked, set, &edges.iter().collect::<Vec<_>>()).await?.in_lists(lengths()))
                }
                "nodes" => {
                    let nodes: Vec<Listed<'_, false>> = objects.iter().flat_map(|page| page.listed()).collect();
                    Ok(level(asked, set, &nodes.iter().collect::<Vec<_>>()).await?.in_lists(lengths()))
                }
                "pageInfo" => {
                    let infos = objects.iter().map(|page| PageInfo::of(page.slice, |row| row.id.0));
                    let infos: Vec<PageInfo> = infos.collect();
                    level(asked, set, &infos.iter().collect::<Vec<_>>()).await
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

impl Object for Listed<'_, true> {
    fn name(&self) -> &'static str {
        "CommentEdge"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        (field.name.node == "cursor").then(|| JsonColumn::of(objects, |edge, json| json.plain(cursor(edge.row.id.0))))
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            let node = |edge: &&Self| Listed::<'_, false> { row: edge.row, owner: edge.owner };
            let nodes: Vec<Listed<'_, false>> = objects.iter().map(node).collect();
            level(asked, &field.selection_set.node, &nodes.iter().collect::<Vec<_>>()).await
        }
        .boxed()
    }
}

impl Object for Listed<'_, false> {
    fn name(&self) -> &'static str {
        "Comment"
    }

    fn values(asked: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        let is_author = |it: &Self| asked.viewer.is_some_and(|viewer| viewer.user == it.row.author_id);
        let can_delete = |it: &Self| asked.viewer.is_some_and(|viewer| comments::can_delete(viewer, it.row, it.owner));
        Some(match field.name.node.as_str() {
            "id" => JsonColumn::of(objects, |it, json| json.plain(it.row.id)),
            "createdAt" => JsonColumn::of(objects, |it, json| json.plain(it.row.id.made_at().rfc3339())),
            "editedAt" => JsonColumn::of(objects, |it, json| json.value(&it.row.edited_at.map(Timestamp::rfc3339))),
            "likeCount" => JsonColumn::of(objects, |it, json| json.value(&it.row.like_count)),
            "replyCount" => JsonColumn::of(objects, |it, json| json.value(&it.row.reply_count)),
            "viewerCanEdit" => JsonColumn::of(objects, |it, json| json.value(&is_author(it))),
            "viewerCanDelete" => JsonColumn::of(objects, |it, json| json.value(&(is_author(it) || can_delete(it)))),
            _ => return None,
        })
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            let set = &field.selection_set.node;
            match field.name.node.as_str() {
                "author" => {
                    let ids = distinct(objects.iter().map(|it| it.row.author_id));
                    let known = users::known(asked.app, &ids).await?;
                    let author = |it: &&Self| known.get(&it.row.author_id).ok_or_else(no_author);
                    let authors: Vec<&User> = objects.iter().map(author).collect::<Result<_>>()?;
                    level(asked, set, &authors).await
                }
                "text" => {
                    let texts: Vec<Text<'_>> = objects.iter().map(|it| Text(&it.row.body)).collect();
                    level(asked, set, &texts.iter().collect::<Vec<_>>()).await
                }
                "viewerHasLiked" => {
                    let ids = distinct(objects.iter().map(|it| it.row.id));
                    let liked = match asked.viewer {
                        Some(viewer) if !ids.is_empty() => comments::liked(asked.app, viewer.user, &ids).await?,
                        _ => HashSet::new(),
                    };
                    Ok(JsonColumn::of(objects, |it, json| json.value(&liked.contains(&it.row.id))))
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

fn no_author() -> Error {
    Error::internal("a comment has no author")
}
