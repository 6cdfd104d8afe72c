//! Two processes behind nginx are replaced one after the other while two thousand sockets listen: everybody goes on where
//! they were, and nobody misses a thing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::program::Program;
use crate::kit::{Folder, PATIENCE, Person, eventually};
use crate::nginx::Nginx;
use crate::servers::Servers;

const SOCKETS: usize = 2000;
/// Over how long a process lets its sockets go.
const DRAIN: u64 = 4;

const LISTEN: &str = "subscription($id: ID!, $after: StreamCursor) { mediaEvents(mediaId: $id, after: $after) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery }
    ... on StreamClosing { reason reconnectAfterMs } ... on CommentAdded { comment { id } }
} }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_sockets_miss_nothing_while_processes_are_replaced() {
    let (servers, data) = (Servers::start(), Folder::fresh());
    let mut processes = [a_process(&servers, &data), a_process(&servers, &data)];
    for process in &mut processes {
        process.starts().await;
    }
    let fronts = processes.each_ref().map(|process| process.front.clone());
    let nginx = Nginx::before(&fronts).await;
    let ada = processes[0].signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let start = ada.asks("{ streamCursor }", json!({})).await.text("/streamCursor");
    let alone = work_of(&processes).await;
    let (opened, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(OnceLock::new()));
    let client =
        || Client { person: ada.at(&nginx.front), media: media.clone(), opened: opened.clone(), last: last.clone() };
    let clients: Vec<_> = (0..SOCKETS).map(|_| tokio::spawn(client().listens(start.clone()))).collect();
    let all_are_open = async || (opened.load(Ordering::Relaxed) >= SOCKETS).then_some(());
    eventually("all sockets are open", 4 * PATIENCE, all_are_open).await;
    // A timer of each of them, once a second, would be thousands.
    let idle = work_of(&processes).await;
    assert!(idle <= 2 * alone + 600, "threads slept {alone} times beside no sockets, {idle} times beside idle ones");
    let mut said = vec![ada.comments(&media, "before").await];
    for number in 0..2 {
        let other = ada.at(&fronts[1 - number]);
        said.extend(is_replaced(&mut processes[number], &other, &media).await);
    }
    said.push(ada.comments(&media, "the last").await);
    last.set(said[said.len() - 1].clone()).expect("there is one last");
    for heard in join_all(clients).await {
        assert_eq!(heard.expect("a client hears everything"), said);
    }
    assert!(opened.load(Ordering::Relaxed) >= 2 * SOCKETS, "every socket was let go and came again");
    drop(nginx);
    for process in processes {
        process.ends().await;
    }
}

/// How often the threads of some processes went to sleep in two seconds: what wakes them is work.
async fn work_of(processes: &[Program]) -> u64 {
    let sleeps = || processes.iter().map(|process| sleeps_of(process.process())).sum::<u64>();
    let before = sleeps();
    tokio::time::sleep(Duration::from_secs(2)).await;
    sleeps().saturating_sub(before)
}

/// How often the threads of a process went to sleep so far.
fn sleeps_of(process: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("the threads of a process");
    let status =
        |thread: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(thread.ok()?.path().join("status")).ok();
    let count = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<u64>().ok()).expect("how often it slept")
    };
    threads.filter_map(status).map(count).sum()
}

/// A process is stopped and started again while somebody comments over the other one. The comments come back.
async fn is_replaced(process: &mut Program, other: &Person, media: &str) -> Vec<String> {
    let replaced = async {
        assert!(process.is_stopped().await.success(), "it stops in good order");
        process.starts().await;
    };
    tokio::pin!(replaced);
    let (mut again, mut said) = (tokio::time::interval(Duration::from_secs(1)), vec![]);
    loop {
        tokio::select! {
            () = &mut replaced => return said,
            _ = again.tick() => said.push(other.comments(media, "meanwhile").await),
        }
    }
}

fn a_process(servers: &Servers, data: &Folder) -> Program {
    let limits = format!("connections_per_address = {SOCKETS}0\nconnections_per_session = {SOCKETS}0");
    let proxy = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\nclient_address = \"x-forwarded-for\"";
    let drain = format!("[http]\ndrain_seconds = {DRAIN}");
    Program::told(&format!("{proxy}\n{drain}\n[websocket]\n{limits}\n{}", servers.addresses().toml()))
        .with_data(&data.0)
}

struct Client {
    person: Person,
    media: String,
    opened: Arc<AtomicUsize>,
    /// The comment after which nothing comes.
    last: Arc<OnceLock<String>>,
}

impl Client {
    /// Listens until it has heard the last, and comes again when it is told to.
    async fn listens(self, start: String) -> Vec<String> {
        let (mut cursor, mut heard) = (start, vec![]);
        while self.last.get().is_none() || heard.last() != self.last.get() {
            let variables = json!({ "id": self.media, "after": cursor });
            let Ok(mut stream) = self.person.tries_to_listen(LISTEN, &variables).await else { continue };
            // An event is waited for so long that the last is known by then.
            while let Ok(event) = stream.try_next().await {
                event["cursor"].as_str().expect("every event has a cursor").clone_into(&mut cursor);
                match event["__typename"].as_str() {
                    Some("StreamOpened") => self.opens(&event),
                    Some("CommentAdded") => {
                        heard.push(event["comment"]["id"].as_str().expect("an ID").to_owned());
                    }
                    Some("StreamClosing") => {
                        assert_eq!(event["reason"], "DRAINING");
                        let wait = event["reconnectAfterMs"].as_u64().expect("it says when to come again");
                        tokio::time::sleep(Duration::from_millis(wait)).await;
                    }
                    _ => {}
                }
                if self.last.get().is_some_and(|last| heard.last() == Some(last)) {
                    break;
                }
            }
        }
        heard
    }

    fn opens(&self, event: &Value) {
        assert_eq!(event["recovery"], "RECOVERED");
        self.opened.fetch_add(1, Ordering::Relaxed);
    }
}
