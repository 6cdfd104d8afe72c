//! `kill -9` in the middle of everything, again and again. Nothing that was acknowledged is lost, nothing happens twice,
//! and no step is left undone.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::program::Program;
use crate::kit::{Payload, Person, Upload, document, eventually, photos, sha256};

/// How often the server is killed.
const KILLS: usize = 6;
/// How long one act may take through all of it, and how long what follows may take after the last start: a step that
/// was being done waits for its lease of ten seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// What everybody did and the server acknowledged.
struct World {
    people: Vec<Person>,
    done: Mutex<Done>,
    acts: AtomicUsize,
    over: AtomicBool,
}

#[derive(Default)]
struct Done {
    /// Media and their owners.
    media: Vec<(String, usize)>,
    /// Who likes what.
    likes: Vec<(usize, String)>,
    /// Who follows whom.
    follows: Vec<(usize, usize)>,
    /// The words on each media.
    comments: HashMap<String, Vec<String>>,
}

/// Numbers that look like chance and are the same in each run.
struct Dice(u64);

impl Dice {
    /// A number below another one.
    fn below(&mut self, bound: usize) -> usize {
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

#[tokio::test]
async fn whatever_was_acknowledged_survives_being_killed_at_any_moment() {
    let mut program = Program::prepared().await;
    program.starts().await;
    let world = World::begins(&program).await;
    let writers = join_all((0..world.people.len()).map(|number| world.lives(number)));
    let killer = async {
        let mut dice = Dice(0x5EED);
        for _ in 0..KILLS {
            world.goes_on_for(dice.below(12)).await;
            // The moment matters, not the wait: somewhere in the next write.
            tokio::time::sleep(Duration::from_millis(dice.below(40) as u64)).await;
            program.is_killed();
            program.starts().await;
        }
        world.over.store(true, Ordering::Relaxed);
    };
    tokio::join!(writers, killer);
    program.is_killed();
    program.starts().await;
    world.everything_is_there().await;
    program.ends().await;
}

impl World {
    async fn begins(program: &Program) -> Self {
        let mut people = vec![];
        for name in ["ada", "bob", "eve", "joe"] {
            people.push(program.signs_up(name).await);
        }
        let first = people[0].publishes("the first").await;
        let done = Done { media: vec![(first, 0)], ..Done::default() };
        Self { people, done: Mutex::new(done), acts: AtomicUsize::new(0), over: AtomicBool::new(false) }
    }

    /// One thing after the other, each until it is acknowledged.
    async fn lives(&self, number: usize) {
        let mut dice = Dice(0x0DD_BA11 + number as u64);
        while !self.over.load(Ordering::Relaxed) {
            match dice.below(6) {
                0 => self.follows(number, &mut dice).await,
                1 | 2 => self.likes(number, &mut dice).await,
                3 => self.publishes(number, &mut dice).await,
                _ => self.comments(number, &mut dice).await,
            }
            self.acts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until some more was done.
    async fn goes_on_for(&self, acts: usize) {
        let enough = self.acts.load(Ordering::Relaxed) + acts;
        let done = async || (self.acts.load(Ordering::Relaxed) >= enough).then_some(());
        eventually("people go on", PATIENCE, done).await;
    }

    fn done(&self) -> std::sync::MutexGuard<'_, Done> {
        self.done.lock().expect("what was done")
    }

    fn some_media(&self, dice: &mut Dice) -> String {
        let done = self.done();
        done.media[dice.below(done.media.len())].0.clone()
    }

    async fn follows(&self, number: usize, dice: &mut Dice) {
        let other = (number + 1 + dice.below(self.people.len() - 1)) % self.people.len();
        let input = json!({ "userId": self.people[other].id });
        persists(&self.people[number], "followUser", input, "user { id }").await;
        self.done().follows.push((number, other));
    }

    async fn likes(&self, number: usize, dice: &mut Dice) {
        let media = self.some_media(dice);
        persists(&self.people[number], "likeMedia", json!({ "mediaId": media }), "media { id }").await;
        self.done().likes.push((number, media));
    }

    async fn comments(&self, number: usize, dice: &mut Dice) {
        let (media, key) = (self.some_media(dice), dice.key());
        let words = format!("{} says {key}", self.people[number].name);
        let input = json!({ "mediaId": media, "text": words, "idempotencyKey": key });
        persists(&self.people[number], "addComment", input, "comment { id }").await;
        self.done().comments.entry(media).or_default().push(words);
    }

    async fn publishes(&self, number: usize, dice: &mut Dice) {
        let person = &self.people[number];
        let photo = photos::small_jpeg(u8::try_from(dice.below(256)).expect("a byte"));
        let upload = persists_to_upload(person, &photo, dice.key()).await;
        let input = json!({ "photos": [{ "uploadId": upload }], "caption": "dusk", "idempotencyKey": dice.key() });
        let payload = persists(person, "publishMedia", input, "media { id }").await;
        let media = payload["media"]["id"].as_str().expect("an ID").to_owned();
        self.done().media.push((media, number));
    }
}

/// Sends a mutation again and again until it is answered. The answer must be good: a server that dies says nothing.
async fn persists(person: &Person, mutation: &str, input: Value, selection: &str) -> Value {
    let query = document(mutation, selection);
    let variables = json!({ "input": input });
    let answer = eventually(mutation, PATIENCE, async || person.attempts(&query, variables.clone()).await.ok()).await;
    Payload::new(mutation, answer).done()
}

/// Uploads a photo through all that happens. Its ID comes back when it is ready.
async fn persists_to_upload(person: &Person, photo: &[u8], key: String) -> String {
    let input =
        json!({ "contentType": "image/jpeg", "byteSize": photo.len(), "sha256": sha256(photo), "idempotencyKey": key });
    let target = "upload { id status target { url headers { name value } } }";
    let upload = Upload::from(&persists(person, "createUpload", input, target).await["upload"]);
    if upload.url.is_some() {
        let sent =
            eventually("the bytes are sent", PATIENCE, async || person.tries_to_send(&upload, photo).await.ok()).await;
        assert!(sent.is_success(), "{sent}");
        persists(person, "completeUpload", json!({ "uploadId": upload.id }), "upload { id }").await;
    }
    let query = "query($id: ID!) { node(id: $id) { ... on Upload { status } } }";
    eventually("the upload is ready", PATIENCE, async || {
        let answer = person.attempts(query, json!({ "id": upload.id })).await.ok()?;
        (answer.data("/node/status") == "READY").then_some(())
    })
    .await;
    upload.id
}

// What must be true in the end.

impl World {
    async fn everything_is_there(&self) {
        for (number, person) in self.people.iter().enumerate() {
            self.media_of(number, person).await;
            self.follows_of(number, person).await;
        }
        let media: Vec<String> = self.done().media.iter().map(|(media, _)| media.clone()).collect();
        for media in &media {
            self.likes_and_comments_on(media).await;
        }
    }

    /// All media that were acknowledged, and no other.
    async fn media_of(&self, number: usize, person: &Person) {
        let query = "query($id: ID!) { user(by: { id: $id }) { mediaCount media(first: 100) { nodes { id } } } }";
        let answer = person.asks(query, json!({ "id": person.id })).await;
        let mut expected: Vec<String> = {
            let done = self.done();
            done.media.iter().filter(|(_, owner)| *owner == number).map(|(media, _)| media.clone()).collect()
        };
        let mut seen = answer.texts("/user/media/nodes", "/id");
        expected.sort();
        seen.sort();
        assert_eq!(seen, expected);
        assert_eq!(answer.data("/user/mediaCount"), expected.len());
    }

    /// Every follow stands on both sides, and the counts are those of the lists.
    async fn follows_of(&self, number: usize, person: &Person) {
        let names = |of: &dyn Fn(&(usize, usize)) -> Option<usize>| -> Vec<String> {
            let mut names: Vec<String> =
                self.done().follows.iter().filter_map(of).map(|other| self.people[other].name.clone()).collect();
            names.sort();
            names.dedup();
            names
        };
        let following = names(&|(from, to)| (*from == number).then_some(*to));
        let followers = names(&|(from, to)| (*to == number).then_some(*from));
        eventually("the follows are mirrored", PATIENCE, async || {
            let mut lists = [person.sees_list(person, "following").await, person.sees_list(person, "followers").await];
            for list in &mut lists {
                list.sort();
            }
            let seen = person.sees_user(person).await;
            let counted = seen["followingCount"] == following.len() && seen["followerCount"] == followers.len();
            (lists == [following.clone(), followers.clone()] && counted).then_some(())
        })
        .await;
    }

    /// Every like counts once, every comment is there once.
    async fn likes_and_comments_on(&self, media: &str) {
        let views = join_all(self.people.iter().map(|person| person.sees_media(media))).await;
        let liked = views.iter().filter(|view| view["viewerHasLiked"] == json!(true)).count();
        let mut expected: Vec<usize> = {
            let done = self.done();
            done.likes.iter().filter(|(_, liked)| liked == media).map(|(person, _)| *person).collect()
        };
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(liked, expected.len());
        let mut expected = self.done().comments.get(media).cloned().unwrap_or_default();
        expected.sort();
        for view in &views {
            assert_eq!(view["likeCount"], liked);
            assert_eq!(view["commentCount"], expected.len());
            assert_eq!(words(view), expected);
        }
    }
}

fn words(view: &Value) -> Vec<String> {
    let comments = view["comments"]["nodes"].as_array().expect("comments");
    let mut words: Vec<String> =
        comments.iter().map(|comment| comment["text"]["plain"].as_str().expect("a text").to_owned()).collect();
    words.sort();
    words
}
