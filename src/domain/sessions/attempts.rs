//! Guessing passwords is slowed down: after some wrong ones for an account, its log-ins wait for a while.
//!
//! All processes count together where there is a Redis; while it is away each counts for itself. Sessions that have begun
//! are not touched, so nobody is thrown out by a stranger.

use std::time::Duration;

use crate::app::App;
use crate::base::error::{Error, Result};
use crate::domain::users::names::Name;
use crate::platform::counters::Bound;

/// How long wrong passwords are remembered, from the first of them.
const WINDOW: Duration = Duration::from_mins(15);

/// Counts an attempt, before the password is looked at: many at once are as many.
///
/// # Errors
/// `ACTION_LIMITED` with the time from which it can be tried again, after too many.
pub(super) async fn count(app: &App, name: &Name) -> Result<()> {
    let bound = Bound { most: app.config.auth.wrong_passwords, window: WINDOW };
    let counted = app.counters.count(app.clock.now(), &counter(name), bound).await;
    counted.map_err(|again| Error::limited("Too many wrong passwords. Try again later.", again).at(["login"]))
}

/// Takes an attempt back whose password was not looked at after all.
pub(super) async fn take_back(app: &App, name: &Name) {
    app.counters.take_back(&counter(name)).await;
}

/// Forgets the attempts after a right password.
pub(super) async fn forget(app: &App, name: &Name) {
    app.counters.forget(&counter(name)).await;
}

fn counter(name: &Name) -> String {
    format!("wrong passwords of {}", name.as_str())
}
