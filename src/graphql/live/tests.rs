//! A stream of its own, told event by event.

use async_graphql::futures_util::StreamExt;

use super::*;
use crate::base::client_address::ClientAddress;
use crate::base::clock::{Clock, Timestamp};
use crate::base::config::Config;
use crate::base::error::Error;
use crate::base::ids::MediaId;

const SEVEN: MediaId = MediaId(7);
/// Likes of this one are held back.
const HELD: MediaId = MediaId(8);
/// A like of this one comes while a database is away.
const AWAY: MediaId = MediaId(14);

struct Likes {
    due: Option<Instant>,
}

impl Story for Likes {
    type Event = MediaEvent;

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaEvent>> {
        match entry.fact {
            Fact::MediaLiked { media: AWAY, .. } => Err(Error::away("a database is away")),
            Fact::MediaLiked { media: HELD, .. } => {
                self.due = Some(Instant::now() + Duration::from_hours(1));
                Ok(Telling::nothing())
            }
            Fact::MediaLiked { media, .. } => Ok(Telling::of(vec![MediaRemoved::of(log, entry, media).into()])),
            _ => Ok(Telling::nothing()),
        }
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// The closing of a stream in which these were liked, and the cursors where it stood after each like.
async fn ended_by(likes: &[MediaId]) -> (StreamClosing, Vec<StreamCursor>, Arc<Bookmark>) {
    let mut config = Config::default();
    let name = format!("photograph-live-{}-{}", likes.len(), std::process::id());
    config.server.data = std::env::temp_dir().join(name);
    let app = App::start(config, Clock::system()).await.expect("a process");
    let topics = [SEVEN, HELD, AWAY].map(Topic::Media);
    let log = LogStream::open(&app, app.live.listen(topics.to_vec(), 8), &topics, None).await.expect("a stream");
    let (bookmark, mut cursors) = (Arc::<Bookmark>::default(), vec![log.cursor()]);
    let listening = Listening {
        app: app.clone(),
        viewer: None,
        after: None,
        bookmark: bookmark.clone(),
        counted: None,
        joining: None,
        stage: None,
        recipient: Recipient::of(None, ClientAddress::SERVER),
        groups: None,
    };
    for (position, media) in (1..).zip(likes) {
        let fact = Fact::MediaLiked { media: *media, user: UserId(1) };
        app.live.deliver([Entry { database: 0, position, recorded_at: Timestamp(0), fact }]);
        cursors.push(LogStream::at(&app, &app.live.positions(), Timestamp(0)).cursor());
    }
    let events: Vec<_> = told(listening, log, Likes { due: None }).collect().await;
    let Some(Ok(MediaEvent::Closing(closing))) = events.into_iter().next_back() else { panic!("it does not close") };
    app.db.rest();
    std::fs::remove_dir_all(&app.config.server.data).expect("its folder");
    (closing, cursors, bookmark)
}

#[tokio::test]
async fn an_outage_closes_a_stream_where_everything_was_told() {
    // What is held back when the stream ends was not told.
    for (likes, told) in [(vec![AWAY], 0), (vec![SEVEN, AWAY], 1), (vec![SEVEN, HELD, AWAY], 1)] {
        let (closing, cursors, bookmark) = ended_by(&likes).await;
        let (cursor, reason, again_after) = closing.parts();
        assert_eq!(reason, StreamClosingReason::Unavailable);
        assert_eq!(cursor.0, cursors[told].0, "after {told} of {likes:?}");
        assert_eq!(bookmark.at().expect("a cursor").0, cursors[told].0);
        assert!(again_after.is_some() && bookmark.again_after().is_some());
    }
}
