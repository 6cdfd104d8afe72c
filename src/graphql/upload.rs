//! Photos on their way in.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::context::{app, input_id, reachable, signed_in};
use super::coordinate::Coordinate;
use super::error::{UserError, outcome, user_error};
use super::page::PageInfo;
use super::photo::{Image, ImageFormat, Shown};
use super::scalars::{BlurHash, ByteSize, DateTime, Sha256, Url, Uuid};
use crate::base::error::{Error, Kind, Result as Answer};
use crate::base::ids::UploadId;
use crate::base::page::{Slice, cursor};
use crate::domain::uploads::{self, Announcement, UploadProtocol as Protocol, UploadStatus as Status};
use crate::platform::imaging::Size;

/// A photo on its way in.
#[derive(Clone, Debug)]
pub struct Upload(pub uploads::Upload);

/// A photo on its way in.
#[Object]
impl Upload {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// How far it is.
    async fn status(&self, ctx: &Context<'_>) -> UploadStatus {
        let expired = self.0.is_expired(app(ctx).clock.now()) && self.0.status != Status::Rejected;
        if expired { UploadStatus::Expired } else { self.0.status.into() }
    }

    /// Where to send the bytes; null when none are awaited.
    async fn target(&self, ctx: &Context<'_>) -> Result<Option<UploadTarget>> {
        let target = uploads::target(app(ctx), &self.0).await?;
        Ok(target.map(|target| UploadTarget {
            protocol: self.0.protocol.into(),
            url: reachable(ctx, target.url),
            headers: target.headers.into_iter().map(HttpHeader::from).collect(),
            expires_at: DateTime(target.expires_at),
        }))
    }

    /// How many bytes have arrived.
    async fn received_bytes(&self) -> ByteSize {
        ByteSize(u64::try_from(self.0.received_bytes).unwrap_or(0))
    }

    /// Why it was rejected.
    async fn rejection(&self) -> Option<UserError> {
        let error = Error::from(self.0.rejection()?);
        match &error.kind {
            Kind::Refused(refusal) => Some(user_error(refusal.clone(), error.message().to_owned())),
            Kind::Failed(_) => None,
        }
    }

    /// The photo as it will be; null until it is ready.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous, whether they wait or not")]
    async fn preview(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        let images = self.0.images();
        let id = self.0.id.to_string();
        let shown = |images| Shown::to_owner(&id, &images).image(ctx, Size::Standard, ImageFormat::Auto);
        Ok(images.map(shown).transpose()?)
    }

    /// Pixels across; null until it is ready.
    async fn width(&self) -> Option<i32> {
        self.0.width
    }

    /// Pixels down; null until it is ready.
    async fn height(&self) -> Option<i32> {
        self.0.height
    }

    /// A placeholder; null until it is ready.
    async fn blur_hash(&self) -> Option<BlurHash> {
        self.0.blur_hash.clone().map(BlurHash)
    }

    /// When the photo was taken, from the file; local time counts as UTC where the file does not say how far it is off.
    async fn taken_at(&self) -> Option<DateTime> {
        self.0.taken_at.map(DateTime)
    }

    /// Where the photo was taken, from the file. Shown to its owner to propose places; never stored with the photo, forgotten with the upload.
    async fn suggested_coordinate(&self) -> Option<Coordinate> {
        let (latitude, longitude) = self.0.taken_in()?;
        Some(Coordinate { latitude, longitude })
    }

    /// When it is thrown away unless a media uses it.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}

/// How far an upload is. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum UploadStatus {
    /// Bytes are awaited.
    AwaitingBytes,
    /// The bytes are being checked and turned into images.
    Processing,
    /// It can be published.
    Ready,
    /// It cannot be used; see `rejection`.
    Rejected,
    /// A media uses it.
    Used,
    /// It was thrown away.
    Expired,
}

/// Where to send the bytes.
#[derive(Clone, Debug, SimpleObject)]
pub struct UploadTarget {
    /// How.
    protocol: UploadProtocol,
    /// Where.
    url: Url,
    /// Headers to send.
    headers: Vec<HttpHeader>,
    /// When it stops working.
    expires_at: DateTime,
}

/// How bytes are sent. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Protocol")]
pub enum UploadProtocol {
    /// One `PUT` with the whole file.
    Put,
    /// tus 1.0: `HEAD` tells how much arrived, `PATCH` goes on from there.
    Tus,
}

