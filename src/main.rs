//! The command line: `serve` and what an operator needs beside it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::domain::{feed, users};
use photograph::platform::telemetry;
use photograph::{graphql, http, jobs, seed};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The backend of a photo-sharing app: a GraphQL API with realtime subscriptions, in one program.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Task {
    /// Serve the API, with workers inside. Also what runs without a command.
    Serve(Serve),
    /// Fill a server with a small lively world. Repeatable. Never on a public server: the passwords are known.
    Seed(Settings),
    /// Bring the schema of every database up to date, and nothing else.
    Migrate(Settings),
    /// Say whether the configuration is right and every configured part answers.
    Check(Settings),
    /// Home feeds that are made ahead.
    #[command(subcommand)]
    Feed(FeedTask),
    /// Measure a part of the server, against its alternatives.
    #[command(subcommand)]
    Bench(BenchTask),
    /// Show the configuration.
    #[command(subcommand)]
    Config(ConfigTask),
    /// Write the GraphQL schema to `schema.graphql`.
    Schema {
        /// Compare instead of writing; fails when the file is not up to date.
        #[arg(long)]
        check: bool,
    },
}

#[derive(Subcommand)]
enum FeedTask {
    /// Make home feeds anew from the databases. They are right without it: this is for when you do not believe it.
    Rebuild {
        /// Whose: a username or an ID.
        #[arg(required_unless_present = "all")]
        user: Option<String>,
        /// All that are kept.
        #[arg(long, conflicts_with = "user")]
        all: bool,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Subcommand)]
enum BenchTask {
    /// Bytes and microseconds of home feeds in Redis, against other ways to keep them. Needs `redis.url`, and nobody else on it.
    Timelines {
        /// For how many people.
        #[arg(long, default_value_t = 5000)]
        people: u32,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Subcommand)]
enum ConfigTask {
    /// Every value in force, as TOML-like lines. Secrets are not shown.
    Show(Settings),
    /// The table of options for the README.
    Table,
}

#[derive(Args, Default)]
struct Settings {
    /// The configuration file; `photograph.toml` when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder for everything the embedded parts keep.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

#[derive(Args, Default)]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let command = Command::parse();
    let done = match command.task.unwrap_or(Task::Serve(command.serve)) {
        Task::Serve(options) => serve(options).await,
        Task::Seed(settings) => plant(&settings).await,
        Task::Migrate(settings) => migrate(&settings).await,
        Task::Check(settings) => check(&settings).await,
        Task::Feed(FeedTask::Rebuild { user, settings, .. }) => rebuild(user, &settings).await,
        Task::Bench(BenchTask::Timelines { people, settings }) => bench(people, &settings).await,
        Task::Config(ConfigTask::Show(settings)) => show(&settings),
        Task::Config(ConfigTask::Table) => table(),
        Task::Schema { check } => schema(check),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("photograph: {}", in_full(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// An operator is shown the whole of an error, unlike a client.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    error
        .downcast_ref::<photograph::base::error::Error>()
        .map_or_else(|| error.to_string(), photograph::base::error::Error::detail)
}

impl Settings {
    fn load(&self) -> Result<Config, Box<dyn std::error::Error>> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(data) = &self.data {
            config.server.data.clone_from(data);
        }
        Ok(config)
    }
}

async fn serve(options: Serve) -> Outcome {
    let mut config = options.settings.load()?;
    if let Some(listen) = options.listen {
        config.server.listen = listen;
        config.check()?;
    }
    telemetry::start(&config.telemetry)?;
    let listener = TcpListener::bind(&config.server.listen).await.map_err(|error| in_use(&config, &error))?;
    // Port 0 asks for any free one: links must name the one that was given.
    config.server.listen = listener.local_addr()?.to_string();
    let app = App::start(config, Clock::system()).await?;
    let background = jobs::spawn(&app).await?;
    announce(&app.config);
    let stop = CancellationToken::new();
    tokio::spawn(wait_for_signal(stop.clone()));
    http::serve(app, listener, stop).await;
    background.stop().await;
    Ok(())
}

fn in_use(config: &Config, error: &std::io::Error) -> String {
    format!("cannot listen on {}: {error}. Choose another address with --listen.", config.server.listen)
}

fn announce(config: &Config) {
    let url = config.public_url();
    println!("photograph {} serves {url}/graphql", env!("CARGO_PKG_VERSION"));
    if config.playground.enabled {
        println!("  playground  {url}/playground");
    }
    println!("  data        {}", config.server.data.display());
    println!("Stop with Ctrl-C. For a lively first look, run `photograph seed` beside it.");
}

/// Ctrl-C, or SIGTERM where there is such a thing.
async fn wait_for_signal(stop: CancellationToken) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return stop.cancel();
        }
    }
    let _ = tokio::signal::ctrl_c().await;
    stop.cancel();
}

async fn plant(settings: &Settings) -> Outcome {
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let app = App::start(config, Clock::system()).await?;
    let background = jobs::spawn(&app).await?;
    seed::plant(&app, |line| println!("{line}")).await?;
    background.stop().await;
    Ok(())
}

async fn migrate(settings: &Settings) -> Outcome {
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let app = App::start(config, Clock::system()).await?;
    println!("The schema of {} database(s) is up to date.", app.db.databases().len());
    Ok(())
}

async fn check(settings: &Settings) -> Outcome {
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    println!("configuration  right");
    let app = App::start(config, Clock::system()).await?;
    app.db.ping().await?;
    println!("databases      {} answer, their schema is up to date", app.db.databases().len());
    app.blobs.write("check", b"photograph").await?;
    app.blobs.remove("check").await?;
    println!("files          can be written below {}", app.config.server.data.display());
    Ok(())
}

/// Rebuilds the feed of a user, or all that are kept.
async fn rebuild(user: Option<String>, settings: &Settings) -> Outcome {
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let app = App::start(config, Clock::system()).await?;
    if !app.timelines.are_kept() {
        println!("There is no Redis: home feeds are computed at each read, and there is nothing to rebuild.");
        return Ok(());
    }
    let Some(user) = user else {
        println!("{} home feeds were made anew.", feed::rebuild_all(&app).await?);
        return Ok(());
    };
    let id = match user.parse() {
        Ok(id) => users::find(&app, id).await?.map(|user| user.id),
        Err(_) => users::by_username(&app, &user).await?.map(|user| user.id),
    };
    let id = id.ok_or_else(|| format!("there is no user {user}"))?;
    let word = if feed::rebuild(&app, id).await? { "was made anew" } else { "is being made by somebody else" };
    println!("The home feed of {user} {word}.");
    Ok(())
}

async fn bench(people: u32, settings: &Settings) -> Outcome {
    photograph::bench::timelines(settings.load()?, people, |line| println!("{line}")).await?;
    Ok(())
}

fn show(settings: &Settings) -> Outcome {
    for (key, value) in settings.load()?.shown() {
        println!("{key} = {value}");
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "every task has an outcome")]
fn table() -> Outcome {
    print!("{}", Config::table());
    Ok(())
}

fn schema(check: bool) -> Outcome {
    const FILE: &str = "schema.graphql";
    let now = graphql::sdl();
    if !check {
        return Ok(std::fs::write(FILE, now)?);
    }
    if std::fs::read_to_string(FILE)? == now {
        return Ok(());
    }
    Err("schema.graphql is not up to date: run `photograph schema`.".into())
}
