//! The one error of the program: few kinds, and two faces — a message that is safe to show, and a source for the log.
//!
//! A [`Refusal`] is what the caller can fix; it becomes a `UserError` of the mutation that was refused. Everything else
//! becomes a GraphQL error with a [`Code`]. Absence is an `Option`, never an error.

use std::borrow::Cow;
use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;

use super::clock::Timestamp;
use super::trouble::Trouble;

/// A result with the error of the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Error {
    /// Which kind of thing went wrong.
    pub kind: Kind,
    message: Cow<'static, str>,
    is_away: bool,
    is_full: bool,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// Which kind of thing went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The caller can fix it: a `UserError`.
    Refused(Refusal),
    /// A GraphQL error with a code.
    Failed(Code),
}

/// What the caller can fix, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of problem.
    pub code: RefusalCode,
    /// The input it is about, such as `["input", "photos", "0", "altText"]`.
    pub path: Vec<String>,
    /// The limit that was passed, as text.
    pub limit: Option<String>,
    /// When it can be tried again, for `ActionLimited`.
    pub retry_at: Option<Timestamp>,
}

/// The kinds of problem the caller can fix: the values of `UserErrorCode` in the schema that are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
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
    /// A limit on an action was reached.
    ActionLimited,
    /// A count quota of the account was reached.
    QuotaExceeded,
    /// The same idempotency key was used with another input.
    IdempotencyMismatch,
}

/// The closed list of codes in `errors[].extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// No valid session came with the request.
    Unauthenticated,
    /// The session may not do this.
    Forbidden,
    /// A value of the request is not what the field needs.
    BadUserInput,
    /// The document is not GraphQL.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// No operation, several without a name, or one that this method or transport does not allow.
    OperationResolutionFailure,
    /// Persisted documents are not offered.
    PersistedQueryNotSupported,
    /// The operation is nested too deep.
    TooDeep,
    /// The operation costs too much, or has too many tokens, directives or root fields.
    TooExpensive,
    /// The operation has too many aliases.
    TooManyAliases,
    /// Several operations came in one request.
    BatchNotAllowed,
    /// A rate limit was reached.
    RateLimited,
    /// It took too long.
    Timeout,
    /// There is too much work at the moment.
    Overloaded,
    /// A bug or a broken part; the log has the rest under the error's id.
    Internal,
}

impl Code {
    /// As written in `extensions.code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::OperationResolutionFailure => "OPERATION_RESOLUTION_FAILURE",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::TooDeep => "OPERATION_TOO_DEEP",
            Self::TooExpensive => "OPERATION_TOO_EXPENSIVE",
            Self::TooManyAliases => "TOO_MANY_ALIASES",
            Self::BatchNotAllowed => "BATCH_NOT_ALLOWED",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::Overloaded => "OVERLOADED",
            Self::Internal => "INTERNAL_SERVER_ERROR",
        }
    }

    /// Whether the same may succeed in a moment: a part is away, or there is too much to do.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Overloaded | Self::Timeout)
    }
}

impl Error {
    /// What the caller can fix, in a sentence for them.
    pub fn refused(code: RefusalCode, message: impl Into<Cow<'static, str>>) -> Self {
        let refusal = Refusal { code, path: Vec::new(), limit: None, retry_at: None };
        Self { kind: Kind::Refused(refusal), message: message.into(), is_away: false, is_full: false, source: None }
    }

    /// A limit on an action was reached; it can be tried again from an instant on.
    pub fn limited(message: impl Into<Cow<'static, str>>, retry_at: Timestamp) -> Self {
        let code = RefusalCode::ActionLimited;
        let refusal = Refusal { code, path: Vec::new(), limit: None, retry_at: Some(retry_at) };
        Self { kind: Kind::Refused(refusal), message: message.into(), is_away: false, is_full: false, source: None }
    }

