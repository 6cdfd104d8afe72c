//! Photos over networks that break: what has arrived stays, the sender goes on from there, and nobody else can.

use std::process::Command;
use std::time::Duration;

use photograph::app::App;
use photograph::base::clock::Clock;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::kit::program::Program;
use crate::kit::{Front, Kit, PATIENCE, Person, Upload, eventually, photos, sha256};

const OCTETS: &str = "application/offset+octet-stream";

/// Announces a photo that will come in parts.
async fn announces(person: &Person, bytes: &[u8]) -> Upload {
    let input =
        json!({ "contentType": "image/jpeg", "byteSize": bytes.len(), "sha256": sha256(bytes), "prefers": "TUS" });
    let upload = person.announces_as(input).await;
    assert!(upload.headers.is_empty(), "a client of tus knows what to send");
    upload
}

async fn asks(person: &Person, method: Method, upload: &Upload) -> Response {
    let request = person.front.client.request(method, upload.url.as_deref().expect("bytes are awaited"));
    request.header("tus-resumable", "1.0.0").send().await.expect("an answer")
}

async fn sends(person: &Person, upload: &Upload, (offset, bytes): (usize, &[u8])) -> Response {
    let request = person.front.client.patch(upload.url.as_deref().expect("bytes are awaited"));
    let request = request.header("tus-resumable", "1.0.0").header("content-type", OCTETS);
    request.header("upload-offset", offset).body(bytes.to_vec()).send().await.expect("an answer")
}

fn header(response: &Response, name: &str) -> String {
    response.headers()[name].to_str().expect("a text").to_owned()
}

/// How much of an upload is there, as `HEAD` tells it.
async fn offset(person: &Person, upload: &Upload) -> usize {
    let response = asks(person, Method::HEAD, upload).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        (header(&response, "cache-control"), header(&response, "tus-resumable")),
        ("no-store".into(), "1.0.0".into())
    );
    header(&response, "upload-offset").parse().expect("a number")
}

#[tokio::test]
async fn a_photo_comes_in_parts_and_is_the_same_photo() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::phone_jpeg();
    let upload = announces(&ada, photo).await;
    let mut at = 0;
    // Parts of other sizes than those the server keeps.
    for end in [1, 700_000, photo.len() / 2, photo.len()] {
        let end = end.clamp(at, photo.len());
        assert_eq!(offset(&ada, &upload).await, at);
        let response = sends(&ada, &upload, (at, &photo[at..end])).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(header(&response, "upload-offset"), end.to_string());
        assert!(header(&response, "upload-expires").ends_with(" GMT"));
        at = end;
    }
    let seen = ada.sees_upload(&upload.id).await;
    assert_eq!((&seen["status"], &seen["width"]), (&json!("READY"), &json!(3024)), "{seen:#}");
    assert_eq!(seen["receivedBytes"], json!(photo.len()));
    assert_eq!(offset(&ada, &upload).await, photo.len(), "who asks late is told that all is there");
    kit.settle().await;
    let left = kit.app.blobs.list("raw").await.expect("the store");
    assert_eq!(left, Vec::<String>::new(), "the parts go when the photo is made");
    kit.ends().await;
}

