//! Photos and the files they are shown with.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::context::app;
use super::scalars::{BlurHash, HexColor, Url};
use crate::domain::media;
use crate::platform::imaging::Size;

/// One photo of a media.
#[derive(Clone, Debug)]
pub struct Photo(pub media::Photo);

/// One photo of a media.
#[Object]
impl Photo {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Pixels across, as shown.
    async fn width(&self) -> i32 {
        self.0.width
    }

    /// Pixels down, as shown.
    async fn height(&self) -> i32 {
        self.0.height
    }

    /// What it shows, for those who cannot see it.
    async fn alt_text(&self) -> Option<&str> {
        self.0.alt_text.as_deref()
    }

    /// A placeholder while it loads.
    async fn blur_hash(&self) -> BlurHash {
        BlurHash(self.0.blur_hash.clone())
    }

    /// Its main color.
    async fn dominant_color(&self) -> HexColor {
        HexColor(self.0.dominant_color.clone())
    }

    /// The photo at a size, ready to show. The link does not change while the photo does not.
    async fn image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How large.", default_with = "ImageSize::Standard")] size: ImageSize,
    ) -> Image {
        image(ctx, &self.0.image_key, (self.0.width, self.0.height), size.into())
    }

    /// All sizes, smallest first, for `srcset`.
    async fn images(&self, ctx: &Context<'_>) -> Vec<Image> {
        Size::ALL.iter().map(|size| image(ctx, &self.0.image_key, (self.0.width, self.0.height), *size)).collect()
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
    /// Pixels across.
    width: i32,
    /// Pixels down.
    height: i32,
    /// Its media type.
    content_type: String,
}

/// The image of a photo at a size.
pub(super) fn image(ctx: &Context<'_>, key: &str, (width, height): (i32, i32), size: Size) -> Image {
    let whole = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
    let (width, height) = size.of(whole(width), whole(height));
    Image {
        url: Url(format!("{}/images/{key}/{}.jpg", app(ctx).config.public_url(), size.name())),
        width: i32::try_from(width).unwrap_or(i32::MAX),
        height: i32::try_from(height).unwrap_or(i32::MAX),
        content_type: "image/jpeg".to_owned(),
    }
}
