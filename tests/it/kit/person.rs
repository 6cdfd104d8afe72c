//! The cast and its verbs. Everything a person does goes through the front door, as their phone would do it.

use std::sync::{Arc, Mutex};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::front::text;
use super::{Answer, Front, PATIENCE, Payload, Stream, eventually, photos};

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery";

const TOKENS: &str = "tokens { accessToken refreshToken }";
const STARTED: &str = "viewer { user { id } } session { id } tokens { accessToken refreshToken }";

/// Somebody with a phone: signed in, or not.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their username; empty when they are nobody.
    pub name: String,
    /// The ID of their user; empty when they are nobody.
    pub id: String,
    /// How the server is reached.
    pub front: Front,
    tokens: Arc<Mutex<Option<Tokens>>>,
}

/// What proves who is asking.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For requests.
    pub access: String,
    /// For new tokens.
    pub refresh: String,
    /// The ID of the session.
    pub session: String,
}

/// A photo on its way in.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its ID.
    pub id: String,
    /// Where the bytes go; none when they are already there.
    pub url: Option<String>,
    /// What to send with them.
    pub headers: Vec<(String, String)>,
}

// Coming and going.

impl Person {
    pub(super) fn nobody(front: &Front) -> Self {
        Self { name: String::new(), id: String::new(), front: front.clone(), tokens: Arc::default() }
    }

    pub(super) async fn signs_up(front: &Front, username: &str) -> Self {
        let nobody = Self::nobody(front);
        let payload = nobody.does("signUp", account(username), STARTED).await;
        nobody.becomes(username, &payload)
    }

    /// Signs in on one more phone.
    pub async fn logs_in_again(&self) -> Self {
        let nobody = Self::nobody(&self.front);
        let payload = nobody.does("logIn", json!({ "login": self.name, "password": PASSWORD }), STARTED).await;
        nobody.becomes(&self.name, &payload)
    }

    fn becomes(self, name: &str, payload: &Value) -> Self {
        let session = text(&payload["session"]["id"]);
        self.keeps(&payload["tokens"], session);
        Self { name: name.to_owned(), id: text(&payload["viewer"]["user"]["id"]), ..self }
    }

    fn keeps(&self, tokens: &Value, session: String) {
        let (access, refresh) = (text(&tokens["accessToken"]), text(&tokens["refreshToken"]));
        *self.tokens.lock().expect("the tokens") = Some(Tokens { access, refresh, session });
    }

    /// What proves who they are.
    pub fn tokens(&self) -> Tokens {
        self.tokens.lock().expect("the tokens").clone().expect("somebody who is signed in")
    }

    /// The same phone, which reaches another process.
    pub fn at(&self, front: &Front) -> Self {
        Self { front: front.clone(), ..self.clone() }
    }

    /// The same phone with another access token: an old one, or a forged one.
    pub fn with_token(&self, access: &str) -> Self {
        let tokens = Tokens { access: access.to_owned(), ..self.tokens() };
        Self { tokens: Arc::new(Mutex::new(Some(tokens))), ..self.clone() }
    }

    /// Shows a refresh token to get new tokens.
    pub async fn tries_to_refresh(&self, token: &str) -> Payload {
        let nobody = Self::nobody(&self.front);
        nobody.tries("refreshSession", json!({ "refreshToken": token }), TOKENS).await
    }

    /// Gets new tokens and uses them from now on.
    pub async fn refreshes(&self) {
        let old = self.tokens();
        let payload = self.tries_to_refresh(&old.refresh).await.done();
        self.keeps(&payload["tokens"], old.session);
    }
}

// Asking.

