//! Who is mentioned in a text. Found when it is written, so that it stays who was meant when names change, and kept with it.
//!
//! Only people who exist for the writer can be mentioned. For whom they do not exist, the name is no more than text.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::App;
use crate::base::entities::{HASHTAGS, MENTIONS, Meaning, Passage, entities};
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::facts::Fact;
use crate::base::ids::{CommentId, MediaId, UserId};
use crate::domain::follows;
use crate::domain::sessions::Viewer;
use crate::domain::users::names::{self, Name};
use crate::platform::db::Tx;
use crate::platform::log;

/// The names that stand in a text, in lower case, and whom they mean.
type Named = BTreeMap<String, UserId>;

/// Finds who is mentioned in a text of the viewer. What comes back is kept with the text; `None` when it is nobody.
///
/// # Errors
/// `INVALID` when it mentions too many, or has too many hashtags where they are counted.
pub async fn resolve(app: &App, viewer: Viewer, text: &str) -> Result<Option<String>> {
    let mentioned: BTreeSet<String> = entities(text).into_iter().filter_map(name).collect();
    if mentioned.len() > MENTIONS {
        let error = Error::refused(RefusalCode::Invalid, format!("At most {MENTIONS} people can be mentioned."));
        return Err(error.limit(MENTIONS));
    }
    if mentioned.is_empty() {
        return Ok(None);
    }
    let named = among(app, viewer, mentioned).await?;
    Ok((!named.is_empty()).then(|| serde_json::to_string(&named)).transpose()?)
}

/// Refuses a caption with more hashtags than help anybody to find it.
///
/// # Errors
/// `INVALID`.
pub fn check_hashtags(caption: &str) -> Result<()> {
    let is_hashtag = |found: &Passage| matches!(found.meaning, Meaning::Hashtag(_));
    if entities(caption).iter().filter(|found| is_hashtag(found)).count() > HASHTAGS {
        let error = Error::refused(RefusalCode::Invalid, format!("A caption has at most {HASHTAGS} hashtags."));
        return Err(error.limit(HASHTAGS));
    }
    Ok(())
}

/// Who is mentioned, from what was kept with a text: each once.
#[must_use]
pub fn mentioned(kept: Option<&str>) -> Vec<UserId> {
    people(kept).into_iter().collect()
}

fn people(kept: Option<&str>) -> BTreeSet<UserId> {
    read(kept).into_values().collect()
}

/// Whom the names in a text mean, from what was kept with it: by name in lower case.
#[must_use]
pub fn read(kept: Option<&str>) -> BTreeMap<String, UserId> {
    kept.and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default()
}

/// A text that mentions people: a comment on a media, or its caption.
pub(in crate::domain) type Place = (MediaId, Option<CommentId>);

/// Records who is mentioned in a text now and was not before, and who no longer is, from what was and is kept with it.
pub(in crate::domain) async fn record(
    app: &App,
    tx: &Tx,
    (media, comment): Place,
    (before, after): (Option<&str>, Option<&str>),
) -> Result<()> {
    let (before, after) = (people(before), people(after));
    for user in before.symmetric_difference(&after) {
        log::record(tx, app.clock.now(), &Fact::MentionChanged { media, comment, user: *user }).await?;
    }
    Ok(())
}

async fn among(app: &App, viewer: Viewer, mentioned: BTreeSet<String>) -> Result<Named> {
    let directory: Vec<Name> = mentioned.iter().map(|name| Name::username(name)).collect();
    let found = names::find_many(app, &directory).await?;
    let ids: Vec<UserId> = found.values().copied().collect();
    let there = follows::standings(app, Some(viewer), &ids).await?;
    let id = |name: &String| found.get(Name::username(name).as_str()).copied().filter(|id| there.contains_key(id));
    Ok(mentioned.iter().filter_map(|name| Some((name.clone(), id(name)?))).collect())
}

fn name(found: Passage) -> Option<String> {
    match found.meaning {
        Meaning::Mention(name) => Some(name),
        Meaning::Hashtag(_) | Meaning::Link(_) => None,
    }
}
