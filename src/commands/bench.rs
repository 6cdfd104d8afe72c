//! `photograph bench`: what operations cost.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::bench;
use photograph::bench::feed;
use photograph::bench::photos::{Plan, Work};
use photograph::bench::world::Size;
use photograph::platform::telemetry;

use super::{Outcome, Settings};

/// What can be measured.
#[derive(Subcommand)]
pub enum BenchTask {
    /// Reading a home feed: CPU of the server, of Postgres and of Redis, and statements.
    Feed(BenchFeed),
    /// Putting a filter on a photo of 1080 × 1440 pixels. Needs nothing.
    Filters,
    /// Bytes and microseconds of home feeds in Redis, against other ways to keep them. Needs `redis.url`, and nobody else on it.
    Timelines {
        /// For how many people.
        #[arg(long, default_value_t = 5000)]
        people: u32,
        #[command(flatten)]
        settings: Settings,
    },
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
        BenchTask::Filters => {
            bench::filters(|line| println!("{line}"));
            Ok(())
        }
        BenchTask::Timelines { people, settings } => timelines(people, &settings).await,
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
    let BenchFeed { settings, people, follows, media, comments, reads, at_once } = options;
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let app = App::start(config, Clock::system()).await?;
    let size = Size { people: *people, follows: *follows, media: *media, comments: *comments };
    let plan = feed::Plan { size, reads: *reads, at_once: *at_once, server: settings.arguments() };
    bench::feed::run(&app, &plan, |line| println!("{line}")).await?;
    Ok(())
}

async fn timelines(people: u32, settings: &Settings) -> Outcome {
    photograph::bench::timelines(settings.load()?, people, |line| println!("{line}")).await?;
    Ok(())
}
