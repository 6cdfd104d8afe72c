//! The links of images. They name one file of a photo and prove that this server gave them; they never name the store.
//!
//! A link to what everyone may see does not end. One to what only some may see does, and says when in a part that its
//! seal covers: whoever changes it, or leaves it out, has no link. Links stay the same for a while, so that browsers can
//! keep what they lead to. The key in a link belongs to a publication of a photo, which may get another one: then the link
//! leads nowhere.

mod cloudfront;
mod secret;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::hmac::{HMAC_SHA256, Key, Tag, sign};

use crate::base::chance::Chance;
use crate::base::clock::Timestamp;
use crate::base::config::Config;
use crate::base::error::Result;
use crate::base::generations::Generations;
use crate::base::ids::MediaId;
use crate::base::text::is_same;
use crate::platform::db::Db;

use cloudfront::CloudFront;

/// What makes links and knows its own again.
#[derive(Debug)]
pub struct Links {
    seals: Key,
    names: Key,
    base: String,
    /// Links of some end at the beginning of such a step.
    step: Duration,
    cloudfront: Option<CloudFront>,
    known: Mutex<Generations<String, Arc<[MediaId]>>>,
}

/// What a link leads to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The key in the link, which means something to this server only.
    pub key: &'a str,
    /// The key of the file in the store, when it is there for certain.
    pub stored: Option<&'a str>,
}

/// For whom a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everyone may see it: the link never changes.
    Everyone,
    /// Only some may: the link ends.
    Some,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub url: String,
    /// When it stops working; `None` when it does not.
    pub expires_at: Option<Timestamp>,
}

/// What a link that somebody follows is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It always works.
    Lasting,
    /// It works until then.
    Until(Timestamp),
    /// It worked once.
    Expired,
    /// It was never given by this server.
    Nothing,
}

/// Bytes of a seal or of a name: 128 bits cannot be guessed.
const BYTES: usize = 16;
/// Keys whose media are remembered, about 100 bytes each: those of the photos that many look at.
const KNOWN: usize = 40_000;

impl Links {
    /// The links of a server. Its secret is in its first database, so that every process makes the same ones.
    ///
    /// # Errors
    /// Those of the database, or when the key for CloudFront is none.
    pub async fn open(config: &Config, db: &Db, chance: &Chance) -> Result<Self> {
        let cloudfront = CloudFront::configured(config, chance)?;
        // Where CloudFront stands before the bucket, it is no way to this server.
        let base = config.images.url.clone().filter(|_| cloudfront.is_none());
        let base = base.unwrap_or_else(|| config.public_url());
        let base = base.trim_end_matches('/').to_owned();
        let step = Duration::from_mins(config.images.link_minutes) / 2;
        Ok(Self { step, cloudfront, ..Self::sealed_by(&secret::load(db, chance).await?, base) })
    }

    fn sealed_by(secret: &[u8], base: String) -> Self {
        let secret = Key::new(HMAC_SHA256, secret);
        let part = |name: &str| Key::new(HMAC_SHA256, sign(&secret, name.as_bytes()).as_ref());
        Self {
            seals: part("links"),
            names: part("names"),
            base,
            step: Duration::from_mins(30),
            cloudfront: None,
            known: Mutex::new(Generations::of(KNOWN / 2)),
        }
    }

    /// The key of a photo's files: a name that stands for its bytes, and can be found by nobody who only has the bytes.
    #[must_use]
    pub fn name(&self, origin: &str, sha256: &str) -> String {
        short(sign(&self.names, format!("{origin}/{sha256}").as_bytes()))
    }

    /// The link of a file. It leads to a server, which makes the file if it is not there; or, where CloudFront stands before
    /// the bucket and has the file, to that. CloudFront knows files only, so there every link ends.
    ///
    /// # Errors
    /// When CloudFront's key cannot sign.
    pub fn image(&self, target: &Target<'_>, file: &str, reach: Reach, now: Timestamp) -> Result<Link> {
        let end = self.end(now);
        if let (Some(cloudfront), Some(stored)) = (&self.cloudfront, target.stored) {
            let url = cloudfront.sign(&format!("{}/{stored}/{file}", cloudfront.folder), end)?;
            return Ok(Link { url, expires_at: Some(end) });
        }
        let expires_at = (reach == Reach::Some).then_some(end);
        Ok(Link { url: self.sealed((target.key, file), expires_at), expires_at })
    }

