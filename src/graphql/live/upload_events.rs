//! One upload on its way, until it is ready or rejected.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::futures_util::Stream;

use super::super::stream::LogStream;
use super::super::upload::Upload;
use super::events::At;
use super::{Listening, Story, StreamClosingReason, Telling, UploadChanged, UploadEvent, told};
use crate::app::App;
use crate::base::error::Result as Answer;
use crate::base::facts::Topic;
use crate::base::ids::UploadId;
use crate::domain::sessions::Viewer;
use crate::domain::uploads::{self, UploadStatus};
use crate::platform::log::Entry;

/// Listens to one of the viewer's own uploads.
///
/// # Errors
/// Those of the database.
pub async fn upload(
    listening: Listening,
    viewer: Viewer,
    id: Option<UploadId>,
) -> Result<impl Stream<Item = Result<UploadEvent>>> {
    let topics: Vec<Topic> = id.map(Topic::Upload).into_iter().collect();
    let log = listening.open(&topics).await?;
    let app = listening.app.clone();
    Ok(told(listening, log, OneUpload { app, viewer, id }))
}

struct OneUpload {
    app: Arc<App>,
    viewer: Viewer,
    id: Option<UploadId>,
}

impl Story for OneUpload {
    type Event = UploadEvent;

    /// How far it is already: whoever subscribes late still hears of the end.
    async fn begin(&mut self, log: &LogStream) -> Answer<Telling<UploadEvent>> {
        self.now(At::last(log)).await
    }

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<UploadEvent>> {
        self.now(At::entry(log, entry)).await
    }
}

impl OneUpload {
    async fn now(&self, at: At) -> Answer<Telling<UploadEvent>> {
        let upload = match self.id {
            Some(id) => uploads::find(&self.app, self.viewer, id).await?,
            None => None,
        };
        let Some(upload) = upload else {
            return Ok(Telling::last(Vec::new(), StreamClosingReason::Unavailable));
        };
        let goes_on = matches!(upload.status, UploadStatus::AwaitingBytes | UploadStatus::Processing);
        let events = vec![UploadChanged::new(at, Upload(upload)).into()];
        Ok(if goes_on { Telling::of(events) } else { Telling::last(events, StreamClosingReason::Finished) })
    }
}
