//! Who listens to what, and what they are told.

use super::*;
use crate::base::clock::Timestamp;
use crate::base::facts::Fact;
use crate::base::ids::{MediaId, UserId};

fn liked(position: i64, media: i64) -> Entry {
    let fact = Fact::MediaLiked { media: MediaId(media), user: UserId(1) };
    Entry { database: 0, position, recorded_at: Timestamp(0), fact }
}

#[tokio::test]
async fn a_listener_hears_its_topics_in_order_from_where_it_attached() {
    let live = Arc::new(Live::at(vec![0], String::new()));
    live.deliver([liked(1, 7)]);
    let mut listener = live.listen([Topic::Media(MediaId(7))], 8);
    assert_eq!(listener.from, [1]);
    live.deliver([liked(2, 8), liked(3, 7), liked(3, 7), liked(4, 7)]);
    assert_eq!(listener.next().await.unwrap().position, 3);
    assert_eq!(listener.next().await.unwrap().position, 4);
}

#[test]
fn what_came_last_is_kept_without_a_hole() {
    let live = Live::at(vec![4], String::new());
    assert!(live.recent(0, (4, 4)).is_none());
    live.deliver((5..=9).map(|position| liked(position, 7)));
    let positions = |from_to| {
        let recent = live.recent(0, from_to)?;
        Some(recent.iter().map(|entry| entry.position).collect::<Vec<_>>())
    };
    assert_eq!(positions((4, 9)), Some(vec![5, 6, 7, 8, 9]));
    assert_eq!(positions((6, 8)), Some(vec![7, 8]));
    assert_eq!(positions((9, 9)), Some(vec![]));
    assert_eq!((positions((3, 9)), positions((9, 10)), positions((9, 8))), (None, None, None));
    live.deliver([liked(12, 7)]);
    assert_eq!((positions((10, 12)), positions((11, 12))), (None, Some(vec![12])));
    live.skip_to(0, 20);
    live.deliver((21..).take(RECENT + 1).map(|position| liked(position, 7)));
    let last = 20 + i64::try_from(RECENT).unwrap() + 1;
    assert_eq!((positions((20, last)), positions((21, last)).map(|all| all.len())), (None, Some(RECENT)));
}

#[tokio::test]
async fn who_listens_as_a_user_hears_of_those_they_follow_from_then_on() {
    let live = Arc::new(Live::at(vec![0], String::new()));
    let (ana, ben) = (UserId(1), UserId(2));
    let published = |position| {
        let fact = Fact::MediaPublished { media: MediaId(position), owner: ben };
        Entry { database: 0, position, recorded_at: Timestamp(0), fact }
    };
    let follows = |position, before, state| {
        let fact = Fact::FollowingChanged { follower: ana, followee: ben, before, state, edge: None };
        Entry { database: 0, position, recorded_at: Timestamp(0), fact }
    };
    let mut listener = live.listen_as(ana, [], 8);
    let (no, yes) = (FollowState::NotFollowing, FollowState::Following);
    live.deliver([published(1), follows(2, no, yes), published(3)]);
    live.deliver([follows(4, yes, no), published(5), liked(6, 1)]);
    for position in [2, 3, 4] {
        assert_eq!(listener.next().await.unwrap().position, position);
    }
    assert!(listener.queue.try_recv().is_err());
}

#[tokio::test]
async fn the_end_of_a_session_is_heard_beside_the_log() {
    let live = Arc::new(Live::at(vec![3, 9], String::new()));
    let mut listener = live.listen([Topic::Session(SessionId(7))], 8);
    let mut other = live.listen([Topic::Session(SessionId(8))], 8);
    live.end_session(SessionEnd { session: SessionId(7), user: UserId(1), at: Timestamp(5) });
    assert_eq!(listener.next().await.unwrap().position, Entry::BESIDE);
    assert!(other.queue.try_recv().is_err() && live.positions() == [3, 9]);
}

#[tokio::test]
async fn a_slow_listener_is_cut_off_and_leaves_nothing_behind() {
    let live = Arc::new(Live::at(vec![0], String::new()));
    let mut slow = live.listen([Topic::Media(MediaId(7))], 1);
    let mut good = live.listen([Topic::Media(MediaId(7))], 8);
    live.deliver([liked(1, 7), liked(2, 7)]);
    assert_eq!(slow.next().await.unwrap().position, 1);
    assert!(slow.next().await.is_none() && slow.was_too_slow());
    assert_eq!(good.next().await.unwrap().position, 1);
    assert_eq!(good.next().await.unwrap().position, 2);
    drop((slow, good));
    assert!(live.lock().by_topic.is_empty() && live.listeners() == 0);
}
