//! How big an operation is, with its fragments followed: depth, aliases, directives and price.
//!
//! Each fragment is measured once, so the work grows with the document and not with what it unfolds to. Fragments that
//! spread themselves are found here because async-graphql walks fragments before it validates them.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field as Selected, FragmentDefinition, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

use super::types::{Field, Types};
use crate::base::error::Code;
use crate::base::page;
use crate::graphql::report::Rejected;

/// How deep selections can be nested when each fragment counts, too: async-graphql's own limit.
const NESTED: u32 = 32;

/// The size of an operation or of a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// Fields on the way to the deepest one. Introspection does not count.
    pub(super) depth: u64,
    /// The same with fragments and introspection.
    pub(super) nested: u64,
    /// Fields at the top.
    pub(super) roots: u64,
    /// Everything selected, as if fragments were written out.
    pub(super) selections: u64,
    pub(super) aliases: u64,
    pub(super) directives: u64,
    pub(super) cost: u64,
    /// The cost of one item of the page, for the selections of a connection.
    item: u64,
    /// About how many values introspection gives.
    pub(super) introspected: u64,
    /// Lists of fields or types inside each other in introspection.
    pub(super) introspected_lists: u64,
}

impl Measure {
    /// Takes what is selected beside it.
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.nested = self.nested.max(other.nested);
        self.introspected_lists = self.introspected_lists.max(other.introspected_lists);
        self.roots = self.roots.saturating_add(other.roots);
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.cost = self.cost.saturating_add(other.cost);
        self.item = self.item.saturating_add(other.item);
        self.introspected = self.introspected.saturating_add(other.introspected);
    }
}

/// Measures the operations of one document.
pub(super) struct Ruler<'a> {
    types: &'a Types,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
    /// The fragments measured so far; `None` while one is being measured.
    measured: HashMap<&'a str, Option<Measure>>,
}

impl<'a> Ruler<'a> {
    pub(super) fn new(types: &'a Types, document: &'a ExecutableDocument, variables: &'a Variables) -> Self {
        Self { types, fragments: &document.fragments, variables, measured: HashMap::new() }
    }

    /// The size of an operation.
    ///
    /// # Errors
    /// `OPERATION_TOO_DEEP`, or `GRAPHQL_VALIDATION_FAILED` when a fragment spreads itself.
    pub(super) fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Measure, Rejected> {
        let root = self.types.root(operation.ty);
        let mut measure = self.set(root, &operation.selection_set.node, 0)?;
        let of_variables = operation.variable_definitions.iter().map(|definition| definition.node.directives.len());
        measure.directives += operation.directives.len() as u64 + of_variables.sum::<usize>() as u64;
        if measure.nested > u64::from(NESTED) { Err(too_deep()) } else { Ok(measure) }
    }

    /// Looks at every fragment, also those that no operation uses: validation goes through them all.
    ///
    /// # Errors
    /// As for an operation.
    pub(super) fn fragments(&mut self) -> Result<(), Rejected> {
        for name in self.fragments.keys() {
            self.fragment(name, 0)?;
        }
        Ok(())
    }

