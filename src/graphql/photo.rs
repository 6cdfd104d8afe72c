//! Photos and the files they are shown with.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::context::{app, best, reachable};
use super::filter::AppliedFilter;
use super::loaders::{Known, TagsOf, load};
use super::photo_tag::PhotoTag;
use super::point::PhotoPoint;
use super::scalars::{BlurHash, DateTime, HexColor, Url};
use crate::app::App;
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::UserId;
use crate::domain::media::{self, Audience};
use crate::domain::uploads::{self, Images};
use crate::domain::users::User;
use crate::platform::imaging::{Camera, Output, Size};
use crate::platform::links::{Reach, Target};

/// One photo of a media.
#[derive(Clone, Debug)]
pub struct Photo {
    row: media::Photo,
    owner: UserId,
    audience: Audience,
    is_owner_private: Option<bool>,
}

impl Photo {
    /// A photo of this media.
    #[must_use]
    pub fn of(media: &media::Media, row: media::Photo) -> Self {
        Self { row, owner: media.owner_id, audience: media.audience, is_owner_private: None }
    }

    /// The same when it is known whether the account of its owner is private.
    pub(super) fn owned_by(self, is_owner_private: Option<bool>) -> Self {
        Self { is_owner_private, ..self }
    }

    /// For whom its links are. Asks for the owner only where that matters.
    async fn reach(&self, ctx: &Context<'_>) -> Answer<Reach> {
        if !media::is_for_everyone(self.audience, false) {
            return Ok(Reach::Some);
        }
        let is_private = match self.is_owner_private {
            Some(is_private) => is_private,
            None => self.load_owner(ctx).await?.is_private,
        };
        let is_open = media::is_for_everyone(self.audience, is_private);
        Ok(if is_open { Reach::Everyone } else { Reach::Some })
    }

    async fn load_owner(&self, ctx: &Context<'_>) -> Answer<User> {
        let owner = load(ctx).load_one(Known(self.owner)).await?;
        owner.ok_or_else(|| Error::internal("a media has no owner"))
    }
}

/// One photo of a media.
#[Object]
impl Photo {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// Pixels across, as shown.
    async fn width(&self) -> i32 {
        self.row.width
    }

    /// Pixels down, as shown.
    async fn height(&self) -> i32 {
        self.row.height
    }

    /// What it shows, for those who cannot see it.
    async fn alt_text(&self) -> Option<&str> {
        self.row.alt_text.as_deref()
    }

    /// A placeholder while it loads.
    async fn blur_hash(&self) -> BlurHash {
        BlurHash(self.row.blur_hash.clone())
    }

    /// Its main color.
    async fn dominant_color(&self) -> HexColor {
        HexColor(self.row.dominant_color.clone())
    }

    /// What must stay in sight when it is cropped.
    async fn focal_point(&self) -> PhotoPoint {
        self.row.look().focal_point.into()
    }

    /// The filter it is shown with. The original is kept, so its owner can change it.
    async fn filter(&self) -> Option<AppliedFilter> {
        self.row.look().filter.map(AppliedFilter::from)
    }

    /// The photo at a size, ready to show. Where everyone can see it, the link stays the same until the photo changes, or who can see it.
    async fn image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How large.", default_with = "ImageSize::Standard")] size: ImageSize,
        #[graphql(desc = "In which format.", default_with = "ImageFormat::Auto")] format: ImageFormat,
    ) -> Result<Image> {
        Ok(Shown::of(&self.row, self.reach(ctx).await?).image(ctx, size.into(), format)?)
    }

    /// All sizes, smallest first, for `srcset`.
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which format.", default_with = "ImageFormat::Auto")] format: ImageFormat,
    ) -> Result<Vec<Image>> {
        let shown = Shown::of(&self.row, self.reach(ctx).await?);
        Ok(Size::ALL.iter().map(|size| shown.image(ctx, *size, format)).collect::<Answer<_>>()?)
    }

    /// How it was taken; null unless its owner shows it. Never where.
    async fn camera(&self) -> Option<CameraDetails> {
        self.row.camera().map(CameraDetails::from)
    }

    /// Who is in it.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<PhotoTag>> {
        let tags = load(ctx).load_one(TagsOf(self.row.id)).await?.unwrap_or_default();
        Ok(tags.into_iter().map(|row| PhotoTag { row, owner: self.owner }).collect())
    }
}

