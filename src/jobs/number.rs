//! The number of this process among all that make ids, so that no two make the same. It is a lease in the first database.
//!
//! A process that is killed keeps its number until the lease has run out; one that stops gives it back.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{LogicalShard, PROCESSES};
use crate::platform::db::{Database, lease};

/// How long a number is kept without being renewed.
const LEASE: Duration = Duration::from_mins(1);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(15);
/// How often to look for a number while all are taken.
const AGAIN: Duration = Duration::from_secs(1);

/// The number of this process.
#[derive(Debug)]
pub(super) struct Number {
    app: Arc<App>,
    holder: Arc<str>,
    taken: u8,
}

impl Number {
    /// Takes a free number. Waits while all are taken.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn take(app: &Arc<App>, holder: &Arc<str>) -> Result<Self> {
        loop {
            if let Some(number) = find(app, holder).await? {
                app.ids.number(number);
                return Ok(Self { app: app.clone(), holder: holder.clone(), taken: number });
            }
            tracing::warn!(most = PROCESSES, "too many processes run at once: this one waits until another has ended");
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Renews it for ever, or takes another one when it was lost.
    pub(super) async fn keep(app: Arc<App>, holder: Arc<str>, mut number: u8) {
        loop {
            tokio::time::sleep(RENEW).await;
            match renew(&app, &holder, number).await {
                Ok(kept) if kept == number => {}
                Ok(other) => {
                    tracing::warn!(number, other, "this process was away for so long that it has another number now");
                    number = other;
                }
                Err(error) => {
                    error.tell(|detail| tracing::error!(number, detail, "the number of this process was not renewed"));
                }
            }
        }
    }

    pub(super) fn get(&self) -> u8 {
        self.taken
    }

    /// Gives it back. Ids that were made ahead of the clock are waited for by the lease.
    pub(super) async fn give_back(&self) {
        let at = self.app.ids.free_from();
        if let Err(error) = lease::release(first(&self.app), name(self.taken), &self.holder, at).await {
            tracing::warn!(error = %error.detail(), "the number of this process is free only when its lease has run out");
        }
    }
}

async fn find(app: &App, holder: &str) -> Result<Option<u8>> {
    let held = lease::held(first(app), app.clock.now()).await?;
    for number in (0..PROCESSES).filter(|number| !held.contains(&name(*number))) {
        if hold(app, holder, number).await? {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

async fn renew(app: &Arc<App>, holder: &Arc<str>, number: u8) -> Result<u8> {
    if hold(app, holder, number).await? {
        return Ok(number);
    }
    Ok(Number::take(app, holder).await?.taken)
}

async fn hold(app: &App, holder: &str, number: u8) -> Result<bool> {
    let now = app.clock.now();
    lease::hold(first(app), name(number), holder, now, now.after(LEASE)).await
}

fn first(app: &App) -> &Database {
    app.db.database(&LogicalShard::new(0))
}

fn name(number: u8) -> String {
    format!("process-{number}")
}
