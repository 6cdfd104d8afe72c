//! Signing up, logging in and out, and where one is signed in.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::context::{app, becomes, client_address, input_id, signed_in, viewer};
use super::error::{UserError, outcome};
use super::scalars::{DateTime, EmailAddress};
use super::viewer::Viewer;
use crate::base::error::{Error, Result as Answer};
use crate::base::ids::SessionId;
use crate::domain::sessions::{self, Begun, LogIn, Registration};

/// A place where a user is signed in.
#[derive(Clone, Debug)]
pub struct Session(pub sessions::Session);

/// A place where a user is signed in.
#[Object]
impl Session {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Whether it is the one asking.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        viewer(ctx).is_some_and(|viewer| viewer.session == self.0.id)
    }

    /// When it began.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.id.made_at())
    }

    /// When it was last refreshed.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.rotated_at)
    }

    /// When it ends unless it is used.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}

/// What a new or renewed session is used with.
#[derive(Clone, Debug, SimpleObject)]
pub struct SessionTokens {
    /// For `Authorization: Bearer`, and for `connection_init` of a socket.
    access_token: String,
    /// When it stops working. A socket stays open: it is bound to the session, not to this token.
    access_token_expires_at: DateTime,
    /// For `refreshSession`, once.
    refresh_token: String,
    /// When it stops working.
    refresh_token_expires_at: DateTime,
}

impl From<sessions::SessionTokens> for SessionTokens {
    fn from(tokens: sessions::SessionTokens) -> Self {
        Self {
            access_token: tokens.access,
            access_token_expires_at: DateTime(tokens.access_expires_at),
            refresh_token: tokens.refresh,
            refresh_token_expires_at: DateTime(tokens.refresh_expires_at),
        }
    }
}

/// Input of `signUp`.
#[derive(InputObject)]
pub struct SignUpInput {
    /// The username.
    username: String,
    /// The e-mail address.
    email: EmailAddress,
    /// The password: at least 10 characters, not easily guessed. Case and spaces count; how characters are composed does not.
    password: String,
    /// The name to show.
    display_name: Option<String>,
    /// That the rules were read; must be true.
    accepts_rules: bool,
}

/// Result of `signUp`.
#[derive(Clone, Debug, SimpleObject)]
pub struct SignUpPayload {
    /// The new viewer.
    viewer: Option<Viewer>,
    /// The session.
    session: Option<Session>,
    /// What to use it with.
    tokens: Option<SessionTokens>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `logIn`.
#[derive(InputObject)]
pub struct LogInInput {
    /// The username or the e-mail address.
    login: String,
    /// The password.
    password: String,
}

/// Result of `logIn`.
#[derive(Clone, Debug, SimpleObject)]
pub struct LogInPayload {
    /// The viewer.
    viewer: Option<Viewer>,
    /// The session.
    session: Option<Session>,
    /// What to use it with.
    tokens: Option<SessionTokens>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `refreshSession`.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The token.
    refresh_token: String,
}

/// Result of `refreshSession`.
#[derive(Clone, Debug, SimpleObject)]
pub struct RefreshSessionPayload {
    /// The session.
    session: Option<Session>,
    /// The new tokens.
    tokens: Option<SessionTokens>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `endSession`.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// Which.
    session_id: ID,
}

/// Result of `endSession`.
#[derive(Clone, Debug, SimpleObject)]
pub struct EndSessionPayload {
    /// The session.
    ended_session_id: Option<ID>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Result of `logOut`.
#[derive(Clone, Debug, SimpleObject)]
pub struct LogOutPayload {
    /// The session.
    ended_session_id: Option<ID>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Accounts and sessions.
#[derive(Default)]
pub struct SessionMutation;

/// Accounts and sessions.
#[Object]
impl SessionMutation {
    /// Make an account and a session.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: SignUpInput,
    ) -> Result<SignUpPayload> {
        let SignUpInput { username, email, password, display_name, accepts_rules } = input;
        let wanted = Registration { username, email: email.0, password, display_name, accepts_rules };
        let (begun, user_errors) = outcome(sessions::sign_up(app(ctx), &wanted).await)?;
        let (viewer, session, tokens) = begin(ctx, begun);
        Ok(SignUpPayload { viewer, session, tokens, user_errors })
    }

    /// Begin a session.
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: LogInInput,
    ) -> Result<LogInPayload> {
        let network = Some(client_address(ctx).network());
        let wanted = LogIn { login: &input.login, password: &input.password, network };
        let (begun, user_errors) = outcome(sessions::log_in(app(ctx), wanted).await)?;
        let (viewer, session, tokens) = begin(ctx, begun);
        Ok(LogInPayload { viewer, session, tokens, user_errors })
    }

    /// Renew the tokens of a session. Each refresh token works once. Presented again, it gets the same new refresh token
    /// within 30 seconds, and later as long as neither of the new tokens was used; after that it ends the session.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: RefreshSessionInput,
    ) -> Result<RefreshSessionPayload> {
        let (begun, user_errors) = outcome(sessions::refresh(app(ctx), &input.refresh_token).await)?;
        let (_, session, tokens) = begin(ctx, begun);
        Ok(RefreshSessionPayload { session, tokens, user_errors })
    }

    /// End this session: its tokens and sockets with it.
    async fn log_out(&self, ctx: &Context<'_>) -> Result<LogOutPayload> {
        let viewer = signed_in(ctx)?;
        let ended = sessions::end(app(ctx), viewer, viewer.session).await.map(|_| viewer.session.to_string().into());
        let (ended_session_id, user_errors) = outcome(ended)?;
        Ok(LogOutPayload { ended_session_id, user_errors })
    }

    /// End another session.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: EndSessionInput,
    ) -> Result<EndSessionPayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let end = async || -> Answer<ID> {
            let session: SessionId = input_id(&input.session_id, "session", &["sessionId"])?;
            match sessions::end(app, viewer, session).await? {
                true => Ok(session.to_string().into()),
                false => Err(Error::not_found("session").at(["sessionId"])),
            }
        };
        let (ended_session_id, user_errors) = outcome(end().await)?;
        Ok(EndSessionPayload { ended_session_id, user_errors })
    }
}

/// What a session that has begun is shown as. The rest of the operation is asked by its viewer.
fn begin(ctx: &Context<'_>, begun: Option<Begun>) -> (Option<Viewer>, Option<Session>, Option<SessionTokens>) {
    let Some(begun) = begun else { return (None, None, None) };
    becomes(ctx, begun.viewer());
    (Some(Viewer(begun.viewer())), Some(Session(begun.session)), Some(begun.tokens.into()))
}