/// A header.
#[derive(Clone, Debug, SimpleObject)]
pub struct HttpHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

impl From<(&'static str, String)> for HttpHeader {
    fn from((name, value): (&'static str, String)) -> Self {
        Self { name: name.to_owned(), value }
    }
}

/// Input of `createUpload`.
#[derive(InputObject)]
pub struct CreateUploadInput {
    /// Its media type.
    content_type: String,
    /// Its bytes.
    byte_size: ByteSize,
    /// The SHA-256 of the bytes; checked.
    sha256: Option<Sha256>,
    /// How the client would like to send.
    prefers: Option<UploadProtocol>,
    /// Makes a repeated request harmless: the first answer is given again for 24 hours.
    idempotency_key: Option<Uuid>,
}

/// Result of `createUpload`.
#[derive(Clone, Debug, SimpleObject)]
pub struct CreateUploadPayload {
    /// The upload.
    upload: Option<Upload>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `completeUpload`.
#[derive(InputObject)]
pub struct CompleteUploadInput {
    /// Which.
    upload_id: ID,
}

/// Result of `completeUpload`.
#[derive(Clone, Debug, SimpleObject)]
pub struct CompleteUploadPayload {
    /// The upload.
    upload: Option<Upload>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `discardUpload`.
#[derive(InputObject)]
pub struct DiscardUploadInput {
    /// Which.
    upload_id: ID,
}

/// Result of `discardUpload`.
#[derive(Clone, Debug, SimpleObject)]
pub struct DiscardUploadPayload {
    /// The upload.
    discarded_upload_id: Option<ID>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// A page of uploads.
#[derive(Clone, Debug)]
pub struct UploadConnection(pub Slice<uploads::Upload>);

/// A page of uploads.
#[Object]
impl UploadConnection {
    /// The uploads with their cursors.
    async fn edges(&self) -> Vec<UploadEdge> {
        self.0.items.iter().map(|row| UploadEdge { cursor: cursor(row.id.0), node: Upload(row.clone()) }).collect()
    }

    /// The uploads.
    async fn nodes(&self) -> Vec<Upload> {
        self.0.items.iter().cloned().map(Upload).collect()
    }

    /// The position of the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.0, |row| row.id.0)
    }
}

/// One upload in a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct UploadEdge {
    /// Its cursor.
    cursor: String,
    /// The upload.
    node: Upload,
}

/// Uploads.
#[derive(Default)]
pub struct UploadMutation;

/// Uploads.
#[Object]
impl UploadMutation {
    /// Announce a photo. When the viewer already sent the same bytes, the upload is ready at once; else the answer says
    /// where to send them.
    async fn create_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: CreateUploadInput,
    ) -> Result<CreateUploadPayload> {
        let viewer = signed_in(ctx)?;
        let sha256 = input.sha256.map(|sha256| sha256.0);
        let protocol = input.prefers.map(Into::into).unwrap_or_default();
        let CreateUploadInput { content_type, byte_size, .. } = input;
        let announced = Announcement { content_type, byte_size: byte_size.0, sha256, protocol };
        let key = input.idempotency_key.map(|key| key.0);
        let (upload, user_errors) = outcome(uploads::announce(app(ctx), viewer, announced, key).await)?;
        Ok(CreateUploadPayload { upload: upload.map(Upload), user_errors })
    }

    /// Say that the bytes were sent. Not needed with tus.
    async fn complete_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: CompleteUploadInput,
    ) -> Result<CompleteUploadPayload> {
        let viewer = signed_in(ctx)?;
        let complete = async || {
            let id = input_id(&input.upload_id, "upload", &["uploadId"])?;
            uploads::complete(app(ctx), viewer, id).await
        };
        let (upload, user_errors) = outcome(complete().await)?;
        Ok(CompleteUploadPayload { upload: upload.map(Upload), user_errors })
    }

    /// Throw an upload away.
    async fn discard_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: DiscardUploadInput,
    ) -> Result<DiscardUploadPayload> {
        let viewer = signed_in(ctx)?;
        let discard = async || -> Answer<ID> {
            let id: UploadId = input_id(&input.upload_id, "upload", &["uploadId"])?;
            uploads::discard(app(ctx), viewer, id).await?;
            Ok(id.to_string().into())
        };
        let (discarded_upload_id, user_errors) = outcome(discard().await)?;
        Ok(DiscardUploadPayload { discarded_upload_id, user_errors })
    }
}
