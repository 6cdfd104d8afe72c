//! Whether a document fits the schema: the rules of async-graphql, and those of ours that it does not have in full.

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    ObjectType, Request, Response, Schema, SchemaBuilder, ServerError, SubscriptionType, ValidationMode,
};
use futures_util::FutureExt;
use std::sync::Arc;

/// async-graphql's validation, without its execution.
pub struct Validator(Box<dyn Fn(Request) -> Response + Send + Sync>);

impl std::fmt::Debug for Validator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Validator")
    }
}

impl Validator {
    /// The rules for a schema.
    #[must_use]
    pub fn new<Q, M, S>(schema: SchemaBuilder<Q, M, S>) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let schema: Schema<Q, M, S> = schema.validation_mode(ValidationMode::Strict).extension(Nothing).finish();
        // Nothing is executed, so nothing waits.
        Self(Box::new(move |request| schema.execute(request).now_or_never().unwrap_or_default()))
    }

    /// No rules, for schemas that exist as text only.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(Box::new(|_| Response::default()))
    }

    /// What is wrong with a document.
    pub(super) fn errors(&self, document: &ExecutableDocument) -> Vec<ServerError> {
        // All operations are validated; any of them is then not executed.
        let name = document.operations.iter().next().and_then(|(name, _)| name);
        let mut request = Request::new("");
        request.operation_name = name.map(ToString::to_string);
        request.set_parsed_query(document.clone());
        (self.0)(request).errors
    }
}

/// Executes nothing.
struct Nothing;

impl ExtensionFactory for Nothing {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Nothing {
    async fn execute(&self, _: &ExtensionContext<'_>, _: Option<&str>, _: NextExecute<'_>) -> Response {
        Response::default()
    }
}
