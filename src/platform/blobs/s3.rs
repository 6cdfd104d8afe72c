//! Files in S3, or in any store that speaks like it. Clients send and read past this server, at addresses signed here.
//!
//! The store's own clock decides when such an address ends, so signatures carry the time of the machine.

mod connect;
mod fetch;

use std::io;
use std::time::Duration;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use futures_util::future::try_join_all;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use connect::Ways;

use super::{Expected, Incoming, Kept, Opened, Part, Reading, SignedPut, arrived, hex, unhex};
use crate::base::config;
use crate::base::error::{Error, Result};

/// What is written once and never changed may be kept by everybody who was given it, for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Files removed at once.
const AT_ONCE: usize = 16;
const SHA256_HEADER: &str = "x-amz-checksum-sha256";

/// Files in one bucket.
#[derive(Debug)]
pub(super) struct S3 {
    ways: Ways,
    bucket: String,
    prefix: String,
}

impl S3 {
    /// A store that need not answer yet.
    pub(super) async fn connect(config: &config::S3, bucket: &str) -> Result<Self> {
        let ways = connect::ways(config, bucket).await?;
        Ok(Self { ways, bucket: bucket.to_owned(), prefix: config.prefix.clone() })
    }

    /// Sends what the disk has received, with the checksum it arrived with.
    pub(super) async fn keep(&self, incoming: &Incoming, key: &str) -> Result<()> {
        let body = ByteStream::from_path(incoming.file.path()).await.map_err(Error::internal)?;
        self.put(key, &incoming.arrived.sha256, body).await
    }

    pub(super) async fn write(&self, key: &str, bytes: &[u8]) -> Result<()> {
        self.put(key, &arrived(bytes).sha256, ByteStream::from(bytes.to_vec())).await
    }

    async fn put(&self, key: &str, sha256: &str, body: ByteStream) -> Result<()> {
        let put = self.ways.client.put_object().bucket(&self.bucket).key(self.name(key)).body(body);
        let put = put.content_type(media_type(key)).cache_control(FOR_EVER).set_checksum_sha256(to_base64(sha256));
        put.customize().config_override(connect::sending()).send().await.map_err(failed)?;
        Ok(())
    }

