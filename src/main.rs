//! The command line: `serve` and what an operator needs beside it.

// Futures of the whole schema are laid out in one go when everything is optimised.
#![recursion_limit = "256"]

mod commands;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::{Config, Roles};
use photograph::base::volume;
use photograph::platform::db::Db;
use photograph::platform::{sandbox, telemetry};
use photograph::{graphql, http, jobs};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use commands::bench::BenchTask;
use commands::check::Check;
use commands::feed::FeedTask;
use commands::seed::Seed;
use commands::{Outcome, Settings, bench, check, feed, seed};

/// Small pieces of memory are taken and given back thousands of times for each answer.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    Seed(Seed),
    /// Bring the schema of every database up to date, and nothing else.
    Migrate(Settings),
    /// Measure what an operation costs, on a world that is made for it. Wants empty databases of its own.
    #[command(subcommand)]
    Bench(BenchTask),
    /// Say whether the configuration is right and, with `--live`, whether every configured part works.
    Check(Check),
    /// Home feeds that are made ahead.
    #[command(subcommand)]
    Feed(FeedTask),
    /// Show the configuration.
    #[command(subcommand)]
    Config(ConfigTask),
    /// Enter the sandbox and become a command. What reads HEIC and AVIF is started by this.
    #[command(hide = true, name = sandbox::SUBCOMMAND)]
    Sandboxed {
        /// A program that may be read and executed beside the system's own.
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Write the GraphQL schema to `schema.graphql`.
    Schema {
        /// Compare instead of writing; fails when the file is not up to date.
        #[arg(long)]
        check: bool,
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
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// What this process does: all, or some of api, worker and relay, with commas between them.
    #[arg(long)]
    role: Option<Roles>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Command::parse();
    volume::keep_private();
    let done = match command.task.unwrap_or(Task::Serve(command.serve)) {
        Task::Serve(options) => Box::pin(serve(options)).await,
        Task::Seed(options) => seed::run(options).await,
        Task::Migrate(settings) => migrate(&settings).await,
        Task::Bench(task) => Box::pin(bench::run(task)).await,
        Task::Check(options) => check::run(options).await,
        Task::Feed(task) => Box::pin(feed::run(task)).await,
        Task::Config(ConfigTask::Show(settings)) => show(&settings),
        Task::Config(ConfigTask::Table) => table(),
        Task::Sandboxed { program, command } => return sandboxed(&program, &command),
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

async fn serve(options: Serve) -> Outcome {
    let mut config = options.settings.load()?;
    if let Some(listen) = options.listen {
        config.server.listen = listen;
        config.check()?;
    }
    config.server.role = options.role.unwrap_or(config.server.role);
    telemetry::start(&config.telemetry)?;
    let listener = TcpListener::bind(&config.server.listen).await.map_err(|error| in_use(&config, &error))?;
    // Port 0 asks for any free one: links must name the one that was given.
    config.server.listen = listener.local_addr()?.to_string();
    let admin = match &config.server.admin_listen {
        Some(address) => {
            Some(TcpListener::bind(address).await.map_err(|error| format!("server.admin_listen: {error}"))?)
        }
        None => None,
    };
    let app = App::start(config, Clock::system()).await?;
    let background = jobs::spawn(&app).await?;
    announce(&app.config);
    let stop = CancellationToken::new();
    if let Some(admin) = admin {
        tokio::spawn(http::admin::serve(app.clone(), admin, stop.clone()));
    }
    tokio::spawn(wait_for_signal(stop.clone()));
    http::serve(app, listener, stop).await;
    background.stop().await;
    Ok(())
}

fn in_use(config: &Config, error: &std::io::Error) -> String {
    format!("cannot listen on {}: {error}. Choose another address with --listen.", config.server.listen)
}

fn announce(config: &Config) {
    let (url, version, role) = (config.public_url(), env!("CARGO_PKG_VERSION"), config.server.role);
    if !role.api {
        println!("photograph {version} works as {role}; whether it is well is told at {url}/readyz");
        return;
    }
    println!("photograph {version} serves {url}/graphql");
    if role != Roles::ALL {
        println!("  role        {role}");
    }
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

async fn migrate(settings: &Settings) -> Outcome {
    let config = settings.load()?;
    telemetry::start(&config.telemetry)?;
    let db = Db::open(&config).await?;
    db.migrate().await?;
    println!("The schema of {} database(s) is up to date.", db.databases().len());
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

/// What started this waits for a status as a shell gives it.
fn sandboxed(program: &Path, command: &[String]) -> ExitCode {
    eprintln!("{}", sandbox::become_sandboxed(program, command));
    ExitCode::from(sandbox::REFUSED)
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