    fn sealed(&self, (key, file): (&str, &str), expires_at: Option<Timestamp>) -> String {
        let name = format!("{key}/{file}");
        match expires_at.map(|end| end.seconds().to_string()) {
            None => format!("{}/images/{key}/{}/{file}", self.base, self.seal(&name, None)),
            Some(end) => format!("{}/images/{key}/{}/{file}?expires={end}", self.base, self.seal(&name, Some(&end))),
        }
    }

    /// What a link that somebody follows is worth.
    #[must_use]
    pub fn worth(&self, (key, file): (&str, &str), seal: &str, query: Option<&str>, now: Timestamp) -> Worth {
        let end = match query.map(|query| query.strip_prefix("expires=")) {
            None => None,
            Some(Some(end)) => Some(end),
            Some(None) => return Worth::Nothing,
        };
        // Versions before sealed all files of a photo at once. Whether such a link still leads anywhere is known by its key.
        let is_ours = is_same(&self.seal(&format!("{key}/{file}"), end), seal) || is_same(&self.seal(key, end), seal);
        if !is_ours {
            return Worth::Nothing;
        }
        match end.map(|end| end.parse::<i64>().map(|seconds| Timestamp(seconds.saturating_mul(1000)))) {
            None => Worth::Lasting,
            Some(Ok(end)) if end > now => Worth::Until(end),
            Some(Ok(_)) => Worth::Expired,
            Some(Err(_)) => Worth::Nothing,
        }
    }

    /// At least two steps from now, at most three: the same for everybody who asks within a step.
    fn end(&self, now: Timestamp) -> Timestamp {
        let step = i64::try_from(self.step.as_millis()).unwrap_or(i64::MAX).max(1000);
        Timestamp((now.0.div_euclid(step) + 3).saturating_mul(step))
    }

    /// The media that a key was last found to lead to. Whether it still does is to be checked.
    #[must_use]
    pub fn recall(&self, key: &str) -> Option<Arc<[MediaId]>> {
        self.known().find(key)
    }

    /// Remembers the media that a key leads to.
    pub fn remember(&self, key: &str, media: &[MediaId]) {
        self.known().put(key.to_owned(), media.into());
    }

    fn known(&self) -> MutexGuard<'_, Generations<String, Arc<[MediaId]>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Covers one file, or what versions before covered. A key has no slash in it, so none is taken for another.
    fn seal(&self, name: &str, end: Option<&str>) -> String {
        short(match end {
            None => sign(&self.seals, name.as_bytes()),
            Some(end) => sign(&self.seals, format!("{name}?{end}").as_bytes()),
        })
    }
}

