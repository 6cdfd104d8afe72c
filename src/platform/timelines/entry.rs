//! A timeline as bytes: the head — life, name of the writing, floor —, then entries. All are 64-bit numbers.

use crate::base::ids::{MediaId, UserId};

/// The bytes of a head.
pub(super) const HEAD: usize = 24;
/// Those of them that no other writing has: the life of Redis and the name of the writing.
pub(super) const TOKEN: usize = 16;
/// In place of a floor: it is being built.
pub(super) const BUILDING: i64 = -1;

/// Something in a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A media.
    Media(MediaId),
    /// Somebody whose media are not pushed, because too many follow them: a reader looks for them in the database.
    Large(UserId),
}

impl Entry {
    /// Ids are positive, so the sign is free to tell accounts from media.
    pub(super) fn bytes(self) -> [u8; 8] {
        let number = match self {
            Self::Media(media) => media.0,
            Self::Large(user) => -user.0,
        };
        number.to_be_bytes()
    }

    fn read(number: i64) -> Self {
        if number < 0 { Self::Large(UserId(-number)) } else { Self::Media(MediaId(number)) }
    }
}

/// What is in somebody's feed, as far down as the floor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Every media from this one on is here; 0 when the feed is here as a whole.
    pub floor: i64,
    /// The media, newest first, each once.
    pub media: Vec<MediaId>,
    /// Those whose media are not here.
    pub large: Vec<UserId>,
}

impl Timeline {
    /// Reads one; `None` when it is being built.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, i64::from_be_bytes);
        let floor = number(bytes.get(TOKEN..HEAD)?);
        if floor == BUILDING {
            return None;
        }
        let mut timeline = Self { floor, ..Self::default() };
        for entry in bytes[HEAD..].chunks_exact(8) {
            match Entry::read(number(entry)) {
                // What came late is below the floor, where the database answers.
                Entry::Media(media) if media.0 >= floor => timeline.media.push(media),
                Entry::Media(_) => {}
                Entry::Large(user) => timeline.large.push(user),
            }
        }
        timeline.put_in_order();
        Some(timeline)
    }

    pub(super) fn write(&self, start: [u8; TOKEN]) -> Vec<u8> {
        let large = self.large.iter().map(|user| Entry::Large(*user));
        // As pushes come: the newest last.
        let media = self.media.iter().rev().map(|media| Entry::Media(*media));
        let entries = large.chain(media).flat_map(Entry::bytes);
        head(start, self.floor).into_iter().chain(entries).collect()
    }

    /// Keeps the newest; the floor rises to the oldest of them.
    pub(super) fn cut(&mut self, most: usize) {
        if self.media.len() > most {
            self.media.truncate(most);
            self.floor = self.media.last().map_or(self.floor, |media| media.0);
        }
    }

    fn put_in_order(&mut self) {
        self.media.sort_unstable_by(|one, other| other.cmp(one));
        self.media.dedup();
        self.large.sort_unstable();
        self.large.dedup();
    }
}

pub(super) fn head(start: [u8; TOKEN], floor: i64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..TOKEN].copy_from_slice(&start);
    head[TOKEN..].copy_from_slice(&floor.to_be_bytes());
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(ids: &[i64]) -> Vec<MediaId> {
        ids.iter().copied().map(MediaId).collect()
    }

    #[test]
    fn what_was_written_is_read_with_what_was_pushed_since_in_order_and_once() {
        let built = Timeline { floor: 40, media: media(&[90, 50, 40]), large: vec![UserId(7)] };
        let mut bytes = built.write([1; TOKEN]);
        assert_eq!(Timeline::read(&bytes), Some(built));
        let pushed = [95, 90, 60, 39].map(|id| Entry::Media(MediaId(id)));
        let large = [Entry::Large(UserId(8)), Entry::Large(UserId(7))];
        bytes.extend(pushed.into_iter().chain(large).flat_map(Entry::bytes));
        let mut read = Timeline::read(&bytes).unwrap();
        assert_eq!(read.media, media(&[95, 90, 60, 50, 40]));
        assert_eq!(read.large, [UserId(7), UserId(8)]);
        read.cut(3);
        assert_eq!((read.floor, read.media), (60, media(&[95, 90, 60])));
    }

    #[test]
    fn one_that_is_being_built_is_not_read() {
        assert_eq!(Timeline::read(&head([0; TOKEN], BUILDING)), None);
        assert_eq!(Timeline::read(b"something else"), None);
    }
}
