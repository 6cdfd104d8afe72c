//! Beginning a session with a password.

use std::net::IpAddr;

use super::attempts::{self, Attempt};
use super::credentials;
use super::{Begun, begin, password, tokens};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::UserId;
use crate::base::text;
use crate::domain::users::names::{self, Name};

/// What somebody logs in with.
#[derive(Clone, Copy, Debug)]
pub struct LogIn<'a> {
    /// A username or an e-mail address.
    pub login: &'a str,
    /// The password.
    pub password: &'a str,
    /// The network of the client: see [`crate::base::client_address::ClientAddress::network`]. `None` for the program itself,
    /// whose log-ins are not limited.
    pub network: Option<IpAddr>,
}

/// Begins a session for a username or e-mail address and its password.
///
/// # Errors
/// `BAD_CREDENTIAL`, the same whether there is no such account or the password is wrong; `ACTION_LIMITED` after many
/// log-ins from the network, or wrong passwords.
pub async fn log_in(app: &App, wanted: LogIn<'_>) -> Result<Begun> {
    // No password is longer, so this tells nothing of the account, costs nothing and counts as no guess.
    if wanted.password.len() > text::PASSWORD_BYTES {
        return Err(refused());
    }
    attempts::count(app, wanted.network).await?;
    let name = name(wanted.login);
    let user = match &name {
        Some(name) => names::find(app, name).await?,
        None => None,
    };
    let counted_as = name.map_or_else(|| text::folded(wanted.login.trim()), |name| name.as_str().to_owned());
    let attempt = Attempt::new(app, user, &counted_as, wanted.network);
    attempt.check().await?;
    let Some(user) = verified(app, user, wanted.password).await? else {
        attempt.is_wrong().await?;
        return Err(refused());
    };
    attempt.is_right().await?;
    let session = app.db.write(&user, async |tx| begin(app, tx, user).await).await?;
    Ok(Begun { tokens: tokens::tokens(app, &session)?, session })
}

/// The user, when the password is theirs.
async fn verified(app: &App, user: Option<UserId>, password: &str) -> Result<Option<UserId>> {
    let credentials = match user {
        Some(user) => credentials::find(app, user).await?,
        None => None,
    };
    let hash = credentials.map(|credentials| credentials.password_hash);
    // Without a hash it is never right.
    let is_right = password::verify(app, password, hash).await?;
    Ok(user.filter(|_| is_right))
}

fn refused() -> Error {
    Error::refused(RefusalCode::BadCredential, "The name or the password is not right.").at(["password"])
}

/// The name in a log-in; `None` when it can be none.
fn name(login: &str) -> Option<Name> {
    match text::email(login) {
        Ok(email) => Some(Name::email(&email)),
        Err(_) => Some(login.trim()).filter(|login| text::is_username(login)).map(Name::username),
    }
}
