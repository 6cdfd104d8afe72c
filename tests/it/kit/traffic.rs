//! People who go on whatever happens: they publish, like, comment and follow, each act again and again until it is
//! acknowledged, and one of them listens. What was acknowledged is written down for the judge.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::listener::Listener;
use super::{Answer, Front, Payload, Person, Upload, document, eventually, photos, sha256};

/// How long one act may take through all of it.
const PATIENCE: Duration = Duration::from_mins(1);
/// The pause between the acts of one person: enough goes on at any moment, and the judge can look at all of it.
const PAUSE: Duration = Duration::from_millis(40);

/// People who go on whatever happens.
pub struct Traffic {
    /// Those who act.
    pub people: Vec<Person>,
    /// The one who listens to all of them.
    pub listener: Listener,
    done: Mutex<Done>,
    troubles: Mutex<Vec<Trouble>>,
    acts: AtomicUsize,
    over: CancellationToken,
}

/// What everybody did and a server acknowledged.
#[derive(Default)]
pub struct Done {
    /// Media and their owners.
    pub media: Vec<(String, usize)>,
    /// Who likes what.
    pub likes: Vec<(usize, String)>,
    /// Who follows whom.
    pub follows: Vec<(usize, usize)>,
    /// The words on each media.
    pub comments: HashMap<String, Vec<String>>,
}

/// An act that was answered with an error.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The mutation.
    pub act: String,
    /// The code of the error.
    pub code: String,
    /// How long the answer took.
    pub after: Duration,
}

/// Numbers that look like chance and are the same in each run.
pub struct Dice(pub u64);

impl Dice {
    /// A number below another one.
    pub fn below(&mut self, bound: usize) -> usize {
        // xorshift64 by Marsaglia, 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("a number below a usize")
    }

    /// A key for a request that may have to be repeated.
    fn key(&mut self) -> String {
        format!("{:08x}-0000-4000-8000-{:012x}", self.below(1 << 32), self.below(1 << 48))
    }
}

impl Traffic {
    /// Four people and one who follows them all, spread over the processes that serve.
    pub async fn begins(fronts: &[Front]) -> Self {
        let mut fronts = fronts.iter().cycle();
        let mut people = vec![];
        for name in ["ada", "bob", "eve", "joe"] {
            people.push(Person::signs_up(fronts.next().expect("a process serves"), name).await);
        }
        let listener = Person::signs_up(fronts.next().expect("a process serves"), "zoe").await;
        let listener = Listener::follows(listener, &people).await;
        let first = people[0].publishes("the first").await;
        let done = Done { media: vec![(first, 0)], ..Done::default() };
        let (troubles, acts, over) = (Mutex::default(), AtomicUsize::new(0), CancellationToken::new());
        Self { people, listener, done: Mutex::new(done), troubles, acts, over }
    }

    /// Everybody goes on while something happens, and a little longer.
    pub async fn during<T>(&self, story: impl Future<Output = T>) -> T {
        let enough = CancellationToken::new();
        let writers = join_all((0..self.people.len()).map(|number| self.lives(number, &enough)));
        let story = async {
            self.goes_on_for(12).await;
            let told = story.await;
            self.goes_on_for(12).await;
            enough.cancel();
            told
        };
        let acting = async {
            let (told, _) = tokio::join!(story, writers);
            self.over.cancel();
            told
        };
        let (told, ()) = tokio::join!(acting, self.listener.hears(self));
        told
    }

    /// Waits until some more was done.
    pub async fn goes_on_for(&self, acts: usize) {
        let enough = self.acts.load(Ordering::Relaxed) + acts;
        let done = async || (self.acts.load(Ordering::Relaxed) >= enough).then_some(());
        eventually("people go on", PATIENCE, done).await;
    }

