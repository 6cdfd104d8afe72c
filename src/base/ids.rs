//! The names of things: 64-bit numbers that tell when a thing was made and on which shard it lives.
//!
//! From the top: 41 bits of milliseconds since [`EPOCH`], 13 bits of logical shard, 10 bits of sequence. Ids grow with
//! time, so they are also the order of every list. The sign bit is first used in 2060.
//!
//! The sequence is the number of the process, 0 to 63, and 16 ids of it in a millisecond: so at most [`PROCESSES`]
//! processes make ids at once, and no two make the same: a process makes ids only for instants at which it leases its
//! number. See [`NodeLease`].

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::chance::Chance;
use super::clock::{Clock, Timestamp};
use super::error::{Error, Result};

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

/// The number of a process, and the instants it may make ids for. Whoever leases the number next makes ids for later
/// instants only, so two processes never make the same id, however long one of them was frozen between two looks at a
/// clock and however much clocks differ: what counts is the instant inside the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLease {
    /// The number.
    pub number: u8,
    /// The first instant.
    pub from: Timestamp,
    /// The last instant.
    pub until: Timestamp,
}

impl NodeLease {
    /// The last number, for ever: for a benchmark, which fills databases of its own.
    pub const OF_A_BENCHMARK: Self = Self { number: PROCESSES - 1, from: Timestamp(EPOCH), until: Timestamp(i64::MAX) };
}

/// How long an operation waits for a lease that ran out, as after the process was frozen, to be renewed.
const RENEWAL: Duration = Duration::from_secs(1);

/// Makes ids, growing, and unique among all processes, for as long as it leases a number.
#[derive(Debug)]
pub struct Ids {
    clock: Clock,
    chance: Chance,
    last: Mutex<Tick>,
    renewed: watch::Sender<()>,
    wanted: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Tick {
    lease: Option<NodeLease>,
    millis: i64,
    taken: i64,
}

impl Ids {
    /// A maker of ids with this clock, which makes none before it is granted a lease.
    #[must_use]
    pub fn new(clock: Clock, chance: Chance) -> Self {
        let last = Mutex::new(Tick { lease: None, millis: 0, taken: 0 });
        Self { clock, chance, last, renewed: watch::Sender::new(()), wanted: Notify::new() }
    }

    /// Makes ids under this lease from now on.
    pub fn grant(&self, lease: NodeLease) {
        self.lock().lease = Some(NodeLease { number: lease.number % PROCESSES, ..lease });
        self.renewed.send_replace(());
    }

    /// The lease, which may have run out.
    #[must_use]
    pub fn lease(&self) -> Option<NodeLease> {
        self.lock().lease
    }

    /// Makes no more ids. Returns the lease, which ends at the last instant that an id was made for.
    pub fn surrender(&self) -> Option<NodeLease> {
        let mut last = self.lock();
        let lease = last.lease.take()?;
        Some(NodeLease { until: Timestamp(last.millis + EPOCH), ..lease })
    }

    /// The later of now and the instant of the last id.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let last = self.lock().millis;
        self.clock.now().max(Timestamp(last + EPOCH))
    }

    /// Waits a little for a lease that ran out to be renewed, so that whoever comes right after the process was frozen is
    /// not turned away. Without one, [`Ids::next`] fails.
    pub async fn await_lease(&self) {
        let mut renewed = self.renewed.subscribe();
        if !self.is_leased() {
            self.wanted.notify_one();
            let _ = timeout(RENEWAL, renewed.wait_for(|()| self.is_leased())).await;
        }
    }

    /// Comes back when somebody waits for the lease to be renewed.
    pub async fn lease_wanted(&self) {
        self.wanted.notified().await;
    }

    fn is_leased(&self) -> bool {
        let now = self.now();
        self.lock().lease.is_some_and(|lease| now <= lease.until)
    }

    /// A new id on a shard.
    ///
    /// # Errors
    /// `OVERLOADED` when the lease has run out.
    pub fn next<Id: From<i64>>(&self, place: &impl Sharded) -> Result<Id> {
        let (millis, sequence) = self.tick().ok_or_else(lapsed)?;
        let shard = i64::from(place.shard().number());
        Ok(Id::from((millis << (SHARD_BITS + SEQUENCE_BITS)) | (shard << SEQUENCE_BITS) | sequence))
    }

    /// A new id on a shard chosen by chance: for a new user.
    ///
    /// # Errors
    /// `OVERLOADED` when the lease has run out.
    pub fn anywhere<Id: From<i64>>(&self) -> Result<Id> {
        let number = u16::try_from(self.chance.below(u32::from(LOGICAL_SHARDS))).unwrap_or(0);
        self.next(&LogicalShard::new(number))
    }

