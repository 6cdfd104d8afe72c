//! The program as if it were its next version: the same library with one more fact, one more step and one more change of
//! the schema. It runs beside the program in `tests/faults/upgrade.rs`, and records its fact as often as it may.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::base::edition::Edition;
use photograph::base::error::Result;
use photograph::base::facts::Fact;
use photograph::base::ids::UserId;
use photograph::platform::{log, telemetry};
use photograph::{http, jobs};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often something is rehearsed.
const OFTEN: Duration = Duration::from_millis(50);

#[derive(Parser)]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serve, as the program does.
    Serve {
        #[arg(long)]
        listen: String,
        #[arg(long)]
        config: PathBuf,
        #[arg(long)]
        data: PathBuf,
    },
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let Task::Serve { listen, config, data } = Command::parse().task;
    let mut config = Config::load(Some(&config))?;
    (config.server.listen, config.server.data) = (listen, data);
    telemetry::start(&config.telemetry)?;
    let listener = TcpListener::bind(&config.server.listen).await?;
    let is_api = config.server.role.api;
    let app = App::start_as(config, Clock::system(), Edition::Rehearsal).await?;
    let background = jobs::spawn(&app).await?;
    let stop = CancellationToken::new();
    let rehearsing = tokio::spawn(rehearse(app.clone(), is_api, stop.clone()));
    tokio::spawn(wait_for_signal(stop.clone()));
    http::serve(app, listener, stop).await;
    rehearsing.await?;
    background.stop().await;
    Ok(())
}

async fn wait_for_signal(stop: CancellationToken) {
    if let Ok(mut terminate) = signal(SignalKind::terminate()) {
        terminate.recv().await;
    }
    stop.cancel();
}

/// Records the new fact for as long as the process serves, and says which were acknowledged.
async fn rehearse(app: Arc<App>, is_api: bool, stop: CancellationToken) {
    while is_api && !stop.is_cancelled() {
        tokio::time::sleep(OFTEN).await;
        if let Ok(number) = record(&app).await {
            println!("rehearsed {number}");
        }
    }
}

async fn record(app: &App) -> Result<i64> {
    let place: UserId = app.ids.anywhere()?;
    let fact = Fact::Rehearsed { number: place.0 };
    app.db.write(&place, async |tx| log::record(tx, app.clock.now(), &fact).await).await?;
    Ok(place.0)
}
