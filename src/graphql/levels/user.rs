//! Users, and pages of them.

use std::collections::HashMap;

use async_graphql::parser::types::Field;
use futures_util::FutureExt;
use futures_util::future::try_join_all;

use super::media::Connection;
use super::{Asked, JsonColumn, Object, Resolved, distinct, level, options, page};
use crate::base::error::Result;
use crate::base::facts::FollowState;
use crate::base::ids::UserId;
use crate::base::page::Slice;
use crate::domain::follows::{self, Mute, Related, Relationship, Standing};
use crate::domain::media;
use crate::domain::users::User;
use crate::graphql::page::PageInfo;

impl Object for User {
    fn name(&self) -> &'static str {
        "User"
    }

    fn values(asked: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        let link = |user: &User| asked.reachable(format!("{}/{}", asked.app.config.public_url(), user.username));
        let is_viewer = |user: &User| asked.viewer.is_some_and(|viewer| viewer.user == user.id);
        Some(match field.name.node.as_str() {
            "id" => JsonColumn::of(objects, |user, json| json.plain(user.id)),
            "username" => JsonColumn::of(objects, |user, json| json.text(&user.username)),
            "displayName" => JsonColumn::of(objects, |user, json| json.text(&user.display_name)),
            "url" => JsonColumn::of(objects, |user, json| json.text(&link(user))),
            "isPrivate" => JsonColumn::of(objects, |user, json| json.value(&user.is_private)),
            "joinedAt" => JsonColumn::of(objects, |user, json| json.plain(user.id.made_at().rfc3339())),
            "isViewer" => JsonColumn::of(objects, |user, json| json.value(&is_viewer(user))),
            "mediaCount" => JsonColumn::of(objects, |user, json| json.value(&user.media_count)),
            "followerCount" => JsonColumn::of(objects, |user, json| json.value(&user.follower_count)),
            "followingCount" => JsonColumn::of(objects, |user, json| json.value(&user.following_count)),
            _ => return None,
        })
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            let (app, viewer) = (asked.app, asked.viewer);
            match field.name.node.as_str() {
                "viewerRelationship" => relationships(asked, field, objects).await,
                "viewerCanViewMedia" => {
                    let standings = follows::standings(app, viewer, &ids(objects)).await?;
                    let can = |user: &User| standings.get(&user.id).copied().is_some_and(Standing::can_view_media);
                    Ok(JsonColumn::of(objects, |user, json| json.value(&can(user))))
                }
                "media" => {
                    let page = page(field)?;
                    let each = objects.iter().map(|user| media::of_user(app, viewer, user.id, page));
                    let pages = try_join_all(each).await?;
                    options(asked, field, pages.into_iter().map(|slice| Some(Connection::of_user(slice))).collect())
                        .await
                }
                "followers" => {
                    let page = page(field)?;
                    let each = objects.iter().map(|user| follows::followers(app, viewer, user.id, page));
                    let pages = try_join_all(each).await?;
                    options(asked, field, pages.into_iter().map(|slice| Some(Users(slice))).collect()).await
                }
                "following" => {
                    let page = page(field)?;
                    let each = objects.iter().map(|user| follows::following(app, viewer, user.id, page));
                    let pages = try_join_all(each).await?;
                    options(asked, field, pages.into_iter().map(|slice| Some(Users(slice))).collect()).await
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

fn ids(objects: &[&User]) -> Vec<UserId> {
    distinct(objects.iter().map(|user| user.id))
}

/// How the viewer and the users stand; null of themselves.
async fn relationships<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a User]) -> Result<JsonColumn> {
    let Some(viewer) = asked.viewer else {
        return options(asked, field, objects.iter().map(|_| None::<Relationship>).collect()).await;
    };
    let mut others = ids(objects);
    others.retain(|id| *id != viewer.user);
    let with = match others.as_slice() {
        [] => HashMap::new(),
        others => follows::relationships(asked.app, viewer, others).await?,
    };
    options(asked, field, objects.iter().map(|user| with.get(&user.id).copied()).collect()).await
}

impl Object for Relationship {
    fn name(&self) -> &'static str {
        "Relationship"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        let until = |with: &Relationship| match with.mute {
            Mute::Until(until) => Some(until.rfc3339()),
            Mute::No | Mute::ForGood => None,
        };
        Some(match field.name.node.as_str() {
            "followState" => JsonColumn::of(objects, |with, json| json.plain(state(with.follow_state))),
            "isFollowedBy" => {
                JsonColumn::of(objects, |with, json| json.value(&(with.followed_by == FollowState::Following)))
            }
            "hasRequestedToFollow" => {
                JsonColumn::of(objects, |with, json| json.value(&(with.followed_by == FollowState::Requested)))
            }
            "isBlocking" => JsonColumn::of(objects, |with, json| json.value(&with.is_blocking)),
            "isMuting" => JsonColumn::of(objects, |with, json| json.value(&(with.mute != Mute::No))),
            "mutedUntil" => JsonColumn::of(objects, |with, json| json.value(&until(with))),
            _ => return None,
        })
    }
}

fn state(state: FollowState) -> &'static str {
    match state {
        FollowState::NotFollowing => "NOT_FOLLOWING",
        FollowState::Requested => "REQUESTED",
        FollowState::Following => "FOLLOWING",
    }
}

/// A page of users.
struct Users(Slice<Related>);

impl Object for Users {
    fn name(&self) -> &'static str {
        "UserConnection"
    }

    fn values(_: &Asked<'_>, _: &Field, _: &[&Self]) -> Option<JsonColumn> {
        None
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            let set = &field.selection_set.node;
            if field.name.node == "nodes" {
                let users: Vec<&User> =
                    objects.iter().flat_map(|page| &page.0.items).map(|related| &related.user).collect();
                return Ok(level(asked, set, &users).await?.in_lists(objects.iter().map(|page| page.0.items.len())));
            }
            let infos: Vec<PageInfo> =
                objects.iter().map(|page| PageInfo::of(&page.0, |related| related.edge)).collect();
            level(asked, set, &infos.iter().collect::<Vec<_>>()).await
        }
        .boxed()
    }
}