    pub(super) async fn open(&self, key: &str, part: Option<Part>) -> Result<Option<Opened>> {
        let range = part.map(|part| format!("bytes={}-{}", part.from, part.from + part.bytes.saturating_sub(1)));
        let get = self.ways.client.get_object().bucket(&self.bucket).key(self.name(key)).set_range(range);
        let Some(file) = absent(get.send().await)? else { return Ok(None) };
        let bytes = file.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| Error::internal("the store does not say how long a file is"))?;
        let body = stream::unfold(file.body, |mut body| async move {
            let piece = body.next().await?;
            Some((piece.map_err(io::Error::other), body))
        });
        Ok(Some(Opened { bytes, body: body.boxed() }))
    }

    pub(super) async fn look(&self, key: &str) -> Result<Option<Kept>> {
        let head = self.ways.client.head_object().bucket(&self.bucket).key(self.name(key));
        let Some(file) = absent(head.checksum_mode(ChecksumMode::Enabled).send().await)? else { return Ok(None) };
        let bytes = file.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        let sha256 = file.checksum_sha256().and_then(|text| BASE64.decode(text).ok()).map(|digest| hex(&digest));
        Ok(Some(Kept { bytes, sha256 }))
    }

    pub(super) fn pages(&self, folder: &str) -> BoxStream<'_, Result<Vec<String>>> {
        let list = self.ways.client.list_objects_v2().bucket(&self.bucket).prefix(self.name(folder) + "/");
        let pages = stream::unfold(list.into_paginator().send(), |mut pages| async move {
            let page = pages.next().await?;
            Some((page.map_err(failed), pages))
        });
        let keys = move |page: ListObjectsV2Output| -> Vec<String> {
            let names = page.contents().iter().filter_map(|object| object.key());
            names.filter_map(|name| name.strip_prefix(&self.prefix)).map(str::to_owned).collect()
        };
        pages.map_ok(keys).boxed()
    }

    pub(super) async fn folders(&self, folder: &str) -> Result<Vec<String>> {
        let prefix = self.name(folder) + "/";
        let list = self.ways.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).delimiter("/");
        let (mut pages, mut names) = (list.into_paginator().send(), Vec::new());
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed)?;
            let folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix()?.strip_prefix(&prefix));
            names.extend(folders.map(|folder| folder.trim_end_matches('/').to_owned()));
        }
        Ok(names)
    }

    pub(super) async fn remove(&self, key: &str) -> Result<()> {
        let delete = self.ways.client.delete_object().bucket(&self.bucket).key(self.name(key));
        absent(delete.send().await).map(|_| ())
    }

    /// One by one: not every store that speaks like S3 deletes several at once.
    pub(super) async fn remove_folder(&self, folder: &str) -> Result<()> {
        let mut pages = self.pages(folder);
        while let Some(keys) = pages.try_next().await? {
            for keys in keys.chunks(AT_ONCE) {
                try_join_all(keys.iter().map(|key| self.remove(key))).await?;
            }
        }
        Ok(())
    }

    /// Type, length and checksum are part of what is signed: the store takes exactly these bytes. The length is not among
    /// the headers to send, because every client sends it by itself, and browsers let nobody set it.
    pub(super) async fn sign_put(&self, key: &str, expected: Expected<'_>, life: Duration) -> Result<SignedPut> {
        let length = i64::try_from(expected.bytes).map_err(Error::internal)?;
        let sha256 = expected.sha256.and_then(to_base64);
        let put = self.ways.signer.put_object().bucket(&self.bucket).key(self.name(key));
        let put = put.content_type(expected.content_type).content_length(length).set_checksum_sha256(sha256.clone());
        let signed = put.presigned(for_so_long(life)?).await.map_err(failed)?;
        let mut headers = vec![("Content-Type", expected.content_type.to_owned())];
        headers.extend(sha256.map(|sha256| (SHA256_HEADER, sha256)));
        Ok(SignedPut { url: signed.uri().to_owned(), headers })
    }

    pub(super) async fn sign_get(&self, key: &str, reading: Reading<'_>) -> Result<String> {
        let life = for_so_long(reading.life)?;
        if reading.is_head {
            let head = self.ways.signer.head_object().bucket(&self.bucket).key(self.name(key));
            let head = head.response_cache_control(reading.cache);
            return Ok(head.presigned(life).await.map_err(failed)?.uri().to_owned());
        }
        let get = self.ways.signer.get_object().bucket(&self.bucket).key(self.name(key));
        let get = get.response_cache_control(reading.cache);
        Ok(get.presigned(life).await.map_err(failed)?.uri().to_owned())
    }

    /// The address by which clients reach the store, without a path.
    pub(super) fn origin(&self) -> &str {
        &self.ways.origin
    }

    pub(super) fn bucket(&self) -> &str {
        &self.bucket
    }

    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

fn for_so_long(life: Duration) -> Result<PresigningConfig> {
    PresigningConfig::expires_in(life).map_err(Error::internal)
}

/// Images are read by browsers; nobody but this server reads the rest.
fn media_type(key: &str) -> &'static str {
    match key.rsplit_once('.') {
        Some((_, "jpg")) => "image/jpeg",
        Some((_, "webp")) => "image/webp",
        Some((_, "avif")) => "image/avif",
        _ => "application/octet-stream",
    }
}

fn to_base64(sha256: &str) -> Option<String> {
    unhex(sha256).map(|digest| BASE64.encode(digest))
}

/// A file that is not there is no failure.
fn absent<T, E>(result: Result<T, SdkError<E, HttpResponse>>) -> Result<Option<T>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match (status(&error), error.code()) {
            (Some(404), code) if code != Some("NoSuchBucket") => Ok(None),
            _ => Err(failed(error)),
        },
    }
}

/// A store that is away or busy may be back soon; one that refuses is set up wrongly, and somebody must act.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn failed<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    let detail = format!("the photo store: {}", DisplayErrorContext(&error));
    match status(&error) {
        Some(400..=428 | 430..=499) => Error::internal(detail),
        _ => away(detail),
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    match error {
        SdkError::ServiceError(refusal) => Some(refusal.raw().status().as_u16()),
        _ => None,
    }
}

/// The store does not answer as it should. The caller may try again; the log says more.
pub(super) fn away(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let error = Error::unavailable("The photo store does not answer. Try again in a moment.", source);
    tracing::warn!(error = %error.detail(), "the photo store does not answer");
    error
}
