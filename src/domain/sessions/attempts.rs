//! Guessing passwords is slowed down: after some wrong ones, log-ins wait for a while. Right ones are never counted.
//!
//! Wrong passwords are counted for an account from one network, so that a stranger elsewhere locks nobody out; for the
//! account in total, so that many networks together cannot go on for ever; and for a network, so that it cannot try many
//! accounts. A name that nobody has counts like an account, so that nothing tells whether there is one.
//!
//! Nothing is reserved while a password is hashed. Instead the bounds are checked again afterwards, so of many guesses at
//! once no more are answered than of many in a row. All processes count together where there is a Redis; while it is away
//! each counts for itself. Sessions that have begun are not touched, so nobody is thrown out by a stranger.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::UserId;
use crate::platform::counters::Bound;

/// How long the wrong passwords for an account from one network count, from the first of them.
const PAIR_WINDOW: Duration = Duration::from_mins(15);
/// The same for an account in total.
const ACCOUNT_WINDOW: Duration = Duration::from_hours(1);
/// The same for a network.
const NETWORK_WINDOW: Duration = Duration::from_mins(5);

/// A log-in whose password is about to be verified, and the counters of wrong ones that concern it.
pub(super) struct Attempt<'a> {
    app: &'a App,
    /// That of the account from this network, which a right password resets.
    pair: String,
    counters: Vec<(String, Bound)>,
}

impl<'a> Attempt<'a> {
    /// A log-in from a network: for a user, or for a normalised name that nobody has.
    pub(super) fn new(app: &'a App, user: Option<UserId>, name: &str, network: IpAddr) -> Self {
        let account = user.map_or_else(|| format!("name {name}"), |user| user.to_string());
        let pair = format!("wrong passwords of {account} from {network}");
        let auth = &app.config.auth;
        let counters = [
            (pair.clone(), auth.wrong_passwords, PAIR_WINDOW),
            (format!("wrong passwords of {account}"), auth.wrong_passwords_of_account, ACCOUNT_WINDOW),
            (format!("wrong passwords from {network}"), auth.wrong_passwords_of_network, NETWORK_WINDOW),
        ];
        let bounded = counters.into_iter().filter(|(_, most, _)| *most > 0);
        let counters = bounded.map(|(name, most, window)| (name, Bound { most, window })).collect();
        Self { app, pair, counters }
    }

    /// Checks that there were not too many wrong passwords already.
    ///
    /// # Errors
    /// `ACTION_LIMITED` with the time from which it can be tried again.
    pub(super) async fn check(&self) -> Result<()> {
        let (counters, now) = (&self.app.counters, self.app.clock.now());
        let checks = self.counters.iter().map(|(name, bound)| counters.check(now, name, *bound));
        try_join_all(checks).await.map(|_| ()).map_err(limited)
    }

    /// Counts a wrong password.
    ///
    /// # Errors
    /// `ACTION_LIMITED` when others used the bound up in the meantime: nothing may be said of the password then.
    pub(super) async fn is_wrong(&self) -> Result<()> {
        for (name, bound) in &self.counters {
            self.app.counters.count(self.app.clock.now(), name, *bound).await.map_err(limited)?;
        }
        Ok(())
    }

    /// Forgets the wrong passwords for this account from this network.
    ///
    /// # Errors
    /// As for a wrong one.
    pub(super) async fn is_right(&self) -> Result<()> {
        self.check().await?;
        self.app.counters.forget(&self.pair).await;
        Ok(())
    }
}

fn limited(again: Timestamp) -> Error {
    Error::limited("Too many wrong passwords. Try again later.", again).at(["login"])
}
