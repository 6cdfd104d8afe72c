//! A subscription has one stream: one field at its root, once its fragments are expanded, and no condition on it (working draft
//! of the specification, 5.2.4.1).

use std::collections::{HashMap, HashSet};

use async_graphql::Positioned;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};

use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// Checks an operation of a document, which may be of another kind.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED`
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
) -> Result<(), Rejected> {
    if operation.node.ty != OperationType::Subscription {
        return Ok(());
    }
    let mut root = Root { document, fields: HashMap::new(), spread: HashSet::new() };
    root.set(&operation.node.selection_set.node)?;
    if root.fields.len() == 1 && root.fields.values().all(|name| !name.starts_with("__")) {
        return Ok(());
    }
    Err(refused("A subscription has exactly one field at its root.").at(operation.pos))
}

struct Root<'a> {
    document: &'a ExecutableDocument,
    /// The names of the fields by their response keys.
    fields: HashMap<&'a str, &'a str>,
    /// Fragments that were walked already.
    spread: HashSet<&'a str>,
}

impl<'a> Root<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<(), Rejected> {
        let document = self.document;
        for selection in &set.items {
            check_directives(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => {
                    self.fields.insert(&field.node.response_key().node, &field.node.name.node);
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(used) => {
                    let name = used.node.fragment_name.node.as_str();
                    if let Some(fragment) = document.fragments.get(name).filter(|_| self.spread.insert(name)) {
                        self.set(&fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn check_directives(directives: &[Positioned<Directive>]) -> Result<(), Rejected> {
    let condition = directives.iter().find(|directive| matches!(&*directive.node.name.node, "skip" | "include"));
    condition.map_or(Ok(()), |condition| {
        Err(refused("The field at the root of a subscription has no `@skip` and no `@include`.").at(condition.pos))
    })
}

fn refused(message: &str) -> Rejected {
    Rejected::new(Code::ValidationFailed, message)
}
