//! What a home feed costs in Redis, in the way it is kept and in others: bytes for each entry, and Redis's own CPU for each
//! push to somebody who comes, for each to somebody who does not, and for each read.
//!
//! It works on keys of its own, and removes them. Figures are right when nobody else uses that Redis meanwhile.

use crate::base::chance::Chance;
use crate::base::config::Config;
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, UserId};
use crate::platform::redis::{Command, Redis, Value};
use crate::platform::timelines::{Entry, Timeline, Timelines};

/// Commands sent in one go.
const PIPELINE: usize = 1000;
/// How many times everybody gets a media.
const PUSHES: i64 = 4;

/// A way to keep a feed.
#[derive(Clone, Copy)]
enum Way {
    /// As the server does.
    Ours,
    /// A list of ids of 8 bytes.
    List,
    /// A list of ids as decimal numbers.
    DecimalList,
    /// A sorted set of ids.
    SortedSet,
}

struct Bench {
    redis: Redis,
    timelines: Timelines,
    people: Vec<UserId>,
    entries: i64,
}

/// What Redis says of itself.
pub(super) struct Usage {
    /// Memory.
    pub bytes: f64,
    /// CPU time.
    pub micros: f64,
}

/// Measures, and tells line by line.
///
/// # Errors
/// When there is no Redis, or it goes away.
pub async fn timelines(mut config: Config, people: u32, tell: impl Fn(&str)) -> Result<()> {
    config.redis.prefix = "photograph-bench".into();
    config.redis.timeout_milliseconds = 10_000;
    let redis = Redis::open(&config.redis).await?.ok_or_else(|| Error::internal("redis.url is not set"))?;
    let timelines = Timelines::open(Some(redis.clone()), Chance::default(), &config.feed);
    // As ids are: the shard above ten bits, with numbers that are not one after the other.
    let people = (1..=i64::from(people)).map(|number| UserId((number << 23) | ((number * 7919 % 8192) << 10)));
    let entries = i64::try_from(config.feed.timeline_entries).unwrap_or(i64::MAX);
    let bench = Bench { redis, timelines, people: people.collect(), entries };
    tell(&format!("{} people, {entries} entries each; CPU is that of Redis.", bench.people.len()));
    tell("way                 bytes/entry  µs/push  µs/push to nobody  µs/read");
    let ways = [Way::Ours, Way::List, Way::DecimalList, Way::SortedSet];
    let names = ["string (as it is)", "list of 8 bytes", "list of decimals", "sorted set"];
    for (way, name) in ways.into_iter().zip(names) {
        tell(&bench.measure(way, name).await?);
    }
    Ok(())
}

impl Bench {
    async fn measure(&self, way: Way, name: &str) -> Result<String> {
        self.remove().await?;
        let empty = usage(&self.redis).await?;
        self.fill(way).await?;
        let filled = usage(&self.redis).await?;
        self.push(way, &self.people).await?;
        let pushed = usage(&self.redis).await?;
        let strangers: Vec<UserId> = self.people.iter().map(|user| UserId(user.0 + 1)).collect();
        // A sorted set would come into being by a push: it has no way to leave nobody alone.
        if !matches!(way, Way::SortedSet) {
            self.push(way, &strangers).await?;
        }
        let missed = usage(&self.redis).await?;
        self.read(way).await?;
        let read = usage(&self.redis).await?;
        self.remove().await?;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (people, entries, pushes) = (self.people.len() as f64, self.entries as f64, PUSHES as f64);
        let bytes = (pushed.bytes - empty.bytes) / people / (entries + pushes);
        let push = (pushed.micros - filled.micros) / people / pushes;
        let miss = (missed.micros - pushed.micros) / people / pushes;
        let look = (read.micros - missed.micros) / people;
        Ok(format!("{name:<18} {bytes:>12.1} {push:>8.2} {miss:>18.2} {look:>8.1}"))
    }

