//! A world for benchmarks, the same every time: people whom some follow and very many follow a few, what they published
//! in a year, and what others said of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sea_orm::sea_query::Value;

use super::sql::{self, Table};
use crate::app::App;
use crate::base::clock::{Clock, Timestamp};
use crate::base::error::{Error, Result};
use crate::base::ids::{CommentId, Ids, LogicalShard, MediaId, NodeLease, PhotoId, Sharded, UploadId, UserId};
use crate::domain::users::names::Name;

const YEAR: Duration = Duration::from_hours(365 * 24);
/// Rows that are kept before they are written.
const BATCH: usize = 20_000;

const USERS: Table = Table {
    name: "users",
    columns: &["id", "username", "display_name", "is_private", "media_count", "follower_count", "following_count"],
};
const FOLLOWERS: Table = Table { name: "followers", columns: &["followee_id", "follower_id", "edge", "state"] };
const FOLLOWING: Table = Table { name: "following", columns: &["follower_id", "followee_id", "edge", "state"] };
const MEDIA: Table =
    Table { name: "media", columns: &["id", "owner_id", "caption", "audience", "like_count", "comment_count"] };
const PHOTOS: Table = Table {
    name: "photos",
    columns: &[
        "id", "media_id", "position", "image_key", "content_type", "width", "height", "blur_hash", "dominant_color",
    ],
};
const NAMES: Table = Table { name: "names", columns: &["name", "user_id", "claimed_at"] };
const UPLOADS: Table = Table {
    name: "uploads",
    columns: &[
        "id", "owner_id", "status", "secret", "content_type", "byte_size", "received_bytes", "expires_at", "image_key",
        "width", "height", "blur_hash", "dominant_color",
    ],
};
const COMMENTS: Table = Table { name: "comments", columns: &["id", "media_id", "author_id", "body"] };

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// People.
    pub people: usize,
    /// Whom each follows, on average.
    pub follows: usize,
    /// Media of each, on average.
    pub media: usize,
    /// Comments on each media, on average.
    pub comments: usize,
}

/// The people of a world.
#[derive(Debug)]
pub struct World {
    /// The most followed come first.
    pub people: Vec<UserId>,
    /// The media, oldest first, and who published each.
    pub media: Vec<(MediaId, UserId)>,
}

/// Numbers that look like chance and are the same every time: `SplitMix64`, by Steele, Lea and Flood.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0, below 1.
    fn fraction(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (self.next() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// A number below another.
    pub fn below(&mut self, bound: usize) -> usize {
        self.bent(bound, 1)
    }

    /// A number below another, small ones more often the higher the power: the heavy tail.
    fn bent(&mut self, bound: usize, power: i32) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and far below 2^52"
        )]
        let number = (self.fraction().powi(power) * bound as f64) as usize;
        number.min(bound.saturating_sub(1))
    }
}

/// Makes ids of a year that ends now, oldest first.
struct Year {
    ids: Ids,
    ahead: Arc<AtomicI64>,
    at: f64,
    step: f64,
}

impl Year {
    /// For so many things.
    fn of(app: &App, things: usize) -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        #[expect(clippy::cast_precision_loss, reason = "a year in milliseconds and some millions of things")]
        let (year, step) = (YEAR.as_millis() as f64, YEAR.as_millis() as f64 / things.max(1) as f64);
        let ids = Ids::new(Clock::shifted(ahead.clone()), app.chance.clone());
        ids.grant(NodeLease::OF_A_BENCHMARK);
        Self { ids, ahead, at: -year, step }
    }

    fn next<Id: From<i64>>(&mut self, place: &impl Sharded) -> Result<Id> {
        self.at = (self.at + self.step).min(0.0);
        #[expect(clippy::cast_possible_truncation, reason = "a year in milliseconds")]
        self.ahead.store(self.at as i64, Ordering::Relaxed);
        self.ids.next(place)
    }
}

/// Rows on their way into one table of every database.
struct Filling<'a> {
    app: &'a App,
    table: Table,
    rows: Vec<Vec<Vec<Value>>>,
}

impl<'a> Filling<'a> {
    fn of(app: &'a App, table: Table) -> Self {
        Self { app, table, rows: vec![Vec::new(); app.db.databases().len()] }
    }

    async fn put(&mut self, place: &impl Sharded, row: Vec<Value>) -> Result<()> {
        let number = self.app.db.database(place).number;
        self.rows[number].push(row);
        if self.rows[number].len() >= BATCH { self.write(number).await } else { Ok(()) }
    }

    async fn write(&mut self, number: usize) -> Result<()> {
        let rows = std::mem::take(&mut self.rows[number]);
        sql::insert(&self.app.db.databases()[number], self.table, &rows).await
    }

