//! A photo on its way in: from the phone to the sizes that load, without a trace of where it was taken; and every file
//! that should not get through.

use std::path::Path;
use std::time::Duration;

use photograph::base::ids::UploadId;
use photograph::domain::uploads;
use photograph::platform::db::Tx;
use photograph::platform::queue::{self, Lane, Task};
use reqwest::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{Front, Kit, PATIENCE, Person, Upload, eventually, photos, sha256};

#[tokio::test]
async fn a_phones_photo_becomes_upright_images_that_load() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let upload = ada.uploads(photos::phone_jpeg(), "image/jpeg").await;
    let seen = ada.sees_upload(&upload).await;
    assert_eq!((&seen["width"], &seen["height"]), (&json!(3024), &json!(4032)));
    assert_eq!(seen["target"], Value::Null);
    let input = json!({ "photos": [{ "uploadId": upload, "altText": "A hill at dusk" }], "caption": "dusk" });
    let payload = ada.does("publishMedia", input, PUBLISHED).await;
    let photo = &payload["media"]["photos"][0];
    assert_eq!(photo["altText"], "A hill at dusk");
    assert_eq!(photo["blurHash"], seen["blurHash"]);
    assert!(photo["blurHash"].as_str().is_some_and(|hash| (6..=120).contains(&hash.len())), "{photo:#}");
    assert!(photo["dominantColor"].as_str().is_some_and(|color| color.len() == 7 && color.starts_with('#')));
    let images = photo["images"].as_array().expect("the sizes");
    let sides: Vec<i64> = images.iter().map(longer_side).collect();
    assert_eq!(sides, [150, 320, 640, 1080, 2048]);
    for image in images {
        loads(&kit, image).await;
    }
    assert_eq!(with_places(&kit).await, Vec::<String>::new());
    kit.ends().await;
}

const PUBLISHED: &str = "media { photos { altText blurHash dominantColor images { url width height contentType } } }";

fn longer_side(image: &Value) -> i64 {
    image["width"].as_i64().max(image["height"].as_i64()).expect("a width and a height")
}

/// Loads an image as anybody can who has its link, and looks whether it is what was promised.
async fn loads(kit: &Kit, image: &Value) {
    let response = kit.front.client.get(image["url"].as_str().expect("a link")).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK, "{image:#}");
    assert_eq!(response.headers()["content-type"], image["contentType"].as_str().expect("a type"));
    assert!(response.headers()["cache-control"].to_str().is_ok_and(|cache| cache.contains("immutable")));
    let bytes = response.bytes().await.expect("the image");
    assert!(!photos::has_gps(&bytes));
    let mut decoder = jpeg_decoder::Decoder::new(&bytes[..]);
    decoder.decode().expect("a JPEG");
    let info = decoder.info().expect("its size");
    assert_eq!((&json!(info.width), &json!(info.height)), (&image["width"], &image["height"]));
}

/// The files of a server that say where a photo was taken: those in its folder, and those in its store.
async fn with_places(kit: &Kit) -> Vec<String> {
    let mut found = with_places_below(kit.folder());
    for folder in ["raw", "originals", "images"] {
        for key in kit.app.blobs.list(folder).await.expect("the store") {
            let bytes = kit.app.blobs.read(&key).await.expect("the store");
            found.extend(bytes.is_some_and(|bytes| photos::has_gps(&bytes)).then_some(key));
        }
    }
    found
}

fn with_places_below(folder: &Path) -> Vec<String> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(with_places_below(&entry));
        } else if std::fs::read(&entry).is_ok_and(|bytes| photos::has_gps(&bytes)) {
            found.push(entry.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn no_file_that_is_kept_says_where_it_was_taken() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photos = photos::gps_everywhere();
    for (place, bytes) in &photos {
        assert!(photos::has_gps(bytes), "{place}");
        let upload = ada.announces(bytes, content_type(bytes)).await;
        assert!(ada.sends(&upload, bytes).await.is_success(), "{place}");
        ada.completes(&upload).await;
        let seen = ada.sees_upload(&upload.id).await;
        assert_eq!(seen["status"], "READY", "{place}: {seen:#}");
    }
    // All files at once: to read every one after each photo takes minutes where they are in a store.
    kit.settle().await;
    assert_eq!(with_places(&kit).await, Vec::<String>::new());
    let originals = kit.app.blobs.list("originals").await.expect("the store");
    assert_eq!(originals.len(), photos.len(), "every photo was among them");
    kit.ends().await;
}

fn content_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, ..] => "image/png",
        [b'R', ..] => "image/webp",
        _ => "image/jpeg",
    }
}