    fn set(&mut self, parent: Option<&'a str>, set: &'a SelectionSet, level: u32) -> Result<Measure, Rejected> {
        if level > NESTED {
            return Err(too_deep());
        }
        let mut sum = Measure::default();
        for selection in &set.items {
            let mut measure = match &selection.node {
                Selection::Field(field) => self.field(parent, &field.node, level)?,
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str(), level)?,
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    nested(self.set(on.or(parent), &inline.node.selection_set.node, level + 1)?)
                }
            };
            measure.selections = measure.selections.saturating_add(1);
            measure.directives = measure.directives.saturating_add(selection.node.directives().len() as u64);
            sum.add(measure);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a str, level: u32) -> Result<Measure, Rejected> {
        match self.measured.get(name) {
            Some(Some(measure)) => return Ok(*measure),
            Some(None) => return Err(spreads_itself(name)),
            None => {}
        }
        // Validation reports a fragment that is not there.
        let Some(fragment) = self.fragments.get(name) else { return Ok(Measure::default()) };
        self.measured.insert(name, None);
        let on = fragment.node.type_condition.node.on.node.as_str();
        let mut measure = nested(self.set(Some(on), &fragment.node.selection_set.node, level + 1)?);
        measure.directives = measure.directives.saturating_add(fragment.node.directives.len() as u64);
        self.measured.insert(name, Some(measure));
        Ok(measure)
    }

    fn field(&mut self, parent: Option<&'a str>, field: &'a Selected, level: u32) -> Result<Measure, Rejected> {
        let name = field.name.node.as_str();
        let known = parent.and_then(|parent| self.types.field(parent, name));
        let child = child(parent, name, known);
        let mut measure = Measure::default();
        if !field.selection_set.node.items.is_empty() {
            measure = nested(self.set(child, &field.selection_set.node, level + 1)?);
        }
        measure.roots = 1;
        measure.aliases = measure.aliases.saturating_add(u64::from(field.alias.is_some()));
        if is_introspection(parent) || is_introspection(child) {
            return Ok(self.introspected(name, measure));
        }
        measure.depth += 1;
        Ok(match known {
            Some(known) => self.priced((parent, known), field, measure),
            None => measure,
        })
    }

    /// Introspection is counted apart: it has neither depth nor cost, but lists in lists in lists.
    fn introspected(&self, name: &str, mut measure: Measure) -> Measure {
        let nests = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        measure.introspected_lists += u64::from(nests);
        measure.introspected = measure.introspected.saturating_add(1).saturating_mul(self.usual_introspection(name));
        Measure { depth: 0, cost: 0, item: 0, ..measure }
    }

    /// How long the lists of introspection are on average over all types, roughly.
    fn usual_introspection(&self, name: &str) -> u64 {
        match name {
            "types" => self.types.count(),
            "fields" => 6,
            "args" | "inputFields" | "enumValues" => 2,
            "directives" | "locations" => 5,
            _ => 1,
        }
    }

    fn priced(&self, (parent, known): (Option<&str>, &Field), field: &Selected, inner: Measure) -> Measure {
        let item = if is_connection(&known.named) { self.page(field, known) } else { 1 };
        let each = self.price(parent, known).saturating_add(inner.cost).saturating_add(inner.item.saturating_mul(item));
        if parent.is_some_and(is_connection) && known.is_list() {
            return Measure { cost: 0, item: each, ..inner };
        }
        let length = if known.is_list() { self.length(field, known) } else { 1 };
        Measure { cost: each.saturating_mul(length), item: 0, ..inner }
    }

    /// What one value of a field costs.
    fn price(&self, parent: Option<&str>, known: &Field) -> u64 {
        let is_mutation = parent.is_some() && parent == self.types.root(OperationType::Mutation);
        let usual = if is_mutation { 10 } else { u64::from(self.types.is_composite(&known.named)) };
        known.weight.unwrap_or(usual)
    }

    /// How many items a list has: as many as are asked for, or as are named, or what is usual.
    fn length(&self, field: &Selected, known: &Field) -> u64 {
        if PAGES.iter().any(|name| known.arguments.contains_key(*name)) {
            return self.page(field, known);
        }
        let lists = known.arguments.iter().filter(|(_, argument)| argument.is_list());
        let mut named = lists.filter_map(|(name, _)| match self.argument(field, name)? {
            Value::List(items) => Some(items.len() as u64),
            _ => None,
        });
        named.next().unwrap_or_else(|| usual_length(&field.name.node))
    }

    /// How many items a page has; at least one, for an empty page is looked up as well. What is out of bounds is refused when it is executed, with a better message.
    fn page(&self, field: &Selected, known: &Field) -> u64 {
        let asked = PAGES.iter().find_map(|name| number(self.argument(field, name).as_ref()));
        let default = || PAGES.iter().find_map(|name| number(known.arguments.get(*name)?.default.as_ref()));
        let items = asked.or_else(default).unwrap_or(i64::from(page::DEFAULT_ITEMS));
        u64::try_from(items.clamp(1, i64::from(page::MOST_ITEMS))).unwrap_or(1)
    }

    /// The value of an argument, with variables put in.
    fn argument(&self, field: &Selected, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?.node.clone();
        value.into_const_with(|variable| self.variables.get(&variable).cloned().ok_or(())).ok()
    }
}

/// The arguments that say how many items there are.
const PAGES: [&str; 3] = ["first", "last", "limit"];

fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

fn nested(measure: Measure) -> Measure {
    Measure { nested: measure.nested + 1, ..measure }
}

/// The type that a field leads to. The types of introspection are not in the schema's text; one name stands for all.
fn child<'a>(parent: Option<&'a str>, name: &str, known: Option<&'a Field>) -> Option<&'a str> {
    match name {
        "__schema" | "__type" => Some("__"),
        _ if is_introspection(parent) => parent,
        _ => known.map(|known| known.named.as_str()),
    }
}

fn is_introspection(parent: Option<&str>) -> bool {
    parent.is_some_and(|parent| parent.starts_with("__"))
}

fn is_connection(name: &str) -> bool {
    name.ends_with("Connection")
}

/// How many items the lists hold that have no page and name no items.
fn usual_length(field: &str) -> u64 {
    match field {
        // Every size of a photo.
        "images" => 5,
        "userErrors" => 1,
        // A media has at most ten photos; other lists are short, too.
        _ => 10,
    }
}

fn too_deep() -> Rejected {
    let message = format!("This operation is nested too deep: with its fragments at most {NESTED} levels are allowed.");
    Rejected::new(Code::TooDeep, message)
}

fn spreads_itself(name: &str) -> Rejected {
    Rejected::new(Code::ValidationFailed, format!("The fragment `{name}` spreads itself."))
}
