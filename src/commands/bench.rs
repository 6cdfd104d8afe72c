//! `photograph bench`: what operations cost.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::bench;
use photograph::bench::compare::{self, Setup};
use photograph::bench::photos::{Plan, Work};
use photograph::bench::world::Size;
use photograph::bench::{feed, push};
use photograph::platform::telemetry;

use super::{Outcome, Settings};

/// What can be measured.
#[derive(Subcommand)]
pub enum BenchTask {
    /// Reading a home feed: CPU of the server, of Postgres and of Redis, and statements.
    Feed(BenchFeed),
    /// Each operation of the playground: CPU of the server, statements and bytes. Makes databases of its own beside that in
    /// `database.url`, which is a Postgres on this machine.
    Operations(BenchOperations),
    /// Putting a filter on a photo of 1080 × 1440 pixels. Needs nothing.
    Filters,
    /// Bringing a media into the feeds of very many followers: CPU of this program and of Redis, against Redis alone. Needs
    /// `redis.url`, and nobody else on it.
    Publish {
        /// How many follow.
        #[arg(long, default_value_t = 100_000)]
        followers: usize,
        #[command(flatten)]
        settings: Settings,
    },
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
    /// Pushing to Apple: CPU for each push, against a bare HTTP/2 client.
    Push(BenchPush),
    /// Takes the pushes of that.
    #[command(hide = true)]
    PushSink,
    /// Turning a photo of 12 megapixels into its images: photos for each second of a core, memory, bytes, quality.
    Photos {
        /// A photo to take instead of drawn ones.
        #[arg(long, value_name = "FILE")]
        photo: Option<PathBuf>,
        /// How many photos are drawn.
        #[arg(long, default_value_t = 4)]
        scenes: u64,
        /// How often each is worked on.
        #[arg(long, default_value_t = 10)]
        rounds: u32,
    },
    /// One kind of work on one photo, in a process of its own.
    #[command(hide = true)]
    Photo {
        #[arg(long, value_parser = work)]
        work: Work,
        #[arg(long)]
        photo: PathBuf,
        #[arg(long)]
        rounds: u32,
    },
}

fn work(name: &str) -> Result<Work, String> {
    Work::ALL.into_iter().find(|work| work.name() == name).ok_or_else(|| format!("{name} is not measured"))
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
    /// Another build of this program, to read the same from both in turns, in five rounds. Makes databases for both beside
    /// that in `database.url`, which is a Postgres on this machine; the reads are shared among the rounds.
    #[arg(long, value_name = "BINARY")]
    against: Option<PathBuf>,
}

/// Which operations, and of whom.
#[derive(Args)]
pub struct BenchOperations {
    #[command(flatten)]
    settings: Settings,
    /// Another build of this program, to execute the same on both in turns.
    #[arg(long, value_name = "BINARY")]
    against: Option<PathBuf>,
    /// The folder with the documents.
    #[arg(long, value_name = "FOLDER", default_value = "playground/operations")]
    documents: PathBuf,
    /// People in the world; at least 200, and four times the executions or they repeat themselves.
    #[arg(long, default_value_t = 20_000)]
    people: usize,
    /// Executions of each operation in each of five rounds.
    #[arg(long, default_value_t = 200)]
    executions: usize,
    /// Connections that ask side by side.
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
        BenchTask::Operations(options) => operations(&options).await,
        BenchTask::Publish { followers, settings } => publish(followers, &settings).await,
        BenchTask::Live(options) => live(&options).await,
        BenchTask::Timelines { people, settings } => timelines(people, &settings).await,
        BenchTask::Push(options) => pushes(&options).await,
        BenchTask::PushSink => Ok(push::serve_sink(|line| println!("{line}")).await?),
        BenchTask::Filters => {
            bench::filters(|line| println!("{line}"));
            Ok(())
        }
        BenchTask::Photos { photo, scenes, rounds } => {
            Ok(bench::photos::photos(&Plan { photo, scenes, rounds }, |line| println!("{line}"))?)
        }
        BenchTask::Photo { work, photo, rounds } => {
            println!("{}", bench::photos::photo(work, &photo, rounds)?);
            Ok(())
        }
    }
}

async fn feed(options: &BenchFeed) -> Outcome {
    let BenchFeed { settings, people, follows, media, comments, reads, at_once, against } = options;
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let size = Size { people: *people, follows: *follows, media: *media, comments: *comments };
    if against.is_some() {
        let (arguments, against) = (settings.arguments(), against.clone());
        let setup = Setup { config, arguments, against, size, at_once: *at_once, executions: None };
        return Ok(compare::feed(&setup, *reads, |line| println!("{line}")).await?);
    }
    let app = App::start(config, Clock::system()).await?;
    let plan = feed::Plan { size, reads: *reads, at_once: *at_once, server: settings.arguments() };
    bench::feed::run(&app, &plan, |line| println!("{line}")).await?;
    Ok(())
}

async fn operations(options: &BenchOperations) -> Outcome {
    let BenchOperations { settings, against, documents, people, executions, at_once } = options;
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let (arguments, against) = (settings.arguments(), against.clone());
    let size = Size { people: *people, follows: 100, media: 20, comments: 3 };
    let setup = Setup { config, arguments, against, size, at_once: *at_once, executions: Some(*executions) };
    Ok(compare::operations(&setup, documents, |line| println!("{line}")).await?)
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

async fn pushes(options: &BenchPush) -> Outcome {
    let BenchPush { settings, pushes, in_flight } = options;
    let plan = push::Plan { pushes: *pushes, in_flight: *in_flight };
    push::run(settings.load()?, plan, |line| println!("{line}")).await?;
    Ok(())
}