    async fn end(mut self) -> Result<()> {
        for number in 0..self.rows.len() {
            self.write(number).await?;
        }
        Ok(())
    }
}

/// Makes a world in an empty server, telling how far it is.
///
/// # Errors
/// Those of the database.
pub async fn make(app: &App, size: Size, say: impl Fn(&str)) -> Result<World> {
    let mut dice = Dice::new(2010);
    let people = name_people(app, size, &mut dice)?;
    say("who follows whom …");
    let (followers, following) = befriend(app, &people, size, &mut dice).await?;
    say("what they published …");
    let (media, published) = publish(app, &people, size, &mut dice).await?;
    say("what others said …");
    comment(app, &people, &media, size, &mut dice).await?;
    say("the people …");
    settle_in(app, &people, [&published, &followers, &following]).await?;
    for database in app.db.databases() {
        sql::analyze(database).await?;
    }
    Ok(World { people, media })
}

fn name_people(app: &App, size: Size, dice: &mut Dice) -> Result<Vec<UserId>> {
    let mut year = Year::of(app, 0);
    let shard = |dice: &mut Dice| LogicalShard::new(u16::try_from(dice.below(8192)).unwrap_or(0));
    (0..size.people).map(|_| year.next(&shard(dice))).collect()
}

/// Some follow few and some many; the first of all people are followed by very many.
async fn befriend(app: &App, people: &[UserId], size: Size, dice: &mut Dice) -> Result<(Vec<i64>, Vec<i64>)> {
    let (mut followers, mut following) = (vec![0; people.len()], vec![0; people.len()]);
    let (mut there, mut here) = (Filling::of(app, FOLLOWERS), Filling::of(app, FOLLOWING));
    let mut edge = 1_i64;
    for (number, follower) in people.iter().enumerate() {
        // Most below the average, a few far above it.
        let many = size.follows.min(1) + dice.bent(size.follows * 3, 2);
        let followees: HashSet<usize> = (0..many).map(|_| dice.bent(people.len(), 3)).collect();
        let mut followees: Vec<usize> = followees.into_iter().filter(|other| *other != number).collect();
        followees.sort_unstable();
        for other in followees {
            edge += 1;
            let row = |a: UserId, b: UserId| vec![a.0.into(), b.0.into(), edge.into(), 2_i16.into()];
            there.put(&people[other], row(people[other], *follower)).await?;
            here.put(follower, row(*follower, people[other])).await?;
            followers[other] += 1;
            following[number] += 1;
        }
    }
    there.end().await?;
    here.end().await?;
    Ok((followers, following))
}

/// The media, oldest first, and how many each person has.
async fn publish(
    app: &App,
    people: &[UserId],
    size: Size,
    dice: &mut Dice,
) -> Result<(Vec<(MediaId, UserId)>, Vec<i64>)> {
    let all = size.people * size.media;
    let (mut year, mut of_photos) = (Year::of(app, all), Year::of(app, all));
    let (mut media, mut photos) = (Filling::of(app, MEDIA), Filling::of(app, PHOTOS));
    let (mut made, mut published) = (Vec::with_capacity(all), vec![0; people.len()]);
    for number in 0..all {
        let person = dice.bent(people.len(), 2);
        let owner = people[person];
        let id: MediaId = year.next(&owner)?;
        let photo: PhotoId = of_photos.next(&id)?;
        let caption = format!("Picture {number}: the light at that hour, and nobody in a hurry #evening");
        let likes = i64::try_from(dice.bent(5000, 6)).unwrap_or(0);
        let comments = i64::try_from(size.comments).unwrap_or(0);
        let row = vec![id.0.into(), owner.0.into(), caption.into(), 0_i16.into(), likes.into(), comments.into()];
        media.put(&id, row).await?;
        photos.put(&id, photo_row(photo, id)).await?;
        published[person] += 1;
        made.push((id, owner));
    }
    media.end().await?;
    photos.end().await?;
    Ok((made, published))
}

fn photo_row(id: PhotoId, media: MediaId) -> Vec<Value> {
    let key = bs58::encode([id.0.to_be_bytes(), media.0.to_be_bytes()].concat()).into_string();
    vec![
        id.0.into(),
        media.0.into(),
        0_i16.into(),
        key.into(),
        "image/jpeg".into(),
        1080.into(),
        1350.into(),
        "LEHV6nWB2yk8pyo0adR*.7kCMdnj".into(),
        "#7a6a58".into(),
    ]
}