    /// The next free millisecond and sequence, within the lease. Runs ahead of the clock when a millisecond is used up, and
    /// never back.
    fn tick(&self) -> Option<(i64, i64)> {
        let now = self.clock.now().0 - EPOCH;
        let mut last = self.lock();
        let lease = last.lease?;
        let first = now.max(lease.from.0 - EPOCH);
        let next = first.max(last.millis + i64::from(last.taken == AT_ONCE));
        if next > lease.until.0.saturating_sub(EPOCH) {
            return None;
        }
        if next > last.millis {
            (last.millis, last.taken) = (next, 0);
        }
        let sequence = i64::from(lease.number) * AT_ONCE + last.taken;
        last.taken += 1;
        Some((last.millis, sequence))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Tick> {
        self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// It is renewed in the background, which logs why it could not be.
fn lapsed() -> Error {
    Error::away("the node id lease of this process has run out")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    const MINUTE: Duration = Duration::from_mins(1);

    fn leased(clock: Clock, number: u8) -> Ids {
        let ids = Ids::new(clock, Chance::default());
        ids.grant(lease(&ids, number));
        ids
    }

    /// A minute from now.
    fn lease(ids: &Ids, number: u8) -> NodeLease {
        let now = ids.clock.now();
        NodeLease { number, from: now, until: now.after(MINUTE) }
    }

    fn number_of(id: UserId) -> i64 {
        id.0 % (1 << SEQUENCE_BITS) / AT_ONCE
    }

    #[test]
    fn an_id_carries_its_time_and_shard() {
        let ids = leased(Clock::system(), 0);
        let before = Clock::system().now();
        let id: MediaId = ids.next(&LogicalShard::new(4711)).unwrap();
        assert_eq!(id.shard().number(), 4711);
        assert!(id.made_at() >= before && id.made_at().since(before).as_secs() < 5);
        assert!(first_at(id.made_at()) <= id.0 && id.0 < first_at(Timestamp(id.made_at().0 + 1)));
    }

    #[test]
    fn ids_are_unique_even_when_a_millisecond_is_used_up() {
        let ids = leased(Clock::system(), 0);
        let shard = LogicalShard::new(1);
        let made: HashSet<UserId> = (0..5000).map(|_| ids.next(&shard).unwrap()).collect();
        assert_eq!(made.len(), 5000);
    }

    #[test]
    fn processes_with_different_numbers_never_make_the_same_id() {
        let shard = LogicalShard::new(1);
        let processes: Vec<Ids> = (0..PROCESSES).map(|number| leased(Clock::system(), number)).collect();
        // More than there is room for in a millisecond, so that all of them borrow.
        let made: HashSet<UserId> =
            (0..100).flat_map(|_| processes.iter().map(|ids| ids.next(&shard).unwrap())).collect();
        assert_eq!(made.len(), 100 * usize::from(PROCESSES));
    }

    #[test]
    fn ids_of_a_process_grow() {
        let ids = leased(Clock::system(), 0);
        let shard = LogicalShard::new(1);
        let made: Vec<UserId> = (0..100).map(|_| ids.next(&shard).unwrap()).collect();
        assert!(made.is_sorted());
        assert!(made[99].made_at() <= ids.surrender().unwrap().until);
    }

    #[test]
    fn no_id_is_made_without_a_lease() {
        let (shard, ahead) = (LogicalShard::new(1), Arc::new(AtomicI64::new(0)));
        let ids = Ids::new(Clock::shifted(ahead.clone()), Chance::default());
        assert!(ids.next::<UserId>(&shard).is_err(), "none was granted");
        ids.grant(lease(&ids, 5));
        assert_eq!(number_of(ids.next(&shard).unwrap()), 5);
        // As after the process was frozen.
        ahead.store(61_000, Ordering::Relaxed);
        let error = ids.next::<UserId>(&shard).unwrap_err();
        assert!(error.is_away() && error.code() == Some(super::super::error::Code::Overloaded), "{error:?}");
        ids.grant(lease(&ids, 6));
        assert_eq!(number_of(ids.next(&shard).unwrap()), 6);
        assert_eq!(ids.surrender().map(|lease| lease.number), Some(6));
        assert!(ids.next::<UserId>(&shard).is_err() && ids.surrender().is_none(), "it was given back");
    }

    #[test]
    fn who_has_a_number_next_makes_ids_for_later_instants_whatever_the_clocks_say() {
        let (shard, ahead) = (LogicalShard::new(1), Arc::new(AtomicI64::new(0)));
        let first = leased(Clock::system(), 0);
        let lease = first.lease().unwrap();
        let next = Ids::new(Clock::shifted(ahead.clone()), Chance::default());
        let from = Timestamp(lease.until.0 + 1);
        next.grant(NodeLease { number: 0, from, until: from.after(MINUTE) });
        // Its clock was set back since.
        ahead.store(-3_600_000, Ordering::Relaxed);
        assert!(next.next::<UserId>(&shard).unwrap() > first.next(&shard).unwrap());
    }

    #[test]
    fn a_burst_ends_with_the_lease() {
        let ids = leased(Clock::system(), 0);
        let now = ids.clock.now();
        ids.grant(NodeLease { number: 0, from: now, until: Timestamp(now.0 + 1000) });
        let made = (0..20_000).map_while(|_| ids.next::<UserId>(&LogicalShard::new(1)).ok()).last().unwrap();
        assert!(made.made_at() <= Timestamp(now.0 + 1000));
        assert!(ids.now() >= made.made_at());
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
