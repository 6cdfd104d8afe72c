//! Documents that were sent lately, parsed and validated. An app has a few and sends them again and again, and this takes
//! longer than reading its answer from memory.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::ExecutableDocument;

use crate::base::generations::Generations;
use crate::graphql::report::Rejected;

/// Bytes of the documents in a generation of those that are cached: some hundreds as apps send them.
const CACHED: usize = 8 << 20;
/// Bytes of a document that is cached, so that nobody needs only a few to evict all others.
const MOST: usize = CACHED / 16;

/// A document that is valid, and about how many bytes it takes with its text.
#[derive(Clone, Debug)]
pub(super) struct Valid {
    pub(super) document: Arc<ExecutableDocument>,
    pub(super) bytes: usize,
}

/// Valid documents by their text.
#[derive(Debug)]
pub(super) struct Documents(Mutex<Generations<Arc<str>, Valid>>);

impl Default for Documents {
    fn default() -> Self {
        Self(Mutex::new(Generations::of(CACHED)))
    }
}

impl Documents {
    /// A document; it is validated unless it was sent lately. What is refused is not cached.
    ///
    /// # Errors
    /// Those of the validation.
    pub(super) fn valid(
        &self,
        text: &str,
        validate: impl FnOnce() -> Result<Valid, Rejected>,
    ) -> Result<Valid, Rejected> {
        if let Some(valid) = self.0.lock().unwrap_or_else(PoisonError::into_inner).find(text) {
            return Ok(valid);
        }
        let valid = validate()?;
        if valid.bytes <= MOST {
            let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cached.put_weighing(text.into(), valid.clone(), valid.bytes);
        }
        Ok(valid)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;
    use crate::base::error::Code;

    #[test]
    fn a_document_that_comes_again_is_the_same_and_a_large_one_is_not_cached() {
        let documents = Documents::default();
        let valid = |text: &str, bytes| {
            let parse = || Ok(Valid { document: Arc::new(parse_query(text).unwrap()), bytes });
            documents.valid(text, parse).unwrap().document
        };
        assert!(Arc::ptr_eq(&valid("{ a }", 10), &valid("{ a }", 10)));
        assert!(!Arc::ptr_eq(&valid("{ a }", 10), &valid("{ a  }", 10)));
        assert!(!Arc::ptr_eq(&valid("{ b }", MOST + 1), &valid("{ b }", MOST + 1)));
        let mut refused = 0;
        for _ in 0..2 {
            let refuse = || {
                refused += 1;
                Err(Rejected::new(Code::ValidationFailed, "No."))
            };
            documents.valid("{ c }", refuse).unwrap_err();
        }
        assert_eq!(refused, 2);
    }
}
