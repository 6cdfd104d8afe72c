//! From a document to what is executed: parsed, validated, its variables coerced, brought into its normal form, priced.
//!
//! The order matters. The text is scanned before it is parsed, because the parser recurses; the document is measured as it
//! is written before it is validated, because validation follows fragments without remembering where it was. What does not
//! depend on variables is cached by document.

mod documents;
mod grammar;
mod literals;
mod merging;
mod normal;
mod price;
mod scan;
mod sharing;
mod subscriptions;
#[cfg(test)]
mod tests;
mod types;
mod validate;
mod values;
mod variables;
mod written;

use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Positioned, Value, Variables};

use self::documents::{Documents, Valid};
pub(in crate::graphql) use self::normal::HIDDEN;
use self::price::Price;
pub use self::sharing::{GroupKey, On, Sharing};
pub use self::types::Types;
pub use self::validate::Validator;
use super::report::{self, Rejected};
use crate::base::config::Graphql;
use crate::base::error::Code;

/// About how many values introspection may give; what GraphiQL asks of a schema of 400 types is half of it.
const INTROSPECTED: u64 = 500_000;
/// How often lists of types and fields can be nested in introspection: their lengths multiply.
const INTROSPECTED_LISTS: u64 = 3;
/// About how many bytes a token takes that is parsed, with what it stands in: a field is the largest.
const TOKEN_BYTES: usize = 300;

/// Compiles operations for a schema, within the limits of a server.
#[derive(Debug)]
pub struct Compiler {
    types: Types,
    validator: Validator,
    most: Graphql,
    documents: Documents,
}

/// What a client sent.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The document.
    pub query: &'a str,
    /// Which of its operations.
    pub operation_name: Option<&'a str>,
}

/// An operation that may be executed.
#[derive(Debug)]
pub struct Compiled {
    /// Its normal form: no fragments but those that tell objects apart, no directives, no variables.
    pub operation: Arc<OperationDefinition>,
    /// What it costs: for a subscription, each of its events.
    pub cost: Cost,
    /// About how many bytes the operation takes.
    pub bytes: usize,
    /// With whom it shares what happens, when it is a subscription that can.
    pub sharing: Option<Sharing>,
}

/// What an operation costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// In the units of the README's table.
    pub requested: u64,
    /// How much it may cost.
    pub maximum: u64,
    /// The way to what costs most, `viewer.homeFeed.nodes`.
    pub costliest_path: String,
}

impl Compiler {
    /// For a schema, given as its own text, with the limits of a configuration.
    #[must_use]
    pub fn new(sdl: &str, validator: Validator, most: &Graphql) -> Self {
        Self { types: Types::new(sdl), validator, most: most.clone(), documents: Documents::default() }
    }

    /// The types of the schema.
    #[must_use]
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// Compiles an operation.
    ///
    /// # Errors
    /// When the text is not GraphQL, the document does not fit the schema, no operation can be chosen, a variable does not fit
    /// or a limit is passed.
    pub fn compile(&self, source: Source<'_>, variables: Variables) -> Result<Compiled, Rejected> {
        self.check_length(source.query)?;
        let Valid { document, bytes } = self.documents.valid(source.query, || self.validate(source.query))?;
        let chosen = choose(&document, source.operation_name)?;
        let variables = variables::complete(&self.types, &chosen.node, variables)?;
        let normal = normal::normalize(&self.types, (&document, &chosen.node), &variables)?;
        let price = price::of(&self.types, &normal.operation);
        self.check_price(&price).map_err(|rejected| rejected.at(chosen.pos))?;
        let cost =
            Cost { requested: price.cost, maximum: u64::from(self.most.cost), costliest_path: price.costliest_path() };
        let sharing = sharing::of(&self.types, &normal.operation);
        let bytes = normal.bytes.max(bytes);
        Ok(Compiled { operation: Arc::new(normal.operation), cost, bytes, sharing })
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

    /// Parses a document and checks all that does not depend on variables.
    fn validate(&self, query: &str) -> Result<Valid, Rejected> {
        let scanned = scan::scan(query, self.most.tokens)?;
        let bytes = query.len() + scanned.tokens as usize * TOKEN_BYTES;
        let document = parse_query(scanned.text).map_err(|error| not_graphql(&error))?;
        scanned.invalid.map_or(Ok(()), Err)?;
        self.check_size(&document)?;
        let errors = self.validator.errors(&document);
        if !errors.is_empty() {
            return Err(report::not_valid(errors));
        }
        let mut left = literals::CHECKED;
        for (_, operation) in document.operations.iter() {
            literals::check(&self.types, (&document, &mut left), &operation.node)?;
            merging::check(&self.types, &document, &operation.node)?;
            subscriptions::check(&document, operation)?;
        }
        Ok(Valid { document: Arc::new(document), bytes })
    }

    /// Every operation of the document is validated, so all of them together must be small.
    fn check_size(&self, document: &ExecutableDocument) -> Result<(), Rejected> {
        let mut ruler = written::Ruler::new(document);
        ruler.fragments()?;
        let (mut selections, mut directives) = (0_u64, 0_u64);
        for (_, operation) in document.operations.iter() {
            let size = ruler.operation(&operation.node).map_err(|rejected| rejected.at(operation.pos))?;
            selections = selections.saturating_add(size.selections);
            directives = directives.saturating_add(size.directives);
        }
        within(directives, self.most.directives, Limit(Code::TooExpensive, "directives"))?;
        // Written out, a selection is at least one token.
        within(selections, self.most.tokens, Limit(Code::TooExpensive, "selections, with its fragments written out"))
    }

    fn check_price(&self, price: &Price) -> Result<(), Rejected> {
        let most = &self.most;
        within(price.fields, most.root_fields, Limit(Code::TooExpensive, "fields at its root"))?;
        within(price.aliases, most.aliases, Limit(Code::TooManyAliases, "aliases"))?;
        within(price.depth, most.depth, Limit(Code::TooDeep, "levels of fields"))?;
        within(price.cost, most.cost, Limit(Code::TooExpensive, "units of cost"))?;
        self.check_introspection(price)
    }

    fn check_introspection(&self, price: &Price) -> Result<(), Rejected> {
        if price.introspected > 0 && !self.most.introspection {
            return Err(Rejected::new(
                Code::ValidationFailed,
                "This server does not answer questions about its schema.",
            ));
        }
        if price.introspected_lists > INTROSPECTED_LISTS || price.introspected > INTROSPECTED {
            let message = "This asks for too much of the schema: nest its lists of fields and types less.";
            return Err(Rejected::new(Code::TooDeep, message));
        }
        Ok(())
    }
}

/// About how many bytes a value takes.
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
        parser::Error::Syntax { .. } => Code::ParseFailed,
        parser::Error::RecursionLimitExceeded => Code::TooDeep,
        _ => Code::ValidationFailed,
    };
    error.positions().fold(Rejected::new(code, message), Rejected::at)
}
