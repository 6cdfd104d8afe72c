//! The order of the fields in an answer: that of the document, as the specification asks.
//!
//! async-graphql gives the fields of an object in the order in which they were resolved, which differs from time to time.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Value};

/// The names that an object of an answer can have, in their order, each with those below it.
#[derive(Clone, Debug, Default)]
pub struct Order(IndexMap<Name, Order>);

impl Order {
    /// The order that an operation asks for. Its fragments do not spread themselves: that was refused before.
    #[must_use]
    pub fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let mut order = Self::default();
        order.add(document, &operation.selection_set.node);
        order
    }

    fn add(&mut self, document: &ExecutableDocument, selections: &SelectionSet) {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => {
                    let below = self.0.entry(field.node.response_key().node.clone()).or_default();
                    below.add(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.add(document, &fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// Brings an answer into the order.
    pub fn arrange(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if !self.is_order_of(fields) {
                    fields.sort_by_cached_key(|name, _| self.0.get_index_of(name));
                }
                let with_order = |value: &Value| matches!(value, Value::Object(_) | Value::List(_));
                for (name, value) in fields.iter_mut().filter(|(_, value)| with_order(value)) {
                    if let Some(below) = self.0.get(name) {
                        below.arrange(value);
                    }
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.arrange(item)),
            _ => {}
        }
    }

    /// Whether these fields are in order: most objects have few fields, which were resolved one after the other.
    fn is_order_of(&self, fields: &IndexMap<Name, Value>) -> bool {
        let mut names = self.0.keys();
        fields.keys().all(|field| names.any(|name| name == field))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::value;

    use super::*;

    #[test]
    fn fields_come_in_the_order_of_the_document_through_lists_and_fragments() {
        let text = "{ z a: b { ...F ... on T { d } c } } fragment F on T { y { q p } }";
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let mut answer = value!({ "a": [{ "c": 1, "d": 2, "y": { "p": 3, "q": 4 } }, null], "z": 5 });
        Order::of(&document, &operation.node).arrange(&mut answer);
        assert_eq!(answer.to_string(), "{z: 5, a: [{y: {q: 4, p: 3}, d: 2, c: 1}, null]}");
    }
}
