//! The names of things: 64-bit numbers that tell when a thing was made and on which shard it lives.
//!
//! From the top: 41 bits of milliseconds since [`EPOCH`], 13 bits of logical shard, 10 bits of sequence. Ids grow with
//! time, so they are also the order of every list. The sign bit is first used in 2060.
//!
//! The sequence is the number of the process, 0 to 63, and 16 ids of it in a millisecond: so at most [`PROCESSES`]
//! processes make ids at once, and no two make the same.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

use super::chance::Chance;
use super::clock::{Clock, Timestamp};

/// 2025-09-01T00:00:00Z in milliseconds since 1970: where the time in an id starts.
pub const EPOCH: i64 = 1_756_684_800_000;
/// How many logical shards there are, whatever the number of databases.
pub const LOGICAL_SHARDS: u16 = 1 << SHARD_BITS;

/// How many processes can make ids at once.
pub const PROCESSES: u8 = 64;

const SHARD_BITS: u32 = 13;
const SEQUENCE_BITS: u32 = 10;
/// Ids of one process in one millisecond; a burst of more borrows from the milliseconds to come.
const AT_ONCE: i64 = (1 << SEQUENCE_BITS) / PROCESSES as i64;

/// One of the 8192 places a row can live in; the configuration maps them to databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogicalShard(u16);

impl LogicalShard {
    /// A shard by its number, which wraps at 8192.
    #[must_use]
    pub fn new(number: u16) -> Self {
        Self(number % LOGICAL_SHARDS)
    }

    /// The shard of a name in a directory (usernames, e-mail addresses): taken from its SHA-256, so that every process
    /// of every version finds the same.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
        let bytes = digest.as_ref();
        Self::new(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Its number, 0 to 8191.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

/// What lives on a shard.
pub trait Sharded {
    /// The logical shard it lives on.
    fn shard(&self) -> LogicalShard;
}

impl Sharded for LogicalShard {
    fn shard(&self) -> LogicalShard {
        *self
    }
}

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an ID of this kind")
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// What its text starts with.
            pub const PREFIX: &'static str = $prefix;

            /// When it was made.
            #[must_use]
            pub fn made_at(self) -> Timestamp {
                made_at(self.0)
            }
        }

        impl Sharded for $name {
            fn shard(&self) -> LogicalShard {
                shard_of(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), base58(self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = text.strip_prefix(concat!($prefix, "_")).ok_or(NotAnId)?;
                from_base58(digits).map(Self).ok_or(NotAnId)
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self(number)
            }
        }
    )*};
}

ids! {
    /// A person with an account, as others see them.
    UserId = "usr";
    /// A media: photos published together.
    MediaId = "med";
    /// A photo of a media.
    PhotoId = "pho";
    /// Somebody tagged in a photo; it lives on the shard of its media.
    PhotoTagId = "ptg";
    /// A comment; it lives on the shard of its media.
    CommentId = "cmt";
    /// A photo on its way in.
    UploadId = "upl";
    /// A place where a user is signed in.
    SessionId = "ses";
    /// A phone or tablet that gets pushes; it lives on the shard of its user.
    DeviceId = "dev";
    /// Something that happened to a user.
    ActivityId = "act";
}

/// The id as it stands in links and cursors: base58, no prefix.
#[must_use]
pub fn base58(number: i64) -> String {
    bs58::encode(number.to_be_bytes()).into_string()
}

/// The number in a base58 text; `None` when it is not exactly one positive 64-bit number.
#[must_use]
pub fn from_base58(text: &str) -> Option<i64> {
    let mut bytes = [0; 8];
    // The longest 8 bytes in base58 are 11 digits.
    let length = if text.len() <= 11 { bs58::decode(text).onto(&mut bytes[..]).ok()? } else { return None };
    let number = i64::from_be_bytes(bytes);
    (length == 8 && number >= 0).then_some(number)
}

/// When an id was made.
#[must_use]
pub fn made_at(id: i64) -> Timestamp {
    Timestamp((id >> (SHARD_BITS + SEQUENCE_BITS)) + EPOCH)
}

/// The smallest id that can be made at an instant: those made before are smaller.
#[must_use]
pub fn first_at(instant: Timestamp) -> i64 {
    (instant.0 - EPOCH).max(0) << (SHARD_BITS + SEQUENCE_BITS)
}

fn shard_of(id: i64) -> LogicalShard {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "13 bits are left")]
    LogicalShard(((id >> SEQUENCE_BITS) & i64::from(LOGICAL_SHARDS - 1)) as u16)
}

