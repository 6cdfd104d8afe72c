//! Errors the caller can fix, as the schema shows them.

use async_graphql::{Enum, Interface, SimpleObject};

use super::scalars::DateTime;
use crate::base::error::{Kind, Refusal, RefusalCode, Result};

/// A problem with what was asked, which the caller can show to the user or correct.
#[derive(Clone, Debug, Interface)]
#[graphql(
    field(name = "code", ty = "&UserErrorCode", desc = "What kind of problem."),
    field(name = "message", ty = "&String", desc = "A sentence for the user."),
    field(
        name = "path",
        ty = "&Option<Vec<String>>",
        desc = "The input it is about, such as `[\"input\", \"photos\", \"0\", \"altText\"]`."
    )
)]
pub enum UserError {
    /// An input that does not satisfy a rule.
    InvalidInput(InvalidInputError),
    /// Something that cannot be found.
    NotFound(NotFoundError),
    /// Something the viewer may not do.
    NotPermitted(NotPermittedError),
    /// Something that is not possible now.
    Conflict(ConflictError),
    /// A limit on an action.
    ActionLimited(ActionLimitedError),
}

/// An input that does not satisfy a rule.
#[derive(Clone, Debug, SimpleObject)]
pub struct InvalidInputError {
    /// What kind of problem.
    code: UserErrorCode,
    /// A sentence for the user.
    message: String,
    /// The input it is about.
    path: Option<Vec<String>>,
    /// The limit that was passed, when there is one, as text (`2200`, `image/jpeg, image/png, image/webp`).
    limit: Option<String>,
}

/// Something named in the input cannot be found, or cannot be seen by the viewer.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotFoundError {
    /// What kind of problem.
    code: UserErrorCode,
    /// A sentence for the user.
    message: String,
    /// The input it is about.
    path: Option<Vec<String>>,
}

/// The viewer may see it, but may not do this to it.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotPermittedError {
    /// What kind of problem.
    code: UserErrorCode,
    /// A sentence for the user.
    message: String,
    /// The input it is about.
    path: Option<Vec<String>>,
}

/// The state of something does not allow it now.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConflictError {
    /// What kind of problem.
    code: UserErrorCode,
    /// A sentence for the user.
    message: String,
    /// The input it is about.
    path: Option<Vec<String>>,
}

/// A limit on an action was reached (not on the request's cost: that is a GraphQL error).
#[derive(Clone, Debug, SimpleObject)]
pub struct ActionLimitedError {
    /// What kind of problem.
    code: UserErrorCode,
    /// A sentence for the user.
    message: String,
    /// The input it is about.
    path: Option<Vec<String>>,
    /// When it can be tried again.
    retry_at: DateTime,
}

/// The kinds of problem. New values may be added: treat an unknown one by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// Too short, too long, too many, too few, or of the wrong form.
    Invalid,
    /// Already taken: a username, an e-mail address.
    Taken,
    /// Reserved by the server.
    Reserved,
    /// Not found, or not visible to the viewer.
    NotFound,
    /// The viewer may not do this.
    NotPermitted,
    /// The subject is the viewer, and cannot be.
    #[graphql(name = "SELF")]
    Own,
    /// The password or token is not right or no longer valid.
    BadCredential,
    /// The password is too weak.
    WeakPassword,
    /// The upload is not ready, was used before, has expired or was rejected.
    UploadUnusable,
    /// The kind of file is not accepted.
    UnsupportedMedia,
    /// Too many bytes or too many pixels.
    TooLarge,
    /// A limit on actions was reached.
    ActionLimited,
    /// A count quota of the account was reached.
    QuotaExceeded,
    /// The same idempotency key was used with another input.
    IdempotencyMismatch,
}

impl From<RefusalCode> for UserErrorCode {
    fn from(code: RefusalCode) -> Self {
        match code {
            RefusalCode::Invalid => Self::Invalid,
            RefusalCode::Taken => Self::Taken,
            RefusalCode::Reserved => Self::Reserved,
            RefusalCode::NotFound => Self::NotFound,
            RefusalCode::NotPermitted => Self::NotPermitted,
            RefusalCode::Own => Self::Own,
            RefusalCode::BadCredential => Self::BadCredential,
            RefusalCode::WeakPassword => Self::WeakPassword,
            RefusalCode::UploadUnusable => Self::UploadUnusable,
            RefusalCode::UnsupportedMedia => Self::UnsupportedMedia,
            RefusalCode::TooLarge => Self::TooLarge,
            RefusalCode::ActionLimited => Self::ActionLimited,
            RefusalCode::QuotaExceeded => Self::QuotaExceeded,
            RefusalCode::IdempotencyMismatch => Self::IdempotencyMismatch,
        }
    }
}

/// A refusal as the schema shows it.
#[must_use]
pub fn user_error(refusal: Refusal, message: String) -> UserError {
    let Refusal { code: kind, path, limit, retry_at } = refusal;
    let path = (!path.is_empty()).then_some(path);
    let code = UserErrorCode::from(kind);
    if let Some(retry_at) = retry_at {
        return UserError::ActionLimited(ActionLimitedError { code, message, path, retry_at: DateTime(retry_at) });
    }
    match kind {
        RefusalCode::NotFound => UserError::NotFound(NotFoundError { code, message, path }),
        RefusalCode::NotPermitted | RefusalCode::BadCredential => {
            UserError::NotPermitted(NotPermittedError { code, message, path })
        }
        RefusalCode::Taken | RefusalCode::UploadUnusable | RefusalCode::IdempotencyMismatch => {
            UserError::Conflict(ConflictError { code, message, path })
        }
        RefusalCode::Invalid
        | RefusalCode::Reserved
        | RefusalCode::Own
        | RefusalCode::WeakPassword
        | RefusalCode::UnsupportedMedia
        | RefusalCode::TooLarge
        | RefusalCode::ActionLimited
        | RefusalCode::QuotaExceeded => UserError::InvalidInput(InvalidInputError { code, message, path, limit }),
    }
}

/// What a mutation gives: its object, or why it was not done. Whatever the caller cannot fix stays an error.
///
/// # Errors
/// Every error that is not a refusal.
pub fn outcome<T>(result: Result<T>) -> Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(error) => match &error.kind {
            Kind::Refused(refusal) => Ok((None, vec![user_error(refusal.clone(), error.message().to_owned())])),
            Kind::Failed(_) => Err(error),
        },
    }
}
