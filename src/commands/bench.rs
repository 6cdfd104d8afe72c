//! `photograph bench`: what operations cost.

use std::time::Duration;

use clap::{Args, Subcommand};
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::bench;
use photograph::bench::feed::Plan;
use photograph::bench::world::Size;
use photograph::platform::telemetry;

use super::{Outcome, Settings};

/// What can be measured.
#[derive(Subcommand)]
pub enum BenchTask {
    /// Reading a home feed: CPU of the server, of Postgres and of Redis, and statements.
    Feed(BenchFeed),
    /// Live streams: memory of each idle subscriber, CPU for each delivery, and the time until the last has an event.
    Live(BenchLive),
    /// Bytes and microseconds of home feeds in Redis, against other ways to keep them. Needs `redis.url`, and nobody else on it.
    Timelines {
        /// For how many people.
        #[arg(long, default_value_t = 5000)]
        people: u32,
        #[command(flatten)]
        settings: Settings,
    },
}

/// How much of everything.
#[derive(Args)]
pub struct BenchFeed {
    #[command(flatten)]
    settings: Settings,
    /// People in the world.
    #[arg(long, default_value_t = 20_000)]
    people: usize,
    /// Whom each follows, on average.
    #[arg(long, default_value_t = 100)]
    follows: usize,
    /// Media of each, on average.
    #[arg(long, default_value_t = 20)]
    media: usize,
    /// Comments on each media, on average.
    #[arg(long, default_value_t = 3)]
    comments: usize,
    /// Reads that are counted.
    #[arg(long, default_value_t = 5000)]
    reads: usize,
    /// Connections that read side by side.
    #[arg(long, default_value_t = 2)]
    at_once: usize,
}

/// How many listen, and to how much.
#[derive(Args)]
pub struct BenchLive {
    #[command(flatten)]
    settings: Settings,
    /// Subscribers of one media, each on a socket and in a session of their own.
    #[arg(long, default_value_t = 10_000)]
    subscribers: usize,
    /// Events of each kind that are counted.
    #[arg(long, default_value_t = 5)]
    events: u32,
    /// Seconds in which nothing happens, to see what that costs.
    #[arg(long, default_value_t = 10)]
    idle: u64,
}

/// Measures it.
///
/// # Errors
/// When the configuration is not right, or a part fails.
pub async fn run(task: BenchTask) -> Outcome {
    match task {
        BenchTask::Feed(options) => feed(&options).await,
        BenchTask::Live(options) => live(&options).await,
        BenchTask::Timelines { people, settings } => timelines(people, &settings).await,
    }
}

async fn feed(options: &BenchFeed) -> Outcome {
    let BenchFeed { settings, people, follows, media, comments, reads, at_once } = options;
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let app = App::start(config, Clock::system()).await?;
    let size = Size { people: *people, follows: *follows, media: *media, comments: *comments };
    let plan = Plan { size, reads: *reads, at_once: *at_once, server: settings.arguments() };
    bench::feed::run(&app, &plan, |line| println!("{line}")).await?;
    Ok(())
}

async fn live(options: &BenchLive) -> Outcome {
    let BenchLive { settings, subscribers, events, idle } = options;
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let app = App::start(config, Clock::system()).await?;
    let idle = Duration::from_secs(*idle);
    let plan = bench::live::Plan { subscribers: *subscribers, events: *events, idle, server: settings.arguments() };
    bench::live::run(&app, &plan, |line| println!("{line}")).await?;
    Ok(())
}

async fn timelines(people: u32, settings: &Settings) -> Outcome {
    photograph::bench::timelines(settings.load()?, people, |line| println!("{line}")).await?;
    Ok(())
}
