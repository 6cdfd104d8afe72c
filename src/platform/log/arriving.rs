//! Media on their way into the feeds made ahead: published, told to the live streams, perhaps not yet in every feed.
//!
//! Whoever reads a home feed and then listens from the position that came with it must miss nothing. A feed made ahead is
//! a little behind the log, so a reader adds what is on its way. An entry is noted before its position is given to
//! anybody, and leaves when every feed has it; a message lost on the way only keeps it here for longer.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::facts::Fact;
use crate::base::ids::MediaId;

/// Media that a reader adds at most. With more on their way, feeds are better computed.
const MOST: usize = 200;

/// Media on their way into the feeds made ahead. Empty, and stays so, until [`Arriving::begin`].
#[derive(Debug, Default)]
pub struct Arriving(Mutex<Option<HashSet<MediaId>>>);

impl Arriving {
    /// From now on feeds are made ahead.
    pub fn begin(&self) {
        self.lock().get_or_insert_default();
    }

    /// Notes media that were found to be on their way.
    pub fn add(&self, media: impl IntoIterator<Item = MediaId>) {
        if let Some(arriving) = self.lock().as_mut() {
            arriving.extend(media);
        }
    }

    /// Notes what a fact sends on its way.
    pub(super) fn note(&self, fact: &Fact) {
        match *fact {
            Fact::MediaPublished { media, .. } => self.add([media]),
            Fact::MediaDeleted { media, .. } => self.done(media),
            _ => {}
        }
    }

    /// A media is in every feed.
    pub fn done(&self, media: MediaId) {
        if let Some(arriving) = self.lock().as_mut() {
            arriving.remove(&media);
        }
    }

    /// All of them, for whoever finds out which have arrived.
    #[must_use]
    pub fn known(&self) -> Vec<MediaId> {
        self.lock().iter().flatten().copied().collect()
    }

    /// What a reader adds; `None` when it is too much.
    #[must_use]
    pub fn to_add(&self) -> Option<Vec<MediaId>> {
        let arriving = self.lock();
        let few = arriving.as_ref().is_none_or(|arriving| arriving.len() <= MOST);
        few.then(|| arriving.iter().flatten().copied().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashSet<MediaId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::UserId;

    #[test]
    fn what_is_published_is_on_its_way_until_it_has_arrived() {
        let published = |media| Fact::MediaPublished { media: MediaId(media), owner: UserId(1) };
        let arriving = Arriving::default();
        arriving.note(&published(1));
        assert!(arriving.known().is_empty(), "nobody makes feeds ahead");
        arriving.begin();
        arriving.note(&published(2));
        assert_eq!(arriving.to_add(), Some(vec![MediaId(2)]));
        arriving.done(MediaId(2));
        assert_eq!(arriving.to_add(), Some(vec![]));
        (0..).take(MOST + 1).for_each(|media| arriving.note(&published(media)));
        assert_eq!(arriving.to_add(), None);
    }
}
