//! Guessing passwords is slowed down: after some wrong ones for an account, its log-ins wait for a while.
//!
//! Kept in the memory of each process. Sessions that have begun are not touched, so nobody is thrown out by a stranger.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::domain::users::names::Name;

/// How long wrong passwords are remembered, from the first of them.
const WINDOW: Duration = Duration::from_mins(15);
/// Names remembered at once; beyond, those whose time is over are forgotten first, then all.
const REMEMBERED: usize = 100_000;

/// Counts an attempt, before the password is looked at: many at once are as many.
///
/// # Errors
/// `ACTION_LIMITED` with the time from which it can be tried again, after too many.
pub(super) fn count(app: &App, name: &Name) -> Result<()> {
    let (now, limit) = (app.clock.now(), app.config.auth.wrong_passwords);
    let mut attempts = lock(app);
    make_room(&mut attempts, now);
    let entry = attempts.entry(name.as_str().to_owned()).or_insert((0, now));
    if now.since(entry.1) >= WINDOW {
        *entry = (0, now);
    }
    if entry.0 >= limit {
        let message = "Too many wrong passwords. Try again later.";
        return Err(Error::limited(message, entry.1.after(WINDOW)).at(["login"]));
    }
    entry.0 += 1;
    Ok(())
}

/// Takes an attempt back whose password was not looked at after all.
pub(super) fn take_back(app: &App, name: &Name) {
    if let Some(entry) = lock(app).get_mut(name.as_str()) {
        entry.0 = entry.0.saturating_sub(1);
    }
}

/// Forgets the attempts after a right password.
pub(super) fn forget(app: &App, name: &Name) {
    lock(app).remove(name.as_str());
}

fn make_room(attempts: &mut Attempts, now: Timestamp) {
    if attempts.len() >= REMEMBERED {
        attempts.retain(|_, (_, first)| now.since(*first) < WINDOW);
    }
    if attempts.len() >= REMEMBERED {
        attempts.clear();
    }
}

type Attempts = HashMap<String, (u32, Timestamp)>;

fn lock(app: &App) -> MutexGuard<'_, Attempts> {
    app.wrong_passwords.lock().unwrap_or_else(PoisonError::into_inner)
}
