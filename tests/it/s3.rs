//! Photos in S3: straight from the phone to the store, checked when they arrive, shown without a word of where they are,
//! and gone when they are deleted. The store is the project's own, which refuses what Amazon's refuses.

use std::time::Duration;

use photograph::base::error::Code;
use photograph::platform::blobs::Expected;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::kit::store::Store;
use crate::kit::{Kit, PATIENCE, Person, Upload, eventually, photos, sha256};

async fn with(store: &Store) -> Kit {
    Kit::with(|config| store.configure(config)).await
}

#[tokio::test]
async fn a_photo_goes_straight_to_the_store_and_comes_back_in_every_size() {
    let store = Store::starts();
    let kit = with(&store).await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::phone_jpeg();
    let upload = ada.announces(photo, "image/jpeg").await;
    assert!(upload.url.as_ref().is_some_and(|url| url.starts_with(&store.url)), "{upload:?}");
    assert_eq!(ada.tries_to_complete(&upload).await.refusal(), "UPLOAD_UNUSABLE", "nothing was sent");
    assert_eq!(ada.sends(&upload, photo).await, StatusCode::OK);
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "AWAITING_BYTES", "nobody told the server");
    ada.completes(&upload).await;
    ada.completes(&upload).await;
    let seen = ada.sees_upload(&upload.id).await;
    assert_eq!((&seen["status"], &seen["target"]), (&json!("READY"), &Value::Null));
    let media = publishes(&ada, &upload.id).await;
    kit.settle().await;
    let seen = kit.nobody().sees_media(&media).await;
    let images = seen["photos"][0]["images"].as_array().expect("all sizes").clone();
    assert_eq!(images.len(), 5);
    for image in images {
        let url = image["url"].as_str().expect("a link");
        assert!(!url.contains(&store.url) && !url.contains(&sha256(photo)), "it names the store or the bytes: {url}");
        let answer = kit.front.client.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable, s-maxage=3600");
        let bytes = answer.bytes().await.expect("the image");
        assert!(!photos::has_gps(&bytes));
        jpeg_decoder::Decoder::new(&bytes[..]).decode().expect("a JPEG");
    }
    assert_eq!(store.has("raw"), Vec::<String>::new(), "the bytes as they came are gone");
    ada.deletes(&media).await;
    kit.settle().await;
    assert_eq!((store.has("images"), store.has("originals")), (vec![], vec![]));
    kit.ends().await;
}

async fn publishes(person: &Person, upload: &str) -> String {
    let payload = person.does("publishMedia", json!({ "photos": [{ "uploadId": upload }] }), "media { id }").await;
    payload["media"]["id"].as_str().expect("an ID").to_owned()
}

