//! Making an account. The username and the e-mail address are claimed first, each on its own shard; then the user, their
//! credentials and their first session are stored together, or the claims are given up.

use super::credentials::{self, Model as Credentials};
use super::{Begun, Session, begin, password, tokens};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::UserId;
use crate::base::text;
use crate::domain::users::names::{self, Name};
use crate::domain::users::{self, User};
use crate::platform::log;

/// What somebody signs up with.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The username.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The name to show; the username when left out.
    pub display_name: Option<String>,
    /// Whether the rules were read.
    pub accepts_rules: bool,
}

/// Makes an account and its first session.
///
/// # Errors
/// `INVALID`, `RESERVED`, `TAKEN` or `WEAK_PASSWORD` with the input it is about. Nothing was stored then.
pub async fn sign_up(app: &App, wanted: &Registration) -> Result<Begun> {
    let (user, email) = check(app, wanted)?;
    let about = vec![user.username.clone(), user.display_name.clone(), email.clone()];
    let password_hash = password::hash(app, &wanted.password, about).await?;
    let claimed = claim(app, &user, &email).await?;
    let credentials = Credentials { user_id: user.id, email, password_hash };
    match store(app, user, credentials).await {
        Ok(session) => Ok(Begun { tokens: tokens::tokens(app, &session)?, session }),
        Err(error) => {
            give_up(app, &claimed).await;
            Err(error)
        }
    }
}

fn check(app: &App, wanted: &Registration) -> Result<(User, String)> {
    let username = text::new_username(&wanted.username)?;
    let email = text::email(&wanted.email)?;
    text::password(&wanted.password, username)?;
    let display_name = text::name(wanted.display_name.as_deref().unwrap_or(""), text::DISPLAY_NAME_LENGTH);
    let display_name = display_name.map_err(|error| error.at(["displayName"]))?.unwrap_or(username);
    if !wanted.accepts_rules {
        let message = "The rules must be accepted.";
        return Err(Error::refused(RefusalCode::Invalid, message).at(["acceptsRules"]));
    }
    let user = User {
        id: app.ids.anywhere()?,
        username: username.to_owned(),
        display_name: display_name.to_owned(),
        is_private: false,
        media_count: 0,
        follower_count: 0,
        following_count: 0,
    };
    Ok((user, email))
}

type Claimed = (UserId, Vec<Name>);

async fn claim(app: &App, user: &User, email: &str) -> Result<Claimed> {
    let username = Name::username(&user.username);
    if !names::claim(app, &username, user.id).await? {
        return Err(Error::refused(RefusalCode::Taken, "This username is taken.").at(["username"]));
    }
    let mut claimed = (user.id, vec![username]);
    let email = Name::email(email);
    match names::claim(app, &email, user.id).await {
        Ok(true) => claimed.1.push(email),
        Ok(false) => {
            give_up(app, &claimed).await;
            let message = "There is an account with this e-mail address.";
            return Err(Error::refused(RefusalCode::Taken, message).at(["email"]));
        }
        Err(error) => {
            give_up(app, &claimed).await;
            return Err(error);
        }
    }
    Ok(claimed)
}

async fn store(app: &App, user: User, credentials: Credentials) -> Result<Session> {
    let id = user.id;
    app.db
        .write(&id, async |tx| {
            users::insert(tx, user).await?;
            credentials::insert(tx, credentials).await?;
            log::record(tx, app.clock.now(), &Fact::UserSignedUp { user: id }).await?;
            begin(app, tx, id).await
        })
        .await
}

/// Gives claims up, unless the user is there all the same: a commit can succeed and its answer be lost. When it fails too,
/// they can be taken over after a while.
async fn give_up(app: &App, (user, names): &Claimed) {
    if !matches!(users::find(app, *user).await, Ok(None)) {
        return;
    }
    for name in names {
        if let Err(error) = names::release(app, name, *user).await {
            tracing::warn!(error = %error.detail(), "a claimed name could not be released");
        }
    }
}
