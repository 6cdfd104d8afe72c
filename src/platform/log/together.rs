//! Listeners that are told once for all of them: an entry, and who of them hears it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::Entry;

/// Entries that wait for those who listen together.
const QUEUE: usize = 1024;

/// The queue of some who listen together.
#[derive(Debug)]
pub struct Together {
    queue: mpsc::Sender<Heard>,
    /// Those for whom there was no room.
    cut_off: Mutex<Vec<u64>>,
}

/// An entry, and who hears it.
#[derive(Debug)]
pub struct Heard {
    /// What happened.
    pub entry: Arc<Entry>,
    /// Where all logs stand with it: whoever was told this far goes on from here.
    pub positions: Arc<[i64]>,
    /// The numbers of those who hear it.
    pub listeners: Vec<u64>,
}

impl Together {
    /// A queue, and its end.
    #[must_use]
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Heard>) {
        let (queue, heard) = mpsc::channel(QUEUE);
        (Arc::new(Self { queue, cut_off: Mutex::default() }), heard)
    }

    /// Those who listen no more because there was no room for what they should have heard.
    #[must_use]
    pub fn take_cut_off(&self) -> Vec<u64> {
        std::mem::take(&mut *self.cut_off.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells those who hear an entry; returns those for whom there was no room.
    fn tell(&self, heard: Heard) -> Vec<u64> {
        match self.queue.try_send(heard) {
            Ok(()) => Vec::new(),
            Err(mpsc::error::TrySendError::Full(heard) | mpsc::error::TrySendError::Closed(heard)) => {
                self.cut_off.lock().unwrap_or_else(PoisonError::into_inner).extend(&heard.listeners);
                heard.listeners
            }
        }
    }
}

/// Who hears one entry, by the queues they listen at.
#[derive(Default)]
pub(super) struct Hearing(HashMap<*const Together, (Arc<Together>, Vec<u64>)>);

impl Hearing {
    pub(super) fn add(&mut self, together: &Arc<Together>, number: u64) {
        let (_, listeners) = self.0.entry(Arc::as_ptr(together)).or_insert_with(|| (together.clone(), Vec::new()));
        listeners.push(number);
    }

    /// Tells all of them; returns those for whom there was no room.
    pub(super) fn tell(self, entry: &Arc<Entry>, positions: &[i64]) -> Vec<u64> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let positions: Arc<[i64]> = positions.into();
        let tell = |(together, listeners): (Arc<Together>, Vec<u64>)| {
            together.tell(Heard { entry: entry.clone(), positions: positions.clone(), listeners })
        };
        self.0.into_values().flat_map(tell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::live::Live;
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::facts::{Fact, Topic};
    use crate::base::ids::{MediaId, UserId};

    fn liked(position: i64, media: i64) -> Entry {
        let fact = Fact::MediaLiked { media: MediaId(media), user: UserId(1) };
        Entry { database: 0, position, recorded_at: Timestamp(0), fact }
    }

    #[tokio::test]
    async fn those_who_listen_together_are_told_once_and_each_of_their_own() {
        let live = Arc::new(Live::at(vec![0, 9], String::new()));
        let (together, mut heard) = Together::new();
        let [one, other] = [7, 8].map(|media| live.listen_with(&together, [Topic::Media(MediaId(media))], None));
        let both = live.listen_with(&together, [7, 8].map(|media| Topic::Media(MediaId(media))), None);
        assert_eq!(both.from, [0, 9]);
        live.deliver([liked(1, 7), liked(2, 8)]);
        for (position, listener) in [(1, one.number), (2, other.number)] {
            let mut told = heard.recv().await.unwrap();
            told.listeners.sort_unstable();
            assert_eq!((told.entry.position, told.listeners), (position, vec![listener, both.number]));
            assert_eq!(*told.positions, [position, 9]);
        }
        drop((one, other, both));
        live.deliver([liked(3, 7)]);
        assert!(heard.try_recv().is_err() && live.listeners() == 0);
    }

    #[tokio::test]
    async fn those_for_whom_there_is_no_room_are_cut_off() {
        let live = Arc::new(Live::at(vec![0], String::new()));
        let (together, mut heard) = Together::new();
        let slow = live.listen_with(&together, [Topic::Media(MediaId(7))], None);
        let last = i64::try_from(QUEUE).unwrap() + 1;
        live.deliver((1..=last).map(|position| liked(position, 7)));
        assert_eq!((together.take_cut_off(), live.listeners()), (vec![slow.number], 0));
        assert_eq!(heard.recv().await.unwrap().entry.position, 1);
    }
}
