//! What an operation costs: the size of its normal form, with lists weighed by their usual length.

use async_graphql::Name;
use async_graphql::parser::types::{Field as Selected, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql_value::Value;

use super::normal::HIDDEN;
use super::types::{Field, InputField, Types};
use crate::base::page;

/// The size of an operation or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Price {
    /// Fields on the way to the deepest one. Introspection does not count.
    pub(super) depth: u64,
    /// Fields at the top.
    pub(super) fields: u64,
    pub(super) aliases: u64,
    pub(super) cost: u64,
    /// The cost of one item of the page, for the selections of a connection.
    item: u64,
    /// About how many values introspection gives.
    pub(super) introspected: u64,
    /// Lists of fields or types inside each other in introspection.
    pub(super) introspected_lists: u64,
    /// What the costliest field at the top costs, and response keys from the innermost field to it.
    costliest: (u64, Vec<Name>),
}

impl Price {
    /// Adds what is selected beside it.
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.introspected_lists = self.introspected_lists.max(other.introspected_lists);
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.cost = self.cost.saturating_add(other.cost);
        self.item = self.item.saturating_add(other.item);
        self.introspected = self.introspected.saturating_add(other.introspected);
        self.take_costliest(other.costliest);
    }

    /// Takes what is selected instead of it, of another object.
    fn or(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.introspected_lists = self.introspected_lists.max(other.introspected_lists);
        self.fields = self.fields.max(other.fields);
        self.aliases = self.aliases.max(other.aliases);
        self.cost = self.cost.max(other.cost);
        self.item = self.item.max(other.item);
        self.introspected = self.introspected.max(other.introspected);
        self.take_costliest(other.costliest);
    }

    fn take_costliest(&mut self, other: (u64, Vec<Name>)) {
        if other.0 > self.costliest.0 {
            self.costliest = other;
        }
    }

    /// The way to the costliest field, `viewer.homeFeed.nodes`; empty when nothing costs anything.
    pub(super) fn costliest_path(&self) -> String {
        let keys: Vec<&str> = self.costliest.1.iter().rev().map(Name::as_str).collect();
        keys.join(".")
    }
}

/// The price of an operation in its normal form.
pub(super) fn of(types: &Types, operation: &OperationDefinition) -> Price {
    Pricing { types }.set(types.root(operation.ty), &operation.selection_set.node, false)
}

struct Pricing<'a> {
    types: &'a Types,
}

impl<'a> Pricing<'a> {
    /// `is_nested`: within a list that is weighed by its usual length.
    fn set(&self, on: Option<&'a str>, set: &'a SelectionSet, is_nested: bool) -> Price {
        let (mut sum, mut alternatives) = (Price::default(), Price::default());
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.response_key().node == HIDDEN => {}
                Selection::Field(field) => sum.add(self.field(on, &field.node, is_nested)),
                Selection::InlineFragment(inline) => {
                    let object = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    alternatives.or(self.set(object.or(on), &inline.node.selection_set.node, is_nested));
                }
                // A normal form has none.
                Selection::FragmentSpread(_) => {}
            }
        }
        sum.add(alternatives);
        sum
    }

    fn field(&self, on: Option<&'a str>, field: &'a Selected, is_nested: bool) -> Price {
        let name = field.name.node.as_str();
        let known = on.and_then(|on| self.types.field(on, name));
        let child = known.map(|known| known.named.as_str());
        let is_in_page = on.is_some_and(is_connection);
        let nests = is_nested || known.is_some_and(|known| is_unpaged(known) && !is_in_page);
        let mut price = self.set(child, &field.selection_set.node, nests);
        price.fields = 1;
        price.aliases = price.aliases.saturating_add(u64::from(field.alias.is_some()));
        if is_introspection(on) || is_introspection(child) {
            return self.introspected(name, price);
        }
        price.depth += 1;
        let mut price = match known {
            Some(known) => self.priced((on, known), (field, is_nested), price),
            None => price,
        };
        let own = price.cost.max(price.item);
        if own > 0 {
            price.costliest.0 = own;
            price.costliest.1.push(field.response_key().node.clone());
        }
        price
    }

    /// Introspection is counted apart: it has neither depth nor cost, but lists in lists in lists.
    fn introspected(&self, name: &str, mut price: Price) -> Price {
        let nests = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        price.introspected_lists += u64::from(nests);
        price.introspected = price.introspected.saturating_add(1).saturating_mul(self.usual_introspection(name));
        Price { depth: 0, cost: 0, item: 0, costliest: Default::default(), ..price }
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

    fn priced(
        &self,
        (on, known): (Option<&str>, &Field),
        (field, is_nested): (&Selected, bool),
        inner: Price,
    ) -> Price {
        let item = if is_connection(&known.named) { page(field) } else { 1 };
        let each = self.price(on, known).saturating_add(inner.cost).saturating_add(inner.item.saturating_mul(item));
        if on.is_some_and(is_connection) && known.is_list() {
            return Price { cost: 0, item: each, ..inner };
        }
        let length = if known.is_list() { length(field, known, is_nested) } else { 1 };
        Price { cost: each.saturating_mul(length), item: 0, ..inner }
    }

    /// What one value of a field costs.
    fn price(&self, on: Option<&str>, known: &Field) -> u64 {
        let is_mutation = on.is_some() && on == self.types.root(OperationType::Mutation);
        let usual = if is_mutation { MUTATION } else { u64::from(self.types.is_composite(&known.named)) };
        known.weight.unwrap_or(usual)
    }
}

