//! Redis comes and goes, hangs, fails over and is a cluster: commands fail at once while it is away, and it is found again.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use photograph::base::clock::Timestamp;
use photograph::platform::rate_limiter::{Quota, RateLimiter};
use photograph::platform::redis::{Away, Command, Epoch, Heard, Redis, Subscription, Value};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::kit::redis::{Server, cluster, opened};
use crate::kit::{Folder, PATIENCE, eventually};

/// As long as nobody notices: far less than an answer is waited for.
const AT_ONCE: Duration = Duration::from_millis(100);

async fn is_there(redis: &Redis) -> Epoch {
    eventually("Redis is there", PATIENCE, async || redis.epoch()).await
}

async fn is_away(redis: &Redis) {
    eventually("Redis is away", PATIENCE, async || redis.epoch().is_none().then_some(())).await;
}

async fn keeps(redis: &Redis, name: &str, words: &str) -> Result<(), Away> {
    redis.send::<Value>(Command::on("SET", redis.name(name)).with(words)).await.map(drop)
}

async fn finds(redis: &Redis, name: &str) -> Option<String> {
    redis.send(Command::on("GET", redis.name(name))).await.expect("Redis answers")
}

/// Nobody waits for a Redis that is away.
async fn refuses_at_once(redis: &Redis) {
    let asked = Instant::now();
    assert!(keeps(redis, "key", "value").await.is_err());
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
}

async fn next(subscription: &mut Subscription) -> Heard {
    let heard = tokio::time::timeout(PATIENCE, subscription.next()).await.expect("something is heard in time");
    heard.expect("the connection does not end")
}

/// What is said is heard, if it is said again after the channels were taken up anew: a cluster may do that twice.
async fn carries_messages(redis: &Redis, subscription: &mut Subscription, words: &str) {
    loop {
        let () = redis.send(Command::bare("PUBLISH").with("news").with(words)).await.expect("Redis answers");
        if let Heard::Message { channel, text } = next(subscription).await {
            return assert_eq!((channel.as_str(), text.as_str()), ("news", words));
        }
    }
}

#[tokio::test]
async fn one_that_is_away_at_the_start_is_found_later_and_again_and_again() {
    let mut server = Server::prepared(&[]);
    let redis = opened(&server.url(), None).await;
    let mut subscription = redis.subscribe(vec!["news".to_owned()]).expect("a connection to come");
    refuses_at_once(&redis).await;
    let mut lives = vec![];
    for words in ["first", "second", "third"] {
        server.starts().await;
        lives.push(is_there(&redis).await);
        assert_eq!(finds(&redis, "key").await, None, "it came back empty");
        keeps(&redis, "key", words).await.expect("Redis answers");
        assert_eq!(finds(&redis, "key").await.as_deref(), Some(words));
        assert!(matches!(next(&mut subscription).await, Heard::Anew));
        carries_messages(&redis, &mut subscription, words).await;
        server.stops();
        is_away(&redis).await;
        refuses_at_once(&redis).await;
    }
    lives.dedup();
    assert_eq!(lives.len(), 3, "each start is another life");
}

#[tokio::test]
async fn one_that_hangs_is_waited_for_once() {
    let server = Server::running(&[]).await;
    let redis = opened(&server.url(), None).await;
    let life = is_there(&redis).await;
    server.hangs(true);
    assert!(keeps(&redis, "key", "value").await.is_err());
    is_away(&redis).await;
    for _ in 0..10 {
        refuses_at_once(&redis).await;
    }
    server.hangs(false);
    assert_eq!(is_there(&redis).await, life, "nothing was lost");
    keeps(&redis, "key", "value").await.expect("Redis answers");
}