    async fn fill(&self, way: Way) -> Result<()> {
        let media: Vec<MediaId> = (1..=self.entries).rev().map(media).collect();
        for user in &self.people {
            if let Way::Ours = way {
                let build = self.timelines.begin(*user).await.ok_or_else(|| Error::internal("Redis went away"))?;
                let timeline = Timeline { floor: 0, media: media.clone(), large: vec![] };
                self.timelines.finish(build, &timeline).await.ok_or_else(|| Error::internal("Redis went away"))?;
                continue;
            }
            let (name, zero) = match way {
                Way::SortedSet => ("ZADD", true),
                _ => ("RPUSH", false),
            };
            let ids = media.iter().rev();
            let fill = ids.fold(Command::on(name, self.key(*user)), |command, id| {
                let command = if zero { command.with(0) } else { command };
                command.with(encoded(way, *id))
            });
            self.redis.send::<Value>(fill).await?;
        }
        Ok(())
    }

    async fn push(&self, way: Way, people: &[UserId]) -> Result<()> {
        for number in 1..=PUSHES {
            let id = media(self.entries + number);
            for some in people.chunks(2 * PIPELINE) {
                match way {
                    Way::Ours => self.timelines.push(some, Entry::Media(id)).await?,
                    _ => self.send(some, |user| self.pushing(way, user, id)).await?,
                }
            }
        }
        Ok(())
    }

    fn pushing(&self, way: Way, user: UserId, id: MediaId) -> Command {
        match way {
            Way::SortedSet => Command::on("ZADD", self.key(user)).with(0).with(encoded(way, id)),
            _ => Command::on("RPUSHX", self.key(user)).with(encoded(way, id)),
        }
    }

    async fn read(&self, way: Way) -> Result<()> {
        for user in &self.people {
            let whole = match way {
                Way::Ours => {
                    self.timelines.read(*user).await;
                    continue;
                }
                Way::SortedSet => Command::on("ZRANGE", self.key(*user)),
                Way::List | Way::DecimalList => Command::on("LRANGE", self.key(*user)),
            };
            self.redis.send::<Value>(whole.with(0).with(-1)).await?;
        }
        Ok(())
    }

    async fn remove(&self) -> Result<()> {
        self.send(&self.people, |user| Command::on("DEL", self.key(user))).await?;
        for user in &self.people {
            self.timelines.drop(*user).await?;
        }
        Ok(())
    }

    async fn send(&self, people: &[UserId], command: impl Fn(UserId) -> Command) -> Result<()> {
        for some in people.chunks(PIPELINE) {
            self.redis.send_all::<Value>(some.iter().map(|user| command(*user)).collect()).await?;
        }
        Ok(())
    }

    fn key(&self, user: UserId) -> String {
        self.redis.name(&format!("timeline:{{0}}:other:{}", user.0))
    }
}

/// What Redis says of itself now.
///
/// # Errors
/// When it goes away.
pub(super) async fn usage(redis: &Redis) -> Result<Usage> {
    let about: String = redis.send(Command::bare("INFO")).await?;
    let field = |name: &str| {
        let mut fields = about.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| *key == name).and_then(|(_, value)| value.trim().parse::<f64>().ok())
    };
    let missing = || Error::internal("Redis does not say what it uses");
    let cpu = field("used_cpu_user").zip(field("used_cpu_sys")).map(|(user, system)| (user + system) * 1e6);
    Ok(Usage { bytes: field("used_memory").ok_or_else(missing)?, micros: cpu.ok_or_else(missing)? })
}

/// An id such as one of the `number`th media would have, a minute after the one before.
fn media(number: i64) -> MediaId {
    MediaId((1 << 60) | ((number * 60_000) << 23) | (number * 104_729 % (1 << 23)))
}

fn encoded(way: Way, id: MediaId) -> Value {
    match way {
        Way::Ours | Way::List => (&id.0.to_be_bytes()[..]).into(),
        Way::DecimalList | Way::SortedSet => id.0.to_string().into(),
    }
}
