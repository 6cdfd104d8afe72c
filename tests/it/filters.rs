//! Filters: what people choose from, photos that are shown with one at once, and looks that change while the original stays.

use std::process::Command;

use futures_util::future::join_all;
use photograph::base::config;
use photograph::platform::filters::Filters;
use photograph::platform::imaging::lut::Finish;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos, sha256};

const FILTERS: &str =
    "{ filters { id key name version lookupTableUrl lookupTableSha256 vignette grain preview { url width height } } }";
const SHOWN: &str = "media { id photos { id width height blurHash altText focalPoint { x y }
    filter { strength filter { key version } } images { url width height } } }";
const PHOTO: &str =
    "photo { id blurHash altText focalPoint { x y } filter { strength filter { key } } image(size: LOW) { url } }";

async fn publishes(person: &Person, look: Value) -> Value {
    let upload = person.uploads(&photos::small_jpeg(9), "image/jpeg").await;
    let mut photo = json!({ "uploadId": upload });
    photo.as_object_mut().expect("an object").extend(look.as_object().cloned().unwrap_or_default());
    person.does("publishMedia", json!({ "photos": [photo] }), SHOWN).await["media"].clone()
}

fn link(value: &Value) -> &str {
    value["url"].as_str().expect("a link")
}

async fn status(person: &Person, url: &str) -> u16 {
    person.front.client.get(url).send().await.expect("an answer").status().as_u16()
}

/// The picture behind a link.
async fn picture(person: &Person, url: &str) -> (u16, u16, Vec<u8>) {
    let answer = person.front.client.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{url}");
    let file = answer.bytes().await.expect("a file");
    let mut decoder = jpeg_decoder::Decoder::new(&file[..]);
    let pixels = decoder.decode().expect("a JPEG");
    let info = decoder.info().expect("its header");
    (info.width, info.height, pixels)
}

fn is_grey(pixels: &[u8]) -> bool {
    pixels.chunks_exact(3).all(|pixel| pixel.iter().all(|value| value.abs_diff(pixel[0]) <= 6))
}

#[tokio::test]
async fn filters_are_offered_with_their_tables() {
    let kit = Kit::start().await;
    let nobody = kit.nobody();
    let answer = nobody.asks(FILTERS, json!({})).await;
    let filters = answer.data("/filters").as_array().expect("filters").clone();
    assert!(filters.len() >= 16);
    for filter in &filters {
        let url = filter["lookupTableUrl"].as_str().expect("a link");
        let answer =
            nobody.front.client.get(url).header("Origin", "https://app.example").send().await.expect("a table");
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        assert_eq!((header("content-type"), header("access-control-allow-origin")), ("image/png".into(), "*".into()));
        assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
        let table = answer.bytes().await.expect("bytes");
        assert_eq!(json!(sha256(&table)), filter["lookupTableSha256"]);
        let node = nobody.asks("query($id: ID!) { node(id: $id) { id } }", json!({ "id": filter["id"] })).await;
        assert_eq!(node.data("/node/id"), &filter["id"]);
    }
    let (width, height, _) = picture(&nobody, link(&filters[1]["preview"])).await;
    assert_eq!((json!(width), json!(height)), (filters[1]["preview"]["width"].clone(), json!(320)));
    let server = nobody.front.url("");
    for missing in ["x.png", "x.jpg", "..png", &format!("{}.png", "0".repeat(64)), &format!("{}.gif", "0".repeat(64))] {
        assert_eq!(
            status(&nobody, &format!("{}/filters/{missing}", server.trim_end_matches('/'))).await,
            404,
            "{missing}"
        );
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_photo_is_shown_with_its_filter_at_once() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let plain = publishes(&ada, json!({})).await["photos"][0].clone();
    let media = publishes(&ada, json!({ "filter": { "key": "obsidian" } })).await;
    let photo = &media["photos"][0];
    assert_eq!(photo["filter"], json!({ "strength": 1.0, "filter": { "key": "obsidian", "version": 1 } }));
    assert_ne!(photo["blurHash"], plain["blurHash"], "nor is its placeholder in colors");
    for image in photo["images"].as_array().expect("images") {
        let (width, height, pixels) = picture(&bob, link(image)).await;
        assert_eq!((json!(width), json!(height)), (image["width"].clone(), image["height"].clone()));
        assert!(is_grey(&pixels), "{image}");
    }
    assert!(!is_grey(&picture(&bob, link(&plain["images"][1])).await.2), "another photo of the same file is in colors");
    kit.ends().await;
}

#[tokio::test]
async fn an_image_that_many_ask_for_at_once_is_there_for_all() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, json!({ "filter": { "key": "harbor", "strength": 0.5 } })).await;
    let url = link(&media["photos"][0]["images"][2]);
    let seen = join_all((0..8).map(|_| picture(&ada, url))).await;
    assert!(seen.iter().all(|picture| *picture == seen[0]));
    kit.ends().await;
}