#[tokio::test]
async fn what_goes_in_one_message_is_answered_in_order() {
    let server = Server::running(&[]).await;
    let redis = opened(&server.url(), None).await;
    is_there(&redis).await;
    let adds = |by: i64| Command::on("INCRBY", redis.name("sum")).with(by);
    let sums: Vec<i64> = redis.send_all(vec![adds(1), adds(2), adds(4)]).await.expect("Redis answers");
    assert_eq!(sums, [1, 3, 7]);
    let script = Command::script("return redis.call('INCRBY', KEYS[1], ARGV[1])", redis.name("sum")).with(3);
    assert_eq!(redis.send::<i64>(script).await.expect("Redis answers"), 10);
    assert!(redis.send::<Value>(Command::on("LPUSH", redis.name("sum")).with(1)).await.is_err(), "it is no list");
    assert!(redis.epoch().is_some(), "a refusal is an answer");
}

/// Pseudorandom numbers, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The same uses of a quota in memory and in Redis, somewhat more often than it allows. How many were allowed, and refused.
async fn is_limited_alike(in_redis: &RateLimiter, number: u64) -> [usize; 2] {
    let (in_memory, mut numbers, name) = (RateLimiter::open(None), Numbers(number), format!("quota {number}"));
    let limiters = [&in_memory, in_redis];
    // Hours, because a key in Redis goes by Redis' own clock.
    let burst = 1 + u32::try_from(numbers.below(40)).expect("a small number");
    let quota = Quota { burst, period: Duration::from_secs(3600 * (1 + numbers.below(100)) + numbers.below(60)) };
    let step = u64::try_from(quota.period.as_millis()).expect("a period") / u64::from(burst);
    let (mut now, mut outcomes) = (Timestamp(1_800_000_000_000), [0, 0]);
    for case in 0..200 {
        now = now.after(Duration::from_millis(numbers.below(step)));
        if numbers.below(50) == 0 {
            // A clock that was set back, also further than a burst.
            now = now.before(Duration::from_millis(numbers.below(2 * step * u64::from(burst))));
        }
        let answers = match numbers.below(10) {
            0 => join_all(limiters.map(|limiter| limiter.check(now, &name, quota))).await,
            1 if case % 50 == 0 => {
                join_all(limiters.map(|limiter| limiter.forget(&name))).await;
                vec![Ok(()); 2]
            }
            _ => join_all(limiters.map(|limiter| limiter.count(now, &name, quota))).await,
        };
        assert_eq!(answers[0], answers[1], "case {case} of {name}: {quota:?} at {now:?}");
        outcomes[usize::from(answers[0].is_err())] += 1;
    }
    outcomes
}

#[tokio::test]
async fn rates_are_limited_in_redis_as_in_memory() {
    let server = Server::running(&[]).await;
    let redis = opened(&server.url(), None).await;
    is_there(&redis).await;
    let in_redis = RateLimiter::open(Some(redis));
    let outcomes = join_all((0..50).map(|number| is_limited_alike(&in_redis, number))).await;
    let sum = |place: usize| outcomes.iter().map(|outcomes| outcomes[place]).sum::<usize>();
    assert!(sum(0) > 1000 && sum(1) > 1000, "allowed {}, refused {}", sum(0), sum(1));
    assert_eq!(server.says(&["DBSIZE"]), "50", "they were in Redis");
}

#[tokio::test]
async fn another_primary_is_found_through_the_sentinel() {
    let mut primary = Server::running(&[]).await;
    let port = primary.address.port().to_string();
    let replica = Server::running(&["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"]).await;
    eventually("the replica follows", PATIENCE, async || {
        replica.says(&["INFO", "replication"]).contains("master_link_status:up").then_some(())
    })
    .await;
    let sentinel = Server::sentinel(primary.address).await;
    eventually("the Sentinel knows the replica", PATIENCE, async || {
        sentinel.says(&["INFO", "sentinel"]).contains("slaves=1").then_some(())
    })
    .await;
    let redis = opened(&format!("redis-sentinel://{}?sentinelServiceName=main", sentinel.address), None).await;
    let life = is_there(&redis).await;
    let mut subscription = redis.subscribe(vec!["news".to_owned()]).expect("a connection to come");
    assert!(matches!(next(&mut subscription).await, Heard::Anew));
    keeps(&redis, "key", "before").await.expect("the primary answers");
    primary.stops();
    eventually("the replica is the primary", PATIENCE, async || {
        replica.says(&["INFO", "replication"]).contains("role:master").then_some(())
    })
    .await;
    eventually("it is written to", PATIENCE, async || keeps(&redis, "key", "after").await.ok()).await;
    assert_eq!(replica.says(&["GET", "photograph:key"]), "after");
    assert_ne!(is_there(&redis).await, life, "what the other one had may be lost");
    assert!(matches!(next(&mut subscription).await, Heard::Anew));
    carries_messages(&redis, &mut subscription, "hello").await;
}