/// An upload of each of them that is ready to be published until then.
///
/// # Errors
/// Those of the database.
pub async fn upload(app: &App, owners: &[UserId], until: Timestamp) -> Result<Vec<UploadId>> {
    let (mut uploads, mut made) = (Filling::of(app, UPLOADS), Vec::with_capacity(owners.len()));
    for owner in owners {
        let (id, photo): (UploadId, PhotoId) = (app.ids.next(owner)?, app.ids.next(owner)?);
        let mut row: Vec<Value> = vec![id.0.into(), owner.0.into(), 2_i16.into(), "secret".into(), "image/jpeg".into()];
        row.extend([482_133_i64.into(), 482_133_i64.into(), until.0.into()]);
        // From the key to the colour they are those of a photo.
        let [_, _, _, key, _, looks @ ..] = &photo_row(photo, MediaId(id.0))[..] else { continue };
        row.push(key.clone());
        row.extend(looks.iter().cloned());
        uploads.put(owner, row).await?;
        made.push(id);
    }
    uploads.end().await?;
    Ok(made)
}

/// As many on every media, so that the counts are true.
async fn comment(app: &App, people: &[UserId], media: &[(MediaId, UserId)], size: Size, dice: &mut Dice) -> Result<()> {
    let mut year = Year::of(app, media.len() * size.comments);
    let mut comments = Filling::of(app, COMMENTS);
    for (media, _) in media {
        for number in 0..size.comments {
            let id: CommentId = year.next(media)?;
            let author = people[dice.below(people.len())];
            let body = format!("Remark {number}: wonderful colours, where was that?");
            comments.put(media, vec![id.0.into(), media.0.into(), author.0.into(), body.into()]).await?;
        }
    }
    comments.end().await
}

/// Somebody whom so many follow, and these.
///
/// # Errors
/// Those of the database.
pub async fn star(app: &App, followers: usize) -> Result<(UserId, Vec<UserId>)> {
    let size = Size { people: followers + 1, follows: 0, media: 0, comments: 0 };
    let people = name_people(app, size, &mut Dice::new(2011))?;
    let mut edges = Filling::of(app, FOLLOWERS);
    for (edge, follower) in (1_i64..).zip(&people[1..]) {
        edges.put(&people[0], vec![people[0].0.into(), follower.0.into(), edge.into(), 2_i16.into()]).await?;
    }
    edges.end().await?;
    settle_in(app, &people, [&vec![0; people.len()], &vec![0; people.len()], &vec![0; people.len()]]).await?;
    for database in app.db.databases() {
        sql::analyze(database).await?;
    }
    Ok((people[0], people[1..].to_vec()))
}

/// Lets everybody follow the first of all people, in a world where nobody follows anybody. Counts stay as they are.
///
/// # Errors
/// Those of the database.
pub async fn all_follow_first(app: &App, world: &World) -> Result<()> {
    let first = world.people[0];
    let (mut there, mut here) = (Filling::of(app, FOLLOWERS), Filling::of(app, FOLLOWING));
    for (edge, follower) in (1_i64..).zip(&world.people[1..]) {
        let row = |a: UserId, b: UserId| vec![a.0.into(), b.0.into(), edge.into(), 2_i16.into()];
        there.put(&first, row(first, *follower)).await?;
        here.put(follower, row(*follower, first)).await?;
    }
    there.end().await?;
    here.end().await
}

async fn settle_in(app: &App, people: &[UserId], counts: [&Vec<i64>; 3]) -> Result<()> {
    let (mut users, mut directory) = (Filling::of(app, USERS), Filling::of(app, NAMES));
    for (number, id) in people.iter().enumerate() {
        let name = Name::username(&username(number));
        directory.put(&name, vec![name.as_str().into(), id.0.into(), app.clock.now().0.into()]).await?;
        let [media, followers, following] = counts.map(|counts| counts[number]);
        let names: [Value; 2] = [username(number).into(), format!("Person {number}").into()];
        let [username, display_name] = names;
        let numbers = [media, followers, following].map(Value::from);
        let row = [id.0.into(), username, display_name, false.into()].into_iter().chain(numbers).collect();
        users.put(id, row).await?;
    }
    directory.end().await?;
    users.end().await
}

/// The username of a person.
#[must_use]
pub fn username(number: usize) -> String {
    format!("bench_{number}")
}

/// When an access token for the world ends: long after every benchmark.
#[must_use]
pub fn far(now: Timestamp) -> Timestamp {
    now.after(Duration::from_hours(24))
}

/// Refuses a server that people use.
///
/// # Errors
/// When there are rows.
pub async fn must_be_empty(app: &App) -> Result<()> {
    for database in app.db.databases() {
        if sql::has_rows(database, USERS).await? {
            return Err(Error::internal("this server has users; a benchmark wants empty databases of its own"));
        }
    }
    app.ids.grant(NodeLease::OF_A_BENCHMARK);
    Ok(())
}
