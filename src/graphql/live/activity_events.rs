//! What happens to the viewer, as it happens: new activities, what is added to them, what is taken back, and the badge.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::futures_util::Stream;

use super::super::activity::Activity;
use super::super::stream::LogStream;
use super::events::At;
use super::{ActivityChanged, ActivityEvent, ActivityRemoved, ActivitySeen, Listening, Story, Telling, told};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::{Fact, Topic};
use crate::base::ids::ActivityId;
use crate::domain::sessions::Viewer;
use crate::domain::{activity, pushes};
use crate::platform::log::Entry;

/// Listens to what happens to a viewer.
///
/// # Errors
/// Those of the database.
pub async fn activity(listening: Listening, viewer: Viewer) -> Result<impl Stream<Item = Result<ActivityEvent>>> {
    let topics = [Topic::ActivityOf(viewer.user)];
    let log = listening.open(&topics).await?;
    let app = listening.app.clone();
    Ok(told(listening, log, Activities { app, viewer }))
}

struct Activities {
    app: Arc<App>,
    viewer: Viewer,
}

impl Story for Activities {
    type Event = ActivityEvent;

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<ActivityEvent>> {
        let at = At::entry(log, entry);
        let event = match entry.fact {
            Fact::ActivityChanged { activity, .. } => self.changed(at, activity).await?,
            Fact::ActivityRemoved { activity, .. } => {
                Some(ActivityRemoved::new(at, activity.to_string().into(), self.unseen().await?).into())
            }
            Fact::ActivitySeen { .. } => Some(ActivitySeen::new(at, self.unseen().await?).into()),
            _ => None,
        };
        Ok(Telling::of(event.into_iter().collect()))
    }
}

impl Activities {
    /// One of which the viewer sees nothing by now is not told.
    async fn changed(&self, at: At, id: ActivityId) -> Answer<Option<ActivityEvent>> {
        let Some(activity) = activity::find(&self.app, self.viewer.user, id).await? else { return Ok(None) };
        pushes::was_told(&self.app, self.viewer.session, (id, activity.place)).await;
        Ok(Some(ActivityChanged::new(at, Activity::of(activity)?, self.unseen().await?).into()))
    }

    async fn unseen(&self) -> Answer<usize> {
        activity::unseen(&self.app, self.viewer.user).await
    }
}
