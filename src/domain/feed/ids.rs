//! Which media a page of the home feed is made of: from the timeline as far as it goes, else computed from whom the viewer
//! follows. Both give the same, so one feed may be read partly in one way and partly in the other.

use std::collections::HashMap;

use tokio::sync::OnceCell;

use super::build;
use crate::app::App;
use crate::base::error::Result;
use crate::base::ids::{MediaId, UserId};
use crate::base::page::{Direction, Page};
use crate::domain::follows;
use crate::domain::media::{self, Card};
use crate::domain::sessions::Viewer;
use crate::platform::timelines::{Found, Timeline};

/// Where the pages of a viewer's home feed come from.
#[derive(Debug)]
pub(super) struct Ids {
    viewer: Viewer,
    ahead: Option<Timeline>,
    sources: OnceCell<Vec<UserId>>,
}

impl Ids {
    /// Looks for the viewer's timeline, and builds it when it is not there.
    pub async fn of(app: &App, viewer: Viewer) -> Result<Self> {
        Ok(Self { viewer, ahead: ahead(app, viewer.user).await?, sources: OnceCell::new() })
    }

    /// The media of a page, not yet filtered, nearest to its cursor first: one more than the page has, if there are so many.
    pub async fn read(&self, app: &App, page: Page) -> Result<Vec<Card>> {
        if let Some(timeline) = &self.ahead
            && let Some(cards) = self.read_ahead(app, timeline, page).await?
        {
            return Ok(cards);
        }
        let sources = self.sources.get_or_try_init(|| unmuted(app, self.viewer)).await?;
        media::cards_of(app, self.viewer, sources, page).await
    }

    /// A page from a timeline; `None` when the timeline does not know all of it.
    async fn read_ahead(&self, app: &App, timeline: &Timeline, page: Page) -> Result<Option<Vec<Card>>> {
        let forward = page.direction == Direction::Forward;
        // Upwards from below the floor begins with what is not here.
        if !forward && page.beyond.unwrap_or(0) < timeline.floor - 1 {
            return Ok(None);
        }
        let large = self.of_large(app, timeline, page).await?;
        let ids = candidates(timeline, &large, page);
        let cards = self.load(app, ids, large, page.items as usize + 1).await?;
        // Downwards a page that is not full goes on below the floor.
        let is_whole = !forward || timeline.floor == 0 || cards.len() > page.items as usize;
        Ok(is_whole.then_some(cards))
    }

    async fn of_large(&self, app: &App, timeline: &Timeline, page: Page) -> Result<Vec<Card>> {
        match timeline.large.as_slice() {
            [] => Ok(Vec::new()),
            large => media::cards_of(app, self.viewer, large, page).await,
        }
    }

    /// The first media of these that are still there, in their order. In place of those that are gone, further ones are
    /// read.
    async fn load(&self, app: &App, ids: Vec<MediaId>, known: Vec<Card>, most: usize) -> Result<Vec<Card>> {
        let by_id = |card: Card| (card.media.id, card);
        let mut rows: HashMap<MediaId, Card> = known.into_iter().map(by_id).collect();
        let (mut found, mut rest) = (Vec::new(), ids.as_slice());
        while found.len() < most && !rest.is_empty() {
            let (some, others) = rest.split_at(rest.len().min(most - found.len()));
            rest = others;
            let unknown: Vec<MediaId> = some.iter().copied().filter(|id| !rows.contains_key(id)).collect();
            rows.extend(media::cards(app, Some(self.viewer), &unknown).await?.into_iter().map(by_id));
            found.extend(some.iter().filter_map(|id| rows.remove(id)));
        }
        Ok(found)
    }
}

/// Whose media are looked for. Those muted would only be left out again.
async fn unmuted(app: &App, viewer: Viewer) -> Result<Vec<UserId>> {
    let mut sources = follows::heard_by(app, viewer.user).await?;
    sources.push(viewer.user);
    Ok(sources)
}

/// The timeline with what is on its way into it. `None` when the feed is to be computed.
async fn ahead(app: &App, user: UserId) -> Result<Option<Timeline>> {
    // Before the timeline is read: what has arrived since is in it.
    let Some(arriving) = app.live.arriving.to_add() else { return Ok(None) };
    let found = match app.timelines.read(user).await {
        Found::Ready(timeline) => Some(timeline),
        Found::Missing => build::build(app, user).await?,
        Found::Building | Found::Away => None,
    };
    Ok(found.map(|mut timeline| {
        timeline.media.extend(arriving);
        timeline
    }))
}

/// What may be on a page, nearest to its cursor first, each once. What is below the floor is not: there is more there.
fn candidates(timeline: &Timeline, large: &[Card], page: Page) -> Vec<MediaId> {
    let forward = page.direction == Direction::Forward;
    let is_beyond = |media: &MediaId| match page.beyond {
        Some(beyond) if forward => media.0 < beyond,
        Some(beyond) => media.0 > beyond,
        None => true,
    };
    let all = timeline.media.iter().copied().chain(large.iter().map(|card| card.media.id));
    let mut ids: Vec<MediaId> = all.filter(|media| media.0 >= timeline.floor && is_beyond(media)).collect();
    ids.sort_unstable();
    ids.dedup();
    if forward {
        ids.reverse();
    }
    ids
}
