//! Which media are on their way into feeds made ahead, as the steps say that are still to be done.

use std::collections::HashSet;

use super::step::Step;
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::MediaId;
use crate::domain::feed;
use crate::platform::queue;

/// How the text of the steps begins that bring media into feeds.
const FAN_OUT: &str = r#"{"step":"fanOut""#;

/// Notes what is on its way when this process starts. From here on its tails note the rest.
pub(super) async fn begin(app: &App) -> Result<()> {
    if app.timelines.are_kept() {
        app.live.arriving.begin();
        app.live.arriving.add(under_way(app).await?);
    }
    Ok(())
}

/// Finds out which media have arrived of which nobody told this process.
pub(super) async fn check(app: &App) -> Result<()> {
    // Known first: a step is stored together with the entry of the log by which its media became known.
    let known = app.live.arriving.known();
    if !known.is_empty() {
        let under_way = under_way(app).await?;
        feed::note_arrived(app, known.into_iter().filter(|media| !under_way.contains(media)));
    }
    Ok(())
}

async fn under_way(app: &App) -> Result<HashSet<MediaId>> {
    let mut media = HashSet::new();
    for database in app.db.databases() {
        for text in queue::beginning_with(database, FAN_OUT).await? {
            if let Ok(Step::FanOut { media: id, .. }) = serde_json::from_str(&text) {
                media.insert(id);
            }
        }
    }
    Ok(media)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::UserId;
    use crate::domain::feed::Place;

    #[test]
    fn a_step_that_brings_a_media_is_known_by_its_text() {
        let step = Step::FanOut { media: MediaId(1), owner: UserId(2), place: Place::Pushed(3) };
        assert!(serde_json::to_string(&step).unwrap().starts_with(FAN_OUT));
    }
}