#[tokio::test]
async fn a_file_that_is_no_photo_is_rejected_with_the_reason() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let cases = [
        ("a bomb", photos::png_bomb(), "image/png", "TOO_LARGE"),
        ("a photo cut off", photos::truncated_jpeg(), "image/jpeg", "INVALID"),
        ("a drawing named .jpg", photos::svg(), "image/jpeg", "UNSUPPORTED_MEDIA"),
        ("a PNG named .jpg", photos::png(64, 48), "image/jpeg", "UNSUPPORTED_MEDIA"),
        ("one byte", vec![0xFF], "image/jpeg", "UNSUPPORTED_MEDIA"),
    ];
    for (what, bytes, content_type, code) in cases {
        let upload = ada.announces(&bytes, content_type).await;
        assert!(ada.sends(&upload, &bytes).await.is_success(), "{what}");
        ada.completes(&upload).await;
        let seen = ada.sees_upload(&upload.id).await;
        assert_eq!(
            (&seen["status"], &seen["rejection"]["code"]),
            (&json!("REJECTED"), &json!(code)),
            "{what}: {seen:#}"
        );
        assert_eq!(publish(&ada, &upload.id).await, "UPLOAD_UNUSABLE", "{what}");
    }
    kit.ends().await;
}

async fn publish(person: &Person, upload: &str) -> String {
    let input = json!({ "photos": [{ "uploadId": upload }] });
    person.tries("publishMedia", input, "media { id }").await.refusal()
}

#[tokio::test]
async fn a_bad_announcement_says_what_is_wrong() {
    let kit = Kit::with(|config| config.uploads.photo_bytes = 1_000_000).await;
    let ada = kit.signs_up("ada").await;
    let cases = [
        (json!({ "contentType": "image/svg+xml", "byteSize": 1000 }), "UNSUPPORTED_MEDIA"),
        (json!({ "contentType": "image/jpeg\r\nx: y", "byteSize": 1000 }), "UNSUPPORTED_MEDIA"),
        (json!({ "contentType": "image/jpeg", "byteSize": 1_000_001 }), "TOO_LARGE"),
        (json!({ "contentType": "image/jpeg", "byteSize": 0 }), "INVALID"),
    ];
    for (input, code) in cases {
        let payload = ada.tries("createUpload", input.clone(), "upload { id }").await;
        assert_eq!(payload.refusal(), code, "{input}");
    }
    let large = json!({ "contentType": "image/jpeg", "byteSize": 1_000_001 });
    let payload = ada.tries("createUpload", large, "upload { id }").await;
    assert_eq!(payload.user_error()["limit"], "1000000");
    kit.ends().await;
}

