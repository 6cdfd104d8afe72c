//! Whether a document fits the schema: the rules of async-graphql, and those of ours that it does not have in full.

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, InlineFragment, Selection, SelectionSet};
use async_graphql::{
    ObjectType, Positioned, Request, Response, Schema, SchemaBuilder, ServerError, SubscriptionType, ValidationMode,
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
        // How deep a document is was measured before.
        let schema = schema.validation_mode(ValidationMode::Strict).limit_recursive_depth(usize::MAX);
        let schema: Schema<Q, M, S> = schema.extension(Nothing).finish();
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
        request.set_parsed_query(with_wrapped_typenames(document.clone()));
        (self.0)(request).errors
    }
}

/// async-graphql does not look at `__typename`, so that its directives are validated as those of a fragment around it.
fn with_wrapped_typenames(mut document: ExecutableDocument) -> ExecutableDocument {
    match &mut document.operations {
        DocumentOperations::Single(operation) => wrap(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                wrap(&mut operation.node.selection_set.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        wrap(&mut fragment.node.selection_set.node);
    }
    document
}

fn wrap(set: &mut SelectionSet) {
    for selection in &mut set.items {
        let pos = selection.pos;
        match &mut selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" && !field.node.directives.is_empty() => {
                let directives = std::mem::take(&mut field.node.directives);
                let items = vec![Positioned::new(Selection::Field(field.clone()), pos)];
                let selection_set = Positioned::new(SelectionSet { items }, pos);
                let inline = InlineFragment { type_condition: None, directives, selection_set };
                selection.node = Selection::InlineFragment(Positioned::new(inline, pos));
            }
            Selection::Field(field) => wrap(&mut field.node.selection_set.node),
            Selection::InlineFragment(inline) => wrap(&mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
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
