//! `photograph bench`: what operations cost.

use clap::{Args, Subcommand};
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::bench;
use photograph::bench::feed::Plan;
use photograph::bench::push;
use photograph::bench::world::Size;
use photograph::platform::telemetry;

use super::{Outcome, Settings};

/// What can be measured.
#[derive(Subcommand)]
pub enum BenchTask {
    /// Reading a home feed: CPU of the server, of Postgres and of Redis, and statements.
    Feed(BenchFeed),
    /// Bringing a media into the feeds of very many followers: CPU of this program and of Redis, against Redis alone. Needs
    /// `redis.url`, and nobody else on it.
    Publish {
        /// How many follow.
        #[arg(long, default_value_t = 100_000)]
        followers: usize,
        #[command(flatten)]
        settings: Settings,
    },
    /// Bytes and microseconds of home feeds in Redis, against other ways to keep them. Needs `redis.url`, and nobody else on it.
    Timelines {
        /// For how many people.
        #[arg(long, default_value_t = 5000)]
        people: u32,
        #[command(flatten)]
        settings: Settings,
    },
    /// Pushing to Apple: CPU for each push, against a bare HTTP/2 client.
    Push(BenchPush),
    /// Takes the pushes of that.
    #[command(hide = true)]
    PushSink,
}

/// How many pushes.
#[derive(Args)]
pub struct BenchPush {
    #[command(flatten)]
    settings: Settings,
    /// Pushes in each round.
    #[arg(long, default_value_t = 30_000)]
    pushes: u32,
    /// Pushes under way at once.
    #[arg(long, default_value_t = 100)]
    in_flight: usize,
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

/// Measures it.
///
/// # Errors
/// When the configuration is not right, or a part fails.
pub async fn run(task: BenchTask) -> Outcome {
    match task {
        BenchTask::Feed(options) => feed(&options).await,
        BenchTask::Publish { followers, settings } => publish(followers, &settings).await,
        BenchTask::Timelines { people, settings } => timelines(people, &settings).await,
        BenchTask::Push(options) => pushes(&options).await,
        BenchTask::PushSink => Ok(push::serve_sink(|line| println!("{line}")).await?),
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

async fn publish(followers: usize, settings: &Settings) -> Outcome {
    let mut config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    // Whoever it is that so many follow, their media are pushed.
    config.feed.fan_out_followers = u32::MAX;
    let app = App::start(config, Clock::system()).await?;
    bench::publish::run(&app, followers, |line| println!("{line}")).await?;
    Ok(())
}

async fn timelines(people: u32, settings: &Settings) -> Outcome {
    photograph::bench::timelines(settings.load()?, people, |line| println!("{line}")).await?;
    Ok(())
}

async fn pushes(options: &BenchPush) -> Outcome {
    let BenchPush { settings, pushes, in_flight } = options;
    let plan = push::Plan { pushes: *pushes, in_flight: *in_flight };
    push::run(settings.load()?, plan, |line| println!("{line}")).await?;
    Ok(())
}
