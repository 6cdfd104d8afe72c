//! The order of the fields in an answer: that of the document, as the specification asks.
//!
//! async-graphql gives the fields of an object in the order in which they were resolved, which differs from time to time.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Value};

use super::compile::HIDDEN;

/// The fields that the objects at one place of an answer have, in their order, each with those below it.
#[derive(Clone, Debug, Default)]
pub struct Order {
    fields: Fields,
    /// The same of objects whose fields differ, by their types.
    objects: IndexMap<Name, Fields>,
}

type Fields = IndexMap<Name, Order>;

impl Order {
    /// The order that an operation in its normal form asks for.
    #[must_use]
    pub fn of(operation: &OperationDefinition) -> Self {
        Self::of_set(&operation.selection_set.node)
    }

    fn of_set(set: &SelectionSet) -> Self {
        let mut order = Self::default();
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.response_key().node == HIDDEN => {}
                Selection::Field(field) => {
                    let below = Self::of_set(&field.node.selection_set.node);
                    order.fields.insert(field.node.response_key().node.clone(), below);
                }
                Selection::InlineFragment(inline) => {
                    let object = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.clone());
                    let fields = Self::of_set(&inline.node.selection_set.node).fields;
                    order.objects.extend(object.map(|object| (object, fields)));
                }
                // A normal form has none.
                Selection::FragmentSpread(_) => {}
            }
        }
        order
    }

    /// Brings an answer into the order, and takes out what is hidden.
    pub fn arrange(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.arrange_object(fields),
            Value::List(items) => items.iter_mut().for_each(|item| self.arrange(item)),
            _ => {}
        }
    }

    fn arrange_object(&self, fields: &mut IndexMap<Name, Value>) {
        let order = match fields.shift_remove(HIDDEN) {
            Some(Value::String(object)) => self.objects.get(object.as_str()).unwrap_or(&self.fields),
            _ => &self.fields,
        };
        if !is_in_order(order, fields) {
            fields.sort_by_cached_key(|name, _| order.get_index_of(name));
        }
        let with_order = |value: &Value| matches!(value, Value::Object(_) | Value::List(_));
        for (name, value) in fields.iter_mut().filter(|(_, value)| with_order(value)) {
            if let Some(below) = order.get(name) {
                below.arrange(value);
            }
        }
    }
}

/// Whether fields are in order: most objects have few, which were resolved one after the other.
fn is_in_order(order: &Fields, fields: &IndexMap<Name, Value>) -> bool {
    let mut names = order.keys();
    fields.keys().all(|field| names.any(|name| name == field))
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::value;

    use super::*;

    #[test]
    fn fields_come_in_the_order_of_the_document_through_lists() {
        let document = parse_query("{ z a: b { y { q p } d c } }").unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let mut answer = value!({ "a": [{ "c": 1, "d": 2, "y": { "p": 3, "q": 4 } }, null], "z": 5 });
        Order::of(&operation.node).arrange(&mut answer);
        assert_eq!(answer.to_string(), "{z: 5, a: [{y: {q: 4, p: 3}, d: 2, c: 1}, null]}");
    }

    #[test]
    fn objects_that_differ_have_orders_of_their_own() {
        let document = parse_query("{ a { ... on A { x y } ... on B { y x } } }").unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let object = |ty: &str| {
            let hidden = (Name::new(HIDDEN), Value::from(ty));
            Value::Object([(Name::new("x"), 1.into()), (Name::new("y"), 2.into()), hidden].into_iter().collect())
        };
        let list = Value::List(vec![object("A"), object("B"), object("C")]);
        let mut answer = Value::Object([(Name::new("a"), list)].into_iter().collect());
        Order::of(&operation.node).arrange(&mut answer);
        assert_eq!(answer.to_string(), "{a: [{x: 1, y: 2}, {y: 2, x: 1}, {x: 1, y: 2}]}");
    }
}