#[tokio::test]
async fn bytes_that_are_not_what_was_announced_change_nothing() {
    // `s3.rs` tells it of a store.
    let kit = Kit::with(|config| config.s3.bucket = None).await;
    let ada = kit.signs_up("ada").await;
    let (photo, another) = (photos::small_jpeg(1), photos::small_jpeg(2));
    let same_length: Vec<u8> = another.iter().copied().chain(std::iter::repeat(0)).take(photo.len()).collect();
    let longer = [&photo[..], b"more"].concat();
    let upload = ada.announces(&photo, "image/jpeg").await;
    for (what, bytes) in [("shorter", &photo[1..]), ("longer", &longer), ("another", &same_length), ("nothing", &[])] {
        let status = ada.sends(&upload, bytes).await;
        assert!(status.is_client_error(), "{what}: {status}");
        assert_eq!(ada.sees_upload(&upload.id).await["status"], "AWAITING_BYTES", "{what}");
    }
    let url = upload.url.clone().expect("bytes are awaited");
    let other_type = kit.front.client.put(&url).header("content-type", "image/png").body(photo.clone());
    assert_eq!(other_type.send().await.expect("an answer").status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(ada.sends(&upload, &photo).await.is_success());
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    kit.ends().await;
}

#[tokio::test]
async fn where_bytes_go_cannot_be_guessed() {
    let kit = Kit::with(|config| config.s3.bucket = None).await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let upload = ada.announces(&photo, "image/jpeg").await;
    let url = upload.url.clone().expect("bytes are awaited");
    let (before_secret, secret) = url.rsplit_once('/').expect("a secret at the end");
    assert!(secret.len() >= 20, "a secret of 128 bits: {secret}");
    let nonsense = [
        format!("{before_secret}/1111111111111111111111"),
        format!("{before_secret}/%00"),
        url.replace(&upload.id, "upl_11111112"),
        url.replace(&upload.id, "..%2f..%2fphotograph.sqlite"),
    ];
    for url in nonsense {
        let elsewhere = Upload { url: Some(url.clone()), ..upload.clone() };
        assert_eq!(ada.sends(&elsewhere, &photo).await, StatusCode::NOT_FOUND, "{url}");
    }
    let seal = "1111111111111111111111";
    for path in [
        format!("/images/..%2f..%2fphotograph.sqlite/{seal}/low.jpg"),
        format!("/images/1111111111111111111111/{seal}/low.jpg"),
        format!("/images/%00/{seal}/low.jpg"),
    ] {
        let response = kit.front.client.get(kit.front.url(&path)).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn an_upload_belongs_to_who_announced_it() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let upload = ada.uploads(&photos::small_jpeg(1), "image/jpeg").await;
    let seen = eve.asks("query($id: ID!) { node(id: $id) { id } }", json!({ "id": upload })).await;
    assert_eq!(seen.data("/node"), &Value::Null);
    assert!(matches!(publish(&eve, &upload).await.as_str(), "NOT_FOUND" | "UPLOAD_UNUSABLE"));
    kit.ends().await;
}

#[tokio::test]
async fn an_announcement_that_is_repeated_is_one_upload() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let announced = |size: usize| {
        let key = "3f333df6-90a4-4fda-8dd3-9485d27cee36";
        json!({ "contentType": "image/jpeg", "byteSize": size, "sha256": sha256(&photo), "idempotencyKey": key })
    };
    let (first, again) = (announced(photo.len()), announced(photo.len()));
    let (first, again) = tokio::join!(ada.announces_as(first), ada.announces_as(again));
    assert_eq!(first.id, again.id);
    let other = ada.tries("createUpload", announced(photo.len() + 1), "upload { id }").await;
    assert_eq!(other.refusal(), "IDEMPOTENCY_MISMATCH");
    kit.ends().await;
}

#[tokio::test]
async fn an_upload_that_nobody_uses_ends_after_a_day() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let (awaited, ready) = (ada.announces(&photo, "image/jpeg").await, photos::small_jpeg(2));
    let ready = ada.uploads(&ready, "image/jpeg").await;
    kit.settle().await;
    kit.passes(Duration::from_hours(25));
    ada.refreshes().await;
    // A store that signed the address goes by a clock of its own: then the bytes are there, and of no use.
    if ada.sends(&awaited, &photo).await.is_success() {
        assert_eq!(ada.tries_to_complete(&awaited).await.refusal(), "UPLOAD_UNUSABLE");
    }
    assert_eq!(publish(&ada, &ready).await, "UPLOAD_UNUSABLE");
    kit.ends().await;
}

