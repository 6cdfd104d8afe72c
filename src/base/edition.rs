//! What this program is able to do, as a number that grows with it, so that processes of two versions can work side by side.
//!
//! A fact, a step or a change of the schema that programs before this one do not know is of this program's [`LEVEL`]. A new
//! fact is recorded, and a new place of files used, only when the oldest process that runs knows it; see
//! `platform/db/fleet.rs`.

/// The level of this program. One more with each release that adds a fact, a step, or a change of the schema that older
/// programs cannot live with. Programs from before there were levels are of level 0.
pub const LEVEL: i16 = 2;

/// Which program this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// This one.
    #[default]
    Current,
    /// As if it were the next one, with one more fact, one more step and one more change of the schema: for the tests of
    /// rolling upgrades. Nothing that can be configured makes a program this.
    Rehearsal,
}

impl Edition {
    /// The level of a process.
    #[must_use]
    pub const fn level(self) -> i16 {
        match self {
            Self::Current => LEVEL,
            Self::Rehearsal => LEVEL + 1,
        }
    }
}
