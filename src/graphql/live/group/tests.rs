//! What breaks in a group ends what it breaks, and nothing else.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_graphql::Value;
use async_graphql::futures_util::StreamExt;

use super::super::deliveries::Recipient;
use super::super::{MediaEvent, MediaRemoved, Telling};
use super::*;
use crate::base::client_address::ClientAddress;
use crate::base::clock::{Clock, Timestamp};
use crate::base::config::Config;
use crate::base::error::{Code, Error};
use crate::base::facts::Fact;

/// A like of this one breaks what looks at it.
const FATAL: MediaId = MediaId(13);
/// A like of this one comes while a database is away.
const AWAY: MediaId = MediaId(14);

/// Tells of every like that something is removed, which is as good as anything.
#[derive(Clone)]
struct Fragile;

impl Story for Fragile {
    type Event = MediaEvent;

    async fn tell(&mut self, log: &LogStream, entry: &Entry) -> Answer<Telling<MediaEvent>> {
        let Fact::MediaLiked { media, .. } = entry.fact else { return Ok(Telling::nothing()) };
        assert_ne!(media, FATAL, "looked at");
        if media == AWAY {
            return Err(Error::away("a database is away"));
        }
        Ok(Telling::of(vec![MediaRemoved::of(log, entry, media).into()]))
    }
}

impl Shared for Fragile {
    fn about(_event: &MediaEvent) -> Option<(MediaId, UserId)> {
        None
    }

    fn viewed_by(&self, _viewer: Option<Viewer>, _memory: u8) -> Self {
        Self
    }

    async fn alike(&self, viewers: &[Option<Viewer>], _entry: Option<&Entry>) -> Answer<Vec<i64>> {
        Ok(vec![0; viewers.len()])
    }
}

/// A process with its groups, and how many likes there were.
struct Process {
    app: Arc<App>,
    groups: Arc<Groups>,
    likes: i64,
}

impl Process {
    async fn starts(name: &str) -> Self {
        let mut config = Config::default();
        config.server.data = std::env::temp_dir().join(format!("photograph-group-{name}-{}", std::process::id()));
        let app = App::start(config, Clock::system()).await.expect("a process");
        Self { app, groups: Arc::default(), likes: 0 }
    }

    /// Somebody joins a group that listens to these, and whose operation is executed like this.
    fn joins(&self, key: u8, media: &[MediaId], perform: Perform) -> Membership {
        self.joins_depending((key, BTreeSet::new()), media, perform)
    }

    fn joins_depending(&self, (key, depends): (u8, BTreeSet<On>), media: &[MediaId], perform: Perform) -> Membership {
        let joining = Joining::new(self.groups.clone(), ([key; 32], depends), perform);
        let listening = Listening {
            app: self.app.clone(),
            viewer: None,
            after: None,
            bookmark: Arc::default(),
            counted: None,
            recipient: Recipient::of(None, ClientAddress::SERVER),
            groups: None,
            joining: None,
            stage: None,
        };
        let topics: Vec<Topic> = media.iter().copied().map(Topic::Media).collect();
        self.groups.join(&joining, &listening, (&topics, None, &Fragile))
    }

    fn is_liked(&mut self, media: MediaId) {
        self.likes += 1;
        let fact = Fact::MediaLiked { media, user: UserId(1) };
        self.app.live.deliver([Entry { database: 0, position: self.likes, recorded_at: Timestamp(0), fact }]);
    }

    fn ends(self) {
        self.app.db.rest();
        let folder = self.app.config.server.data.clone();
        drop(self);
        std::fs::remove_dir_all(folder).expect("its folder");
    }
}

/// Executes an operation: says of each event that it came.
fn good() -> Perform {
    Arc::new(|stage| stage.events::<MediaEvent>().map(|_| Ok(Response::new(Value::Boolean(true)))).boxed())
}

/// The same, but the first time it panics.
fn bad_at_first() -> Perform {
    let has_panicked = AtomicBool::new(false);
    Arc::new(move |stage| {
        let panics = !has_panicked.swap(true, Ordering::Relaxed);
        let answer = move |_| {
            assert!(!panics, "executed");
            Ok(Response::new(Value::Boolean(true)))
        };
        stage.events::<MediaEvent>().map(answer).boxed()
    })
}