impl Person {
    /// Sends an operation and takes the answer.
    pub async fn asks(&self, query: &str, variables: Value) -> Answer {
        self.attempts(query, variables).await.unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    /// Sends an operation to a server that may be gone.
    pub async fn attempts(&self, query: &str, variables: Value) -> reqwest::Result<Answer> {
        let access = self.tokens.lock().expect("the tokens").as_ref().map(|tokens| tokens.access.clone());
        self.front.sends(access.as_deref(), query, &variables).await
    }

    /// Sends a mutation and takes whatever comes back.
    pub async fn tries(&self, mutation: &str, input: Value, selection: &str) -> Payload {
        let answer = self.asks(&document(mutation, selection), json!({ "input": input })).await;
        Payload::new(mutation, answer)
    }

    /// Sends a mutation, which must succeed.
    pub async fn does(&self, mutation: &str, input: Value, selection: &str) -> Value {
        self.tries(mutation, input, selection).await.done()
    }

    /// Listens to a subscription. The first event, `StreamOpened`, is still to come.
    pub async fn listens(&self, subscription: &str, variables: Value) -> Stream {
        let access = self.tokens.lock().expect("the tokens").as_ref().map(|tokens| tokens.access.clone());
        Stream::open(self.front.address, access.as_deref(), subscription, &variables).await
    }

    /// Listens to a subscription of a server that may be gone.
    pub async fn tries_to_listen(&self, subscription: &str, variables: &Value) -> Result<Stream, String> {
        let access = self.tokens.lock().expect("the tokens").as_ref().map(|tokens| tokens.access.clone());
        Stream::try_open(self.front.address, access.as_deref(), subscription, variables).await
    }
}

/// The input of a `signUp`.
pub fn account(username: &str) -> Value {
    let email = format!("{}@example.org", username.to_lowercase());
    json!({ "username": username, "email": email, "password": PASSWORD, "acceptsRules": true })
}

/// The document of one mutation, with what the caller can fix.
pub fn document(mutation: &str, selection: &str) -> String {
    let (first, rest) = mutation.split_at(1);
    let input = format!("{}{rest}Input", first.to_uppercase());
    let errors = "userErrors { __typename code message path ... on InvalidInputError { limit } }";
    format!("mutation($input: {input}!) {{ {mutation}(input: $input) {{ {selection} {errors} }} }}")
}

// Uploading and publishing.

impl Person {
    /// Announces a photo, with its true size, type and checksum.
    pub async fn announces(&self, bytes: &[u8], content_type: &str) -> Upload {
        let input = json!({ "contentType": content_type, "byteSize": bytes.len(), "sha256": sha256(bytes) });
        self.announces_as(input).await
    }

    /// Announces a photo, whatever is true of it.
    pub async fn announces_as(&self, input: Value) -> Upload {
        let target = "upload { id status target { protocol url headers { name value } } }";
        let payload = self.does("createUpload", input, target).await;
        Upload::from(&payload["upload"])
    }

    /// Sends the bytes of a photo to where they were asked for.
    pub async fn sends(&self, upload: &Upload, bytes: &[u8]) -> StatusCode {
        let sent = self.tries_to_send(upload, bytes).await;
        sent.unwrap_or_else(|error| panic!("{:?}: {error:?}", upload.url))
    }

    /// Sends the bytes of a photo to a server that may be gone.
    pub async fn tries_to_send(&self, upload: &Upload, bytes: &[u8]) -> reqwest::Result<StatusCode> {
        let mut request = self.front.client.put(upload.url.as_deref().expect("bytes are awaited"));
        for (name, value) in &upload.headers {
            request = request.header(name, value);
        }
        Ok(request.body(bytes.to_vec()).send().await?.status())
    }

    /// Says that the bytes of a photo were sent, and takes whatever comes back.
    pub async fn tries_to_complete(&self, upload: &Upload) -> Payload {
        self.tries("completeUpload", json!({ "uploadId": upload.id }), "upload { id status }").await
    }

    /// Says that the bytes of a photo were sent, which must be so.
    pub async fn completes(&self, upload: &Upload) {
        self.tries_to_complete(upload).await.done();
    }

    /// How an upload stands once nothing more happens to it: `READY`, `REJECTED`, `AWAITING_BYTES`, ….
    pub async fn sees_upload(&self, id: &str) -> Value {
        eventually("the upload is looked at", PATIENCE, async || {
            let upload = self.asks(UPLOAD, json!({ "id": id })).await.data("/node").clone();
            (upload["status"] != "PROCESSING").then_some(upload)
        })
        .await
    }

