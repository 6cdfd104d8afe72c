//! Whether the store works, tried with a small file: written, looked at, read by this server and as a client reads it, and
//! removed. What does not work is told in plain words, with how to mend it.

use std::time::Duration;

use super::{Blobs, Reading, Store};
use crate::base::error::{Error, Result};

const CONTENT: &[u8] = b"photograph";
/// How long the address works by which the file is read as a client does.
const LIFE: Duration = Duration::from_mins(1);

/// What a store says when it refuses, or is not reached, and what to do about it. The first that is found counts.
const REMEDIES: [(&str, &str); 9] = [
    ("NoSuchBucket", "There is no such bucket: make it, or set s3.bucket to one that is there."),
    ("RequestTimeTooSkewed", "The clock of this machine is wrong: set it, and keep it right with NTP."),
    ("InvalidAccessKeyId", "The store does not know this key: set s3.access_key_id to one that it gave."),
    (
        "SignatureDoesNotMatch",
        "The secret does not belong to the key: set s3.secret_access_key, and s3.region rightly.",
    ),
    (
        "AccessDenied",
        "The key may not do this: allow it s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket here.",
    ),
    ("PermanentRedirect", "The bucket is in another region: set s3.region to that one."),
    ("AuthorizationHeaderMalformed", "The bucket is in another region: set s3.region to that one."),
    (
        "CredentialsNotLoaded",
        "There is no key: set s3.access_key_id and s3.secret_access_key, or give the machine a role.",
    ),
    ("dispatch failure", "Nobody answers there: set s3.endpoint, and see whether this machine may reach it."),
];

impl Blobs {
    /// Tries the store with a small file of this name. Says what works, or what is wrong and how to mend it.
    ///
    /// # Errors
    /// What is wrong, as sentences for an operator.
    pub async fn check(&self, name: &str) -> std::result::Result<String, String> {
        let key = format!("check/{name}");
        let tried = self.try_out(&key).await;
        let removed = self.remove(&key).await;
        match tried.and(removed) {
            Ok(()) => Ok(format!("can be written, read and removed {}", self.place())),
            Err(error) => Err(self.in_plain_words(&error)),
        }
    }

    async fn try_out(&self, key: &str) -> Result<()> {
        self.write(key, CONTENT).await?;
        let kept = self.look(key).await?;
        if kept.is_none_or(|kept| kept.bytes != CONTENT.len() as u64) {
            return Err(Error::internal("a file that was written is not there as it was written"));
        }
        if self.read(key).await?.as_deref() != Some(CONTENT) {
            return Err(Error::internal("a file is read otherwise than it was written"));
        }
        let reading = Reading { life: LIFE, cache: "no-store", is_head: false };
        match (&self.store, self.sign_get(key, reading).await?) {
            (Store::S3(s3), Some(url)) if s3.fetch(key, &url).await? != CONTENT => {
                Err(Error::internal("a client reads a file otherwise than it was written"))
            }
            _ => Ok(()),
        }
    }

    fn place(&self) -> String {
        match &self.store {
            Store::Disk(disk) => format!("below {}", disk.folder().display()),
            Store::S3(s3) => format!("in the bucket {} at {}", s3.bucket(), s3.origin()),
        }
    }

    fn in_plain_words(&self, error: &Error) -> String {
        let detail = error.detail();
        let remedy = match &self.store {
            Store::Disk(_) => "See whether the disk is full and this program may write there.",
            Store::S3(_) => remedy(&detail),
        };
        format!("files cannot be kept {}. {remedy} ({detail})", self.place())
    }
}

fn remedy(detail: &str) -> &'static str {
    let known = REMEDIES.iter().find(|(sign, _)| detail.contains(sign));
    known.map_or("The store does not answer as S3 does: look at s3.endpoint and s3.path_style.", |(_, remedy)| remedy)
}