#[tokio::test]
async fn a_filter_is_changed_and_taken_off_later() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = publishes(&ada, json!({ "filter": { "key": "silver" }, "focalPoint": { "x": 0.2, "y": 0.3 } })).await;
    let photo = &media["photos"][0];
    let first = link(&photo["images"][1]).to_owned();
    assert!(is_grey(&picture(&bob, &first).await.2));
    let changed =
        json!({ "photoId": photo["id"], "filter": { "key": "citrine", "strength": 0.7 }, "altText": "a hill" });
    let second = ada.does("updatePhoto", changed.clone(), PHOTO).await["photo"].clone();
    assert_eq!(second["filter"], json!({ "strength": 0.7, "filter": { "key": "citrine" } }));
    assert_eq!((&second["altText"], &second["focalPoint"]), (&json!("a hill"), &json!({ "x": 0.2, "y": 0.3 })));
    assert!(!is_grey(&picture(&bob, link(&second["image"])).await.2));
    assert_eq!(ada.does("updatePhoto", changed, PHOTO).await["photo"], second, "once more is no change");
    kit.settle().await;
    assert_eq!(status(&bob, &first).await, 404, "the old look is gone");
    let cleared = json!({ "photoId": photo["id"], "filter": null, "focalPoint": null });
    let third = ada.does("updatePhoto", cleared, PHOTO).await["photo"].clone();
    assert_eq!((&third["filter"], &third["focalPoint"]), (&Value::Null, &json!({ "x": 0.5, "y": 0.5 })));
    let plain = publishes(&ada, json!({})).await["photos"][0].clone();
    let [shown, sent] = [&third["image"], &plain["images"][1]];
    assert_ne!(shown["url"], sent["url"], "each publication has links of its own");
    assert_eq!(picture(&bob, link(shown)).await, picture(&bob, link(sent)).await, "the photo as it was sent");
    let seen = bob
        .asks(
            "query($id: ID!) { node(id: $id) { ... on Photo { image(size: LOW) { url } } } }",
            json!({ "id": photo["id"] }),
        )
        .await;
    assert_eq!(seen.data("/node/image"), &third["image"]);
    kit.settle().await;
    assert_eq!(status(&bob, link(&second["image"])).await, 404);
    ada.deletes(media["id"].as_str().expect("an ID")).await;
    kit.settle().await;
    assert_eq!(status(&bob, link(&plain["images"][1])).await, 200, "what another media shows stays");
    kit.ends().await;
}

#[tokio::test]
async fn a_media_that_is_deleted_takes_its_looks_along() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes(&ada, json!({ "filter": { "key": "ember" } })).await;
    let url = link(&media["photos"][0]["images"][0]);
    assert_eq!(status(&ada, url).await, 200);
    ada.deletes(media["id"].as_str().expect("an ID")).await;
    kit.settle().await;
    assert_eq!(status(&ada, url).await, 404);
    kit.ends().await;
}

