//! Photos of iPhones: HEIC, made into JPEGs by a program beside the server, and AVIF with them. Turned once, and without a
//! trace of where they were taken.

use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos};

/// The path of the decoder.
pub fn heif_decoder() -> String {
    let found = Command::new("sh").args(["-c", "command -v heif-convert"]).output().expect("a shell");
    let path = String::from_utf8(found.stdout).expect("a path");
    assert!(found.status.success(), "heif-convert is there: tests/run installs it");
    path.trim().to_owned()
}

/// A server that has a decoder.
async fn with_decoder() -> Kit {
    Kit::with(|config| config.uploads.heif_decoder = Some(heif_decoder().into())).await
}

/// A photo as an encoder writes it, 640 pixels across and 480 down, with a place in its metadata and the claim that it lies
/// on its side.
fn encoded(kit: &Kit, kind: &str) -> Vec<u8> {
    let taken =
        photos::with_segments(&photos::jpeg(640, 480, 1), &[(0xE1, [b"Exif\0\0", &photos::exif(6)[..]].concat())]);
    let (from, to) = (kit.folder().join("taken.jpg"), kit.folder().join(format!("taken.{kind}")));
    std::fs::write(&from, taken).expect("a photo in the folder");
    let made = Command::new("heif-enc").arg(&from).arg("-o").arg(&to).output().expect("tests/run installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::read(to).expect("an encoded photo")
}

/// The same photo, which its container turns by three quarters: what is said of its colors makes place for that.
fn turned(mut file: Vec<u8>) -> Vec<u8> {
    let at = file.windows(4).position(|name| name == b"pixi").expect("a property that nobody needs");
    file[at..at + 5].copy_from_slice(b"irot\x03");
    file
}

async fn seen(person: &Person, upload: &str) -> Value {
    const SHOT: &str = "query($id: ID!) { node(id: $id) { ... on Upload {
        width height suggestedCoordinate { latitude longitude } } } }";
    person.asks(SHOT, json!({ "id": upload })).await.data("/node").clone()
}

#[tokio::test]
async fn an_iphones_photo_is_turned_once_and_tells_no_place() {
    let kit = with_decoder().await;
    let ada = kit.signs_up("ada").await;
    let place = json!({ "latitude": 37.82, "longitude": -122.478_333 });
    for (file, kind, size) in [
        (turned(encoded(&kit, "heic")), "image/heic", (480, 640)),
        // What the metadata says is for those who read nothing else of the file.
        (encoded(&kit, "heic"), "image/heif", (640, 480)),
        (encoded(&kit, "avif"), "image/avif", (640, 480)),
    ] {
        assert!(photos::has_gps(&file), "{kind}");
        let upload = ada.uploads(&file, kind).await;
        let expected = json!({ "width": size.0, "height": size.1, "suggestedCoordinate": place });
        assert_eq!(seen(&ada, &upload).await, expected, "{kind}");
        let input = json!({ "photos": [{ "uploadId": upload }] });
        let media = ada.does("publishMedia", input, "media { photos { image(size: STANDARD) { url } } }").await;
        let link = media["media"]["photos"][0]["image"]["url"].as_str().expect("a link").to_owned();
        let image = kit.front.client.get(link).send().await.expect("an answer");
        assert_eq!(image.status(), StatusCode::OK);
        assert!(image.bytes().await.expect("an image").starts_with(b"\xFF\xD8\xFF"));
    }
    kit.settle().await;
    for key in kit.app.blobs.list("originals").await.expect("the store") {
        let original = kit.app.blobs.read(&key).await.expect("the store").expect("an original");
        assert!(original.starts_with(b"\xFF\xD8\xFF") && !photos::has_gps(&original), "{key}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_photo_that_the_decoder_cannot_open_is_rejected() {
    let kit = with_decoder().await;
    let ada = kit.signs_up("ada").await;
    let whole = encoded(&kit, "heic");
    let torn = whole[..whole.len() / 2].to_vec();
    for (bytes, announced, code) in [
        (torn, "image/heic", "INVALID"),
        (photos::small_jpeg(1), "image/heic", "UNSUPPORTED_MEDIA"),
        (whole, "image/jpeg", "UNSUPPORTED_MEDIA"),
    ] {
        let upload = ada.announces(&bytes, announced).await;
        assert!(ada.sends(&upload, &bytes).await.is_success());
        ada.completes(&upload).await;
        let seen = ada.sees_upload(&upload.id).await;
        assert_eq!((&seen["status"], &seen["rejection"]["code"]), (&json!("REJECTED"), &json!(code)), "{announced}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_server_says_what_it_takes() {
    let kinds = async |kit: &Kit| {
        let seen = kit.nobody().asks("{ server { limits { photoTypes } } }", json!({})).await;
        seen.data("/server/limits/photoTypes").clone()
    };
    let kit = Kit::start().await;
    assert_eq!(kinds(&kit).await, json!(["image/jpeg", "image/png", "image/webp"]));
    let ada = kit.signs_up("ada").await;
    let input = json!({ "contentType": "image/heic", "byteSize": 1000 });
    assert_eq!(ada.tries("createUpload", input, "upload { id }").await.refusal(), "UNSUPPORTED_MEDIA");
    kit.ends().await;
    let kit = with_decoder().await;
    let all = ["image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif"];
    assert_eq!(kinds(&kit).await, json!(all));
    kit.ends().await;
}