    /// What was acknowledged so far.
    pub fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().expect("what was done")
    }

    /// What was answered with an error so far.
    pub fn troubles(&self) -> Vec<Trouble> {
        self.troubles.lock().expect("the troubles").clone()
    }

    /// Waits until somebody is told of an error.
    pub async fn is_in_trouble(&self) {
        let before = self.troubles().len();
        let told = async || (self.troubles().len() > before).then_some(());
        eventually("somebody is told of an error", PATIENCE, told).await;
    }

    /// Comes when everybody has done their last act.
    pub fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// One thing after the other.
    async fn lives(&self, number: usize, enough: &CancellationToken) {
        let mut dice = Dice(0x0DD_BA11 + number as u64);
        let mut pause = tokio::time::interval(PAUSE);
        while !enough.is_cancelled() {
            pause.tick().await;
            match dice.below(6) {
                0 => self.follows(number, &mut dice).await,
                1 | 2 => self.likes(number, &mut dice).await,
                3 => self.publishes(number, &mut dice).await,
                _ => self.comments(number, &mut dice).await,
            }
            self.acts.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn some_media(&self, dice: &mut Dice) -> String {
        let done = self.done();
        done.media[dice.below(done.media.len())].0.clone()
    }

    async fn follows(&self, number: usize, dice: &mut Dice) {
        let other = (number + 1 + dice.below(self.people.len() - 1)) % self.people.len();
        let input = json!({ "userId": self.people[other].id });
        self.persists(number, "followUser", input, "user { id }").await;
        self.done().follows.push((number, other));
    }

    async fn likes(&self, number: usize, dice: &mut Dice) {
        let media = self.some_media(dice);
        self.persists(number, "likeMedia", json!({ "mediaId": media }), "media { id }").await;
        self.done().likes.push((number, media));
    }

    async fn comments(&self, number: usize, dice: &mut Dice) {
        let (media, key) = (self.some_media(dice), dice.key());
        let words = format!("{} says {key}", self.people[number].name);
        let input = json!({ "mediaId": media, "text": words, "idempotencyKey": key });
        self.persists(number, "addComment", input, "comment { id }").await;
        self.done().comments.entry(media).or_default().push(words);
    }

    async fn publishes(&self, number: usize, dice: &mut Dice) {
        let photo = photos::small_jpeg(u8::try_from(dice.below(256)).expect("a byte"));
        let upload = self.uploads(number, &photo, dice.key()).await;
        let input = json!({ "photos": [{ "uploadId": upload }], "caption": "dusk", "idempotencyKey": dice.key() });
        let payload = self.persists(number, "publishMedia", input, "media { id }").await;
        let media = payload["media"]["id"].as_str().expect("an ID").to_owned();
        self.done().media.push((media, number));
    }

    /// Uploads a photo through all that happens. Its ID comes back when it is ready.
    async fn uploads(&self, number: usize, photo: &[u8], key: String) -> String {
        let person = &self.people[number];
        let input = json!({
            "contentType": "image/jpeg", "byteSize": photo.len(), "sha256": sha256(photo), "idempotencyKey": key,
        });
        let target = "upload { id status target { url headers { name value } } }";
        let upload = Upload::from(&self.persists(number, "createUpload", input, target).await["upload"]);
        if upload.url.is_some() {
            eventually("the bytes are sent", PATIENCE, async || {
                let sent = person.tries_to_send(&upload, photo).await.ok()?;
                // Locked: the server does not know yet that the connection before is dead.
                let may_pass = sent.is_server_error() || sent == StatusCode::LOCKED;
                assert!(sent.is_success() || may_pass, "the upload was answered {sent}");
                sent.is_success().then_some(())
            })
            .await;
            self.persists(number, "completeUpload", json!({ "uploadId": upload.id }), "upload { id }").await;
        }
        let query = "query($id: ID!) { node(id: $id) { ... on Upload { status } } }";
        eventually("the upload is ready", PATIENCE, async || {
            let answer = person.attempts(query, json!({ "id": upload.id })).await.ok()?;
            (answer.body["data"]["node"]["status"] == "READY").then_some(())
        })
        .await;
        upload.id
    }

    /// Sends a mutation again and again until it is done. An error is noted; a server that dies says nothing.
    async fn persists(&self, number: usize, mutation: &str, input: Value, selection: &str) -> Value {
        let query = document(mutation, selection);
        let variables = json!({ "input": input });
        let answer = eventually(mutation, PATIENCE, async || {
            let began = Instant::now();
            let answer = self.people[number].attempts(&query, variables.clone()).await.ok()?;
            self.is_no_trouble(mutation, &answer, began.elapsed()).then_some(answer)
        })
        .await;
        Payload::new(mutation, answer).done()
    }

    fn is_no_trouble(&self, mutation: &str, answer: &Answer, after: Duration) -> bool {
        if answer.body.get("errors").is_none() {
            return true;
        }
        let trouble = Trouble { act: mutation.to_owned(), code: answer.code().to_owned(), after };
        self.troubles.lock().expect("the troubles").push(trouble);
        false
    }
}
