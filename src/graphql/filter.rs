//! Photo filters, and changing how a photo is shown.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::context::{app, input_id, reachable, signed_in};
use super::error::{UserError, outcome};
use super::loaders::load;
use super::photo::{Image, Photo};
use super::point::{PhotoPoint, PhotoPointInput};
use super::scalars::{Sha256, Url};
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::PhotoId;
use crate::domain::filters;
use crate::domain::media::{self, Change, Part, PhotoChange, Point, WantedFilter, WantedLook};

/// What the ID of a filter starts with.
pub(super) const PREFIX: &str = "flt";

/// A photo filter: a color table that gives the same picture on the server and in every app.
#[derive(Clone, Debug)]
pub struct Filter(pub filters::Filter);

impl Filter {
    /// The filter with an ID, if this server offers it.
    pub(super) fn with_id(ctx: &Context<'_>, id: &str) -> Option<Self> {
        let filters = &app(ctx).filters;
        filters.all().find(|filter| id_of(filter) == id).cloned().map(Self)
    }
}

fn id_of(filter: &filters::Filter) -> String {
    format!("{PREFIX}_{}_{}", filter.key, filter.version)
}

/// A photo filter: a color table that gives the same picture on the server and in every app.
#[Object]
impl Filter {
    /// The global ID.
    pub async fn id(&self) -> ID {
        id_of(&self.0).into()
    }

    /// Its key in `PhotoFilterInput`.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Its name, such as `Amber Hour`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its version; the same key and version is the same table for ever.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// The table, a PNG of 512 × 512 pixels (a 64-level Hald color look-up table).
    async fn lookup_table_url(&self, ctx: &Context<'_>) -> Url {
        self.file(ctx, "png")
    }

    /// The SHA-256 of that file.
    async fn lookup_table_sha256(&self) -> Sha256 {
        Sha256(self.0.sha256.clone())
    }

    /// How much the corners are darkened, 0 to 1.
    async fn vignette(&self) -> f64 {
        plain(self.0.vignette)
    }

    /// How much grain is added, 0 to 1.
    async fn grain(&self) -> f64 {
        plain(self.0.grain)
    }

    /// An example.
    async fn preview(&self, ctx: &Context<'_>) -> Image {
        Image::of_server(self.file(ctx, "jpg"), filters::PREVIEW)
    }
}

impl Filter {
    fn file(&self, ctx: &Context<'_>, ending: &str) -> Url {
        reachable(ctx, format!("{}/filters/{}.{ending}", app(ctx).config.public_url(), self.0.sha256))
    }
}

/// 0.1 is to be 0.1 and not what comes nearest to it with fewer digits.
fn plain(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

/// A filter on a photo.
#[derive(Clone, Debug, SimpleObject)]
pub struct AppliedFilter {
    /// The filter.
    filter: Filter,
    /// How strong, 0 to 1.
    strength: f64,
}

impl From<media::AppliedFilter> for AppliedFilter {
    fn from(applied: media::AppliedFilter) -> Self {
        Self { filter: Filter(applied.filter), strength: applied.strength }
    }
}

impl From<Option<Point>> for PhotoPoint {
    /// The middle, unless another one was chosen.
    fn from(point: Option<Point>) -> Self {
        point.map_or(Self { x: 0.5, y: 0.5 }, |point| Self { x: point.x, y: point.y })
    }
}

impl From<PhotoPointInput> for Point {
    fn from(input: PhotoPointInput) -> Self {
        Self { x: input.x, y: input.y }
    }
}

/// A filter to put on a photo.
#[derive(InputObject)]
pub struct PhotoFilterInput {
    /// Its key in `Query.filters`.
    key: String,
    /// How strong, 0 to 1.
    #[graphql(default = 1.0)]
    strength: f64,
}

impl From<PhotoFilterInput> for WantedFilter {
    fn from(input: PhotoFilterInput) -> Self {
        Self { key: input.key, strength: input.strength }
    }
}

/// A part of a photo, as fractions of its width and height from the top left.
#[derive(Clone, Copy, InputObject)]
pub struct CropInput {
    /// The left edge.
    x: f64,
    /// The top edge.
    y: f64,
    /// How wide.
    width: f64,
    /// How high.
    height: f64,
}

impl From<CropInput> for Part {
    fn from(CropInput { x, y, width, height }: CropInput) -> Self {
        Self { x, y, width, height }
    }
}

/// The look that a photo is published with.
pub(super) fn look(
    filter: Option<PhotoFilterInput>,
    crop: Option<CropInput>,
    focal_point: Option<PhotoPointInput>,
) -> WantedLook {
    WantedLook { filter: filter.map(Into::into), crop: crop.map(Into::into), focal_point: focal_point.map(Into::into) }
}

/// Input of `updatePhoto`.
#[derive(InputObject)]
pub struct UpdatePhotoInput {
    /// Which.
    photo_id: ID,
    /// What it shows.
    alt_text: MaybeUndefined<String>,
    /// The filter.
    filter: MaybeUndefined<PhotoFilterInput>,
    /// What must stay in sight.
    focal_point: MaybeUndefined<PhotoPointInput>,
}

/// Result of `updatePhoto`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UpdatePhotoPayload {
    /// The photo.
    photo: Option<Photo>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Changing photos.
#[derive(Default)]
pub struct PhotoMutation;

/// Changing photos.
#[Object]
impl PhotoMutation {
    /// Edit a photo. What is left out stays; null clears.
    async fn update_photo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UpdatePhotoInput,
    ) -> Result<UpdatePhotoPayload> {
        let viewer = signed_in(ctx)?;
        let update = async || -> Answer<Photo> {
            let id: PhotoId = input_id(&input.photo_id, "photo", &["photoId"])?;
            let change = PhotoChange {
                alt_text: stated(input.alt_text),
                filter: stated(input.filter),
                focal_point: stated(input.focal_point),
            };
            let row = media::change_photo(app(ctx), viewer, id, change).await?;
            let media = load(ctx).load_one(row.media_id).await?;
            let media = media.ok_or_else(|| Error::not_found("photo").at(["photoId"]))?;
            Ok(Photo::of(&media, row))
        };
        let (photo, user_errors) = outcome(update().await)?;
        Ok(UpdatePhotoPayload { photo, user_errors })
    }
}

/// What the input says of a part: nothing, null or something.
fn stated<Input, Wanted: From<Input>>(input: MaybeUndefined<Input>) -> Change<Wanted> {
    match input {
        MaybeUndefined::Undefined => Change::Stays,
        MaybeUndefined::Null => Change::Becomes(None),
        MaybeUndefined::Value(input) => Change::Becomes(Some(input.into())),
    }
}
