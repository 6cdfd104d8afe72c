//! Guessing passwords is slowed down: log-ins from a network are limited, and wrong passwords further.
//!
//! A network is limited so that it cannot try many accounts; its right log-ins count too, because a list of stolen passwords
//! has right ones. Wrong passwords are counted for an account from one network, so that a stranger elsewhere locks nobody
//! out, and for the account in total, so that many networks together cannot go on for ever. A name that nobody has counts
//! like an account, so that nothing tells whether there is one.
//!
//! Nothing of these is reserved while a password is hashed. Instead the quotas are checked again afterwards, so of many
//! guesses at once no more are answered than of many in a row. All processes count together where there is a Redis; while it
//! is away each counts for itself. Sessions that have begun are not touched, so nobody is thrown out by a stranger.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::UserId;
use crate::platform::rate_limiter::Quota;

/// How long until the wrong passwords for an account from one network are all forgotten.
const PAIR_PERIOD: Duration = Duration::from_mins(15);
/// The same for an account in total.
const ACCOUNT_PERIOD: Duration = Duration::from_hours(1);
/// The same for the log-ins from a network.
const NETWORK_PERIOD: Duration = Duration::from_mins(5);

/// A log-in whose password is about to be verified, and the quotas of wrong ones that concern it.
pub(super) struct Attempt<'a> {
    app: &'a App,
    /// That of the account from this network, which a right password resets.
    pair: String,
    quotas: Vec<(String, Quota)>,
}

/// Counts a log-in from a network, whatever comes of it.
///
/// # Errors
/// `ACTION_LIMITED` with the time from which it can be tried again.
pub(super) async fn count(app: &App, network: Option<IpAddr>) -> Result<()> {
    let quota = quota(app.config.auth.log_ins_of_network, NETWORK_PERIOD);
    let Some((network, quota)) = network.zip(quota) else { return Ok(()) };
    let counted = app.rate_limiter.count(app.clock.now(), &format!("log-ins from {network}"), quota).await;
    counted.map_err(|again| Error::limited("Too many log-ins from this network address. Try again later.", again))
}

impl<'a> Attempt<'a> {
    /// A log-in from a network: for a user, or for a normalised name that nobody has.
    pub(super) fn new(app: &'a App, user: Option<UserId>, name: &str, network: Option<IpAddr>) -> Self {
        let account = user.map_or_else(|| format!("name {name}"), |user| user.to_string());
        let network = network.map_or_else(|| "the program itself".to_owned(), |network| network.to_string());
        let pair = format!("wrong passwords of {account} from {network}");
        let quotas = [
            (pair.clone(), quota(app.config.auth.wrong_passwords, PAIR_PERIOD)),
            (
                format!("wrong passwords of {account}"),
                quota(app.config.auth.wrong_passwords_of_account, ACCOUNT_PERIOD),
            ),
        ];
        let quotas = quotas.into_iter().filter_map(|(name, quota)| Some((name, quota?))).collect();
        Self { app, pair, quotas }
    }

    /// Checks that there were not too many wrong passwords already.
    ///
    /// # Errors
    /// `ACTION_LIMITED` with the time from which it can be tried again.
    pub(super) async fn check(&self) -> Result<()> {
        let (limiter, now) = (&self.app.rate_limiter, self.app.clock.now());
        let checks = self.quotas.iter().map(|(name, quota)| limiter.check(now, name, *quota));
        let again = join_all(checks).await.into_iter().filter_map(Result::err).max();
        again.map_or(Ok(()), |again| Err(limited(again)))
    }

    /// Counts a wrong password.
    ///
    /// # Errors
    /// `ACTION_LIMITED` when others used a quota up in the meantime: nothing may be said of the password then.
    pub(super) async fn is_wrong(&self) -> Result<()> {
        for (name, quota) in &self.quotas {
            self.app.rate_limiter.count(self.app.clock.now(), name, *quota).await.map_err(limited)?;
        }
        Ok(())
    }

    /// Forgets the wrong passwords for this account from this network.
    ///
    /// # Errors
    /// As for a wrong one.
    pub(super) async fn is_right(&self) -> Result<()> {
        self.check().await?;
        self.app.rate_limiter.forget(&self.pair).await;
        Ok(())
    }
}

/// `None` when it is not bounded.
fn quota(burst: u32, period: Duration) -> Option<Quota> {
    (burst > 0).then_some(Quota { burst, period })
}

fn limited(again: Timestamp) -> Error {
    Error::limited("Too many wrong passwords. Try again later.", again).at(["login"])
}
