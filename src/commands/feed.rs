//! `photograph feed`: home feeds that are made ahead.

use clap::Subcommand;
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::domain::{feed, users};
use photograph::platform::telemetry;

use super::{Outcome, Settings};

/// What can be done to home feeds.
#[derive(Subcommand)]
pub enum FeedTask {
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

/// Does it.
///
/// # Errors
/// When the configuration is not right, or a part does not answer.
pub async fn run(task: FeedTask) -> Outcome {
    let FeedTask::Rebuild { user, settings, .. } = task;
    rebuild(user, &settings).await
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
