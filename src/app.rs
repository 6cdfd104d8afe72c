//! Every machine of the program, built once and shared by the web, the workers and the tests. No features live here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::base::chance::Chance;
use crate::base::clock::{Clock, Timestamp};
use crate::base::config::Config;
use crate::base::edition::Edition;
use crate::base::error::Result;
use crate::base::ids::{Ids, LogicalShard, SessionId};
use crate::base::volume;
use crate::platform::accepted_rotations::AcceptedRotations;
use crate::platform::apns::Apns;
use crate::platform::blobs::Blobs;
use crate::platform::db::Db;
use crate::platform::drain::Drain;
use crate::platform::filters::Filters;
use crate::platform::heif::Heif;
use crate::platform::imaging_pools::ImagingPools;
use crate::platform::links::Links;
use crate::platform::log::live::Live;
use crate::platform::log::{self, Bus};
use crate::platform::rate_limiter::RateLimiter;
use crate::platform::redis::Redis;
use crate::platform::rendering::Rendering;
use crate::platform::telemetry::metrics::Metrics;
use crate::platform::timelines::Timelines;
use crate::platform::token::Tokens;
use crate::platform::told::Told;
use crate::platform::transfers::Transfers;

/// Every machine of the program.
#[derive(Debug)]
pub struct App {
    /// How the server is set up.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// Where randomness comes from.
    pub chance: Chance,
    /// Makes ids.
    pub ids: Ids,
    /// The databases.
    pub db: Db,
    /// What all processes share beside the databases, when there is one.
    pub redis: Option<Redis>,
    /// Home feeds made ahead.
    pub timelines: Timelines,
    /// Carries new log entries from relays to tails.
    pub bus: Bus,
    /// The live streams of this process.
    pub live: Arc<Live>,
    /// What the program counts of itself.
    pub metrics: Metrics,
    /// The end of all live streams, when the server stops.
    pub drain: Drain,
    /// The files.
    pub blobs: Blobs,
    /// Uploads whose bytes are coming in.
    pub transfers: Transfers,
    /// The links of images.
    pub links: Links,
    /// The keys that sign access tokens.
    pub tokens: Tokens,
    /// The rotations of sessions that had a token accepted.
    pub accepted_rotations: AcceptedRotations,
    /// Sessions that ended while their access tokens still look good, and when.
    pub ended_sessions: Mutex<HashMap<SessionId, Timestamp>>,
    /// What live streams told lately, which needs no push.
    pub told: Told,
    /// Where pushes go.
    pub apns: Apns,
    /// How often things may be done.
    pub rate_limiter: RateLimiter,
    /// Whose turn it is to have a password hashed: each takes 19 MiB and tens of milliseconds.
    pub hashing: Turns,
    /// The filters that photos can be shown with.
    pub filters: Filters,
    /// What reads HEIC and AVIF, where there is such a program and it may run.
    pub heif: Option<Heif>,
    /// Whose turn it is to work on pixels.
    pub imaging: ImagingPools,
    /// Images that somebody waits for.
    pub rendering: Rendering,
}

/// Passwords hashed at once in one process.
const HASHING: usize = 4;
/// Requests that wait for their password to be hashed; more are turned away.
const HASHING_WAITING: usize = 256;

/// Work of which only some is done at once, and only some may wait.
#[derive(Debug)]
pub struct Turns {
    /// Places to wait in; without one, the request is turned away.
    pub waiting: Arc<Semaphore>,
    /// Places to work in.
    pub running: Arc<Semaphore>,
}

impl Turns {
    fn for_passwords() -> Self {
        let [waiting, running] = [HASHING_WAITING, HASHING].map(|places| Arc::new(Semaphore::new(places)));
        Self { waiting, running }
    }
}

impl App {
    /// Connects to everything and brings the schemas up to date.
    ///
    /// # Errors
    /// When a part cannot be reached or refuses.
    #[must_use = "nothing is started before it is awaited"]
    pub fn start(config: Config, clock: Clock) -> BoxFuture<'static, Result<Arc<Self>>> {
        Self::start_as(config, clock, Edition::Current)
    }

    /// The same as a program of an edition.
    ///
    /// # Errors
    /// When a part cannot be reached or refuses.
    #[must_use = "nothing is started before it is awaited"]
    pub fn start_as(config: Config, clock: Clock, edition: Edition) -> BoxFuture<'static, Result<Arc<Self>>> {
        // In a box it is compiled here once, and not again with every program that awaits it.
        Self::open(config, clock, edition).boxed()
    }

    async fn open(config: Config, clock: Clock, edition: Edition) -> Result<Arc<Self>> {
        config.warn_of_old_names();
        volume::make_private_folder(&config.server.data)?;
        let chance = Chance::default();
        let filters = Filters::open(&config.filters);
        filters.wrong.iter().for_each(|wrong| tracing::error!("{wrong} It was left out."));
        let heif = Heif::open(&config.uploads).and_then(|heif| heif.inspect_err(|why| tracing::error!("{why}")).ok());
        let db = databases(&config, &clock, edition).await?;
        let (positions, identities) = logs(&db).await?;
        let redis = Redis::open(&config.redis).await?;
        Ok(Arc::new(Self {
            ids: Ids::new(clock.clone(), chance.clone()),
            bus: Bus::open(redis.clone(), &identities, &chance.token()),
            live: Arc::new(Live::at(positions, identities.concat())),
            rate_limiter: RateLimiter::open(redis.clone()),
            told: Told::open(redis.clone()),
            timelines: Timelines::open(redis.clone(), chance.clone(), &config.feed),
            redis,
            metrics: Metrics::default(),
            drain: Drain::over(Duration::from_secs(config.http.drain_seconds)),
            blobs: Blobs::open(&config, &chance).await?,
            transfers: Transfers::default(),
            links: Links::open(&config, &db, &chance).await?,
            tokens: Tokens::of(issuer(&db, &identities)),
            accepted_rotations: AcceptedRotations::default(),
            apns: Apns::open(&config.push.apns)?,
            ended_sessions: Mutex::default(),
            hashing: Turns::for_passwords(),
            filters,
            heif,
            imaging: ImagingPools::of(config.uploads.workers),
            rendering: Rendering::default(),
            config,
            clock,
            chance,
            db,
        }))
    }
}

/// The databases with their schemas up to date, and which versions of the program run on them.
async fn databases(config: &Config, clock: &Clock, edition: Edition) -> Result<Db> {
    let db = Db::open_as(config, edition).await?;
    db.migrate().await?;
    db.fleet.refresh(&db.databases()[0], clock.now()).await?;
    Ok(db)
}

/// How far the log of each database goes, and its name.
async fn logs(db: &Db) -> Result<(Vec<i64>, Vec<String>)> {
    let (mut positions, mut identities) = (Vec::new(), Vec::new());
    for database in db.databases() {
        positions.push(log::position(database).await?);
        identities.push(log::identity(database).await?);
    }
    Ok((positions, identities))
}

/// The issuer of access tokens: the database of the keys tells this server from all others, whatever address it has.
fn issuer(db: &Db, identities: &[String]) -> String {
    format!("urn:photograph:{}", identities[db.database(&LogicalShard::new(0)).number])
}