/// Makes ids, growing, and unique among all processes with different numbers.
#[derive(Debug)]
pub struct Ids {
    clock: Clock,
    chance: Chance,
    last: Mutex<Tick>,
}

#[derive(Debug, Clone, Copy)]
struct Tick {
    process: u8,
    millis: i64,
    taken: i64,
}

impl Ids {
    /// A maker of ids with this clock. Its number is by chance until it is given one that nobody else has.
    #[must_use]
    pub fn new(clock: Clock, chance: Chance) -> Self {
        let process = u8::try_from(chance.below(PROCESSES.into())).unwrap_or(0);
        Self { clock, chance, last: Mutex::new(Tick { process, millis: 0, taken: 0 }) }
    }

    /// From now on this is process `number`.
    pub fn number(&self, number: u8) {
        self.lock().process = number % PROCESSES;
    }

    /// The instant after the last id that was made: who gets the number then makes others.
    pub fn free_from(&self) -> Timestamp {
        Timestamp(self.lock().millis + EPOCH + 1)
    }

    /// A new id on a shard.
    pub fn next<Id: From<i64>>(&self, place: &impl Sharded) -> Id {
        let (millis, sequence) = self.tick();
        let shard = i64::from(place.shard().number());
        Id::from((millis << (SHARD_BITS + SEQUENCE_BITS)) | (shard << SEQUENCE_BITS) | sequence)
    }

    /// A new id on a shard chosen by chance: for a new user.
    pub fn anywhere<Id: From<i64>>(&self) -> Id {
        let number = u16::try_from(self.chance.below(u32::from(LOGICAL_SHARDS))).unwrap_or(0);
        self.next(&LogicalShard::new(number))
    }

    /// The next free millisecond and sequence. Runs ahead of the clock when a millisecond is used up, and never back.
    fn tick(&self) -> (i64, i64) {
        let now = self.clock.now().0 - EPOCH;
        let mut last = self.lock();
        let next = now.max(last.millis + i64::from(last.taken == AT_ONCE));
        if next > last.millis {
            (last.millis, last.taken) = (next, 0);
        }
        let sequence = i64::from(last.process) * AT_ONCE + last.taken;
        last.taken += 1;
        (last.millis, sequence)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Tick> {
        self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn an_id_carries_its_time_and_shard() {
        let ids = Ids::new(Clock::system(), Chance::default());
        let before = Clock::system().now();
        let id: MediaId = ids.next(&LogicalShard::new(4711));
        assert_eq!(id.shard().number(), 4711);
        assert!(id.made_at() >= before && id.made_at().since(before).as_secs() < 5);
        assert!(first_at(id.made_at()) <= id.0 && id.0 < first_at(Timestamp(id.made_at().0 + 1)));
    }

    #[test]
    fn ids_are_unique_even_when_a_millisecond_is_used_up() {
        let ids = Ids::new(Clock::system(), Chance::default());
        let shard = LogicalShard::new(1);
        let made: HashSet<UserId> = (0..5000).map(|_| ids.next(&shard)).collect();
        assert_eq!(made.len(), 5000);
    }

    #[test]
    fn processes_with_different_numbers_never_make_the_same_id() {
        let shard = LogicalShard::new(1);
        let processes: Vec<Ids> = (0..PROCESSES).map(|_| Ids::new(Clock::system(), Chance::default())).collect();
        (0..).zip(&processes).for_each(|(number, ids)| ids.number(number));
        // More than there is room for in a millisecond, so that all of them borrow.
        let made: HashSet<UserId> = (0..100).flat_map(|_| processes.iter().map(|ids| ids.next(&shard))).collect();
        assert_eq!(made.len(), 100 * usize::from(PROCESSES));
    }

    #[test]
    fn ids_of_a_process_grow() {
        let ids = Ids::new(Clock::system(), Chance::default());
        let shard = LogicalShard::new(1);
        let made: Vec<UserId> = (0..100).map(|_| ids.next(&shard)).collect();
        assert!(made.is_sorted());
        assert!(made[99].made_at() < ids.free_from());
    }

    #[test]
    fn a_text_is_an_id_only_with_its_own_prefix_and_eight_bytes() {
        let id = MediaId(0x0123_4567_89ab_cdef);
        assert_eq!(id.to_string().parse(), Ok(id));
        let cases = ["", "med_", "usr_3", "med_0OIl", "med_zzzzzzzzzzz", "med_zzzzzzzzzzzz", "3xyz", "med_\0"];
        for text in cases {
            assert_eq!(text.parse::<MediaId>(), Err(NotAnId), "{text:?}");
        }
        assert_eq!(id.to_string().parse::<UserId>(), Err(NotAnId));
    }
}
