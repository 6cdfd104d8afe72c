//! What a push says: keys of sentences that the app has in every language, and the names that go into them.

use serde::Serialize;

use super::Notice;
use crate::app::App;
use crate::base::error::Result;
use crate::platform::apns::{Alert, Message};
use crate::platform::log::cursor;

/// What the app reads in a push beside what is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    kind: &'a str,
    activity_id: &'a str,
    /// Where the log stood before the activity was read: everything since comes with one subscription.
    cursor: &'a str,
    unseen_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<&'a str>,
    occurred_at: String,
}

/// What an app reads that is only woken.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Woken {
    /// What happened.
    pub kind: &'static str,
    /// The activity that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_id: Option<String>,
    /// Where the log stood.
    pub cursor: String,
    /// For the badge.
    pub unseen_count: usize,
}

impl Woken {
    pub(super) fn payload(&self) -> Result<String> {
        Message { alert: None, badge: None, data: self }.payload()
    }
}

/// Where the log stands, as clients carry it.
pub(super) fn cursor(app: &App) -> String {
    cursor::encode(app.live.identity(), &app.live.positions())
}

/// The payload of a push about an activity. Only the first of a group makes itself heard.
pub(super) fn payload(notice: &Notice, is_first: bool) -> Result<String> {
    let (key, arguments) = sentence(&notice.kind, &notice.actors, notice.actor_count);
    let alert = Alert {
        title: None,
        key: &key,
        arguments,
        thread: &notice.thread,
        has_sound: is_first,
        is_mutable: notice.image_url.is_some(),
    };
    Message { alert: Some(alert), badge: u32::try_from(notice.unseen).ok(), data: data(notice) }.payload()
}

fn data(notice: &Notice) -> Data<'_> {
    Data {
        kind: &notice.kind,
        activity_id: &notice.id,
        cursor: &notice.cursor,
        unseen_count: notice.unseen,
        media_id: notice.media.map(|media| media.to_string()),
        image_url: notice.image_url.as_deref(),
        occurred_at: notice.happened_at.rfc3339(),
    }
}

/// The key of a sentence for one, two or more who did something, and what goes into it: the last two by name, and how
/// many others there are.
fn sentence(kind: &str, actors: &[String], count: i64) -> (String, Vec<String>) {
    match (actors, count) {
        ([first, second, ..], 3..) => {
            (format!("{kind}_MANY"), vec![first.clone(), second.clone(), (count - 2).to_string()])
        }
        ([first, second, ..], _) => (format!("{kind}_TWO"), vec![first.clone(), second.clone()]),
        ([first], 2..) => (format!("{kind}_SOME"), vec![first.clone(), (count - 1).to_string()]),
        ([first], _) => (format!("{kind}_ONE"), vec![first.clone()]),
        ([], _) => (format!("{kind}_NONE"), vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_two_and_counts_the_rest() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let cases: [(&[&str], i64, &str, &[&str]); 5] = [
            (&["ada"], 1, "LIKED_ONE", &["ada"]),
            (&["ada", "ben"], 2, "LIKED_TWO", &["ada", "ben"]),
            (&["ada", "ben", "cy"], 3594, "LIKED_MANY", &["ada", "ben", "3592"]),
            // One of them cannot be seen.
            (&["ada"], 3, "LIKED_SOME", &["ada", "2"]),
            (&[], 0, "LIKED_NONE", &[]),
        ];
        for (actors, count, key, arguments) in cases {
            assert_eq!(sentence("LIKED", &names(actors), count), (key.to_owned(), names(arguments)));
        }
    }
}
