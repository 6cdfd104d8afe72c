//! What this server is and what it accepts, to check before sending.

use async_graphql::{Context, Object, SimpleObject};

use super::context::{app, reachable};
use super::scalars::{ByteSize, Url};
use crate::base::entities;
use crate::base::text;
use crate::domain::{media, uploads};

/// This server.
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// This server.
#[Object]
impl Server {
    /// Its name.
    async fn name<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &app(ctx).config.server.name
    }

    /// The version of the software.
    async fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    /// The address its links start with.
    async fn url(&self, ctx: &Context<'_>) -> Url {
        reachable(ctx, app(ctx).config.public_url())
    }

    /// Its limits, to check before sending.
    async fn limits(&self, ctx: &Context<'_>) -> ServerLimits {
        let config = &app(ctx).config;
        ServerLimits {
            photos_per_media: media::PHOTOS,
            photo_bytes: ByteSize(config.uploads.photo_bytes),
            photo_pixels: i32::try_from(config.uploads.photo_pixels).unwrap_or(i32::MAX),
            photo_types: uploads::types(app(ctx)).into_iter().map(str::to_owned).collect(),
            caption_length: text::CAPTION_LENGTH,
            comment_length: text::COMMENT_LENGTH,
            hashtags_per_media: entities::HASHTAGS,
            mentions_per_text: entities::MENTIONS,
            tags_per_photo: media::TAGS,
            content_warning_length: text::CONTENT_WARNING_LENGTH,
            alt_text_length: text::ALT_TEXT_LENGTH,
            operation_depth: config.graphql.depth,
            operation_cost: config.graphql.cost,
            connections_per_session: config.websocket.connections_per_session,
            connections_per_address: config.websocket.connections_per_address,
            connection_init_seconds: config.websocket.init_seconds,
            ping_seconds: config.websocket.ping_seconds,
            pong_seconds: config.websocket.pong_seconds,
            message_bytes: config.websocket.message_bytes,
            operations_per_connection: config.websocket.operations,
            subscriptions_per_connection: config.websocket.subscriptions,
            document_bytes: config.graphql.document_bytes,
            stream_retention_seconds: config.log.keep_hours * 60 * 60,
        }
    }
}

/// What the server accepts.
#[derive(Clone, Debug, SimpleObject)]
pub struct ServerLimits {
    /// Photos in one media.
    photos_per_media: usize,
    /// Bytes in one photo.
    photo_bytes: ByteSize,
    /// Pixels in one photo (width × height).
    photo_pixels: i32,
    /// Media types accepted, such as `image/jpeg`.
    photo_types: Vec<String>,
    /// Code points in a caption.
    caption_length: usize,
    /// Code points in a comment.
    comment_length: usize,
    /// Hashtags in a caption.
    hashtags_per_media: usize,
    /// People mentioned in a caption or in a comment.
    mentions_per_text: usize,
    /// People tagged in one photo.
    tags_per_photo: usize,
    /// Code points in a content warning.
    content_warning_length: usize,
    /// Code points in an alternative text.
    alt_text_length: usize,
    /// How deep an operation can be.
    operation_depth: u32,
    /// What an operation can cost.
    operation_cost: u32,
    /// Sockets and responses that stay open of one session, for each process.
    connections_per_session: usize,
    /// The same of one address, as the server sees it.
    connections_per_address: usize,
    /// How long a socket may wait with `connection_init`.
    connection_init_seconds: u64,
    /// How long a socket may be silent before it is pinged.
    ping_seconds: u64,
    /// How long the answer to a ping may take.
    pong_seconds: u64,
    /// Bytes in one message on a socket.
    message_bytes: usize,
    /// Operations that run at once on one socket.
    operations_per_connection: usize,
    /// Subscriptions on one socket whose events are made for their viewer alone, because what they select depends on who it
    /// is.
    subscriptions_per_connection: usize,
    /// Bytes in one document.
    document_bytes: usize,
    /// For how long a `StreamCursor` can be resumed.
    stream_retention_seconds: u64,
}