fn short(tag: Tag) -> String {
    bs58::encode(&tag.as_ref()[..BYTES]).into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_372_200_007);
    const KEY: &str = "3mJr7AoUXx2WqdKk9tQZyL";
    const LOW: Target<'static> = Target { key: KEY, stored: Some("FiLe") };

    fn server(secret: &[u8]) -> Links {
        Links::sealed_by(secret, "https://photos.example.org".to_owned())
    }

    fn parts(url: &str) -> (String, Option<String>) {
        let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
        (path.rsplit('/').nth(1).unwrap().to_owned(), query.map(str::to_owned))
    }

    #[test]
    fn a_link_for_everyone_is_always_the_same_and_always_works() {
        let links = server(b"secret");
        let link = links.image(&LOW, "low.jpg", Reach::Everyone, NOW).unwrap();
        let years_later = NOW.after(Duration::from_hours(100_000));
        assert_eq!(links.image(&LOW, "low.jpg", Reach::Everyone, years_later).unwrap(), link);
        assert_eq!(link.expires_at, None);
        let (seal, query) = parts(&link.url);
        assert_eq!((links.worth((KEY, "low.jpg"), &seal, None, years_later), query), (Worth::Lasting, None));
    }

    #[test]
    fn a_link_for_some_is_the_same_for_a_while_and_then_ends() {
        let links = server(b"secret");
        for minute in 0..90 {
            let now = NOW.after(Duration::from_mins(minute));
            let link = links.image(&LOW, "low.jpg", Reach::Some, now).unwrap();
            let life = link.expires_at.unwrap().since(now);
            assert!((Duration::from_hours(1)..=Duration::from_mins(90)).contains(&life), "{life:?}");
            assert_eq!(links.image(&LOW, "low.jpg", Reach::Some, now).unwrap(), link);
        }
        let link = links.image(&LOW, "low.jpg", Reach::Some, NOW).unwrap();
        let (end, (seal, query)) = (link.expires_at.unwrap(), parts(&link.url));
        let worth = |now| links.worth((KEY, "low.jpg"), &seal, query.as_deref(), now);
        assert_eq!((worth(NOW), worth(Timestamp(end.0 - 1))), (Worth::Until(end), Worth::Until(end)));
        assert_eq!(worth(end), Worth::Expired);
    }

    #[test]
    fn a_link_that_was_changed_is_worth_nothing() {
        let links = server(b"secret");
        let (lasting, _) = parts(&links.image(&LOW, "low.jpg", Reach::Everyone, NOW).unwrap().url);
        let (ending, query) = parts(&links.image(&LOW, "low.jpg", Reach::Some, NOW).unwrap().url);
        let query = query.unwrap();
        let later = format!("expires={}", 1 + query.split_once('=').unwrap().1.parse::<i64>().unwrap());
        let zero = query.replace('=', "=0");
        let cases: [(&str, Option<&str>); 9] = [
            (&ending, None),
            (&lasting, Some(&query)),
            (&ending, Some(&later)),
            (&ending, Some(&zero)),
            (&ending, Some("")),
            (&ending, Some("expires=")),
            ("", None),
            (&lasting[1..], None),
            (&lasting, Some("a=b")),
        ];
        for (seal, query) in cases {
            assert_eq!(links.worth((KEY, "low.jpg"), seal, query, NOW), Worth::Nothing, "{seal} {query:?}");
        }
        assert_eq!(links.worth(("3mJr7AoUXx2WqdKk9tQZyM", "low.jpg"), &lasting, None, NOW), Worth::Nothing);
        assert_eq!(server(b"another").worth((KEY, "low.jpg"), &lasting, None, NOW), Worth::Nothing);
    }

    #[test]
    fn a_link_opens_one_file_and_those_of_versions_before_still_open_theirs() {
        let links = server(b"secret");
        for reach in [Reach::Everyone, Reach::Some] {
            let (seal, query) = parts(&links.image(&LOW, "low.jpg", reach, NOW).unwrap().url);
            let worth = |file: &str| links.worth((KEY, file), &seal, query.as_deref(), NOW);
            assert_ne!(worth("low.jpg"), Worth::Nothing);
            for other in ["high.jpg", "low.webp", "full.avif", "low", ""] {
                assert_eq!(worth(other), Worth::Nothing, "{other}");
            }
        }
        let end = (NOW.seconds() + 60).to_string();
        let (lasting, ending) = (links.seal(KEY, None), links.seal(KEY, Some(&end)));
        assert_eq!(links.worth((KEY, "high.jpg"), &lasting, None, NOW), Worth::Lasting);
        let query = format!("expires={end}");
        assert!(matches!(links.worth((KEY, "high.jpg"), &ending, Some(&query), NOW), Worth::Until(_)));
    }

    #[test]
    fn a_name_stands_for_its_bytes_and_where_they_came_from() {
        let links = server(b"secret");
        let name = links.name("upl_1", "abc");
        assert_eq!(name, server(b"secret").name("upl_1", "abc"));
        assert!((16..=22).contains(&name.len()), "{name}");
        for other in [links.name("upl_2", "abc"), links.name("upl_1", "abd"), server(b"other").name("upl_1", "abc")] {
            assert_ne!(name, other);
        }
    }
}
