//! The images of a photo: in every format that is asked for, the rare ones made when somebody first wants them.

use futures_util::future::{join_all, select_all};
use photograph::base::clock::Timestamp;
use photograph::platform::imaging::{Format, Limits, inspect};
use photograph::platform::rendering::WAITING_FROM_ONE;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use crate::kit::{Kit, PATIENCE, Person, eventually, photos};

const IMAGES: &str = "query($id: ID!, $format: ImageFormat!) { media(by: { id: $id }) { photos {
    images(format: $format) { url width height contentType } } } }";

async fn images(person: &Person, media: &str, format: &str) -> Vec<Value> {
    let answer = person.asks(IMAGES, json!({ "id": media, "format": format })).await;
    answer.data("/media/photos/0/images").as_array().expect("all sizes").clone()
}

fn url(image: &Value) -> &str {
    image["url"].as_str().expect("a link")
}

async fn load(kit: &Kit, url: &str) -> (StatusCode, Vec<u8>) {
    let answer = kit.front.client.get(url).send().await.expect("an answer");
    (answer.status(), answer.bytes().await.expect("its bytes").to_vec())
}

/// Publishes a photo and gives the ID of its media.
async fn publishes(person: &Person, photo: &[u8]) -> String {
    let upload = person.uploads(photo, "image/jpeg").await;
    let payload = person.does("publishMedia", json!({ "photos": [{ "uploadId": upload }] }), "media { id }").await;
    payload["media"]["id"].as_str().expect("an ID").to_owned()
}

#[tokio::test]
async fn every_size_comes_in_every_format() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::jpeg(1400, 700, 3)).await;
    for (format, content_type) in [("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("AVIF", "image/avif")] {
        let images = images(&kit.nobody(), &media, format).await;
        let sides: Vec<&Value> = images.iter().map(|image| &image["width"]).collect();
        assert_eq!(sides, [150, 320, 640, 1080, 1400]);
        for image in &images {
            assert_eq!(image["contentType"], content_type);
            let answer = eventually("it is made", PATIENCE, async || {
                let answer = kit.front.client.get(url(image)).send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::OK);
                (answer.headers()["content-type"] == content_type).then_some(answer)
            });
            let answer = answer.await;
            assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable, s-maxage=3600");
            is_as_large(image, &answer.bytes().await.expect("the image"));
        }
    }
    kit.ends().await;
}

/// Compares what was promised with the header of the file.
fn is_as_large(image: &Value, bytes: &[u8]) {
    let promised = [&image["width"], &image["height"]].map(|side| u32::try_from(side.as_u64().unwrap()).unwrap());
    let found = match Format::from_media_type(image["contentType"].as_str().unwrap()) {
        Some(format) => {
            let header = inspect(bytes, Some(format), &Limits::default()).expect("what it says");
            [header.width, header.height]
        }
        None => avif_size(bytes),
    };
    assert_eq!(found, promised);
}

/// The property `ispe` of an AVIF: its name, four bytes, width and height (ISO/IEC 23008-12, 6.5.3).
fn avif_size(bytes: &[u8]) -> [u32; 2] {
    assert_eq!(&bytes[4..12], b"ftypavif");
    let at = bytes.windows(4).position(|it| it == b"ispe").expect("a size") + 8;
    [at, at + 4].map(|at| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()))
}

#[tokio::test]
async fn a_small_photo_is_never_enlarged_and_has_no_file_for_it() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(3)).await;
    let images = images(&ada, &media, "JPEG").await;
    assert_eq!(images.iter().map(|image| &image["width"]).collect::<Vec<_>>(), [150, 320, 320, 320, 320]);
    assert_eq!(images[3]["url"], images[4]["url"]);
    kit.ends().await;
}

#[tokio::test]
async fn the_format_follows_what_the_client_reads() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(4)).await;
    let cases = [
        ("application/json", "image/jpeg"),
        ("application/json, image/webp, */*", "image/webp"),
        ("application/graphql-response+json, image/avif, image/webp;q=0.8", "image/avif"),
    ];
    for (accept, expected) in cases {
        let query = "query($id: ID!) { media(by: { id: $id }) { photos { image { contentType } } } }";
        let body = json!({ "query": query, "variables": { "id": media } });
        let request = kit.front.client.post(kit.front.url("/graphql")).header("accept", accept).json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer.pointer("/data/media/photos/0/image/contentType"), Some(&json!(expected)), "{answer:#}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn an_image_that_many_ask_for_is_the_same_for_all() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(5)).await;
    forgets(&kit, "webp").await;
    let wanted = images(&kit.nobody(), &media, "WEBP").await;
    let asked = join_all((0..12).map(|_| load(&kit, url(&wanted[1])))).await;
    for (status, bytes) in &asked {
        assert_eq!((*status, bytes), (StatusCode::OK, &asked[0].1));
    }
    kit.ends().await;
}

