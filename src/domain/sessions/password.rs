//! Hashing passwords with Argon2id, a few at once, off the threads that answer requests.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::app::App;
use crate::base::error::{Code, Error, Result};

/// The hash of a password, with its salt and parameters, in the PHC string format.
///
/// # Errors
/// `OVERLOADED` when too many wait.
pub(super) async fn hash(app: &App, password: &str) -> Result<String> {
    let (password, salt) = (password.to_owned(), app.chance.bytes::<16>());
    aside(app, move || {
        let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map_err(Error::internal)?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether a password is the one of a hash. Without a hash it takes as long and is false, so that the time it takes
/// does not tell whether an account exists.
///
/// # Errors
/// `OVERLOADED` when too many wait.
pub(super) async fn verify(app: &App, password: &str, hash: Option<String>) -> Result<bool> {
    let Some(stored) = hash else {
        self::hash(app, password).await?;
        return Ok(false);
    };
    let password = password.to_owned();
    aside(app, move || {
        let stored = PasswordHash::new(&stored).map_err(Error::internal)?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
    })
    .await
}

/// Runs work on a blocking thread when its turn comes; turned away when too many wait.
async fn aside<T: Send + 'static>(app: &App, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let overloaded = || Error::failed(Code::Overloaded, "Too many people are signing in. Try again in a moment.");
    let place = app.hashing.waiting.clone().try_acquire_owned().map_err(|_| overloaded())?;
    let turn = app.hashing.running.clone().acquire_owned().await.map_err(Error::internal)?;
    // The work goes on when the one who asked is gone, so it keeps its turn.
    let work = move || {
        let _kept = (place, turn);
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