#[tokio::test]
async fn each_half_may_reach_another_process() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut config = kit.app.config.clone();
    config.server.role = "api".parse().expect("a role");
    let other = App::start(config, Clock::system()).await.unwrap_or_else(|error| panic!("{}", error.detail()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (front, stop) = (Front::at(listener.local_addr().expect("its address")), CancellationToken::new());
    let server = tokio::spawn(photograph::http::serve(other, listener, stop.clone()));
    let photo = photos::small_jpeg(1);
    let half = photo.len() / 2;
    let upload = announces(&ada, &photo).await;
    let there = upload.url.as_ref().map(|url| url.replace(&kit.front.url(""), &front.url("")));
    let there = Upload { url: there, ..upload.clone() };
    assert_ne!(there.url, upload.url);
    assert_eq!(sends(&ada, &upload, (0, &photo[..half])).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(offset(&ada, &there).await, half);
    assert_eq!(sends(&ada, &there, (half, &photo[half..])).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    stop.cancel();
    server.await.expect("it stops");
    kit.ends().await;
}

#[tokio::test]
async fn what_came_before_a_sender_broke_off_is_kept() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let half = photo.len() / 2;
    let upload = announces(&ada, &photo).await;
    let mut phone = TcpStream::connect(kit.front.address).await.expect("the server");
    let path = upload.url.as_deref().and_then(|url| url.strip_prefix(&kit.front.url(""))).expect("an address here");
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nContent-Type: {OCTETS}\r\n\
         Upload-Offset: 0\r\nContent-Length: {}\r\n\r\n",
        photo.len()
    );
    phone.write_all(&[head.as_bytes(), &photo[..half]].concat()).await.expect("half of it is sent");
    // The phone is in a tunnel.
    drop(phone);
    eventually("what came is counted", PATIENCE, async || (offset(&ada, &upload).await == half).then_some(())).await;
    assert_eq!(ada.sees_upload(&upload.id).await["receivedBytes"], json!(half));
    let response = sends(&ada, &upload, (half, &photo[half..])).await;
    assert_eq!(header(&response, "upload-offset"), photo.len().to_string());
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    kit.ends().await;
}

#[tokio::test]
async fn of_two_who_send_the_same_place_one_counts() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let half = photo.len() / 2;
    let upload = announces(&ada, &photo).await;
    let first = (0, &photo[..half]);
    let (one, other) = tokio::join!(sends(&ada, &upload, first), sends(&ada, &upload, first));
    let mut statuses = [one.status(), other.status()];
    statuses.sort();
    assert_eq!(statuses[0], StatusCode::NO_CONTENT);
    // The other one comes while the first is coming in, or after it.
    assert!([StatusCode::LOCKED, StatusCode::CONFLICT].contains(&statuses[1]), "{statuses:?}");
    let late = sends(&ada, &upload, first).await;
    assert_eq!((late.status(), header(&late, "upload-offset")), (StatusCode::CONFLICT, half.to_string()));
    sends(&ada, &upload, (half, &photo[half..])).await;
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY", "and the photo is whole");
    kit.ends().await;
}

#[tokio::test]
async fn a_phone_that_changed_networks_need_not_wait_for_its_old_connection() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let upload = announces(&ada, &photo).await;
    let mut old = TcpStream::connect(kit.front.address).await.expect("the server");
    let path = upload.url.as_deref().and_then(|url| url.strip_prefix(&kit.front.url(""))).expect("an address here");
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nContent-Type: {OCTETS}\r\n\
         Upload-Offset: 0\r\nContent-Length: {}\r\n\r\n",
        photo.len()
    );
    old.write_all(&[head.as_bytes(), &photo[..100]].concat()).await.expect("some of it is sent");
    eventually("it comes in", PATIENCE, async || (kit.app.transfers.bytes() > 0).then_some(())).await;
    let refused = sends(&ada, &upload, (0, &photo[..])).await;
    assert_eq!(refused.status(), StatusCode::LOCKED);
    let refused: Value = refused.json().await.expect("JSON");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "ACTION_LIMITED");
    eventually("the old connection gives way", PATIENCE, async || {
        kit.passes(Duration::from_secs(3));
        let at = offset(&ada, &upload).await;
        (sends(&ada, &upload, (at, &photo[at..])).await.status() == StatusCode::NO_CONTENT).then_some(())
    })
    .await;
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    assert_eq!(kit.app.transfers.bytes(), 0);
    kit.ends().await;
}

#[tokio::test]
async fn a_photo_comes_in_a_thousand_parts_at_most() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let upload = announces(&ada, &photo).await;
    for at in 0..1000 {
        assert_eq!(sends(&ada, &upload, (at, &photo[at..=at])).await.status(), StatusCode::NO_CONTENT, "byte {at}");
    }
    assert_eq!(sends(&ada, &upload, (1000, &photo[1000..])).await.status(), StatusCode::GONE);
    kit.ends().await;
}

