//! Beginning a session with a password.

use super::credentials::Model as Credentials;
use super::{Begun, begin, password, tokens};
use super::{attempts, credentials};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::text;
use crate::domain::users::names::{self, Name};

/// Begins a session for a username or e-mail address and its password.
///
/// # Errors
/// `BAD_CREDENTIAL`, the same whether there is no such account or the password is wrong; `ACTION_LIMITED` after many
/// wrong passwords.
pub async fn log_in(app: &App, login: &str, password: &str) -> Result<Begun> {
    let name = name(login);
    if let Some(name) = &name {
        attempts::count(app, name).await?;
    }
    let credentials = match &name {
        Some(name) => find(app, name).await?,
        None => None,
    };
    let hash = credentials.as_ref().map(|credentials| credentials.password_hash.clone());
    let right = password.len() <= text::PASSWORD_BYTES && verify(app, password, hash, name.as_ref()).await?;
    let Some(user) = credentials.filter(|_| right).map(|credentials| credentials.user_id) else {
        return Err(refused());
    };
    if let Some(name) = &name {
        attempts::forget(app, name).await;
    }
    let session = app.db.write(&user, async |tx| begin(app, tx, user).await).await?;
    Ok(Begun { tokens: tokens::tokens(app, &session)?, session })
}

/// A password that was not looked at, because too many waited, was not wrong.
async fn verify(app: &App, password: &str, hash: Option<String>, name: Option<&Name>) -> Result<bool> {
    let looked_at = password::verify(app, password, hash).await;
    if let (Err(_), Some(name)) = (&looked_at, name) {
        attempts::take_back(app, name).await;
    }
    looked_at
}

fn refused() -> Error {
    Error::refused(RefusalCode::BadCredential, "The name or the password is not right.").at(["password"])
}

async fn find(app: &App, name: &Name) -> Result<Option<Credentials>> {
    match names::find(app, name).await? {
        Some(user) => credentials::find(app, user).await,
        None => Ok(None),
    }
}

/// The name in a log-in; `None` when it can be none.
fn name(login: &str) -> Option<Name> {
    match text::email(login) {
        Ok(email) => Some(Name::email(&email)),
        Err(_) => text::username(login).ok().map(Name::username),
    }
}
