//! What a client is told of errors: a code of the closed list and a sentence that is safe to show. The rest is logged.
//!
//! Every answer passes here once, on its way out. async-graphql leaves fields that failed out of the answer, where the
//! specification wants `null` up to the nearest nullable position: that is put right here, too.

mod repair;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::Arc;

use async_graphql::parser::types::OperationDefinition;
use async_graphql::{ErrorExtensionValues, PathSegment, Pos, Response, ServerError, Value};

use super::compile::Types;
use crate::base::chance::Chance;
use crate::base::error::{Code, Error, Kind};

/// Errors in one answer; the others would tell nothing new.
const MOST_ERRORS: usize = 50;
/// When to come again, in milliseconds, while the server has too much to do or a part of it is away.
const RETRY_AFTER: u32 = 1000;

/// A request that was not executed, and why.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// What kind of problem it is.
    pub code: Code,
    /// The errors as they are sent.
    pub errors: Vec<ServerError>,
}

impl Rejected {
    /// One error that is the caller's or nobody's fault.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, errors: vec![with_code(ServerError::new(message, None), code)] }
    }

    /// The same with a place in the document.
    #[must_use]
    pub fn at(mut self, position: Pos) -> Self {
        self.errors.iter_mut().for_each(|error| error.locations.push(position));
        self
    }

    /// The first sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        self.errors.first().map_or("", |error| error.message.as_str())
    }
}

/// What was asked, to tell from it where errors belong.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The types of the schema.
    pub types: &'a Types,
    /// The operation in its normal form.
    pub operation: &'a OperationDefinition,
}

/// Makes async-graphql's answer fit to be sent.
pub fn finish(chance: &Chance, question: Question<'_>, mut response: Response) -> Response {
    if response.errors.is_empty() {
        return response;
    }
    repair::put_nulls(question, &mut response);
    response.errors.truncate(MOST_ERRORS);
    response.errors = response.errors.into_iter().map(|error| told(chance, error).1).collect();
    response
}

/// The same for the first answer of a stream. Nothing but errors means that the stream was never there.
///
/// # Errors
/// When there is no stream.
pub fn begin(chance: &Chance, question: Question<'_>, response: Response) -> Result<Response, Rejected> {
    let is_refused = response.data == Value::Null && response.errors.iter().any(|error| !error.path.is_empty());
    if !is_refused {
        return Ok(finish(chance, question, response));
    }
    let (codes, errors): (Vec<_>, Vec<_>) = response.errors.into_iter().map(|error| told(chance, error)).unzip();
    Err(Rejected { code: codes.first().copied().unwrap_or(Code::Internal), errors })
}

/// An error of ours that comes up outside of GraphQL's execution, such as a token that is no longer valid.
#[must_use]
pub fn failed(chance: &Chance, error: &Error) -> Rejected {
    let (code, error) = retold(chance, error, ServerError::new(error.message(), None));
    Rejected { code, errors: vec![error] }
}

/// A bug: something panicked while it answered.
#[must_use]
pub fn panicked(chance: &Chance, panic: &(dyn Any + Send)) -> Rejected {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    failed(chance, &Error::internal(format!("it panicked: {text}")))
}

/// A document that does not fit the schema, with async-graphql's words for it.
pub(super) fn not_valid(mut errors: Vec<ServerError>) -> Rejected {
    errors.truncate(MOST_ERRORS);
    let code = Code::ValidationFailed;
    Rejected { code, errors: errors.into_iter().map(|error| with_code(error, code)).collect() }
}

fn told(chance: &Chance, error: ServerError) -> (Code, ServerError) {
    let source = error.source.clone();
    let source = source.as_deref();
    if let Some(ours) = source.and_then(ours) {
        return retold(chance, ours, error);
    }
    if source.is_none() && is_wrong_value(&error.message) {
        return (Code::BadUserInput, with_code(error, Code::BadUserInput));
    }
    let internal = Error::internal(error.message.clone());
    retold(chance, &internal, error)
}

/// Loaders share their errors, so an error of ours may come in an `Arc`.
fn ours(source: &(dyn Any + Send + Sync)) -> Option<&Error> {
    source.downcast_ref::<Error>().or_else(|| source.downcast_ref::<Arc<Error>>().map(AsRef::as_ref))
}

/// How async-graphql words it when an argument is not what its type needs. These errors have no source.
fn is_wrong_value(message: &str) -> bool {
    ["Expected input type ", "Failed to parse ", "Invalid value for argument"]
        .iter()
        .any(|start| message.starts_with(start))
}

/// Puts our error's face on async-graphql's error, and its detail into the log.
fn retold(chance: &Chance, ours: &Error, mut error: ServerError) -> (Code, ServerError) {
    let code = match ours.kind {
        Kind::Refused(_) => Code::BadUserInput,
        Kind::Failed(code) => code,
    };
    ours.message().clone_into(&mut error.message);
    if ours.is_full() {
        tracing::error!(detail = %ours.detail(), "a disk is full");
    }
    if code != Code::Internal {
        return (code, with_code(error, code));
    }
    let id = chance.token();
    let path = path(&error.path);
    tracing::error!(error_id = %id, %path, detail = %ours.detail(), "an answer has a part that broke");
    let mut error = with_code(error, code);
    error.extensions.get_or_insert_default().set("errorId", id);
    (code, error)
}

fn with_code(error: ServerError, code: Code) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    if code == Code::Overloaded {
        extensions.set("retryAfterMs", RETRY_AFTER);
    }
    ServerError { extensions: Some(extensions), source: None, ..error }
}

fn path(segments: &[PathSegment]) -> String {
    let text = |segment: &PathSegment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    };
    segments.iter().map(text).collect::<Vec<_>>().join(".")
}
