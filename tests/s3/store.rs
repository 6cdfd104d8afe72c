//! The objects, kept by s3s-fs as files. What it does otherwise than Amazon's S3 is put right here: a body with a wrong
//! checksum leaves everything as it was, and a list is made of the files below its prefix only.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use s3s::crypto::{Checksum, Sha256};
use s3s::dto::{
    CommonPrefix, DeleteObjectInput, DeleteObjectOutput, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::fs;

/// The largest object the tests make.
const LARGEST: usize = 64 << 20;
/// Objects in one answer to a list.
const PAGE: usize = 1000;
/// The size of what stands for several objects.
const FOLDER: i64 = -1;

/// The objects below a folder.
#[derive(Debug)]
pub struct Store {
    files: FileSystem,
    folder: PathBuf,
}

impl Store {
    /// What a folder holds, with a folder in it for each bucket.
    pub fn over(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let files = FileSystem::new(folder).map_err(|error| format!("{}: {error:?}", folder.display()))?;
        Ok(Self { files, folder: folder.to_owned() })
    }

    /// The keys in a bucket that begin so, in order.
    async fn keys(&self, bucket: &str, prefix: &str) -> io::Result<Vec<(String, i64)>> {
        let root = self.folder.join(bucket);
        let mut folders = vec![root.join(prefix.rsplit_once('/').map_or("", |(folder, _)| folder))];
        let mut keys = vec![];
        while let Some(folder) = folders.pop() {
            let Some(mut entries) = there(fs::read_dir(&folder).await)? else { continue };
            while let Some(entry) = entries.next_entry().await? {
                // It may be removed while it is looked at.
                let Some(data) = there(entry.metadata().await)? else { continue };
                let path = entry.path();
                let key = path.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().into_owned();
                match data.is_dir() {
                    true => folders.push(path),
                    false => keys.push((key, i64::try_from(data.len()).unwrap_or(i64::MAX))),
                }
            }
        }
        keys.retain(|(key, _)| key.starts_with(prefix));
        keys.sort();
        Ok(keys)
    }
}

/// What the keys below the prefix have in common up to a delimiter stands once for all of them.
fn rolled_up(keys: Vec<(String, i64)>, prefix: &str, delimiter: &str) -> Vec<(String, i64)> {
    let common = |(key, size): (String, i64)| match key[prefix.len()..].split_once(delimiter) {
        Some((folder, _)) => (format!("{prefix}{folder}{delimiter}"), FOLDER),
        None => (key, size),
    };
    let mut keys: Vec<(String, i64)> = keys.into_iter().map(common).collect();
    keys.dedup();
    keys
}

fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

#[async_trait::async_trait]
impl S3 for Store {
    async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        if !self.folder.join(&request.input.bucket).is_dir() {
            return Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"));
        }
        let Some(body) = request.input.body.take() else { return Err(s3_error!(IncompleteBody)) };
        let bytes = Body::from(body).store_all_limited(LARGEST).await.map_err(|_| s3_error!(IncompleteBody))?;
        if let Some(sha256) = &request.input.checksum_sha256
            && *sha256 != BASE64.encode(Sha256::checksum(&bytes))
        {
            return Err(s3_error!(BadDigest, "The SHA-256 you specified did not match the calculated checksum."));
        }
        request.input.body = Some(StreamingBlob::from(Body::from(bytes)));
        self.files.put_object(request).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.files.get_object(request).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.files.head_object(request).await
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.files.head_bucket(request).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.files.delete_object(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let mut keys = self.keys(&input.bucket, prefix).await.map_err(|error| s3_error!(error, InternalError))?;
        if let Some(delimiter) = &input.delimiter {
            keys = rolled_up(keys, prefix, delimiter);
        }
        if let Some(after) = &input.continuation_token {
            keys.retain(|(key, _)| key > after);
        }
        let is_truncated = keys.len() > PAGE;
        keys.truncate(PAGE);
        let next = keys.last().filter(|_| is_truncated).map(|(key, _)| key.clone());
        let (folders, keys): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, size)| *size == FOLDER);
        let object = |(key, size)| Object { key: Some(key), size: Some(size), ..Object::default() };
        let folder = |(key, _)| CommonPrefix { prefix: Some(key) };
        Ok(S3Response::new(ListObjectsV2Output {
            contents: Some(keys.into_iter().map(object).collect()),
            common_prefixes: Some(folders.into_iter().map(folder).collect()),
            is_truncated: Some(is_truncated),
            next_continuation_token: next,
            name: Some(input.bucket),
            prefix: input.prefix,
            ..ListObjectsV2Output::default()
        }))
    }
}
