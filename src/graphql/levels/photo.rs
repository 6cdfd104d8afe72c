//! Photos, their images and who is in them.

use async_graphql::parser::types::Field;
use futures_util::FutureExt;

use super::{Asked, JsonColumn, Object, Resolved, distinct, level, lists, text};
use crate::base::error::{Error, Result};
use crate::base::ids::UserId;
use crate::domain::media::{self, Media, PhotoTag};
use crate::domain::users::{self, User};
use crate::graphql::photo::{Image, Shown};
use crate::graphql::point::PhotoPoint;
use crate::platform::imaging::{Output, Size};
use crate::platform::links::Reach;

/// A photo of a media.
pub(super) struct Photo<'a> {
    pub(super) row: &'a media::Photo,
    pub(super) media: &'a Media,
    /// Whether the account of its owner is private.
    pub(super) is_private: bool,
}

impl Photo<'_> {
    fn image(&self, asked: &Asked<'_>, size: Size, output: Output) -> Result<Image> {
        let is_open = media::is_for_everyone(self.media.audience, self.is_private);
        let reach = if is_open { Reach::Everyone } else { Reach::Some };
        Shown::of(self.row, reach).image_with(asked.app, (size, output), |link| asked.reachable(link))
    }
}

impl Object for Photo<'_> {
    fn name(&self) -> &'static str {
        "Photo"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        Some(match field.name.node.as_str() {
            "id" => JsonColumn::of(objects, |photo, json| json.plain(photo.row.id)),
            "width" => JsonColumn::of(objects, |photo, json| json.value(&photo.row.width)),
            "height" => JsonColumn::of(objects, |photo, json| json.value(&photo.row.height)),
            "altText" => JsonColumn::of(objects, |photo, json| json.value(&photo.row.alt_text)),
            "blurHash" => JsonColumn::of(objects, |photo, json| json.text(&photo.row.blur_hash)),
            "dominantColor" => JsonColumn::of(objects, |photo, json| json.text(&photo.row.dominant_color)),
            _ => return None,
        })
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            match field.name.node.as_str() {
                "image" => {
                    let (size, output) = (size(text(field, "size")), output(asked, field));
                    let image = |photo: &&Photo<'_>| photo.image(asked, size, output);
                    let images: Vec<Image> = objects.iter().map(image).collect::<Result<_>>()?;
                    level(asked, &field.selection_set.node, &images.iter().collect::<Vec<_>>()).await
                }
                "images" => {
                    let output = output(asked, field);
                    let images =
                        |photo: &&Photo<'_>| Size::ALL.iter().map(|size| photo.image(asked, *size, output)).collect();
                    lists(asked, field, objects.iter().map(images).collect::<Result<_>>()?).await
                }
                "focalPoint" => {
                    let points: Vec<PhotoPoint> =
                        objects.iter().map(|photo| photo.row.look().focal_point.into()).collect();
                    level(asked, &field.selection_set.node, &points.iter().collect::<Vec<_>>()).await
                }
                "tags" => {
                    let ids = distinct(objects.iter().map(|photo| photo.row.id));
                    let tags = media::tags_of(asked.app, asked.viewer, &ids).await?;
                    let of_photo = |photo: &&Photo<'_>| {
                        let tags = tags.get(&photo.row.id).map(Vec::as_slice).unwrap_or_default();
                        let owner = photo.media.owner_id;
                        tags.iter().map(|row| Tag { row, owner }).collect::<Vec<_>>()
                    };
                    let tags: Vec<Vec<Tag<'_>>> = objects.iter().map(of_photo).collect();
                    lists(asked, field, tags).await
                }
                _ => super::not_covered(field).await,
            }
        }
        .boxed()
    }
}

fn size(size: Option<&str>) -> Size {
    match size {
        Some("THUMBNAIL") => Size::Thumbnail,
        Some("LOW") => Size::Low,
        Some("HIGH") => Size::High,
        Some("FULL") => Size::Full,
        _ => Size::Standard,
    }
}

fn output(asked: &Asked<'_>, field: &Field) -> Output {
    match text(field, "format") {
        Some("JPEG") => Output::Jpeg,
        Some("WEBP") => Output::WebP,
        Some("AVIF") => Output::Avif,
        _ => asked.best,
    }
}

impl Object for Image {
    fn name(&self) -> &'static str {
        "Image"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        Some(match field.name.node.as_str() {
            "url" => JsonColumn::of(objects, |image, json| json.text(&image.url.0)),
            "urlExpiresAt" => {
                JsonColumn::of(objects, |image, json| json.value(&image.url_expires_at.map(|at| at.0.rfc3339())))
            }
            "width" => JsonColumn::of(objects, |image, json| json.value(&image.width)),
            "height" => JsonColumn::of(objects, |image, json| json.value(&image.height)),
            "contentType" => JsonColumn::of(objects, |image, json| json.plain(&image.content_type)),
            _ => return None,
        })
    }
}

impl Object for PhotoPoint {
    fn name(&self) -> &'static str {
        "PhotoPoint"
    }

    fn values(_: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        Some(match field.name.node.as_str() {
            "x" => JsonColumn::of(objects, |point, json| json.value(&point.x)),
            "y" => JsonColumn::of(objects, |point, json| json.value(&point.y)),
            _ => return None,
        })
    }
}

/// Someone in a photo.
struct Tag<'a> {
    row: &'a PhotoTag,
    /// Whose photo it is.
    owner: UserId,
}

impl Object for Tag<'_> {
    fn name(&self) -> &'static str {
        "PhotoTag"
    }

    fn values(asked: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn> {
        let can_remove =
            |tag: &Tag<'_>| asked.viewer.is_some_and(|viewer| media::can_remove_tag(viewer, tag.row, tag.owner));
        Some(match field.name.node.as_str() {
            "id" => JsonColumn::of(objects, |tag, json| json.plain(tag.row.id)),
            "viewerCanRemove" => JsonColumn::of(objects, |tag, json| json.value(&can_remove(tag))),
            _ => return None,
        })
    }

    fn resolve<'a>(asked: &'a Asked<'a>, field: &'a Field, objects: &'a [&'a Self]) -> Resolved<'a> {
        async move {
            let set = &field.selection_set.node;
            if field.name.node == "position" {
                let points: Vec<PhotoPoint> =
                    objects.iter().map(|tag| PhotoPoint { x: tag.row.x, y: tag.row.y }).collect();
                return level(asked, set, &points.iter().collect::<Vec<_>>()).await;
            }
            let ids = distinct(objects.iter().map(|tag| tag.row.user_id));
            let known = users::known(asked.app, &ids).await?;
            let user = |tag: &&Tag<'_>| {
                known.get(&tag.row.user_id).ok_or_else(|| Error::internal("somebody tagged is not there"))
            };
            let users: Vec<&User> = objects.iter().map(user).collect::<Result<_>>()?;
            level(asked, set, &users).await
        }
        .boxed()
    }
}
