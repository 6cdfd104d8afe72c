//! What pushing costs: CPU of this program for each push over one connection, against a bare HTTP/2 client that sends the
//! same bodies to the same server in the same run.

mod bare;
mod sink;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use futures_util::{StreamExt, TryStreamExt, stream};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::json;

use super::costs::Costs;
use crate::base::chance::Chance;
use crate::base::clock::Clock;
use crate::base::config::Config;
use crate::base::error::{Error, Result};
use crate::platform::apns::{Alert, Answer, Apns, Environment, Message, Push, Urgency};
use crate::platform::db::Db;

pub use sink::serve as serve_sink;

/// The app that is pushed to.
const TOPIC: &str = "org.example.photograph";
/// The certificate of the sink and its key, good for `localhost` and for nothing else.
const IDENTITY: &str = include_str!("push/localhost.pem");
/// How often both are measured, in turns: the best of each counts, since what disturbs only ever adds.
const ROUNDS: usize = 3;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Pushes in a round.
    pub pushes: u32,
    /// Pushes under way at once.
    pub in_flight: usize,
}

/// What a round cost.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    cpu: Duration,
    time: Duration,
}

/// Measures, and tells line by line.
///
/// # Errors
/// When the sink does not start, a push is not taken, or the folder for data cannot be written to.
pub async fn run(mut config: Config, plan: Plan, say: impl Fn(&str)) -> Result<()> {
    let sink = sink::Sink::start()?;
    let folder = config.server.data.clone();
    std::fs::create_dir_all(&folder)?;
    configure(&mut config, &folder.join("bench-push"), sink.port)?;
    let db = Db::open(&config).await?;
    db.migrate().await?;
    let ours = Ours { apns: Apns::open(&config.push.apns)?, db, clock: Clock::system() };
    let bare = bare::Bare::connect(&config, sink.port).await?;
    let body = payload(0)?;
    let Plan { pushes, in_flight } = plan;
    say(&format!("{pushes} pushes of {} bytes, {in_flight} under way at once, over one connection", body.len()));
    let (mut of_bare, mut of_ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_bare.push(measured(plan, |number| bare.send(number, &body)).await?);
        of_ours.push(measured(plan, |number| ours.send(number)).await?);
    }
    let (bare, ours) = (best(&of_bare), best(&of_ours));
    say(&told("bare HTTP/2 client", bare, plan));
    say(&told("photograph", ours, plan));
    let times = ours.cpu.as_secs_f64() / bare.cpu.as_secs_f64();
    say(&format!("photograph takes {times:.2} times the CPU of the bare client"));
    Ok(())
}

fn best(rounds: &[Spent]) -> Spent {
    rounds.iter().copied().min_by_key(|spent| spent.cpu).unwrap_or_default()
}

fn told(who: &str, spent: Spent, plan: Plan) -> String {
    let rate = |time: Duration| f64::from(plan.pushes) / time.as_secs_f64();
    format!("{who}: {:.0} pushes for each CPU second, {:.0} a second", rate(spent.cpu), rate(spent.time))
}

/// Sends all pushes of a round, so many at once.
async fn measured<F: Future<Output = Result<()>>>(plan: Plan, send: impl Fn(u32) -> F) -> Result<Spent> {
    let (before, begun) = (Costs::so_far(std::process::id()), Instant::now());
    let sending = stream::iter(0..plan.pushes).map(send).buffer_unordered(plan.in_flight);
    sending.try_collect::<()>().await?;
    let cpu = Costs::so_far(std::process::id()).since(before).server;
    Ok(Spent { cpu, time: begun.elapsed() })
}

/// Everything that is done for a push, from its words to what Apple answered.
struct Ours {
    apns: Apns,
    db: Db,
    clock: Clock,
}

impl Ours {
    async fn send(&self, number: u32) -> Result<()> {
        let now = self.clock.now();
        let push = Push {
            token: token(number),
            topic: TOPIC.into(),
            environment: Environment::Production,
            id: format!("00000000-0000-8000-8000-{number:012x}"),
            collapse_id: Some("act_11111111111".into()),
            urgency: Urgency::Now,
            expires_at: now.after(Duration::from_hours(1)),
            payload: payload(number)?,
        };
        match self.apns.send(&self.db, now, &push).await? {
            Answer::Accepted => Ok(()),
            other => Err(Error::internal(format!("a push was not taken: {other:?}"))),
        }
    }
}

fn payload(number: u32) -> Result<String> {
    let arguments = vec!["ada".to_owned(), format!("{number:08}")];
    let alert =
        Alert { title: None, key: "MEDIA_LIKED", arguments, thread: "bench", has_sound: true, is_mutable: true };
    let image = "https://photos.example.org/images/11111111111/22222222222/640.jpg";
    let data = json!({ "activityId": "act_11111111111", "cursor": "11111111111111111111", "imageUrl": image });
    Message { alert: Some(alert), badge: Some(3), data }.payload()
}

fn token(number: u32) -> String {
    format!("{number:064x}")
}

/// Points pushes at the sink, with a key that was just made.
fn configure(config: &mut Config, folder: &std::path::Path, port: u16) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, text: &str| -> Result<PathBuf> {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    };
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, Chance::default().secure());
    let key = BASE64.encode(made.map_err(Error::internal)?.as_ref());
    let apns = &mut config.push.apns;
    apns.key_file = Some(write("key.p8", &format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"))?);
    (apns.key_id, apns.team_id, apns.certificate_file) = (Some("BENCH".into()), Some("BENCH".into()), None);
    apns.ca_file = Some(write("ca.pem", IDENTITY)?);
    apns.production_url = format!("https://localhost:{port}");
    Ok(())
}
