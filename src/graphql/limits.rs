//! What an operation may be: how long, how deep, how dear. Checked before anything of it is executed.
//!
//! The order matters. The text is scanned before it is parsed, because the parser recurses; the document is measured
//! before async-graphql sees it, because its own checks follow fragments without remembering where they were.

mod absent;
mod documents;
mod measure;
mod scan;
mod sharing;
#[cfg(test)]
mod tests;
mod types;
mod variables;

use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Positioned, Value, Variables};

use self::documents::{Documents, Parsed};
use self::measure::{Measure, Ruler};
pub use self::sharing::{GroupKey, On, Sharing};
pub use self::types::Types;
use super::order::Order;
use super::report::Rejected;
use crate::base::config::Graphql;
use crate::base::error::Code;

/// About how many values introspection may give; what GraphiQL asks of a schema of 400 types is half of it.
const INTROSPECTED: u64 = 500_000;
/// How often lists of types and fields can be nested in introspection: their lengths multiply.
const INTROSPECTED_LISTS: u64 = 3;

/// The limits of a server, and the schema's types that prices are taken from.
#[derive(Debug)]
pub struct Limits {
    types: Types,
    most: Graphql,
    documents: Documents,
}

/// What a client asks to be executed.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The document.
    pub query: &'a str,
    /// Which of its operations.
    pub operation_name: Option<&'a str>,
}

/// An operation that may be executed.
#[derive(Debug)]
pub struct Admitted {
    /// The document, parsed, without the uses of variables that have no value.
    pub document: Arc<ExecutableDocument>,
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// The variables it declares, with defaults.
    pub variables: Variables,
    /// What it costs: for a subscription, each of its events.
    pub cost: u64,
    /// The order of its answer.
    pub order: Order,
    /// About how many bytes the document and the variables take.
    pub bytes: usize,
    /// With whom it shares what happens, when it is a subscription that can.
    pub sharing: Option<Sharing>,
}

impl Limits {
    /// The limits of a configuration for a schema, given as its own text.
    #[must_use]
    pub fn new(sdl: &str, most: &Graphql) -> Self {
        Self { types: Types::new(sdl), most: most.clone(), documents: Documents::default() }
    }

    /// The types of the schema.
    #[must_use]
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// Lets an operation in.
    ///
    /// # Errors
    /// When the text is not GraphQL, no operation can be chosen, a limit is passed or a variable does not fit.
    pub fn admit(&self, asked: Asked<'_>, variables: Variables) -> Result<Admitted, Rejected> {
        self.check_length(asked.query)?;
        let Parsed { document, bytes } = self.documents.parsed(asked.query, self.most.tokens)?;
        let operation = choose(&document, asked.operation_name)?;
        let (position, kind) = (operation.pos, operation.node.ty);
        let variables = variables::complete(&self.types, &operation.node, variables)?;
        let mut ruler = Ruler::new(&self.types, &document, &variables);
        let measure = ruler.operation(&operation.node)?;
        self.check_all(&mut ruler, &document)?;
        self.check(&operation.node, &measure).map_err(|rejected| rejected.at(position))?;
        let bytes = bytes + variables.values().map(weight).sum::<usize>();
        let order = Order::of(&document, &operation.node);
        let sharing = sharing::of(&self.types, (&document, &operation.node), (asked, &variables));
        let document = absent::without_absent(&self.types, document, (asked.operation_name, &variables));
        Ok(Admitted { kind, variables, cost: measure.cost, order, bytes, sharing, document })
    }

    /// Also what is skipped when it is read, such as comments, would be held for as long as the operation runs.
    fn check_length(&self, query: &str) -> Result<(), Rejected> {
        let (bytes, most) = (query.len(), self.most.document_bytes);
        if bytes <= most {
            return Ok(());
        }
        let message = format!("This document has {bytes} bytes; at most {most} are allowed.");
        Err(Rejected::new(Code::TooExpensive, message))
    }

