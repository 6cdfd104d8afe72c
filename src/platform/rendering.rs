//! Images that are being made because somebody asked for them: each once, whoever else asks waits, and only so many wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Turn, MutexGuard, OwnedSemaphorePermit, Semaphore};

/// Requests that wait for images at once; more are turned away.
const WAITING: usize = 64;

/// Images that are being made.
#[derive(Debug)]
pub struct Rendering {
    places: Arc<Semaphore>,
    /// Who makes which image, for as long as somebody waits for it.
    made: Mutex<HashMap<String, Weak<Turn<()>>>>,
}

/// A place to wait for an image.
#[derive(Debug)]
pub struct Waiting {
    _place: OwnedSemaphorePermit,
    turn: Arc<Turn<()>>,
}

impl Default for Rendering {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(WAITING)), made: Mutex::default() }
    }
}

impl Rendering {
    /// A place to wait for an image by its name; `None` when all are taken.
    #[must_use]
    pub fn try_acquire(&self, name: &str) -> Option<Waiting> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|_, turn| turn.strong_count() > 0);
        let turn = made.get(name).and_then(Weak::upgrade).unwrap_or_default();
        made.insert(name.to_owned(), Arc::downgrade(&turn));
        Some(Waiting { _place: place, turn })
    }
}

impl Waiting {
    /// Waits until nobody else makes this image.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_image_is_made_by_one_and_another_beside_it() {
        let rendering = Rendering::default();
        let [first, second, other] = ["a", "a", "b"].map(|name| rendering.try_acquire(name).unwrap());
        let making = first.turn().await;
        assert!(second.turn.try_lock().is_err());
        assert!(other.turn.try_lock().is_ok());
        drop(making);
        assert!(second.turn.try_lock().is_ok());
    }

    #[tokio::test]
    async fn only_so_many_wait_and_nothing_is_remembered() {
        let rendering = Rendering::default();
        let waiting: Vec<_> = (0..WAITING).map(|number| rendering.try_acquire(&number.to_string()).unwrap()).collect();
        assert!(rendering.try_acquire("one more").is_none());
        drop(waiting);
        assert!(rendering.try_acquire("one more").is_some());
        assert_eq!(rendering.made.lock().unwrap().len(), 1);
    }
}