#[tokio::test]
async fn a_part_of_a_photo_is_kept() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let whole = publishes(&ada, json!({})).await["photos"][0].clone();
    let crop = json!({ "x": 0.5, "y": 0.25, "width": 0.5, "height": 0.5 });
    let media = publishes(&ada, json!({ "crop": crop, "focalPoint": { "x": 1, "y": 0 } })).await;
    let part = &media["photos"][0];
    assert_eq!((&part["width"], &part["height"]), (&json!(160), &json!(120)));
    let (width, height, pixels) = picture(&ada, link(&part["images"][1])).await;
    assert_eq!((width, height), (160, 120));
    let (_, _, all) = picture(&ada, link(&whole["images"][1])).await;
    let mean = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>, stride: usize, pixels: &[u8]| {
        let (rows_of, columns_of) = (rows.clone(), columns.clone());
        let sum: u64 =
            rows.flat_map(|y| columns.clone().map(move |x| (y * stride + x) * 3)).map(|at| u64::from(pixels[at])).sum();
        sum / (rows_of.len() * columns_of.len()) as u64
    };
    let expected = mean(60..180, 160..320, 320, &all);
    let seen = mean(0..120, 0..160, 160, &pixels);
    assert!(seen.abs_diff(expected) <= 3, "{seen} instead of {expected}");
    let (width, height, _) = picture(&ada, link(&part["images"][0])).await;
    assert_eq!((width, height), (120, 120));
    let change = json!({ "photoId": part["id"], "filter": { "key": "ash" } });
    let changed = ada.does("updatePhoto", change, "photo { width height image { width height } }").await;
    assert_eq!(changed["photo"], json!({ "width": 160, "height": 120, "image": { "width": 160, "height": 120 } }));
    kit.ends().await;
}

#[tokio::test]
async fn a_bad_look_says_what_is_wrong_and_where() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let upload = ada.uploads(&photos::small_jpeg(9), "image/jpeg").await;
    let cases = [
        (json!({ "filter": { "key": "nashville" } }), "NOT_FOUND", json!(["filter", "key"])),
        (json!({ "filter": { "key": "ash", "strength": 1.1 } }), "INVALID", json!(["filter", "strength"])),
        (json!({ "filter": { "key": "ash", "strength": -0.1 } }), "INVALID", json!(["filter", "strength"])),
        (json!({ "crop": { "x": 0.5, "y": 0, "width": 0.6, "height": 1 } }), "INVALID", json!(["crop"])),
        (json!({ "crop": { "x": 0, "y": 0, "width": 0, "height": 1 } }), "INVALID", json!(["crop"])),
        (json!({ "focalPoint": { "x": 2, "y": 0 } }), "INVALID", json!(["focalPoint"])),
    ];
    for (look, code, path) in &cases {
        let mut photo = look.clone();
        photo["uploadId"] = json!(upload);
        let payload = ada.tries("publishMedia", json!({ "photos": [photo] }), SHOWN).await;
        assert_eq!(payload.refusal(), *code, "{look}");
        let mut expected = vec![json!("input"), json!("photos"), json!("0")];
        expected.extend(path.as_array().cloned().unwrap_or_default());
        assert_eq!(payload.user_error()["path"], json!(expected));
    }
    let media = publishes(&ada, json!({})).await;
    let photo = &media["photos"][0]["id"];
    for (look, code, path) in cases.iter().filter(|(look, ..)| look.get("crop").is_none()) {
        let mut input = look.clone();
        input["photoId"] = photo.clone();
        let payload = ada.tries("updatePhoto", input, PHOTO).await;
        assert_eq!(payload.refusal(), *code, "{look}");
        let mut expected = vec![json!("input")];
        expected.extend(path.as_array().cloned().unwrap_or_default());
        assert_eq!(payload.user_error()["path"], json!(expected));
    }
    kit.ends().await;
}

