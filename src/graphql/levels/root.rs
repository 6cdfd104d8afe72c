//! Queries, and the viewer's home feed.

use async_graphql::parser::types::{Field, SelectionSet};
use async_graphql_value::Value;
use futures_util::FutureExt;

use super::media::{Connection, Edge};
use super::{Asked, JsonColumn, Object, Resolved, level, options, page};
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, UserId, from_base58};
use crate::base::page::cursor;
use crate::domain::sessions::{self, Viewer};
use crate::domain::{feed, follows, media, users};
use crate::graphql::media::Media;
use crate::graphql::page::PageInfo;
use crate::graphql::stream::Start;
use crate::graphql::viewer::id_of;

/// The root of queries.
struct Root {
    /// Where the event log stood before anything was read.
    start: Start,
}

/// Executes a query that is covered: its data as JSON.
///
/// # Errors
/// Whatever went wrong anywhere in it.
pub(in crate::graphql) async fn execute(asked: &Asked<'_>, set: &SelectionSet) -> Result<Vec<u8>> {
    let root = Root { start: Start::of(asked.app) };
    let data = level(asked, set, &[&root]).await?;
    Ok(data.get(0).to_vec())
}

impl Object for Root {
    fn name(&self) -> &'static str {
        "Query"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        let is_cursor = field.name.node == "streamCursor";
        is_cursor.then(|| JsonColumn::of(objects, |root, json| json.plain(root.start.cursor().0)))
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, _: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            match field.name.node.as_str() {
                "viewer" => options(asked, field, vec![asked.viewer]).await,
                "user" => {
                    let found = match user(asked, field).await? {
                        Some(id) => follows::visible(asked.app, asked.viewer, &[id]).await?.remove(&id),
                        None => None,
                    };
                    options(asked, field, vec![found]).await
                }
                "media" => {
                    let found = match media(field) {
                        Some(id) => media::find_many(asked.app, asked.viewer, &[id]).await?.remove(&id),
                        None => None,
                    };
                    options(asked, field, vec![found.map(Media::from)]).await
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

/// The one field that is given of the argument `by`.
fn by(field: &Field) -> Option<(&str, &str)> {
    let Value::Object(by) = &field.get_argument("by")?.node else { return None };
    match by.iter().next()? {
        (name, Value::String(text)) => Some((name, text)),
        _ => None,
    }
}

/// The ID of a user, who may not exist.
async fn user(asked: &Asked<'_>, field: &Field) -> Result<Option<UserId>> {
    Ok(match by(field) {
        Some(("id", id)) => id.parse().ok(),
        Some(("username", username)) => users::by_username(asked.app, username).await?.map(|user| user.id),
        _ => return Err(Error::internal("a lookup of users that is not known")),
    })
}

fn media(field: &Field) -> Option<MediaId> {
    match by(field)? {
        ("id", id) => id.parse().ok(),
        (_, code) => from_base58(code).map(MediaId),
    }
}

impl Object for Viewer {
    fn name(&self) -> &'static str {
        "Viewer"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        (field.name.node == "id")
            .then(|| JsonColumn::of(objects, |viewer, json| json.plain(id_of(viewer.user).as_str())))
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            let viewer = **objects.first().ok_or_else(|| Error::internal("there is no viewer"))?;
            match field.name.node.as_str() {
                "user" => {
                    let user = users::known(asked.app, &[viewer.user]).await?.remove(&viewer.user);
                    let user = user.ok_or_else(sessions::no_account)?;
                    level(asked, &field.selection_set.node, &[&user]).await
                }
                "homeFeed" => {
                    let slice = feed::home(asked.app, viewer, page(field)?).await?;
                    let info = PageInfo::of(&slice, |card| card.media.id.0);
                    let edge = |card: media::Card| {
                        let is_own = Some(card.media.owner_id == viewer.user);
                        Edge { cursor: cursor(card.media.id.0), node: card.into(), is_own }
                    };
                    let edges = slice.items.into_iter().map(edge).collect();
                    level(asked, &field.selection_set.node, &[&Connection { edges, info, is_feed: true }]).await
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

impl Object for PageInfo {
    fn name(&self) -> &'static str {
        "PageInfo"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        Some(match field.name.node.as_str() {
            "hasNextPage" => JsonColumn::of(objects, |info, json| json.value(&info.has_next_page)),
            "hasPreviousPage" => JsonColumn::of(objects, |info, json| json.value(&info.has_previous_page)),
            "startCursor" => JsonColumn::of(objects, |info, json| json.value(&info.start_cursor)),
            "endCursor" => JsonColumn::of(objects, |info, json| json.value(&info.end_cursor)),
            _ => return None,
        })
    }
}
