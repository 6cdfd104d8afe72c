//! What a push says, as Apple wants it: at most 4096 bytes, whatever people are called.

use a2::DefaultNotificationBuilder;
use a2::NotificationBuilder;
use a2::request::payload::APS;
use serde::Serialize;

use crate::base::error::{Error, Result};

/// Bytes in a payload at most, says Apple.
pub const LARGEST: usize = 4096;

/// What a push says.
#[derive(Clone, Debug)]
pub struct Message<'a, D> {
    /// What is shown; nothing when the app is only woken.
    pub alert: Option<Alert<'a>>,
    /// The number on the app's icon.
    pub badge: Option<u32>,
    /// What the app reads, under `photograph`.
    pub data: D,
}

/// What is shown. The app has the words in every language; here stand their keys, and what goes into them.
#[derive(Clone, Debug)]
pub struct Alert<'a> {
    /// The key of the title.
    pub title: Option<&'a str>,
    /// The key of the text.
    pub key: &'a str,
    /// What goes into the text. Shortened where the payload would be too large.
    pub arguments: Vec<String>,
    /// Alerts with the same one stand together.
    pub thread: &'a str,
    /// Whether it makes itself heard.
    pub has_sound: bool,
    /// Whether the app may change it before it is shown: to put a photo into it.
    pub is_mutable: bool,
}

#[derive(Serialize)]
struct Payload<'a, D> {
    aps: Aps<'a>,
    photograph: &'a D,
}

/// Apple's part. The builder of `a2` does not know threads.
#[derive(Serialize)]
struct Aps<'a> {
    #[serde(flatten)]
    known: APS<'a>,
    #[serde(rename = "thread-id", skip_serializing_if = "Option::is_none")]
    thread: Option<&'a str>,
}

impl<D: Serialize> Message<'_, D> {
    /// The payload.
    ///
    /// # Errors
    /// When it is too large even with nothing in its words.
    pub fn payload(mut self) -> Result<String> {
        loop {
            let text = self.written()?;
            if text.len() <= LARGEST {
                return Ok(text);
            }
            let longest = self.alert.iter_mut().flat_map(|alert| &mut alert.arguments).max_by_key(|text| text.len());
            match longest {
                Some(argument) if !argument.is_empty() => shorten(argument),
                _ => return Err(Error::internal("a push is larger than Apple takes")),
            }
        }
    }

    fn written(&self) -> Result<String> {
        let mut builder = DefaultNotificationBuilder::new();
        match &self.alert {
            Some(alert) => {
                builder = builder.set_loc_key(alert.key).set_loc_args(&alert.arguments);
                builder = if alert.has_sound { builder.set_sound("default") } else { builder };
                builder = if alert.is_mutable { builder.set_mutable_content() } else { builder };
                builder = match alert.title {
                    Some(title) => builder.set_title_loc_key(title),
                    None => builder,
                };
            }
            None => builder = builder.set_content_available(),
        }
        let mut known = builder.build("", a2::NotificationOptions::default()).aps;
        known.badge = self.badge;
        // Apple wants nothing beside `content-available` in what is silent, and the builder always says this.
        known.mutable_content = known.mutable_content.filter(|is| *is == 1);
        let aps = Aps { known, thread: self.alert.as_ref().map(|alert| alert.thread) };
        Ok(serde_json::to_string(&Payload { aps, photograph: &self.data })?)
    }
}

/// Halves a text, at the border of a character, and shows that something is missing.
fn shorten(text: &mut String) {
    let kept = text.chars().count() / 2;
    let mut shorter: String = text.chars().take(kept.saturating_sub(1)).collect();
    if kept > 1 {
        shorter.push('…');
    }
    *text = shorter;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn alert(arguments: Vec<String>) -> Alert<'static> {
        let (title, key, thread) = (Some("TITLE"), "LIKED", "act_1");
        Alert { title, key, arguments, thread, has_sound: true, is_mutable: true }
    }

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_alert_is_written_as_apple_reads_it() {
        let alert = Some(alert(vec!["ada".into(), "2".into()]));
        let message = Message { alert, badge: Some(3), data: json!({ "activity": "act_1" }) };
        let wanted = json!({
            "aps": {
                "alert": { "loc-key": "LIKED", "loc-args": ["ada", "2"], "title-loc-key": "TITLE" },
                "badge": 3, "sound": "default", "mutable-content": 1, "thread-id": "act_1",
            },
            "photograph": { "activity": "act_1" },
        });
        assert_eq!(read(&message.payload().unwrap()), wanted);
    }

    #[test]
    fn what_wakes_the_app_says_nothing_else() {
        let message = Message { alert: None, badge: None, data: json!({}) };
        assert_eq!(read(&message.payload().unwrap()), json!({ "aps": { "content-available": 1 }, "photograph": {} }));
    }

    #[test]
    fn whatever_goes_into_the_words_it_fits() {
        // One byte for each character, several, and such that take six when they are written.
        for letter in ["a", "ö", "🦊", "\u{1}", "\""] {
            for count in [0, 1, 3, 900, 4000, 20_000] {
                let arguments = vec![letter.repeat(count), "ben".into()];
                let message = Message { alert: Some(alert(arguments)), badge: Some(100), data: json!({}) };
                let text = message.payload().unwrap();
                assert!(text.len() <= LARGEST, "{letter:?} × {count}: {}", text.len());
                let last = read(&text)["aps"]["alert"]["loc-args"][1].clone();
                assert_eq!(last, "ben", "only the longest is shortened");
            }
        }
    }

    #[test]
    fn what_never_fits_is_an_error() {
        let data = json!({ "url": "x".repeat(LARGEST) });
        assert!(Message { alert: Some(alert(vec!["ada".into()])), badge: None, data }.payload().is_err());
    }
}