#[tokio::test]
async fn the_store_takes_what_was_announced_and_nothing_else() {
    let store = Store::starts();
    let kit = with(&store).await;
    let ada = kit.signs_up("ada").await;
    let (photo, another) = (photos::small_jpeg(1), photos::small_jpeg(2));
    let same_length: Vec<u8> = another.iter().copied().chain(std::iter::repeat(0)).take(photo.len()).collect();
    let longer = [&photo[..], b"more"].concat();
    let upload = ada.announces(&photo, "image/jpeg").await;
    let with_header = |name: &str, value: &str| {
        let mut headers = upload.headers.clone();
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.to_owned(), value.to_owned()));
        Upload { headers, ..upload.clone() }
    };
    let url = upload.url.clone().expect("bytes are awaited");
    let elsewhere = |url: String| Upload { url: Some(url), ..upload.clone() };
    let cases = [
        ("shorter", upload.clone(), &photo[1..]),
        ("longer", upload.clone(), &longer),
        ("others", upload.clone(), &same_length),
        ("another type", with_header("content-type", "image/png"), &photo),
        ("another checksum", with_header("x-amz-checksum-sha256", "x"), &same_length),
        ("no headers", Upload { headers: vec![], ..upload.clone() }, &photo),
        ("another object", elsewhere(url.replace(&upload.id, "upl_11111112")), &photo),
        ("for longer", elsewhere(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000")), &photo),
        ("unsigned", elsewhere(url.split('?').next().expect("a path").to_owned()), &photo),
    ];
    for (what, to, bytes) in cases {
        let status = ada.sends(&to, bytes).await;
        assert!(status.is_client_error(), "{what}: {status}");
    }
    assert_eq!(store.has(""), Vec::<String>::new());
    assert_eq!(ada.tries_to_complete(&upload).await.refusal(), "UPLOAD_UNUSABLE");
    assert!(ada.sends(&upload, &photo).await.is_success());
    ada.completes(&upload).await;
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    kit.ends().await;
}

#[tokio::test]
async fn an_address_of_the_store_ends() {
    let store = Store::starts();
    let kit = with(&store).await;
    let expected = Expected { content_type: "image/jpeg", bytes: 3, sha256: None };
    let signed = kit.app.blobs.sign_put("raw/short", expected, Duration::from_secs(1)).await.expect("credentials");
    let url = signed.expect("clients reach the store").url;
    eventually("it ends", PATIENCE, async || {
        let put = kit.front.client.put(&url).header("content-type", "image/jpeg").body("abc");
        (put.send().await.expect("an answer").status() == StatusCode::FORBIDDEN).then_some(())
    })
    .await;
    kit.ends().await;
}

#[tokio::test]
async fn bytes_that_were_replaced_before_they_were_processed_are_rejected_and_gone() {
    let store = Store::starts();
    let kit = with(&store).await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let photo = photos::small_jpeg(1);
    let upload = ada.announces(&photo, "image/jpeg").await;
    assert_eq!(eve.tries_to_complete(&upload).await.refusal(), "NOT_FOUND");
    let raw = format!("raw/{}", upload.id);
    kit.app.blobs.write(&raw, &photo[1..]).await.expect("the store");
    assert_eq!(ada.tries_to_complete(&upload).await.refusal(), "INVALID");
    assert_eq!(store.has("raw"), Vec::<String>::new(), "what is refused is removed");
    assert!(ada.sends(&upload, &photo).await.is_success(), "and can be sent again");
    let turns = kit.app.config.uploads.workers.try_into().expect("a few");
    let busy = kit.app.imaging.uploads.clone().acquire_many_owned(turns).await.expect("all turns");
    ada.completes(&upload).await;
    let others: Vec<u8> = photo.iter().map(|byte| !byte).collect();
    kit.app.blobs.write(&raw, &others).await.expect("the store");
    drop(busy);
    let seen = ada.sees_upload(&upload.id).await;
    assert_eq!((&seen["status"], &seen["rejection"]["code"]), (&json!("REJECTED"), &json!("INVALID")));
    kit.settle().await;
    assert_eq!(store.has(""), Vec::<String>::new());
    kit.ends().await;
}

#[tokio::test]
async fn what_was_sent_and_never_completed_is_swept() {
    let store = Store::starts();
    let kit = with(&store).await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::small_jpeg(1);
    let (waiting, done) = (ada.announces(&photo, "image/jpeg").await, ada.announces(&photo, "image/jpeg").await);
    for upload in [&waiting, &done] {
        assert!(ada.sends(upload, &photo).await.is_success());
    }
    ada.completes(&done).await;
    assert_eq!(ada.sees_upload(&done.id).await["status"], "READY");
    kit.settle().await;
    assert!(ada.sends(&done, &photo).await.is_success(), "the address still works");
    assert_eq!(store.has("raw").len(), 2);
    kit.passes(Duration::from_hours(3));
    photograph::domain::uploads::sweep_strays(&kit.app).await.expect("the store");
    assert_eq!(store.has("raw"), [format!("raw/{}", waiting.id)], "nobody waits for the other");
    kit.passes(Duration::from_hours(22));
    for database in kit.app.db.databases() {
        photograph::domain::uploads::sweep(&kit.app, database).await.expect("the database");
    }
    kit.settle().await;
    assert_eq!(store.has(""), Vec::<String>::new());
    kit.ends().await;
}

#[tokio::test]
async fn a_store_that_is_away_loses_nothing() {
    let mut store = Store::starts();
    let kit = with(&store).await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let image = ada.sees_media(&media).await["photos"][0]["images"][0]["url"].as_str().expect("a link").to_owned();
    let (sent, late) = (photos::small_jpeg(7), photos::small_jpeg(8));
    let (first, second) = (ada.announces(&sent, "image/jpeg").await, ada.announces(&late, "image/jpeg").await);
    assert!(ada.sends(&first, &sent).await.is_success() && ada.sends(&second, &late).await.is_success());
    let turns = kit.app.config.uploads.workers.try_into().expect("a few");
    let busy = kit.app.imaging.uploads.clone().acquire_many_owned(turns).await.expect("all turns");
    ada.completes(&first).await;
    store.goes();
    drop(busy);
    let asked = std::time::Instant::now();
    assert_eq!(ada.tries_to_complete(&second).await.code(), "OVERLOADED");
    let answer = kit.front.client.get(&image).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(asked.elapsed() < Duration::from_secs(20), "it is told fast: {:?}", asked.elapsed());
    assert!(ada.announces(&photos::small_jpeg(9), "image/jpeg").await.url.is_some(), "announcing asks no store");
    store.comes_back();
    ada.completes(&second).await;
    for upload in [first, second] {
        assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    }
    assert_eq!(kit.front.client.get(&image).send().await.expect("an answer").status(), StatusCode::OK);
    kit.ends().await;
}

/// Sets a store up wrongly, given an address where nobody is.
type Change = fn(&mut photograph::base::config::S3, &str);

#[tokio::test]
async fn an_operator_is_told_what_is_wrong_with_the_store() {
    let store = Store::starts();
    let kit = with(&store).await;
    let works = kit.app.blobs.check("one").await.expect("it works");
    assert!(works.contains("photograph") && works.contains(&store.url), "{works}");
    assert_eq!(store.has(""), Vec::<String>::new(), "nothing is left of it");
    kit.ends().await;
    let nowhere = format!("http://{}", crate::kit::program::free_address());
    let cases: [(&str, Change); 4] = [
        ("no such bucket", |s3, _| s3.bucket = Some("another".into())),
        ("does not know this key", |s3, _| s3.access_key_id = Some("somebody".into())),
        ("does not belong to the key", |s3, _| s3.secret_access_key = Some("guessed".into())),
        ("Nobody answers there", |s3, nowhere| s3.endpoint = Some(nowhere.into())),
    ];
    for (words, change) in cases {
        let kit = Kit::with(|config| {
            store.configure(config);
            change(&mut config.s3, &nowhere);
        })
        .await;
        let wrong = kit.app.blobs.check("one").await.expect_err(words);
        assert!(wrong.contains(words), "{words:?} is not in: {wrong}");
        kit.ends().await;
    }
}

#[tokio::test]
async fn a_store_that_is_set_up_wrongly_is_a_fault_of_ours() {
    let store = Store::starts();
    let kit = Kit::with(|config| {
        store.configure(config);
        config.s3.secret_access_key = Some("guessed".into());
    })
    .await;
    let error = kit.app.blobs.read("images/x/low.jpg").await.expect_err("the key is wrong");
    assert_eq!(error.code(), Some(Code::Internal));
    kit.ends().await;
}