#[tokio::test]
async fn only_its_owner_changes_a_photo() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let open = publishes(&ada, json!({})).await["photos"][0]["id"].clone();
    let change = |id: &Value| json!({ "photoId": id, "filter": { "key": "ash" } });
    assert_eq!(bob.tries("updatePhoto", change(&open), PHOTO).await.refusal(), "NOT_PERMITTED");
    ada.goes_private().await;
    kit.settle().await;
    assert_eq!(bob.tries("updatePhoto", change(&open), PHOTO).await.refusal(), "NOT_FOUND");
    assert_eq!(ada.tries("updatePhoto", change(&json!("pho_1")), PHOTO).await.refusal(), "NOT_FOUND");
    kit.ends().await;
}

#[tokio::test]
async fn the_operators_own_filters_are_used_like_any_other() {
    let folder = std::env::temp_dir().join(format!("photograph-own-filters-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let inverted = "TITLE \"Upside Down\"\nLUT_1D_SIZE 2\n1 1 1\n0 0 0\n";
    std::fs::write(folder.join("upside-down.cube"), inverted).expect("a table");
    let own = folder.clone();
    let kit = Kit::with(move |config| config.filters.folder = Some(own)).await;
    let ada = kit.signs_up("ada").await;
    let answer = ada.asks(FILTERS, json!({})).await;
    let filters = answer.data("/filters").as_array().expect("filters");
    let filter = filters.iter().find(|filter| filter["key"] == "upside-down").expect("the operator's");
    assert_eq!(filter["name"], "Upside Down");
    let plain = publishes(&ada, json!({})).await["photos"][0].clone();
    let media = publishes(&ada, json!({ "filter": { "key": "upside-down" } })).await;
    let (_, _, before) = picture(&ada, link(&plain["images"][1])).await;
    let (_, _, after) = picture(&ada, link(&media["photos"][0]["images"][1])).await;
    let off = before.iter().zip(&after).map(|(a, b)| u64::from((255 - a).abs_diff(*b))).sum::<u64>();
    assert!(off / (before.len() as u64) < 6, "{off} over {} values", before.len());
    std::fs::remove_dir_all(&folder).expect("it was there");
    kit.ends().await;
}

/// A picture with every kind of color: 160 × 96 pixels.
fn colors() -> Vec<u8> {
    let mut seed = 11_u32;
    let mut value = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    };
    (0..160 * 96 * 3).map(|_| value()).collect()
}

#[tokio::test]
async fn the_browser_comes_to_the_same_picture() {
    let kit = Kit::start().await;
    let folder = std::env::temp_dir().join(format!("photograph-browser-filters-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("picture.rgb"), colors()).expect("a picture");
    let offered = kit.nobody().asks(FILTERS, json!({})).await;
    let offered = offered.data("/filters").as_array().expect("filters").clone();
    let filters = Filters::open(&config::Filters::default());
    let mut cases = Vec::new();
    for (number, (filter, offered)) in filters.all().zip(&offered).enumerate() {
        let (mut made, strength) = (colors(), [1.0_f32, 0.35, 0.8][number % 3]);
        let table = filters.table(&filter.sha256).expect("a table of the house");
        table.lut.apply(&mut made, 160, Finish { strength, vignette: filter.vignette, grain: filter.grain });
        let file = format!("{}.rgb", filter.key);
        std::fs::write(folder.join(&file), made).expect("what the server makes");
        cases.push(json!({ "file": file, "width": 160, "height": 96, "strength": strength, "filter": offered }));
    }
    std::fs::write(folder.join("cases.json"), json!(cases).to_string()).expect("the cases");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/filters.mjs");
    let url = kit.front.url("");
    let mut node = Command::new("node");
    node.arg(script).arg(url.trim_end_matches('/')).arg(&folder);
    let seen = tokio::task::spawn_blocking(move || node.output()).await.expect("a thread");
    let seen = seen.expect("node is there: tests/run installs it");
    let said = String::from_utf8_lossy(&seen.stdout).into_owned() + &String::from_utf8_lossy(&seen.stderr);
    assert!(seen.status.success() && said.contains("agrees in"), "{said}");
    std::fs::remove_dir_all(&folder).expect("it was there");
    kit.ends().await;
}
