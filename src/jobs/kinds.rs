//! The kinds of steps, by which workers of an older version know which steps they do not know.
//!
//! A kind is a name that never changes its meaning. A step whose text gets a new form that older workers cannot read gets a
//! new kind.

use super::pushing::Pushing;
use super::step::Step;
use super::tell::Tell;
use crate::base::edition::Edition;
use crate::base::error::Result;
use crate::platform::queue::{Kinds, Task};

/// The kinds of steps, and the level of the oldest program that knows each.
const KINDS: [(&str, i16); 30] = [
    ("processUpload", 0),
    ("mirrorFollow", 0),
    ("severFollow", 0),
    ("approveWaiting", 0),
    ("forgetDevices", 0),
    ("forgetDevice", 0),
    ("fanOut", 0),
    ("eraseUpload", 0),
    ("eraseOldLooks", 0),
    ("eraseMedia", 0),
    ("copyLike", 0),
    ("addUpCounts", 0),
    ("addUpCommentCounts", 0),
    ("eraseComment", 0),
    ("tellLike", 0),
    ("tellCommentLike", 0),
    ("tellComment", 0),
    ("tellFollow", 0),
    ("tellMention", 0),
    ("tellTag", 0),
    ("tellDeletedComment", 0),
    ("tellDeletedMedia", 0),
    ("tellParted", 0),
    ("tellSum", 0),
    ("pushActivity", 0),
    ("pushTakenBack", 0),
    ("pushSeen", 0),
    ("removeBlocked", 1),
    ("renewLinks", 1),
    (REHEARSE, Edition::Rehearsal.level()),
];
const REHEARSE: &str = "rehearse";

/// The kinds that a process of a level knows.
pub(super) fn known(level: i16) -> Kinds {
    Kinds::of(KINDS.iter().filter(|(_, since)| *since <= level).map(|(name, _)| *name))
}

impl Step {
    /// The step in a text; `None` when a process of this level does not know it.
    pub(super) fn read(text: &str, level: i16) -> Option<Self> {
        let step: Self = serde_json::from_str(text).ok()?;
        KINDS.iter().any(|(name, since)| *name == step.kind() && *since <= level).then_some(step)
    }

    /// The step as it waits to be done.
    pub(super) fn task(&self) -> Result<Task> {
        debug_assert!(KINDS.iter().any(|(name, _)| *name == self.kind()), "{} is missing in KINDS", self.kind());
        Ok(Task { lane: self.lane(), kind: self.kind(), step: serde_json::to_string(self)? })
    }

    /// Its kind: one of [`KINDS`].
    fn kind(&self) -> &'static str {
        match self {
            Self::ProcessUpload { .. } => "processUpload",
            Self::MirrorFollow { .. } => "mirrorFollow",
            Self::SeverFollow { .. } => "severFollow",
            Self::ApproveWaiting { .. } => "approveWaiting",
            Self::ForgetDevices { .. } => "forgetDevices",
            Self::ForgetDevice { .. } => "forgetDevice",
            Self::FanOut { .. } => "fanOut",
            Self::EraseUpload { .. } => "eraseUpload",
            Self::EraseOldLooks { .. } => "eraseOldLooks",
            Self::EraseMedia { .. } => "eraseMedia",
            Self::CopyLike { .. } => "copyLike",
            Self::AddUpCounts { .. } => "addUpCounts",
            Self::AddUpCommentCounts { .. } => "addUpCommentCounts",
            Self::EraseComment { .. } => "eraseComment",
            Self::RemoveBlocked { .. } => "removeBlocked",
            Self::RenewLinks { .. } => "renewLinks",
            Self::Tell { of } => of.kind(),
            Self::Push { of, .. } => of.kind(),
            Self::Rehearse { .. } => REHEARSE,
        }
    }
}

impl Tell {
    fn kind(&self) -> &'static str {
        match self {
            Self::Like { .. } => "tellLike",
            Self::CommentLike { .. } => "tellCommentLike",
            Self::Comment { .. } => "tellComment",
            Self::Follow { .. } => "tellFollow",
            Self::Mention { .. } => "tellMention",
            Self::Tag { .. } => "tellTag",
            Self::DeletedComment { .. } => "tellDeletedComment",
            Self::DeletedMedia { .. } => "tellDeletedMedia",
            Self::Parted { .. } => "tellParted",
            Self::Sum { .. } => "tellSum",
        }
    }
}

impl Pushing {
    fn kind(self) -> &'static str {
        match self {
            Self::Activity { .. } => "pushActivity",
            Self::TakenBack { .. } => "pushTakenBack",
            Self::Seen { .. } => "pushSeen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::edition::LEVEL;
    use crate::base::ids::MediaId;

    #[test]
    fn a_step_is_read_by_whoever_knows_it() {
        let known = Step::EraseMedia { media: MediaId(7) };
        let text = known.task().unwrap().step;
        assert_eq!(Step::read(&text, LEVEL), Some(known));
        let newer = Step::Rehearse { number: 7 }.task().unwrap();
        assert_eq!((newer.kind, Step::read(&newer.step, LEVEL)), (REHEARSE, None));
        assert!(Step::read(&newer.step, LEVEL + 1).is_some());
        for text in [r#"{"step":"unheardOf"}"#, r#"{"step":"eraseMedia","medias":[7]}"#, "{"] {
            assert_eq!(Step::read(text, LEVEL), None, "{text}");
        }
        assert!(format!("{:?}", super::known(LEVEL)).contains("'eraseMedia'"));
        assert!(!format!("{:?}", super::known(LEVEL)).contains(REHEARSE));
    }
}