    /// A GraphQL error with a code and a sentence that is safe to show.
    pub fn failed(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: Kind::Failed(code), message: message.into(), is_away: false, is_full: false, source: None }
    }

    /// A bug or a broken part. The caller sees only that something broke; the log sees why.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "Something broke on our side. It was logged under this error's ID.";
        Self::failed(Code::Internal, message).because(source)
    }

    /// A part of the server is away and comes back by itself. Whoever watches that part has logged it.
    pub fn away(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "A part of the server is away. Try again in a moment.";
        Self { is_away: true, ..Self::failed(Code::Overloaded, message) }.because(source)
    }

    /// A disk is full. The caller may retry later; somebody must act, so the log sees it each time.
    pub fn full(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "The server has no disk space left at the moment. Try again later.";
        Self { is_full: true, ..Self::failed(Code::Overloaded, message) }.because(source)
    }

    /// The same with why, for the log.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(Arc::from(source.into())), ..self }
    }

    /// Whether a part is away, which was logged once when it began and need not be again.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.is_away
    }

    /// Whether a disk is full: no fault of what was tried, which is to be retried for as long as it takes.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Tells the log what went wrong, unless a part is away.
    pub fn tell(&self, log: impl FnOnce(&str)) {
        if !self.is_away {
            log(&self.detail());
        }
    }

    /// A part that this server stands on does not answer. The caller may try again; the log sees why.
    pub fn unavailable(
        message: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { source: Some(Arc::from(source.into())), ..Self::failed(Code::Overloaded, message) }
    }

    /// Nobody is signed in, and this needs somebody.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::failed(Code::Unauthenticated, "Sign in first: this needs a session.")
    }

    /// Something named in the input cannot be found, or not be seen.
    #[must_use]
    pub fn not_found(what: &'static str) -> Self {
        Self::refused(RefusalCode::NotFound, format!("There is no such {what}."))
    }

    /// Names the input a refusal is about, from below `input`: `.at(["photos", "0"])`.
    #[must_use]
    pub fn at<I: IntoIterator<Item: Into<String>>>(mut self, path: I) -> Self {
        if let Kind::Refused(refusal) = &mut self.kind {
            refusal.path = std::iter::once("input".to_owned()).chain(path.into_iter().map(Into::into)).collect();
        }
        self
    }

    /// Names the limit a refusal is about.
    #[must_use]
    pub fn limit(mut self, limit: impl std::fmt::Display) -> Self {
        if let Kind::Refused(refusal) = &mut self.kind {
            refusal.limit = Some(limit.to_string());
        }
        self
    }

    /// A sentence that is safe to show.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The code, when it is not something the caller can fix.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self.kind {
            Kind::Failed(code) => Some(code),
            Kind::Refused(_) => None,
        }
    }

    /// Whether the same may succeed in a moment.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.code().is_some_and(Code::passes)
    }

    /// Whether it is this kind of refusal.
    #[must_use]
    pub fn is_refusal(&self, code: RefusalCode) -> bool {
        matches!(&self.kind, Kind::Refused(refusal) if refusal.code == code)
    }

    /// Everything known, for the log: the message and the chain of sources.
    #[must_use]
    pub fn detail(&self) -> String {
        let mut text = self.message.to_string();
        let mut next = self.source.as_deref().map(|source| source as &dyn std::error::Error);
        while let Some(source) = next {
            text.push_str(": ");
            text.push_str(&source.to_string());
            next = source.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        match Trouble::of(&error) {
            Trouble::Away => Self::away(error),
            Trouble::Busy => {
                Self::failed(Code::Overloaded, "The server has too much to do. Try again in a moment.").because(error)
            }
            Trouble::Late => Self::failed(Code::Timeout, "It took too long. Try again in a moment.").because(error),
            Trouble::Full => Self::full(error),
            Trouble::Broken => Self::internal(error),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::full(error),
            _ => Self::internal(error),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_bug() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
            let error = Error::from(std::io::Error::from(kind));
            assert_eq!(
                (error.code(), error.is_full(), error.is_away()),
                (Some(Code::Overloaded), true, false),
                "{kind}"
            );
        }
        let broken = Error::from(std::io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!((broken.code(), broken.is_full()), (Some(Code::Internal), false));
    }
}
