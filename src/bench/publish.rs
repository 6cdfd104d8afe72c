//! What a publish costs that very many follow: the CPU of this program and of Redis for each follower, against Redis alone
//! doing the same pushes in its cheapest way, and how long the last follower waits.
//!
//! Figures of Redis are right when nobody else uses it meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::costs::Costs;
use super::timelines::{Usage, usage};
use super::world;
use crate::app::App;
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, UserId};
use crate::domain::feed::{self, Place};
use crate::platform::redis::{Command, Redis, Value};
use crate::platform::timelines::Timeline;

/// Entries in each timeline before.
const ENTRIES: usize = 100;
/// Media that are published.
const MEDIA: u32 = 3;
/// Commands sent in one go.
const PIPELINE: usize = 1000;

/// Makes somebody whom so many follow, publishes, and tells what was found.
///
/// # Errors
/// When the server has users, there is no Redis, or a part fails.
pub async fn run(app: &Arc<App>, followers: usize, say: impl Fn(&str)) -> Result<()> {
    world::must_be_empty(app).await?;
    let redis = app.redis.clone().ok_or_else(|| Error::internal("redis.url is not set"))?;
    say(&format!("somebody whom {followers} follow …"));
    let (owner, people) = world::star(app, followers).await?;
    let empty = usage(&redis).await?;
    fill(app, &people).await?;
    let filled = usage(&redis).await?;
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let entries = (people.len() * ENTRIES) as f64;
    say(&format!(
        "bytes of Redis for each entry, with {ENTRIES} in each feed: {:.1}",
        (filled.bytes - empty.bytes) / entries
    ));
    let ours = publish(app, &redis, owner).await?;
    say(&ours.told("as the server does", people.len()));
    let limit = push_bare(&redis, &people).await?;
    say(&limit.told("Redis alone, appending", people.len()));
    Ok(())
}

/// What all pushes of the media cost.
struct Pushed {
    server: Duration,
    redis: f64,
    longest: Duration,
    last: Duration,
}

impl Pushed {
    fn told(&self, how: &str, followers: usize) -> String {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let pushes = followers as f64 * f64::from(MEDIA);
        let server = self.server.as_secs_f64() * 1e6 / pushes;
        format!(
            "{how}: CPU µs for each follower: server {server:.2}, Redis {:.2}; longest step {} ms, last follower after {} ms",
            self.redis / pushes,
            self.longest.as_millis(),
            (self.last / MEDIA).as_millis()
        )
    }
}

async fn fill(app: &App, people: &[UserId]) -> Result<()> {
    let away = || Error::internal("Redis went away");
    for user in people {
        let media: Vec<MediaId> = (0..ENTRIES).map(|_| app.ids.next(user)).collect::<Result<_>>()?;
        let build = app.timelines.begin(*user).await.ok_or_else(away)?;
        let timeline = Timeline { floor: 0, media: media.into_iter().rev().collect(), large: vec![] };
        app.timelines.finish(build, &timeline).await.ok_or_else(away)?;
    }
    Ok(())
}

/// The steps that follow from publishing, one after the other.
async fn publish(app: &Arc<App>, redis: &Redis, owner: UserId) -> Result<Pushed> {
    let before = (costs(), usage(redis).await?);
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    for _ in 0..MEDIA {
        let media: MediaId = app.ids.next(&owner)?;
        let mut place = Some(Place::Start);
        while let Some(at) = place {
            let step = Instant::now();
            place = feed::fan_out(app, media, owner, at).await?;
            longest = longest.max(step.elapsed());
        }
    }
    let last = begun.elapsed();
    pushed(redis, before, (longest, last)).await
}

/// An append to each key and nothing else.
async fn push_bare(redis: &Redis, people: &[UserId]) -> Result<Pushed> {
    let key = |user: &UserId| redis.name(&format!("bench:{{0}}:{}", user.0));
    let entry = 7_i64.to_be_bytes();
    let set = |user: &UserId| Command::on("SET", key(user)).with(&[0_u8; 8 * ENTRIES][..]);
    for some in people.chunks(PIPELINE) {
        redis.send_all::<Value>(some.iter().map(set).collect()).await?;
    }
    let before = (costs(), usage(redis).await?);
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    for _ in 0..MEDIA {
        for some in people.chunks(PIPELINE) {
            let step = Instant::now();
            let append = |user: &UserId| Command::on("APPEND", key(user)).with(&entry[..]);
            redis.send_all::<Value>(some.iter().map(append).collect()).await?;
            longest = longest.max(step.elapsed());
        }
    }
    let last = begun.elapsed();
    pushed(redis, before, (longest, last)).await
}

fn costs() -> Costs {
    Costs::so_far(std::process::id())
}

async fn pushed(redis: &Redis, before: (Costs, Usage), (longest, last): (Duration, Duration)) -> Result<Pushed> {
    let server = costs().since(before.0).server;
    let redis = usage(redis).await?.micros - before.1.micros;
    Ok(Pushed { server, redis, longest, last })
}