#[tokio::test]
async fn an_upload_that_can_never_be_processed_is_rejected_at_last() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    kit.settle().await;
    // The twelfth try fails, because the bytes are gone; a thirteenth means that the twelfth ended the process.
    for tries in [11, 12] {
        let upload = ada.announces(&photos::small_jpeg(tries), "image/jpeg").await;
        let id: UploadId = upload.id.parse().expect("the ID of an upload");
        let database = kit.app.db.database(&id);
        let step = json!({ "step": "processUpload", "upload": id }).to_string();
        let lost = async |tx: &Tx| {
            tx.conn().execute_unprepared(&format!("UPDATE uploads SET status = 1 WHERE id = {}", id.0)).await?;
            queue::push(tx, kit.app.clock.now(), vec![Task { lane: Lane::Short, kind: "", step }]).await?;
            tx.conn().execute_unprepared(&format!("UPDATE steps SET tries = {tries}")).await?;
            Ok(())
        };
        database.write(lost).await.expect("the tables can be written");
        eventually("it is rejected", PATIENCE, async || {
            (ada.sees_upload(&upload.id).await["status"] == "REJECTED").then_some(())
        })
        .await;
        eventually("its step is buried", PATIENCE, async || {
            let backlog = queue::backlog(database).await.expect("the queue can be read");
            (backlog.buried == 1 && backlog.waiting == 0).then_some(())
        })
        .await;
        let forget = async |tx: &Tx| {
            tx.conn().execute_unprepared("DELETE FROM steps").await?;
            Ok(())
        };
        database.write(forget).await.expect("the table can be written");
        kit.forgives("buried");
    }
    kit.ends().await;
}

#[tokio::test]
async fn files_of_what_was_deleted_stay_for_the_backups_out_of_reach() {
    let kit = Kit::with(|config| config.uploads.erase_after_days = 7).await;
    let ada = kit.signs_up("ada").await;
    let mut media = vec![];
    for _ in 0..2 {
        let upload = ada.uploads(&photos::small_jpeg(1), "image/jpeg").await;
        let done = ada.does("publishMedia", json!({ "photos": [{ "uploadId": upload }] }), "media { id }").await;
        media.push(done["media"]["id"].as_str().expect("an ID").to_owned());
    }
    let image = ada.sees_media(&media[1]).await["photos"][0]["images"][0]["url"].as_str().expect("a link").to_owned();
    let files = async |folder: &str| {
        let mut files = kit.app.blobs.list(folder).await.expect("the store");
        files.sort();
        files
    };
    let before = [files("images").await, files("originals").await].concat();
    ada.deletes(&media[0]).await;
    kit.settle().await;
    let files_now = [files("images").await, files("originals").await].concat();
    assert_eq!(files_now, before, "another media uses them");
    assert_eq!(files("erased").await, Vec::<String>::new());
    ada.deletes(&media[1]).await;
    kit.settle().await;
    assert_eq!(kit.front.client.get(image).send().await.expect("an answer").status(), 404, "no link leads there");
    let kept = files("erased").await;
    let back: Vec<String> = kept.iter().map(|file| file.splitn(3, '/').last().expect("a path").to_owned()).collect();
    assert_eq!(back, before, "all of it, in the folders it had");
    kit.passes(Duration::from_hours(7 * 24));
    uploads::sweep_erased(&kit.app).await.expect("the store can be swept");
    assert_eq!(files("erased").await, kept, "a backup of that day may be the oldest");
    kit.passes(Duration::from_hours(25));
    uploads::sweep_erased(&kit.app).await.expect("the store can be swept");
    assert_eq!(files("erased").await, Vec::<String>::new());
    kit.ends().await;
}

/// Begins to send a photo to this server, and stops in the middle. What was sent is on the disk.
async fn begins_to_send(kit: &Kit, upload: &Upload, photo: &[u8]) -> TcpStream {
    begins_to_send_at(&kit.front, (kit, upload), photo).await
}

/// The same at one of several processes with one folder.
pub async fn begins_to_send_at(front: &Front, (kit, upload): (&Kit, &Upload), photo: &[u8]) -> TcpStream {
    let before = coming_in(kit).len();
    let path = upload.url.as_deref().and_then(|url| url.strip_prefix(&kit.front.url(""))).expect("an address here");
    let (half, length) = (photo.len() / 2, photo.len());
    let head =
        format!("PUT {path} HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n");
    let mut phone = TcpStream::connect(front.address).await.expect("the server");
    phone.write_all(&[head.as_bytes(), &photo[..half]].concat()).await.expect("half of it is sent");
    let is_there = async || (coming_in(kit) == vec![half as u64; before + 1]).then_some(());
    eventually("half of it is there", PATIENCE, is_there).await;
    phone
}