    /// Announces and sends a photo, which must be accepted. Gives its ID.
    pub async fn uploads(&self, bytes: &[u8], content_type: &str) -> String {
        let upload = self.announces(bytes, content_type).await;
        if upload.url.is_some() {
            let status = self.sends(&upload, bytes).await;
            assert!(status.is_success(), "the upload was answered {status}");
            self.completes(&upload).await;
        }
        let seen = self.sees_upload(&upload.id).await;
        assert_eq!(seen["status"], "READY", "{seen:#}");
        upload.id
    }

    /// Publishes a small photo with a caption, for everyone. Gives the ID of the media.
    pub async fn publishes(&self, caption: &str) -> String {
        self.publishes_to("EVERYONE", caption).await
    }

    /// Publishes a small photo with a caption for some. Gives the ID of the media.
    pub async fn publishes_to(&self, audience: &str, caption: &str) -> String {
        let seed = caption.bytes().fold(0_u8, u8::wrapping_add);
        let upload = self.uploads(&photos::small_jpeg(seed), "image/jpeg").await;
        let input = json!({ "photos": [{ "uploadId": upload }], "caption": caption, "audience": audience });
        text(&self.does("publishMedia", input, "media { id }").await["media"]["id"])
    }

    /// Deletes a media of theirs.
    pub async fn deletes(&self, media: &str) {
        self.does("deleteMedia", json!({ "mediaId": media }), "deletedMediaId").await;
    }
}

const UPLOAD: &str = "query($id: ID!) { node(id: $id) { ... on Upload {
    id status receivedBytes width height blurHash expiresAt
    target { url } preview { url width height } rejection { __typename code message ... on InvalidInputError { limit } }
} } }";

impl From<&Value> for Upload {
    fn from(upload: &Value) -> Self {
        let target = &upload["target"];
        let headers = target["headers"].as_array().into_iter().flatten();
        let headers = headers.map(|header| (text(&header["name"]), text(&header["value"]))).collect();
        Self { id: text(&upload["id"]), url: target["url"].as_str().map(str::to_owned), headers }
    }
}

/// The SHA-256 of some bytes, as the API writes it.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    photograph::platform::blobs::hex(digest.as_ref())
}

// Following and blocking.

impl Person {
    /// Follows somebody, or asks to. Gives what they are to them now: `FOLLOWING`, `REQUESTED`.
    pub async fn follows(&self, other: &Person) -> String {
        let user = self.does("followUser", of(other), "user { viewerRelationship { followState } }").await;
        text(&user["user"]["viewerRelationship"]["followState"])
    }

    /// Stops following somebody, or asking to.
    pub async fn unfollows(&self, other: &Person) {
        self.does("unfollowUser", of(other), "user { id }").await;
    }

    /// Lets somebody who asked follow them.
    pub async fn approves(&self, other: &Person) {
        self.does("approveFollowRequest", of(other), "user { id }").await;
    }

    /// Does not let somebody who asked follow them.
    pub async fn declines(&self, other: &Person) {
        self.does("declineFollowRequest", of(other), "user { id }").await;
    }

    /// Makes somebody stop following them.
    pub async fn removes(&self, other: &Person) {
        self.does("removeFollower", of(other), "user { id }").await;
    }

    /// Blocks somebody.
    pub async fn blocks(&self, other: &Person) {
        let blocked = self.does("blockUser", of(other), "blockedUserId").await;
        assert_eq!(blocked["blockedUserId"], json!(other.id));
    }

    /// Blocks somebody no longer.
    pub async fn unblocks(&self, other: &Person) {
        self.does("unblockUser", of(other), "user { id }").await;
    }

    /// Keeps somebody's media out of their home feed until they say otherwise.
    pub async fn mutes(&self, other: &Person) {
        self.does("muteUser", of(other), "user { id }").await;
    }

    /// Lets somebody's media into their home feed again.
    pub async fn unmutes(&self, other: &Person) {
        self.does("unmuteUser", of(other), "user { id }").await;
    }

