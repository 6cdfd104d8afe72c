//! Images that are being made because somebody asked for them: each once, for all who wait for it, and dropped when nobody
//! waits any more. Only so many wait, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::client_address::ClientAddress;
use crate::base::error::Result;

/// Requests that wait for images at once in one process; more are turned away. Each is a connection and some kilobytes.
const WAITING: usize = 64;
/// The same from one address: a page with a screenful of photos in flight, and a quarter of all places.
pub const WAITING_FROM_ONE: usize = 16;
/// AVIFs whose requests were answered with another format. Each takes a second or so, so they are made within a minute.
const LATER: usize = 32;
/// The same from one address.
const LATER_FROM_ONE: usize = 8;

/// An image being made; true when it is in the store afterwards.
pub type Making = BoxFuture<'static, Result<bool>>;

/// Images that are being made.
#[derive(Debug)]
pub struct Rendering {
    /// Requests that wait.
    waiting: Places,
    /// Images that are made after their requests were answered.
    later: Places,
    /// By name, for as long as somebody waits for it.
    made: Mutex<HashMap<String, WeakShared<Making>>>,
}

/// Places to wait in, in all and for each address.
#[derive(Debug)]
struct Places {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most_from_one: usize,
}

/// A place to wait in.
#[derive(Debug)]
pub struct WaitingPlace {
    _place: OwnedSemaphorePermit,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Default for Rendering {
    fn default() -> Self {
        let places = |all: usize, most_from_one: usize| Places {
            all: Arc::new(Semaphore::new(all)),
            taken: Arc::default(),
            most_from_one,
        };
        Self {
            waiting: places(WAITING, WAITING_FROM_ONE),
            later: places(LATER, LATER_FROM_ONE),
            made: Mutex::default(),
        }
    }
}

impl Rendering {
    /// A place for a request that waits for an image; `None` when all, or all of its address, are taken.
    #[must_use]
    pub fn try_wait(&self, client: ClientAddress) -> Option<WaitingPlace> {
        self.waiting.try_take(client.network())
    }

    /// A place for an image that is made after its request was answered; `None` when all, or all of its address, are taken.
    #[must_use]
    pub fn try_queue(&self, client: ClientAddress) -> Option<WaitingPlace> {
        self.later.try_take(client.network())
    }

    /// Makes an image by its name, together with whoever else wants it made. It is dropped when all of them are.
    pub fn join(&self, name: &str, make: impl FnOnce() -> Making) -> Shared<Making> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(making) = made.get(name).and_then(WeakShared::upgrade) {
            return making;
        }
        made.retain(|_, making| making.upgrade().is_some());
        let making = make().shared();
        made.extend(making.downgrade().map(|weak| (name.to_owned(), weak)));
        making
    }

    /// Whether an image is being made.
    #[must_use]
    pub fn is_made(&self, name: &str) -> bool {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(name).and_then(WeakShared::upgrade).is_some()
    }

    /// How many images are being made or wait for their turn. For tests.
    #[must_use]
    pub fn len(&self) -> usize {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.values().filter(|making| making.upgrade().is_some()).count()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Places {
    fn try_take(&self, address: IpAddr) -> Option<WaitingPlace> {
        let mut taken = lock(&self.taken);
        if taken.get(&address).is_some_and(|taken| *taken >= self.most_from_one) {
            return None;
        }
        let place = self.all.clone().try_acquire_owned().ok()?;
        *taken.entry(address).or_default() += 1;
        Some(WaitingPlace { _place: place, taken: self.taken.clone(), address })
    }
}

impl Drop for WaitingPlace {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        let left = taken.get(&self.address).map_or(0, |taken| taken.saturating_sub(1));
        match left {
            0 => taken.remove(&self.address),
            left => taken.insert(self.address, left),
        };
    }
}

fn lock(taken: &Mutex<HashMap<IpAddr, usize>>) -> std::sync::MutexGuard<'_, HashMap<IpAddr, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    fn client(number: u8) -> ClientAddress {
        ClientAddress(IpAddr::from([192, 0, 2, number]))
    }

    /// An image that is made when it is told so.
    fn making() -> (oneshot::Sender<()>, Making) {
        let (done, wait) = oneshot::channel();
        (done, async move { Ok(wait.await.is_ok()) }.boxed())
    }

    #[tokio::test]
    async fn the_same_image_is_made_once_for_all_and_another_beside_it() {
        let rendering = Rendering::default();
        let (done, image) = making();
        let first = rendering.join("a", || image);
        let second = rendering.join("a", || panic!("it is being made"));
        let other = rendering.join("b", || async { Ok(false) }.boxed());
        assert_eq!((other.await.ok(), rendering.len()), (Some(false), 1));
        done.send(()).unwrap();
        assert_eq!((first.await.ok(), second.await.ok()), (Some(true), Some(true)));
        assert!(rendering.is_empty());
    }

    #[tokio::test]
    async fn an_image_is_dropped_with_the_last_who_waits() {
        let rendering = Rendering::default();
        let (done, image) = making();
        let (first, second) = (rendering.join("a", || image), rendering.join("a", || panic!("it is being made")));
        drop(first);
        assert!(!done.is_closed());
        drop(second);
        assert!(done.is_closed() && rendering.is_empty());
    }

    #[test]
    fn only_so_many_wait_in_all_and_from_one_address() {
        let rendering = Rendering::default();
        let mut waiting: Vec<_> = (0..WAITING_FROM_ONE).map(|_| rendering.try_wait(client(1)).unwrap()).collect();
        assert!(rendering.try_wait(client(1)).is_none());
        assert!(rendering.try_queue(client(1)).is_some(), "those are counted by themselves");
        for number in 2.. {
            let more: Vec<_> = (0..WAITING_FROM_ONE).map_while(|_| rendering.try_wait(client(number))).collect();
            if more.is_empty() {
                break;
            }
            waiting.extend(more);
        }
        assert_eq!(waiting.len(), WAITING);
        drop(waiting);
        assert!(rendering.try_wait(client(1)).is_some());
        assert!(lock(&rendering.waiting.taken).is_empty());
    }
}