/// How large the files are that are coming in.
pub fn coming_in(kit: &Kit) -> Vec<u64> {
    let files = std::fs::read_dir(kit.folder().join("blobs/incoming")).expect("the folder");
    files.map(|file| file.and_then(|file| file.metadata()).map_or(0, |data| data.len())).collect()
}

/// The first line of what comes back before the connection ends.
pub async fn answer(mut phone: TcpStream) -> String {
    let mut answer = String::new();
    phone.read_to_string(&mut answer).await.expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_bytes_of_an_upload_come_in_on_one_connection_at_a_time() {
    let kit = Kit::with(|config| config.s3.bucket = None).await;
    let (ada, photo) = (kit.signs_up("ada").await, photos::small_jpeg(1));
    let upload = ada.announces(&photo, "image/jpeg").await;
    let first = begins_to_send(&kit, &upload, &photo).await;
    assert_eq!(ada.sends(&upload, &photo).await, StatusCode::LOCKED);
    assert_eq!(coming_in(&kit).len(), 1, "no second file was begun");
    // The phone changed networks, and nobody told the server.
    kit.passes(Duration::from_secs(3));
    assert_eq!(ada.sends(&upload, &photo).await, StatusCode::NO_CONTENT);
    assert_eq!(answer(first).await, "HTTP/1.1 423 Locked");
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    assert_eq!((coming_in(&kit), kit.app.transfers.bytes()), (vec![], 0), "nothing is left of the first");
    kit.ends().await;
}

#[tokio::test]
async fn a_sender_that_is_too_slow_begins_anew() {
    let kit = Kit::with(|config| (config.s3.bucket, config.uploads.transfer_seconds) = (None, 60)).await;
    let (ada, photo) = (kit.signs_up("ada").await, photos::small_jpeg(1));
    let upload = ada.announces(&photo, "image/jpeg").await;
    let mut slow = begins_to_send(&kit, &upload, &photo).await;
    kit.passes(Duration::from_secs(61));
    slow.write_all(&photo[photo.len() / 2..][..1]).await.expect("a byte");
    assert_eq!(answer(slow).await, "HTTP/1.1 408 Request Timeout");
    assert_eq!(coming_in(&kit), Vec::<u64>::new());
    assert_eq!(ada.sends(&upload, &photo).await, StatusCode::NO_CONTENT);
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    kit.ends().await;
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_takes_no_photos_in() {
    let kit = Kit::with(|config| (config.s3.bucket, config.uploads.free_bytes) = (None, u64::MAX)).await;
    let (ada, photo) = (kit.signs_up("ada").await, photos::small_jpeg(1));
    let put = ada.announces(&photo, "image/jpeg").await;
    let tus = json!({ "contentType": "image/jpeg", "byteSize": photo.len(), "prefers": "TUS" });
    let tus = ada.announces_as(tus).await;
    let address = |upload: &Upload| upload.url.clone().expect("bytes are awaited");
    let (putting, patching) = (ada.front.client.put(address(&put)), ada.front.client.patch(address(&tus)));
    let patching = patching.header("tus-resumable", "1.0.0").header("upload-offset", "0");
    for (sending, content_type) in [(putting, "image/jpeg"), (patching, "application/offset+octet-stream")] {
        let sending = sending.header("content-type", content_type).body(photo.clone());
        let answer = sending.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let errors: Value = answer.json().await.expect("JSON");
        let extensions = &errors["errors"][0]["extensions"];
        assert_eq!(
            (&extensions["code"], extensions["retryAfterMs"].is_u64()),
            (&json!("OVERLOADED"), true),
            "{errors}"
        );
        kit.forgives("a disk is full");
    }
    assert_eq!(ada.sees_upload(&put.id).await["status"], "AWAITING_BYTES");
    assert_eq!((coming_in(&kit), kit.app.transfers.bytes()), (vec![], 0));
    kit.forgives("no photos are taken in");
    kit.ends().await;
}