/// Removes the files of a format, so that they are made when somebody asks for them.
async fn forgets(kit: &Kit, extension: &str) {
    for key in kit.app.blobs.list("images").await.expect("the store") {
        if key.ends_with(extension) {
            kit.app.blobs.remove(&key).await.expect("the store");
        }
    }
}

/// All places in which images are made for those who ask, taken.
async fn all_places(kit: &Kit) -> [OwnedSemaphorePermit; 2] {
    let all = u32::try_from(kit.app.config.uploads.workers.div_ceil(2)).expect("a few");
    let (images, avif) = (kit.app.imaging.images.clone(), kit.app.imaging.avif.clone());
    [images.acquire_many_owned(all).await.expect("open"), avif.acquire_many_owned(all).await.expect("open")]
}

#[tokio::test]
async fn images_that_are_asked_for_hold_no_upload_up() {
    let kit = Kit::with(|config| config.http.timeout_seconds = 600).await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(5)).await;
    kit.settle().await;
    forgets(&kit, "webp").await;
    let places = all_places(&kit).await;
    for image in images(&kit.nobody(), &media, "AVIF").await {
        assert_eq!(load(&kit, url(&image)).await.0, StatusCode::OK);
    }
    let webp = images(&kit.nobody(), &media, "WEBP").await;
    let waiting = tokio::spawn(kit.front.client.get(url(&webp[0])).send());
    eventually("they wait", PATIENCE, async || (kit.app.rendering.len() == 5).then_some(())).await;
    let upload = ada.uploads(&photos::small_jpeg(6), "image/jpeg").await;
    assert_eq!(ada.sees_upload(&upload).await["status"], "READY");
    drop(places);
    let answer = waiting.await.expect("no panic").expect("an answer");
    assert_eq!(answer.headers()["content-type"], "image/webp");
    kit.ends().await;
}

#[tokio::test]
async fn while_an_avif_is_made_the_same_picture_is_shown_in_another_format() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(5)).await;
    kit.settle().await;
    let places = all_places(&kit).await;
    let wanted = images(&kit.nobody(), &media, "AVIF").await;
    let get =
        async |range: &str| kit.front.client.get(url(&wanted[1])).header("range", range).send().await.expect("it");
    let instead = get("bytes=0-9").await;
    assert_eq!(
        (instead.status(), &instead.headers()["content-type"]),
        (StatusCode::OK, &"image/webp".parse().unwrap())
    );
    assert_eq!(instead.headers()["cache-control"], "public, max-age=60");
    let tag = instead.headers()["etag"].clone();
    forgets(&kit, "webp").await;
    assert_eq!(get("bytes=0-9").await.headers()["content-type"], "image/jpeg");
    drop(places);
    let made = eventually("it is made", PATIENCE, async || {
        let answer = kit.front.client.get(url(&wanted[1])).send().await.expect("an answer");
        (answer.headers()["content-type"] == "image/avif").then_some(answer)
    });
    let made = made.await;
    assert_eq!(made.headers()["cache-control"], "public, max-age=31536000, immutable, s-maxage=3600");
    assert_ne!(made.headers()["etag"], tag, "caches tell one from the other");
    kit.ends().await;
}

#[tokio::test]
async fn one_address_waits_for_some_images_only_and_whoever_goes_waits_no_longer() {
    let kit = Kit::with(|config| config.http.timeout_seconds = 600).await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(5)).await;
    kit.settle().await;
    forgets(&kit, "webp").await;
    let places = all_places(&kit).await;
    let wanted = url(&images(&kit.nobody(), &media, "WEBP").await[2]).to_owned();
    let get = || tokio::spawn(kit.front.client.get(&wanted).send());
    let mut asked: Vec<_> = (0..=WAITING_FROM_ONE).map(|_| get()).collect();
    let (refused, at, _) = select_all(asked.iter_mut()).await;
    let refused = refused.expect("no panic").expect("an answer");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(kit.app.rendering.len(), 1);
    drop(asked.swap_remove(at));
    asked.iter().for_each(tokio::task::JoinHandle::abort);
    eventually("nobody waits", PATIENCE, async || kit.app.rendering.is_empty().then_some(())).await;
    drop(places);
    assert_eq!(kit.app.blobs.list("images").await.expect("the store").len(), 4, "and nothing is made");
    kit.ends().await;
}

