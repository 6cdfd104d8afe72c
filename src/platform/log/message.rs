//! The messages of the bus: facts with their positions, as short JSON. At most one batch of a relay, so never long.

use serde::{Deserialize, Serialize};

use super::Entry;
use crate::base::clock::Timestamp;
use crate::base::facts::Fact;
use crate::base::ids::MediaId;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Message {
    Entries(Vec<(i64, Timestamp, Fact)>),
    Arrived(MediaId),
}

/// What a message says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// There are new entries in the log of a database.
    Entries(Vec<Entry>),
    /// A media is in all feeds made ahead.
    Arrived(MediaId),
}

pub(super) fn of_entries(entries: &[Entry]) -> String {
    let entries = entries.iter().map(|entry| (entry.position, entry.recorded_at, entry.fact.clone()));
    text(&Message::Entries(entries.collect()))
}

pub(super) fn of_arrived(media: MediaId) -> String {
    text(&Message::Arrived(media))
}

fn text(message: &Message) -> String {
    // Numbers and names only: there is nothing in it that could not be written.
    serde_json::to_string(message).unwrap_or_default()
}

/// What a message about a database says; `None` when it is none that a process of this level knows.
pub(super) fn read(database: usize, text: &str, level: i16) -> Option<Said> {
    let entry = |(position, recorded_at, fact)| Entry { database, position, recorded_at, fact };
    match serde_json::from_str(text).ok()? {
        // A tail asks where a batch begins, not whether it has holes.
        Message::Entries(entries) if !is_dense(&entries) => None,
        Message::Entries(entries) if entries.iter().any(|(_, _, fact)| fact.level() > level) => None,
        Message::Entries(entries) => Some(Said::Entries(entries.into_iter().map(entry).collect())),
        Message::Arrived(media) => Some(Said::Arrived(media)),
    }
}

fn is_dense(entries: &[(i64, Timestamp, Fact)]) -> bool {
    !entries.is_empty() && entries.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::edition::LEVEL;
    use crate::base::ids::UserId;

    #[test]
    fn a_message_is_read_as_it_was_said_and_short() {
        let fact = Fact::MediaPublished { media: MediaId(i64::MAX), owner: UserId(i64::MAX) };
        let recorded_at = Timestamp(1_795_372_200_007);
        let entry = |position| Entry { database: 1, position, recorded_at, fact: fact.clone() };
        let batch: Vec<Entry> = (41..241).map(entry).collect();
        let text = of_entries(&batch);
        assert!(text.len() < 200 * 128, "{} bytes", text.len());
        assert_eq!(read(1, &text, LEVEL), Some(Said::Entries(batch)));
        assert_eq!(read(0, &of_arrived(MediaId(7)), LEVEL), Some(Said::Arrived(MediaId(7))));
        assert_eq!(read(0, "{\"somethingNew\":1}", LEVEL), None);
        assert_eq!(read(1, &of_entries(&[entry(41), entry(43)]), LEVEL), None, "it has a hole");
        assert_eq!(read(1, &of_entries(&[]), LEVEL), None, "it says nothing");
        let newer = Entry { fact: Fact::Rehearsed { number: 7 }, ..entry(42) };
        let text = of_entries(&[entry(41), newer]);
        assert!(read(1, &text, LEVEL).is_none() && read(1, &text, LEVEL + 1).is_some());
    }
}
