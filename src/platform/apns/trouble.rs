//! Whether pushes leave at all. Each that does not is tried again without a word; when none was taken for a minute, someone
//! must look.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::answer::Answer;
use crate::base::clock::Timestamp;

/// How long none may be taken.
const LONG: Duration = Duration::from_mins(1);

/// Since when there is trouble, and whether that was said.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Option<(Timestamp, bool)>>);

impl Trouble {
    /// Notes what became of a push. True when it is time to say that none is taken; that is once.
    pub(super) fn note(&self, answer: &Answer, now: Timestamp) -> bool {
        let mut trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(answer, Answer::Later { .. }) {
            *trouble = None;
            return false;
        }
        let (since, was_said) = trouble.unwrap_or((now, false));
        let is_long = now.since(since) > LONG;
        *trouble = Some((since, was_said || is_long));
        is_long && !was_said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_and_again_after_all_was_well() {
        let (trouble, later) = (Trouble::default(), Answer::silence("Timeout"));
        let at = |seconds: i64| Timestamp(seconds * 1000);
        let said = [0, 30, 60, 61, 90].map(|seconds| trouble.note(&later, at(seconds)));
        assert_eq!(said, [false, false, false, true, false]);
        assert!(!trouble.note(&Answer::Accepted, at(100)));
        assert_eq!([110, 171].map(|seconds| trouble.note(&later, at(seconds))), [false, true]);
    }
}