#[tokio::test]
async fn a_file_that_is_missing_is_made_of_the_original() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(6)).await;
    let kept = kit.app.blobs.list("images").await.expect("the store");
    assert_eq!(kept.len(), 8);
    // Photos of earlier versions have no WebP.
    forgets(&kit, "webp").await;
    for image in images(&ada, &media, "WEBP").await {
        let (status, bytes) = load(&kit, url(&image)).await;
        assert_eq!(status, StatusCode::OK);
        is_as_large(&image, &bytes);
    }
    kit.ends().await;
}

#[tokio::test]
async fn what_is_made_while_its_photo_is_deleted_does_not_stay() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, &photos::small_jpeg(7)).await;
    kit.settle().await;
    forgets(&kit, "webp").await;
    let wanted = url(&images(&ada, &media, "WEBP").await[2]).to_owned();
    let busy = all_places(&kit).await;
    let asked = tokio::spawn(kit.front.client.get(&wanted).send());
    eventually("it waits", PATIENCE, async || (!kit.app.rendering.is_empty()).then_some(())).await;
    ada.deletes(&media).await;
    kit.settle().await;
    drop(busy);
    let answer = asked.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(kit.app.blobs.list("images").await.expect("the store"), Vec::<String>::new());
    kit.ends().await;
}

#[tokio::test]
async fn when_and_where_a_photo_was_taken_is_told_to_its_owner_until_it_is_published() {
    const SHOT: &str = "query($id: ID!) { node(id: $id) { ... on Upload {
        takenAt suggestedCoordinate { latitude longitude } } } }";
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let camera = [b"Exif\0\0".as_slice(), &photos::exif_of_a_camera()].concat();
    let camera = photos::with_segments(&photos::small_jpeg(8), &[(0xE1, camera)]);
    let upload = ada.uploads(&camera, "image/jpeg").await;
    let seen = ada.asks(SHOT, json!({ "id": upload })).await;
    let taken = json!({ "takenAt": Timestamp(1_795_368_600_000).rfc3339(), "suggestedCoordinate": null });
    assert_eq!(seen.data("/node"), &taken);
    let upload = ada.uploads(photos::phone_jpeg(), "image/jpeg").await;
    let seen = ada.asks(SHOT, json!({ "id": upload })).await;
    assert_eq!(seen.data("/node/suggestedCoordinate"), &json!({ "latitude": 37.82, "longitude": -122.478_333 }));
    ada.does("publishMedia", json!({ "photos": [{ "uploadId": upload }] }), "media { id }").await;
    eventually("it is forgotten", PATIENCE, async || {
        let seen = ada.asks(SHOT, json!({ "id": upload })).await;
        seen.data("/node/suggestedCoordinate").is_null().then_some(())
    })
    .await;
    kit.ends().await;
}

#[tokio::test]
async fn what_a_photo_was_taken_with_is_shown_where_its_owner_wants_it() {
    const SHOWN: &str = "media { photos { camera { camera lens focalLength aperture exposureSeconds iso } } }";
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let exif = [b"Exif\0\0".as_slice(), &photos::exif_of_a_camera()].concat();
    let taken = photos::with_segments(&photos::small_jpeg(8), &[(0xE1, exif)]);
    let mut shown = vec![];
    for (photo, shows) in [(&taken, true), (&taken, false), (&photos::small_jpeg(9), true)] {
        let upload = ada.uploads(photo, "image/jpeg").await;
        let input = json!({ "photos": [{ "uploadId": upload, "showsCamera": shows }] });
        shown.push(ada.does("publishMedia", input, SHOWN).await["media"]["photos"][0]["camera"].clone());
    }
    let camera = json!({ "camera": "Zeta Z9", "lens": "35mm F2", "focalLength": 35.0, "aperture": 2.8,
        "exposureSeconds": 0.004, "iso": 400 });
    assert_eq!(shown, [camera, Value::Null, Value::Null]);
    kit.ends().await;
}