/// What a field of `Mutation` costs.
const MUTATION: u64 = 10;
/// The arguments that say how many items there are.
const PAGES: [&str; 3] = ["first", "last", "limit"];

/// How many items a list has: as many as are asked for, or as are named, or what is usual.
fn length(field: &Selected, known: &Field, is_nested: bool) -> u64 {
    if PAGES.iter().any(|name| known.arguments.contains_key(*name)) {
        return page(field);
    }
    let lists = known.arguments.iter().filter(|(_, argument)| argument.is_list());
    let mut named = lists.filter_map(|(name, _)| match &field.get_argument(name)?.node {
        Value::List(items) => Some(items.len() as u64),
        Value::Null => None,
        _ => Some(1),
    });
    named.next().unwrap_or_else(|| length_of(&field.name.node, is_nested))
}

/// How many items a page has; at least one, for an empty page is looked up as well. What is out of bounds is refused when it
/// is executed, with a better message.
fn page(field: &Selected) -> u64 {
    let asked = PAGES.iter().find_map(|name| number(&field.get_argument(name)?.node));
    let items = asked.unwrap_or(i64::from(page::DEFAULT_ITEMS));
    u64::try_from(items.clamp(1, i64::from(page::MOST_ITEMS))).unwrap_or(1)
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

fn is_introspection(on: Option<&str>) -> bool {
    on.is_some_and(|on| on.starts_with("__"))
}

fn is_connection(name: &str) -> bool {
    name.ends_with("Connection")
}

/// How many items the lists usually have that have no page and name no items, and how many at most. The README has the same
/// table.
const LENGTHS: [(&str, Length); 5] = [
    ("photos", Length { usual: 2, most: 10 }),
    ("tags", Length { usual: 3, most: 20 }),
    ("entities", Length { usual: 3, most: 50 }),
    ("images", Length { usual: 5, most: 5 }),
    ("userErrors", Length { usual: 1, most: 1 }),
];
/// The same of all others. They are short, too.
const LENGTH: Length = Length { usual: 10, most: 10 };

#[derive(Clone, Copy)]
struct Length {
    usual: u64,
    most: u64,
}

/// What is unusual multiplies: within a list that is weighed by its usual length, others are weighed by their longest.
fn length_of(field: &str, is_nested: bool) -> u64 {
    let length = LENGTHS.iter().find(|(name, _)| *name == field).map_or(LENGTH, |(_, length)| *length);
    if is_nested { length.most } else { length.usual }
}

/// Whether the length of a list is not known from its arguments.
fn is_unpaged(known: &Field) -> bool {
    let has = |name: &&str| known.arguments.contains_key(*name);
    known.is_list() && !PAGES.iter().any(has) && !known.arguments.values().any(InputField::is_list)
}
