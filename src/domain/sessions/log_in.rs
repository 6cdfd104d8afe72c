//! Beginning a session with a password.

use super::credentials;
use super::{Begun, begin, password, tokens};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::UserId;
use crate::base::text;
use crate::domain::users::names::{self, Name};

/// Begins a session for a username or e-mail address and its password.
///
/// # Errors
/// `BAD_CREDENTIAL`, the same whether there is no such account or the password is wrong.
pub async fn log_in(app: &App, login: &str, password: &str) -> Result<Begun> {
    let credentials = match account(app, login).await? {
        Some(user) => credentials::find(app, user).await?,
        None => None,
    };
    let hash = credentials.as_ref().map(|credentials| credentials.password_hash.clone());
    let right = password.len() <= text::PASSWORD_BYTES && password::verify(app, password, hash).await?;
    let Some(user) = credentials.filter(|_| right).map(|credentials| credentials.user_id) else {
        return Err(
            Error::refused(RefusalCode::BadCredential, "The name or the password is not right.").at(["password"])
        );
    };
    let session = app.db.write(&user, async |tx| begin(app, tx, user).await).await?;
    Ok(Begun { tokens: tokens::tokens(app, &session)?, session })
}

async fn account(app: &App, login: &str) -> Result<Option<UserId>> {
    let name = match text::email(login) {
        Ok(email) => Name::email(&email),
        Err(_) if text::username(login).is_ok() => Name::username(login),
        Err(_) => return Ok(None),
    };
    names::find(app, &name).await
}