/// How a photo was taken.
#[derive(Clone, Debug, SimpleObject)]
pub struct CameraDetails {
    /// The camera.
    camera: Option<String>,
    /// The lens.
    lens: Option<String>,
    /// The focal length in millimeters.
    focal_length: Option<f64>,
    /// The f-number.
    aperture: Option<f64>,
    /// The exposure in seconds.
    exposure_seconds: Option<f64>,
    /// The ISO sensitivity.
    iso: Option<i32>,
}

impl From<Camera> for CameraDetails {
    fn from(camera: Camera) -> Self {
        let Camera { name, lens, focal_length, aperture, exposure_seconds, iso } = camera;
        let iso = iso.and_then(|iso| i32::try_from(iso).ok());
        Self { camera: name, lens, focal_length, aperture, exposure_seconds, iso }
    }
}

/// How large an image is, along its longer side; square where it says so. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Size")]
pub enum ImageSize {
    /// 150 pixels, square.
    Thumbnail,
    /// 320 pixels.
    Low,
    /// 640 pixels.
    Standard,
    /// 1080 pixels.
    High,
    /// 2048 pixels.
    Full,
}

/// The format of an image. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ImageFormat {
    /// The best that the request's `Accept` header names, else JPEG.
    Auto,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
    /// AVIF. It is made when its link is first followed, which takes some seconds; until then its link shows WebP or JPEG.
    Avif,
}

impl ImageFormat {
    fn output(self, ctx: &Context<'_>) -> Output {
        match self {
            Self::Auto => best(ctx),
            Self::Jpeg => Output::Jpeg,
            Self::Webp => Output::WebP,
            Self::Avif => Output::Avif,
        }
    }
}

/// An image file.
#[derive(Clone, Debug, SimpleObject)]
pub struct Image {
    /// Where it is.
    pub(super) url: Url,
    /// When the link stops working; null when it works until the photo changes, or who can see it. Ask again when it answers 404 or 410.
    pub(super) url_expires_at: Option<DateTime>,
    /// Pixels across.
    pub(super) width: i32,
    /// Pixels down.
    pub(super) height: i32,
    /// Its media type.
    pub(super) content_type: String,
}

impl Image {
    /// A square JPEG of the server's own, at a link that always works.
    pub(super) fn of_server(url: Url, side: u32) -> Self {
        let side = i32::try_from(side).unwrap_or(i32::MAX);
        Self { url, url_expires_at: None, width: side, height: side, content_type: "image/jpeg".to_owned() }
    }
}

/// What images are made of, and for whom their links are.
pub(super) struct Shown<'a> {
    target: Target<'a>,
    width: i32,
    height: i32,
    reach: Reach,
}

impl<'a> Shown<'a> {
    /// A photo of a media.
    pub(super) fn of(photo: &'a media::Photo, reach: Reach) -> Self {
        Self { target: photo.linked(), width: photo.width, height: photo.height, reach }
    }

    /// What the owner of an upload is shown before anybody else, by its ID.
    pub(super) fn to_owner(upload: &'a str, images: &'a Images) -> Self {
        let (width, height, reach) = (images.width, images.height, Reach::Some);
        Self { target: Target { key: upload, stored: Some(&images.key) }, width, height, reach }
    }

    /// Its image at a size.
    pub(super) fn image(&self, ctx: &Context<'_>, size: Size, format: ImageFormat) -> Answer<Image> {
        self.image_with(app(ctx), (size, format.output(ctx)), |link| reachable(ctx, link).0)
    }

    /// The same with links as this client reaches them.
    pub(super) fn image_with(
        &self,
        app: &App,
        (size, output): (Size, Output),
        reachable: impl Fn(String) -> String,
    ) -> Answer<Image> {
        let whole = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
        let (width, height) = (whole(self.width), whole(self.height));
        let size = size.shown(width, height);
        let (width, height) = size.of(width, height);
        let link = uploads::link(app, &self.target, (size, output), self.reach)?;
        Ok(Image {
            url: Url(reachable(link.url)),
            url_expires_at: link.expires_at.map(DateTime),
            width: i32::try_from(width).unwrap_or(i32::MAX),
            height: i32::try_from(height).unwrap_or(i32::MAX),
            content_type: output.media_type().to_owned(),
        })
    }
}
