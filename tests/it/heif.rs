//! Photos of iPhones: HEIC, made into JPEGs by a program beside the server, and AVIF with them. Turned once, and without a
//! trace of where they were taken.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use photograph::platform::heif::{Bounds, Decoder};
use photograph::platform::sandbox;
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

/// What a decoder with a mind of its own tries, and says in the place of its picture. It is also what the test starts with a
/// socket that listens, and files that are not its business.
const HOSTILE: &str = r#"#!/bin/bash
{
    cat "$3" >/dev/null && echo "reads its photo"
    (exec 3<>/dev/tcp/127.0.0.1/PORT) && echo "opens a socket"
    cat FOREIGN/secret && echo "reads a foreign file"
    echo x >> FOREIGN/secret && echo "writes a foreign file"
    echo x > FOREIGN/new && echo "makes a foreign file"
    touch -d 1999-01-01 FOREIGN/secret && echo "changes a foreign file"
    chmod 644 FOREIGN/secret && echo "opens a foreign file to others"
    ls FOREIGN >/dev/null && echo "looks into a foreign folder"
    cat /proc/PROCESS/environ >/dev/null && echo "reads the server's environment"
    kill -0 PROCESS && echo "reaches the server's process"
    rm FOREIGN/secret && echo "removes a foreign file"
} 2>/dev/null >"$4"
exit 0
"#;

/// Without the sandbox the same program does it all, so that what is shown is the sandbox. Where this kernel has none, HEIC is
/// off: the suite proves whichever it is, and says so.
#[tokio::test]
async fn a_decoder_reaches_nothing_but_its_photo() {
    let kit = with_decoder().await;
    let launcher = std::path::PathBuf::from(crate::kit::program::PROGRAM);
    let sandbox = sandbox::check(&launcher);
    println!("the sandbox on this kernel: {sandbox:?}");
    assert_eq!(kit.app.heif.is_some(), sandbox.is_ok(), "without a sandbox there is no HEIC");
    let tried = |launcher: Option<&Path>| {
        let foreign = kit.folder().join("foreign");
        std::fs::create_dir_all(&foreign).expect("a folder");
        std::fs::write(foreign.join("secret"), "a secret\n").expect("a file");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let script = HOSTILE
            .replace("PORT", &listener.local_addr().expect("its port").port().to_string())
            .replace("FOREIGN", foreign.to_str().expect("a path"))
            .replace("PROCESS", &std::process::id().to_string());
        let program = kit.folder().join("hostile");
        std::fs::write(&program, script).expect("a program");
        std::fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it can be executed");
        let place = kit.folder().join("decoding");
        let decoder = Decoder { program: &program, launcher, place: &place, bounds: Bounds::default() };
        let made = decoder.decode("hostile", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").expect("it runs");
        (String::from_utf8(made.expect("what it says")).expect("text"), foreign.join("secret").exists())
    };
    let (everything, is_there) = tried(None);
    assert_eq!((everything.lines().count(), is_there), (12, false), "it can do all of it: {everything}");
    if sandbox.is_ok() {
        assert_eq!(tried(Some(launcher.as_path())), ("reads its photo\n".to_owned(), true));
    }
    kit.ends().await;
}

#[tokio::test]
async fn where_there_is_no_sandbox_heic_is_off_unless_the_operator_allows_it() {
    let without = |allowed: bool| {
        Kit::with(move |config| {
            config.uploads.heif_decoder = Some(heif_decoder().into());
            config.uploads.launcher = Some("/bin/false".into());
            config.uploads.heif_unsandboxed = allowed;
        })
    };
    let kit = without(true).await;
    let ada = kit.signs_up("ada").await;
    ada.uploads(&encoded(&kit, "heic"), "image/heic").await;
    kit.ends().await;
    let kit = without(false).await;
    kit.forgives("HEIC and AVIF are off");
    let ada = kit.signs_up("ada").await;
    let input = json!({ "contentType": "image/heic", "byteSize": 1000 });
    assert_eq!(ada.tries("createUpload", input, "upload { id }").await.refusal(), "UNSUPPORTED_MEDIA");
    kit.ends().await;
}
