//! How big a document is as it is written: levels, selections and directives, with fragments counted wherever they are
//! spread. Checked before anything else walks the document, because validation follows fragments without remembering
//! where it was.
//!
//! Each fragment is measured once, so the work grows with the document and not with what it unfolds to.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// How deep selections can be nested when each fragment counts, too: async-graphql's own limit.
const LEVELS: u32 = 32;

/// The size of an operation or of a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Levels of selections.
    levels: u32,
    /// Everything selected, as if fragments were written out.
    pub(super) selections: u64,
    /// Directives, likewise.
    pub(super) directives: u64,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.levels = self.levels.max(other.levels);
        self.selections = self.selections.saturating_add(other.selections);
        self.directives = self.directives.saturating_add(other.directives);
    }
}

/// Measures the operations and fragments of one document.
pub(super) struct Ruler<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// Fragments measured so far; `None` while one is being measured.
    measured: HashMap<&'a str, Option<Size>>,
}

impl<'a> Ruler<'a> {
    pub(super) fn new(document: &'a ExecutableDocument) -> Self {
        Self { fragments: &document.fragments, measured: HashMap::new() }
    }

    /// The size of an operation.
    ///
    /// # Errors
    /// `OPERATION_TOO_DEEP`, or `GRAPHQL_VALIDATION_FAILED` when a fragment spreads itself.
    pub(super) fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, Rejected> {
        let mut size = self.set(&operation.selection_set.node, 0)?;
        let of_variables = operation.variable_definitions.iter().map(|definition| definition.node.directives.len());
        size.directives += operation.directives.len() as u64 + of_variables.sum::<usize>() as u64;
        if size.levels > LEVELS { Err(too_deep()) } else { Ok(size) }
    }

    /// Checks every fragment, also those that no operation spreads: validation walks them all.
    ///
    /// # Errors
    /// As for an operation.
    pub(super) fn fragments(&mut self) -> Result<(), Rejected> {
        self.fragments.keys().try_for_each(|name| self.fragment(name, 0).map(|_| ()))
    }

    fn set(&mut self, set: &'a SelectionSet, level: u32) -> Result<Size, Rejected> {
        if level > LEVELS {
            return Err(too_deep());
        }
        let mut sum = Size::default();
        for selection in &set.items {
            let mut size = match &selection.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => Size::default(),
                Selection::Field(field) => nested(self.set(&field.node.selection_set.node, level + 1)?),
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, level)?,
                Selection::InlineFragment(inline) => nested(self.set(&inline.node.selection_set.node, level + 1)?),
            };
            let directives = selection.node.directives().len() as u64;
            size.add(Size { levels: 0, selections: 1, directives });
            sum.add(size);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a str, level: u32) -> Result<Size, Rejected> {
        match self.measured.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(spreads_itself(name)),
            None => {}
        }
        // Validation reports a fragment that does not exist.
        let Some(fragment) = self.fragments.get(name) else { return Ok(Size::default()) };
        self.measured.insert(name, None);
        let mut size = nested(self.set(&fragment.node.selection_set.node, level + 1)?);
        size.directives = size.directives.saturating_add(fragment.node.directives.len() as u64);
        self.measured.insert(name, Some(size));
        Ok(size)
    }
}

fn nested(size: Size) -> Size {
    Size { levels: size.levels + 1, ..size }
}

fn too_deep() -> Rejected {
    let message = format!("This operation is nested too deep: with its fragments at most {LEVELS} levels are allowed.");
    Rejected::new(Code::TooDeep, message)
}

fn spreads_itself(name: &str) -> Rejected {
    Rejected::new(Code::ValidationFailed, format!("The fragment `{name}` spreads itself."))
}