    /// Lets only approved followers see what they publish.
    pub async fn goes_private(&self) {
        self.does("updatePrivacySettings", json!({ "isPrivate": true }), "viewer { id }").await;
    }

    /// Lets everyone see what they publish.
    pub async fn goes_public(&self) {
        self.does("updatePrivacySettings", json!({ "isPrivate": false }), "viewer { id }").await;
    }

    /// A list of users on their own `Viewer`: `followRequests`, `blockedUsers`. By username, newest first.
    pub async fn has(&self, list: &str) -> Vec<String> {
        let query = format!("{{ viewer {{ {list} {{ nodes {{ username }} }} }} }}");
        self.asks(&query, json!({})).await.texts(&format!("/viewer/{list}/nodes"), "/username")
    }

    /// What they see of somebody; null when there is nobody for them.
    pub async fn sees_user(&self, other: &Person) -> Value {
        self.asks(USER, json!({ "id": other.id })).await.data("/user").clone()
    }

    /// The usernames in a list of somebody, as they see it: `followers`, `following`. Newest first.
    pub async fn sees_list(&self, other: &Person, list: &str) -> Vec<String> {
        let query = format!("query($id: ID!) {{ user(by: {{ id: $id }}) {{ {list} {{ nodes {{ username }} }} }} }}");
        let answer = self.asks(&query, json!({ "id": other.id })).await;
        answer.texts(&format!("/user/{list}/nodes"), "/username")
    }
}

const USER: &str = "query($id: ID!) { user(by: { id: $id }) {
    id username displayName isPrivate isViewer viewerCanViewMedia mediaCount followerCount followingCount
    viewerRelationship { followState isFollowedBy hasRequestedToFollow isBlocking }
} }";

fn of(other: &Person) -> Value {
    json!({ "userId": other.id })
}

// Seeing, liking, commenting.

impl Person {
    /// What is in their home feed, as IDs of media, newest first.
    pub async fn home_feed(&self) -> Vec<String> {
        let query = "{ viewer { homeFeed(first: 100) { nodes { id } } } }";
        self.asks(query, json!({})).await.texts("/viewer/homeFeed/nodes", "/id")
    }

    /// What they see of a media; null when there is none for them.
    pub async fn sees_media(&self, media: &str) -> Value {
        self.asks(MEDIA, json!({ "id": media })).await.data("/media").clone()
    }

    /// Likes a media.
    pub async fn likes(&self, media: &str) {
        self.does("likeMedia", json!({ "mediaId": media }), "media { id }").await;
    }

    /// No longer likes a media.
    pub async fn unlikes(&self, media: &str) {
        self.does("unlikeMedia", json!({ "mediaId": media }), "media { id }").await;
    }

    /// Comments on a media. Gives the ID of the comment.
    pub async fn comments(&self, media: &str, words: &str) -> String {
        let payload = self.does("addComment", json!({ "mediaId": media, "text": words }), "comment { id }").await;
        text(&payload["comment"]["id"])
    }
}

/// Comments on a media so many times, in few requests.
pub async fn comment_many(person: &Person, media: &str, times: usize) {
    /// Root fields of an operation.
    const AT_ONCE: usize = 20;
    let numbers: Vec<usize> = (0..times).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        let add = |number: &usize| {
            format!(
                "c{number}: addComment(input: {{ mediaId: \"{media}\", text: \"{number}\" }}) {{ userErrors {{ code }} }} "
            )
        };
        let document = format!("mutation {{ {} }}", numbers.iter().map(add).collect::<String>());
        let answer = person.asks(&document, json!({})).await;
        for number in numbers {
            assert_eq!(answer.data(&format!("/c{number}/userErrors")), &json!([]), "{:#}", answer.body);
        }
    }
}

const MEDIA: &str = "query($id: ID!) { media(by: { id: $id }) {
    id shortcode url audience publishedAt likeCount commentCount viewerHasLiked viewerCanComment viewerCanEdit
    owner { id username } caption { plain }
    photos { id width height altText blurHash dominantColor images { url width height contentType } }
    comments(first: 100) { nodes { id text { plain } author { username } viewerCanDelete } }
} }";