#[tokio::test]
async fn a_cluster_of_three_is_one_redis() {
    let mut nodes = cluster().await;
    let redis = opened(&format!("redis-cluster://{}", nodes[0].address), None).await;
    let life = is_there(&redis).await;
    let mut subscription = redis.subscribe(vec!["news".to_owned()]).expect("a connection to come");
    assert!(matches!(next(&mut subscription).await, Heard::Anew));
    for number in 0..100 {
        keeps(&redis, &number.to_string(), "here").await.expect("the cluster answers");
    }
    let asks = (0..100).map(|number| Command::on("GET", redis.name(&number.to_string()))).collect();
    let found: Vec<Option<String>> = redis.send_all(asks).await.expect("the cluster answers");
    assert_eq!(found, vec![Some("here".to_owned()); 100]);
    for node in &nodes {
        assert_ne!(node.says(&["DBSIZE"]), "0", "each node has some");
    }
    carries_messages(&redis, &mut subscription, "hello").await;
    // Its slots are in its folder, its data are not.
    nodes[1].stops();
    nodes[1].starts().await;
    eventually("it is another life", PATIENCE, async || redis.epoch().filter(|now| *now != life)).await;
    for number in 0..100 {
        let kept = async || keeps(&redis, &number.to_string(), "again").await.ok();
        eventually("every slot is written to", PATIENCE, kept).await;
    }
}

#[tokio::test]
async fn tls_is_spoken_with_whom_the_certificates_vouch_for() {
    let mut authority = CertificateParams::new(vec![]).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).expect("parameters").signed_by(&key, &authority).expect("signed");
    let server = Server::with_tls(&certificate.pem(), &key.serialize_pem()).await;
    let (folder, url) = (Folder::fresh(), format!("rediss://{}", server.address));
    let ca_file = folder.0.join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).expect("a file in the folder");
    let redis = opened(&url, Some(&ca_file)).await;
    is_there(&redis).await;
    keeps(&redis, "key", "value").await.expect("Redis answers");
    let mut subscription = redis.subscribe(vec!["news".to_owned()]).expect("a connection to come");
    assert!(matches!(next(&mut subscription).await, Heard::Anew));
    carries_messages(&redis, &mut subscription, "hello").await;
    let found = opened(&url, None).await.check().await;
    assert!(found.seen.is_empty() && found.wrong[0].contains("redis.ca_file"), "{found:?}");
}

#[tokio::test]
async fn a_look_says_what_is_right_and_how_to_mend_what_is_not() {
    let mut server = Server::running(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]).await;
    let redis = opened(&server.url(), None).await;
    let found = redis.check().await;
    assert!(found.seen.len() == 3 && found.seen[0].starts_with("Redis "), "{found:?}");
    assert_eq!(server.says(&["DBSIZE"]), "0", "nothing is left behind");
    server.says(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    assert!(redis.check().await.seen.iter().any(|words| words.contains("refuses writes")));
    server.says(&["CONFIG", "SET", "maxmemory", "1"]);
    let found = redis.check().await;
    assert!(found.wrong.iter().any(|words| words.contains("Nothing can be written")), "{found:?}");
    server.stops();
    let found = redis.check().await;
    assert!(found.seen.is_empty() && found.wrong[0].contains("does not answer"), "{found:?}");
}