#[tokio::test]
async fn the_words_of_tus() {
    let kit = Kit::with(|config| config.uploads.photo_bytes = 1_000_000).await;
    let (ada, client) = (kit.signs_up("ada").await, &kit.front.client);
    let photo = photos::small_jpeg(1);
    let upload = announces(&ada, &photo).await;
    let url = upload.url.clone().expect("bytes are awaited");
    let described = client.request(Method::OPTIONS, &url).send().await.expect("an answer");
    assert_eq!(described.status(), StatusCode::NO_CONTENT);
    let said = ["tus-resumable", "tus-version", "tus-extension", "tus-max-size"].map(|name| header(&described, name));
    assert_eq!(said, ["1.0.0", "1.0.0", "expiration,termination", "1000000"]);
    let preflight = client.request(Method::OPTIONS, &url).header("origin", "https://app.example.org");
    let preflight = preflight.header("access-control-request-method", "PATCH").send().await.expect("an answer");
    assert!(header(&preflight, "access-control-allow-methods").contains("PATCH"));
    let foreign = client.head(&url).header("tus-resumable", "1.0.0").header("origin", "https://app.example.org");
    let foreign = foreign.send().await.expect("an answer");
    assert!(header(&foreign, "access-control-expose-headers").to_lowercase().contains("upload-offset"));
    let old = client.head(&url).header("tus-resumable", "0.2.2").send().await.expect("an answer");
    assert_eq!((old.status(), header(&old, "tus-version")), (StatusCode::PRECONDITION_FAILED, "1.0.0".into()));
    kit.ends().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let kit = Kit::start().await;
    let (ada, client) = (kit.signs_up("ada").await, &kit.front.client);
    let photo = photos::small_jpeg(1);
    let upload = announces(&ada, &photo).await;
    let url = upload.url.clone().expect("bytes are awaited");
    let patch = |kind: &'static str, offset: &'static str| {
        let request = client.patch(&url).header("tus-resumable", "1.0.0").header("content-type", kind);
        request.header("upload-offset", offset).body(photo.clone()).send()
    };
    for (kind, at, status) in [
        ("image/jpeg", "0", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (OCTETS, "-1", StatusCode::BAD_REQUEST),
        (OCTETS, "x", StatusCode::BAD_REQUEST),
        (OCTETS, "1", StatusCode::CONFLICT),
    ] {
        assert_eq!(patch(kind, at).await.expect("an answer").status(), status, "{kind} at {at}");
    }
    let longer = [&photo[..], b"more"].concat();
    assert_eq!(sends(&ada, &upload, (0, &longer)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let elsewhere = Upload { url: Some(url.replace(&upload.id, "upl_11111112")), ..upload.clone() };
    assert_eq!(asks(&ada, Method::HEAD, &elsewhere).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ada.sends(&upload, &photo).await, StatusCode::CONFLICT, "one `PUT` is another protocol");
    let input = json!({ "uploadId": upload.id });
    assert_eq!(ada.tries("completeUpload", input, "upload { id }").await.refusal(), "UPLOAD_UNUSABLE");
    assert_eq!(offset(&ada, &upload).await, 0, "nothing of all that was kept");
    kit.ends().await;
}

#[tokio::test]
async fn where_only_post_gets_through_a_photo_does_and_what_is_used_stays() {
    let kit = Kit::start().await;
    let (ada, client) = (kit.signs_up("ada").await, &kit.front.client);
    let photo = photos::small_jpeg(1);
    let upload = announces(&ada, &photo).await;
    let url = upload.url.clone().expect("bytes are awaited");
    let through_post = client.post(&url).header("tus-resumable", "1.0.0").header("x-http-method-override", "PATCH");
    let through_post = through_post.header("content-type", OCTETS).header("upload-offset", 0).body(photo.clone());
    assert_eq!(through_post.send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
    let input = json!({ "uploadId": upload.id });
    assert!(ada.tries("completeUpload", input, "upload { id }").await.is_done(), "said where it is not needed");
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    ada.does("publishMedia", json!({ "photos": [{ "uploadId": upload.id }] }), "media { id }").await;
    assert_eq!(asks(&ada, Method::DELETE, &upload).await.status(), StatusCode::CONFLICT, "a media uses it");
    kit.ends().await;
}

#[tokio::test]
async fn an_upload_in_parts_can_be_ended_and_ends_by_itself() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let given_up = announces(&ada, &photo).await;
    sends(&ada, &given_up, (0, &photo[..100])).await;
    assert_eq!(asks(&ada, Method::DELETE, &given_up).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(asks(&ada, Method::HEAD, &given_up).await.status(), StatusCode::GONE);
    assert_eq!(ada.sees_upload(&given_up.id).await["status"], "EXPIRED");
    let forgotten = announces(&ada, &photo).await;
    sends(&ada, &forgotten, (0, &photo[..100])).await;
    kit.passes(Duration::from_hours(25));
    assert_eq!(asks(&ada, Method::HEAD, &forgotten).await.status(), StatusCode::GONE);
    assert_eq!(sends(&ada, &forgotten, (100, &photo[100..])).await.status(), StatusCode::GONE);
    for database in kit.app.db.databases() {
        photograph::domain::uploads::sweep(&kit.app, database).await.expect("the uploads can be swept");
    }
    kit.settle().await;
    assert_eq!(kit.app.blobs.list("raw").await.expect("the store"), Vec::<String>::new());
    kit.ends().await;
}

#[tokio::test]
async fn bytes_that_are_not_those_announced_are_rejected_when_all_are_there() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let other: Vec<u8> = photo.iter().map(|byte| byte ^ 1).collect();
    let upload = announces(&ada, &photo).await;
    sends(&ada, &upload, (0, &other)).await;
    let seen = ada.sees_upload(&upload.id).await;
    assert_eq!((&seen["status"], &seen["rejection"]["code"]), (&json!("REJECTED"), &json!("INVALID")));
    kit.settle().await;
    assert_eq!(kit.app.blobs.list("raw").await.expect("the store"), Vec::<String>::new());
    kit.ends().await;
}

#[tokio::test]
async fn a_server_that_is_killed_still_has_what_arrived() {
    let mut server = Program::prepared().await;
    server.starts().await;
    let ada = server.signs_up("ada").await;
    let photo = photos::phone_jpeg();
    let third = photo.len() / 3;
    let upload = announces(&ada, photo).await;
    sends(&ada, &upload, (0, &photo[..third])).await;
    server.is_killed();
    server.starts().await;
    assert_eq!(offset(&ada, &upload).await, third);
    sends(&ada, &upload, (third, &photo[third..])).await;
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    server.ends().await;
}

#[tokio::test]
async fn the_same_bytes_of_the_same_person_are_ready_at_once() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let photo = photos::small_jpeg(1);
    let first = ada.uploads(&photo, "image/jpeg").await;
    for prefers in ["TUS", "PUT"] {
        let input = json!({ "contentType": "image/jpeg", "byteSize": photo.len(), "sha256": sha256(&photo), "prefers": prefers });
        let again = ada.does("createUpload", input, "upload { id status target { url } width preview { url } }").await;
        let again = &again["upload"];
        assert_ne!(again["id"], json!(first));
        assert_eq!((&again["status"], &again["target"]), (&json!("READY"), &Value::Null), "{again:#}");
        assert!(again["width"].is_number() && again["preview"]["url"].is_string());
    }
    let again = ada.uploads(&photo, "image/jpeg").await;
    for upload in [&first, &again] {
        ada.does("publishMedia", json!({ "photos": [{ "uploadId": upload }] }), "media { id }").await;
    }
    assert!(bob.announces(&photo, "image/jpeg").await.url.is_some(), "nobody learns what others have");
    kit.ends().await;
}

#[tokio::test]
async fn an_upload_is_listed_until_it_is_used_and_can_be_thrown_away() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let awaited = ada.announces(&photos::small_jpeg(1), "image/jpeg").await.id;
    let (used, ready) = (
        ada.uploads(&photos::small_jpeg(2), "image/jpeg").await,
        ada.uploads(&photos::small_jpeg(3), "image/jpeg").await,
    );
    ada.does("publishMedia", json!({ "photos": [{ "uploadId": used }] }), "media { id }").await;
    let listed = async |person: &Person| {
        let query = "{ viewer { uploads(first: 10) { nodes { id } pageInfo { hasNextPage } } } }";
        person.asks(query, json!({})).await.texts("/viewer/uploads/nodes", "/id")
    };
    assert_eq!(listed(&ada).await, [ready.clone(), awaited.clone()]);
    assert_eq!(listed(&eve).await, Vec::<String>::new());
    let discard = async |person: &Person, id: &str| {
        person.tries("discardUpload", json!({ "uploadId": id }), "discardedUploadId").await
    };
    assert_eq!(discard(&eve, &ready).await.refusal(), "NOT_FOUND");
    assert_eq!(discard(&ada, &used).await.refusal(), "UPLOAD_UNUSABLE");
    let mut heard = ada.listens(EVENTS, json!({ "id": awaited })).await;
    heard.next_is("StreamOpened").await;
    assert_eq!(heard.next_is("UploadChanged").await["upload"]["status"], "AWAITING_BYTES");
    for id in [&awaited, &ready] {
        assert_eq!(discard(&ada, id).await.done()["discardedUploadId"], json!(id));
        assert!(discard(&ada, id).await.is_done(), "once more does no harm");
    }
    assert_eq!(heard.next_is("UploadChanged").await["upload"]["status"], "EXPIRED");
    assert_eq!(listed(&ada).await, Vec::<String>::new());
    kit.ends().await;
}

const EVENTS: &str =
    "subscription($id: ID!) { uploadEvents(uploadId: $id) { __typename ... on UploadChanged { upload { status } } } }";

#[tokio::test]
async fn the_client_of_the_tus_project_goes_on_where_it_was_cut_off() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::phone_jpeg();
    let upload = announces(&ada, photo).await;
    let file = kit.folder().join("phone.jpg");
    std::fs::write(&file, photo).expect("a photo in the folder");
    let mut node = Command::new("node");
    node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/tus.mjs"));
    node.arg(kit.front.url("")).arg(upload.url.as_deref().expect("bytes are awaited")).arg(&file);
    let done = tokio::task::spawn_blocking(move || node.output()).await.expect("it runs");
    let done = done.expect("node is there: tests/run installs it");
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let seen = ada.sees_upload(&upload.id).await;
    assert_eq!((&seen["status"], &seen["height"]), (&json!("READY"), &json!(4032)), "{said}");
    kit.ends().await;
}