    /// Every operation of the document is validated, so all of them together must be small.
    fn check_all<'a>(&self, ruler: &mut Ruler<'a>, document: &'a ExecutableDocument) -> Result<(), Rejected> {
        ruler.fragments()?;
        let mut selections = 0_u64;
        for (_, operation) in document.operations.iter() {
            selections = selections.saturating_add(ruler.operation(&operation.node)?.selections);
        }
        // Written out, a selection is at least one token.
        within(selections, self.most.tokens, Limit(Code::TooExpensive, "selections, with its fragments written out"))
    }

    fn check(&self, operation: &OperationDefinition, measure: &Measure) -> Result<(), Rejected> {
        let most = &self.most;
        within(measure.roots, most.root_fields, Limit(Code::TooExpensive, "fields at its root"))?;
        within(measure.directives, most.directives, Limit(Code::TooExpensive, "directives"))?;
        within(measure.aliases, most.aliases, Limit(Code::TooManyAliases, "aliases"))?;
        within(measure.depth, most.depth, Limit(Code::TooDeep, "levels of fields"))?;
        within(measure.cost, most.cost, Limit(Code::TooExpensive, "units of cost"))?;
        self.check_introspection(measure)?;
        check_subscription(operation)
    }

    fn check_introspection(&self, measure: &Measure) -> Result<(), Rejected> {
        if measure.introspected > 0 && !self.most.introspection {
            return Err(Rejected::new(
                Code::ValidationFailed,
                "This server does not answer questions about its schema.",
            ));
        }
        if measure.introspected_lists > INTROSPECTED_LISTS || measure.introspected > INTROSPECTED {
            let message = "This asks for too much of the schema: nest its lists of fields and types less.";
            return Err(Rejected::new(Code::TooDeep, message));
        }
        Ok(())
    }
}

/// About how many bytes a value of a variable takes.
fn weight(value: &Value) -> usize {
    // A value with its place in a list or an object.
    const EACH: usize = 64;
    EACH + match value {
        Value::String(text) => text.len(),
        Value::List(values) => values.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| EACH + name.len() + weight(value)).sum(),
        _ => 0,
    }
}

/// The code of a limit, and what it limits.
#[derive(Clone, Copy)]
struct Limit(Code, &'static str);

fn within(amount: u64, most: u32, limit: Limit) -> Result<(), Rejected> {
    if amount <= u64::from(most) {
        return Ok(());
    }
    let Limit(code, what) = limit;
    Err(Rejected::new(code, format!("This operation has {amount} {what}; at most {most} are allowed.")))
}

/// A subscription has one stream. async-graphql starts none for a fragment at the root, so there must not be one.
fn check_subscription(operation: &OperationDefinition) -> Result<(), Rejected> {
    let is_one_field =
        matches!(operation.selection_set.node.items.as_slice(), [one] if matches!(one.node, Selection::Field(_)));
    if operation.ty != OperationType::Subscription || is_one_field {
        return Ok(());
    }
    let message = "A subscription has exactly one field at its root, not in a fragment.";
    Err(Rejected::new(Code::ValidationFailed, message))
}

/// Parses a document that was let in.
pub(super) fn parsed_again(query: &str) -> Option<ExecutableDocument> {
    parse_query(scan::scan(query, u32::MAX).ok()?.text).ok()
}

/// The operation that is meant.
fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, Rejected> {
    let chosen = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(_), None) => {
            let message = "This document has several operations: say which one with `operationName`.";
            return Err(Rejected::new(Code::OperationResolutionFailure, message));
        }
    };
    let message = "This document has no operation with the name in `operationName`.";
    chosen.ok_or_else(|| Rejected::new(Code::OperationResolutionFailure, message))
}

/// The parser's complaint without the lines of the document that it quotes.
fn not_graphql(error: &parser::Error) -> Rejected {
    let message = match error {
        parser::Error::Syntax { message, .. } => {
            let reason = message.rsplit_once(" = ").map_or("unexpected text", |(_, reason)| reason.trim());
            format!("This is not GraphQL: {reason}.")
        }
        parser::Error::MissingOperation => "This document has no operation.".to_owned(),
        parser::Error::OperationDuplicated { operation, .. } => format!("The operation `{operation}` is there twice."),
        parser::Error::FragmentDuplicated { fragment, .. } => format!("The fragment `{fragment}` is there twice."),
        parser::Error::MultipleOperations { .. } => {
            "An operation without a name must be alone in its document.".to_owned()
        }
        _ => "This is not GraphQL.".to_owned(),
    };
    let code = match error {
        parser::Error::Syntax { .. } | parser::Error::MissingOperation => Code::ParseFailed,
        parser::Error::RecursionLimitExceeded => Code::TooDeep,
        _ => Code::ValidationFailed,
    };
    error.positions().fold(Rejected::new(code, message), Rejected::at)
}
