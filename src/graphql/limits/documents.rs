//! Documents that were parsed lately. An app has a few and sends them again and again, and parsing one takes longer than
//! reading its answer from memory.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;

use super::{not_graphql, scan};
use crate::base::generations::Generations;
use crate::graphql::report::Rejected;

/// Documents in a generation of those that are kept.
const KEPT: usize = 128;
/// Tokens of a document that is kept. Parsed, a token can take some hundred bytes: all documents together stay below some
/// tens of megabytes, whoever sends them.
const TOKENS: u32 = 1000;

/// Parsed documents by their text.
#[derive(Debug)]
pub(super) struct Documents(Mutex<Generations<String, Arc<ExecutableDocument>>>);

impl Default for Documents {
    fn default() -> Self {
        Self(Mutex::new(Generations::of(KEPT)))
    }
}

impl Documents {
    /// A document of at most so many tokens.
    ///
    /// # Errors
    /// When it has more, is nested too deep or is not GraphQL.
    pub(super) fn parsed(&self, query: &str, tokens: u32) -> Result<Arc<ExecutableDocument>, Rejected> {
        if let Some(document) = self.0.lock().unwrap_or_else(PoisonError::into_inner).find(query) {
            return Ok(document);
        }
        let scanned = scan::scan(query, tokens)?;
        let is_kept = scanned.tokens <= TOKENS;
        let document = Arc::new(parse_query(scanned.text).map_err(|error| not_graphql(&error))?);
        if is_kept {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.put(query.to_owned(), document.clone());
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_comes_again_is_the_same_and_a_large_one_is_not_kept() {
        let documents = Documents::default();
        let parsed = |text: &str| documents.parsed(text, 5000).unwrap();
        assert!(Arc::ptr_eq(&parsed("{ a }"), &parsed("{ a }")));
        assert!(!Arc::ptr_eq(&parsed("{ a }"), &parsed("{ a  }")));
        let large = format!("{{ {} }}", "a ".repeat(1000));
        assert!(!Arc::ptr_eq(&parsed(&large), &parsed(&large)));
        for _ in 0..2 {
            documents.parsed("{ a", 5000).unwrap_err();
            documents.parsed("{ b }", 1).unwrap_err();
        }
    }
}
