//! Documents that were parsed lately. An app has a few and sends them again and again, and parsing one takes longer than
//! reading its answer from memory.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;

use super::{not_graphql, scan};
use crate::base::generations::Generations;
use crate::graphql::report::Rejected;

/// Bytes of the documents in a generation of those that are kept: some hundreds as apps send them.
const KEPT: usize = 8 << 20;
/// Bytes of a document that is kept, so that nobody needs only a few to make all others go.
const MOST: usize = KEPT / 16;
/// About how many bytes a token takes that is parsed, with what it stands in: a field is the largest.
const TOKEN_BYTES: usize = 300;

/// A parsed document, and about how many bytes it takes with its text.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub(super) document: Arc<ExecutableDocument>,
    pub(super) bytes: usize,
}

/// Parsed documents by their text.
#[derive(Debug)]
pub(super) struct Documents(Mutex<Generations<Arc<str>, Parsed>>);

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
    pub(super) fn parsed(&self, query: &str, tokens: u32) -> Result<Parsed, Rejected> {
        if let Some(document) = self.0.lock().unwrap_or_else(PoisonError::into_inner).find(query) {
            return Ok(document);
        }
        let scanned = scan::scan(query, tokens)?;
        let bytes = query.len() + scanned.tokens as usize * TOKEN_BYTES;
        let document = Arc::new(parse_query(scanned.text).map_err(|error| not_graphql(&error))?);
        let parsed = Parsed { document, bytes };
        if bytes <= MOST {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.put_weighing(query.into(), parsed.clone(), bytes);
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_comes_again_is_the_same_and_a_large_one_is_not_kept() {
        let documents = Documents::default();
        let parsed = |text: &str| documents.parsed(text, 5000).unwrap().document;
        assert!(Arc::ptr_eq(&parsed("{ a }"), &parsed("{ a }")));
        assert!(!Arc::ptr_eq(&parsed("{ a }"), &parsed("{ a  }")));
        let large = format!("{{ {} }}", "a ".repeat(2000));
        assert!(!Arc::ptr_eq(&parsed(&large), &parsed(&large)));
        for _ in 0..2 {
            documents.parsed("{ a", 5000).unwrap_err();
            documents.parsed("{ b }", 1).unwrap_err();
        }
    }
}
