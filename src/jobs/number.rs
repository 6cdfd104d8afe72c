//! The number of this process among all that make ids, so that no two make the same. It is a lease in the first database.
//!
//! A process that is killed keeps its number until the lease has run out; one that stops gives it back. One whose lease
//! could not be renewed makes no ids until it has a lease again: the ids are made under it, see [`NodeLease`]. Beside the
//! lease the process says which version it is, and looks at which others run.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::{LogicalShard, NodeLease, PROCESSES};
use crate::platform::db::{Database, fleet, lease};

/// How long a number is kept without being renewed.
const LEASE: Duration = Duration::from_mins(1);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(15);
/// How often to read which versions run.
const REFRESH: Duration = Duration::from_secs(3);
/// How often to look for a number while all are taken, and to renew it after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// The number of this process.
#[derive(Debug)]
pub(super) struct Number {
    app: Arc<App>,
    holder: Arc<str>,
}

impl Number {
    /// Takes a free number. Waits while all are taken.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn take(app: &Arc<App>, holder: &Arc<str>) -> Result<Self> {
        take(app, holder).await?;
        fleet::forget_gone(first(app)).await?;
        app.db.fleet.refresh(first(app), app.clock.now()).await?;
        Ok(Self { app: app.clone(), holder: holder.clone() })
    }

    /// Renews it for ever, or takes another one when it was lost: every little while, and when somebody waits for it.
    pub(super) async fn keep(app: Arc<App>, holder: Arc<str>) {
        loop {
            if timeout(REFRESH, app.ids.lease_wanted()).await.is_err() && !is_due(&app) {
                refresh(&app).await;
                continue;
            }
            while let Err(error) = renew(&app, &holder).await {
                let number = app.ids.lease().map(|lease| lease.number);
                error.tell(|detail| tracing::error!(number, detail, "node id lease not renewed"));
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// Gives back the number that the process has now, and makes no more ids. Ids that were made ahead of the clock are
    /// waited for by the lease.
    pub(super) async fn give_back(&self) {
        let Some(lease) = self.app.ids.surrender() else { return };
        if let Err(error) = lease::release(first(&self.app), name(lease.number), &self.holder, lease.until).await {
            tracing::warn!(error = %error.detail(), "the number of this process is free only when its lease has run out");
        }
    }
}

/// Whether the lease is to be renewed.
fn is_due(app: &App) -> bool {
    app.ids.lease().is_none_or(|lease| app.ids.now() > lease.until.before(LEASE.saturating_sub(RENEW)))
}

/// Reads which versions run. When it cannot, the last result stands.
async fn refresh(app: &App) {
    if let Err(error) = app.db.fleet.refresh(first(app), app.clock.now()).await {
        error.tell(|detail| tracing::warn!(detail, "the versions of the processes that run cannot be read"));
    }
}

async fn take(app: &App, holder: &str) -> Result<u8> {
    loop {
        if let Some(number) = find(app, holder).await? {
            return Ok(number);
        }
        tracing::warn!(most = PROCESSES, "too many processes run at once: this one waits until another has ended");
        tokio::time::sleep(AGAIN).await;
    }
}

async fn find(app: &App, holder: &str) -> Result<Option<u8>> {
    let held = lease::held(first(app), app.clock.now()).await?;
    for number in (0..PROCESSES).filter(|number| !held.contains(&name(*number))) {
        let now = app.clock.now();
        if let Some(until) = hold(app, holder, number, now).await? {
            // Whoever had it before made ids for earlier instants.
            app.ids.grant(NodeLease { number, from: now, until });
            return Ok(Some(number));
        }
    }
    Ok(None)
}

async fn renew(app: &App, holder: &str) -> Result<()> {
    let Some(NodeLease { number, .. }) = app.ids.lease() else { return Ok(()) };
    let now = app.clock.now();
    if let Some(until) = hold(app, holder, number, now).await? {
        // Somebody may have had it in between.
        app.ids.grant(NodeLease { number, from: now, until });
    } else {
        let other = take(app, holder).await?;
        tracing::warn!(lost = number, number = other, "node id lease lost; acquired a new one");
    }
    app.db.fleet.refresh(first(app), app.clock.now()).await
}

/// Holds a number that nobody else holds now, and says which version this is. Returns until when: never before the last id
/// that was made, also when the clock was set back.
async fn hold(app: &App, holder: &str, number: u8, now: Timestamp) -> Result<Option<Timestamp>> {
    let until = app.ids.now().after(LEASE);
    let held = first(app).write(async |tx| {
        let is_held = lease::hold_in(tx, name(number), holder, now, until).await?;
        // A process without a number counts for nobody.
        if is_held {
            fleet::register(tx, holder).await?;
        }
        Ok(is_held)
    });
    Ok(held.await?.then_some(until))
}

fn first(app: &App) -> &Database {
    app.db.database(&LogicalShard::new(0))
}

fn name(number: u8) -> String {
    format!("{}{number}", fleet::NUMBERS)
}
