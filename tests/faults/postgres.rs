//! The databases restart, one of them is away, a copy is far behind: what was acknowledged stays, and what a shard does not
//! have to do with goes on.

use std::time::{Duration, Instant};

use photograph::base::ids::{Sharded, UserId};
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::company::Company;
use crate::kit::Person;
use crate::servers::Server;

/// How long somebody waits to be told that a part is away.
const FAST: Duration = Duration::from_secs(3);

#[tokio::test]
async fn restarted_kindly_and_at_once() {
    let company = Company::opens().await;
    let fault = async {
        // The fast way first, which tells those who are connected; then as after a crash.
        company.servers.stop(Server::Second);
        company.servers.start_again(Server::Second);
        company.traffic.goes_on_for(20).await;
        company.servers.send("QUIT", Server::Primary);
        company.servers.stop(Server::Primary);
        company.servers.start_again(Server::Primary);
        company.traffic.goes_on_for(20).await;
    };
    company.traffic.during(fault).await;
    company.closes().await;
}

#[tokio::test]
async fn one_shard_is_away_and_the_other_serves() {
    let company = Company::opens().await;
    let neighbours = Neighbours::of(&company).await;
    let fault = async {
        company.servers.stop(Server::Second);
        neighbours.notice_the_difference().await;
        company.servers.start_again(Server::Second);
        company.traffic.goes_on_for(20).await;
    };
    company.traffic.during(fault).await;
    let slow: Vec<_> = company.traffic.troubles().into_iter().filter(|trouble| trouble.after > FAST).collect();
    assert!(slow.is_empty(), "told too late: {slow:?}");
    company.closes().await;
}

#[tokio::test]
async fn a_replica_is_far_behind() {
    let company = Company::opens().await;
    let replica = Database::connect(company.servers.database(Server::Replica)).await.expect("the replica answers");
    let fault = async {
        replica.execute_unprepared("SELECT pg_wal_replay_pause()").await.expect("the replica pauses");
        company.traffic.goes_on_for(100).await;
    };
    company.traffic.during(fault).await;
    let troubles = company.traffic.troubles();
    assert!(troubles.is_empty(), "{troubles:?}");
    // The replica still knows of nothing when everything is looked at.
    company.closes().await;
}

/// One who lives on the first shard and one on the second. They take no part in the traffic.
struct Neighbours {
    here: Person,
    there: Person,
}

impl Neighbours {
    /// People come until there is one on each side.
    async fn of(company: &Company) -> Self {
        let (mut here, mut there) = (None, None);
        for number in 0.. {
            let person = company.apis[0].signs_up(&format!("neighbour{number}")).await;
            let user: UserId = person.id.parse().expect("the ID of a user");
            let half = if user.shard().number() < 4096 { &mut here } else { &mut there };
            half.get_or_insert(person);
            if here.is_some() && there.is_some() {
                break;
            }
        }
        Self { here: here.expect("somebody"), there: there.expect("somebody") }
    }

    /// The second shard is away: who lives on the first does not feel it, who does not is told so at once.
    async fn notice_the_difference(&self) {
        let Self { here, there } = self;
        for _ in 0..10 {
            let began = Instant::now();
            here.goes_private().await;
            here.goes_public().await;
            assert_eq!(here.sees_user(here).await["username"], json!(here.name));
            assert!(began.elapsed() < FAST, "the first shard took {:?}", began.elapsed());
            is_told_so(there, there).await;
            is_told_so(here, there).await;
        }
    }
}

/// Looking at somebody fails clearly and fast.
async fn is_told_so(person: &Person, other: &Person) {
    let query = "query($id: ID!) { user(by: { id: $id }) { username mediaCount } }";
    let began = Instant::now();
    let answer = person.asks(query, json!({ "id": other.id })).await;
    assert_eq!(answer.code(), "OVERLOADED", "{:#}", answer.body);
    assert!(began.elapsed() < FAST, "{} was told after {:?}", person.name, began.elapsed());
}