async fn hears(membership: &Membership) {
    let told = membership.next().await;
    assert!(matches!(told, Told::Result(_)), "{told:?}");
}

async fn is_broken(membership: &Membership) {
    let told = membership.next().await;
    assert!(matches!(&told, Told::Broken(rejected) if rejected.code == Code::Internal), "{told:?}");
}

#[tokio::test]
async fn a_panic_ends_a_group_and_no_other() {
    let mut process = Process::starts("a-panic").await;
    let seven = MediaId(7);
    let broken = [(); 2].map(|()| process.joins(1, &[seven, FATAL], good()));
    let other = process.joins(2, &[seven], good());
    process.is_liked(seven);
    for member in broken.iter().chain([&other]) {
        hears(member).await;
    }
    process.is_liked(FATAL);
    for member in &broken {
        is_broken(member).await;
    }
    // Who comes again finds a group that is as good as new, also while those who were thrown out are still there.
    let again = process.joins(1, &[seven], good());
    process.is_liked(seven);
    hears(&again).await;
    hears(&other).await;
    drop(broken);
    process.is_liked(seven);
    hears(&again).await;
    process.ends();
}

#[tokio::test]
async fn a_panic_in_the_execution_ends_those_who_were_to_be_told_and_the_group_goes_on() {
    let mut process = Process::starts("an-execution").await;
    let (seven, eight) = (MediaId(7), MediaId(8));
    let perform = bad_at_first();
    let first = process.joins(1, &[seven], perform.clone());
    let second = process.joins(1, &[eight], perform);
    process.is_liked(seven);
    is_broken(&first).await;
    process.is_liked(eight);
    hears(&second).await;
    process.ends();
}

#[tokio::test]
async fn an_outage_closes_the_streams_that_it_ends_where_they_stood_and_the_group_goes_on() {
    let mut process = Process::starts("an-outage").await;
    let (seven, eight) = (MediaId(7), MediaId(8));
    let ended = [(); 2].map(|()| process.joins(1, &[seven, AWAY], good()));
    let other = process.joins(1, &[eight], good());
    process.is_liked(seven);
    let stood = LogStream::at(&process.app, &process.app.live.positions(), Timestamp(0)).cursor();
    for member in &ended {
        hears(member).await;
    }
    process.is_liked(AWAY);
    for member in &ended {
        match member.next().await {
            Told::Result(closing) => {
                assert_eq!(closing.cursor.as_deref(), Some(stood.0.as_str()));
                assert!(closing.again_after.is_some(), "whose transport reads no events is told when to come");
            }
            told => panic!("{told:?}"),
        }
        assert!(matches!(member.next().await, Told::End));
    }
    process.is_liked(eight);
    hears(&other).await;
    drop((ended, other));
    process.ends();
}

#[tokio::test]
async fn members_of_one_viewer_are_told_what_is_executed_once() {
    let mut process = Process::starts("one-viewer").await;
    let (seven, executed) = (MediaId(7), Arc::new(AtomicUsize::new(0)));
    let counts = executed.clone();
    let perform: Perform = Arc::new(move |stage| {
        let counts = counts.clone();
        let answer = move |_| {
            counts.fetch_add(1, Ordering::Relaxed);
            Ok(Response::new(Value::Boolean(true)))
        };
        stage.events::<MediaEvent>().map(answer).boxed()
    });
    let depends = BTreeSet::from([On::Everything]);
    let members = [(); 3].map(|()| process.joins_depending((1, depends.clone()), &[seven], perform.clone()));
    for many in 1..=2 {
        process.is_liked(seven);
        for member in &members {
            hears(member).await;
        }
        assert_eq!(executed.load(Ordering::Relaxed), many);
    }
    drop(members);
    process.ends();
}

#[tokio::test]
async fn a_client_does_not_get_any_number_of_deliveries_for_itself() {
    let mut process = Process::starts("deliveries").await;
    let (seven, mut told) = (MediaId(7), 0);
    let member = process.joins(1, &[seven], good());
    process.is_liked(seven);
    while let Told::Result(_) = member.next().await {
        told += 1;
        assert!(told < 3000, "it is cut off");
        process.is_liked(seven);
    }
    assert!(told > 600, "a burst is told: {told}");
    drop(member);
    process.ends();
}
