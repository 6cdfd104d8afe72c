//! Photos and the files they are shown with.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::context::app;
use super::loaders::{Known, TagsOf, load};
use super::photo_tag::PhotoTag;
use super::scalars::{BlurHash, DateTime, HexColor, Url};
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::UserId;
use crate::domain::media::{self, Audience};
use crate::domain::uploads::Images;
use crate::platform::imaging::Size;
use crate::platform::links::Reach;

/// One photo of a media.
#[derive(Clone, Debug)]
pub struct Photo {
    row: media::Photo,
    owner: UserId,
    audience: Audience,
}

impl Photo {
    /// A photo of this media.
    #[must_use]
    pub fn of(media: &media::Media, row: media::Photo) -> Self {
        Self { row, owner: media.owner_id, audience: media.audience }
    }

    /// For whom its links are. Asks for the owner only where that matters.
    async fn reach(&self, ctx: &Context<'_>) -> Answer<Reach> {
        if !media::is_for_everyone(self.audience, false) {
            return Ok(Reach::Some);
        }
        let owner = load(ctx).load_one(Known(self.owner)).await?;
        let owner = owner.ok_or_else(|| Error::internal("a media has no owner"))?;
        let is_open = media::is_for_everyone(self.audience, owner.is_private);
        Ok(if is_open { Reach::Everyone } else { Reach::Some })
    }

    fn shown(&self, reach: Reach) -> Shown<'_> {
        Shown { key: &self.row.image_key, width: self.row.width, height: self.row.height, reach }
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

    /// The photo at a size, ready to show. Where everyone can see it, the link does not change while the photo does not.
    async fn image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How large.", default_with = "ImageSize::Standard")] size: ImageSize,
    ) -> Result<Image> {
        Ok(self.shown(self.reach(ctx).await?).image(ctx, size.into())?)
    }

    /// All sizes, smallest first, for `srcset`.
    async fn images(&self, ctx: &Context<'_>) -> Result<Vec<Image>> {
        let shown = self.shown(self.reach(ctx).await?);
        Ok(Size::ALL.iter().map(|size| shown.image(ctx, *size)).collect::<Answer<_>>()?)
    }

    /// Who is in it.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<PhotoTag>> {
        let tags = load(ctx).load_one(TagsOf(self.row.id)).await?.unwrap_or_default();
        Ok(tags.into_iter().map(|row| PhotoTag { row, owner: self.owner }).collect())
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
}

/// An image file.
#[derive(Clone, Debug, SimpleObject)]
pub struct Image {
    /// Where it is.
    url: Url,
    /// When the link stops working; null when it does not. Links to what not everyone can see do.
    url_expires_at: Option<DateTime>,
    /// Pixels across.
    width: i32,
    /// Pixels down.
    height: i32,
    /// Its media type.
    content_type: String,
}

/// What images are made of, and for whom their links are.
pub(super) struct Shown<'a> {
    key: &'a str,
    width: i32,
    height: i32,
    reach: Reach,
}

impl<'a> Shown<'a> {
    /// What its owner is shown before anybody else.
    pub(super) fn to_owner(images: &'a Images) -> Self {
        Self { key: &images.key, width: images.width, height: images.height, reach: Reach::Some }
    }

    /// Its image at a size.
    pub(super) fn image(&self, ctx: &Context<'_>, size: Size) -> Answer<Image> {
        let whole = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
        let (width, height) = size.of(whole(self.width), whole(self.height));
        let (app, file) = (app(ctx), format!("{}.jpg", size.name()));
        let link = app.links.image(self.key, &file, self.reach, app.clock.now())?;
        Ok(Image {
            url: Url(link.url),
            url_expires_at: link.expires_at.map(DateTime),
            width: i32::try_from(width).unwrap_or(i32::MAX),
            height: i32::try_from(height).unwrap_or(i32::MAX),
            content_type: "image/jpeg".to_owned(),
        })
    }
}
