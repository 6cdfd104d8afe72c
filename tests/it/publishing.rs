//! Publishing: what a media says, who may see it, and that each upload becomes one media once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos};

const CARD: &str =
    "media { id shortcode url audience publishedAt caption { plain } likeCount commentCount viewerCanEdit
    owner { username mediaCount } photos { id width height altText } } edgeCursor viewer { user { mediaCount } }";

#[tokio::test]
async fn a_media_says_what_its_owner_said() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let photos = [uploads(&ada, 1).await, uploads(&ada, 2).await];
    let described: Vec<Value> =
        photos.iter().map(|id| json!({ "uploadId": id, "altText": format!("photo {id}") })).collect();
    let input = json!({ "photos": described, "caption": "  Dusk – 🌅\nover the hill  ", "audience": "EVERYONE" });
    let payload = ada.does("publishMedia", input, CARD).await;
    let media = &payload["media"];
    assert_eq!(media["caption"]["plain"], "Dusk – 🌅\nover the hill");
    assert_eq!(media["owner"], json!({ "username": "ada", "mediaCount": 1 }));
    assert_eq!((&media["likeCount"], &media["commentCount"]), (&json!(0), &json!(0)));
    let texts: Vec<&Value> =
        media["photos"].as_array().expect("photos").iter().map(|photo| &photo["altText"]).collect();
    assert_eq!(texts, [&described[0]["altText"], &described[1]["altText"]], "in the order they were given");
    assert_eq!(payload["viewer"]["user"]["mediaCount"], 1);
    kit.settle().await;
    let feed = ada.asks("{ viewer { homeFeed(first: 1) { edges { cursor node { id } } } } }", json!({})).await;
    let edge = feed.data("/viewer/homeFeed/edges/0");
    assert_eq!((&edge["cursor"], &edge["node"]["id"]), (&payload["edgeCursor"], &media["id"]));
    kit.ends().await;
}

async fn uploads(person: &Person, seed: u8) -> String {
    person.uploads(&photos::small_jpeg(seed), "image/jpeg").await
}

#[tokio::test]
async fn a_media_without_words_has_no_caption() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    for caption in [json!(null), json!(""), json!(" \n ")] {
        let input = json!({ "photos": [{ "uploadId": uploads(&ada, 1).await, "altText": "" }], "caption": caption });
        let payload = ada.does("publishMedia", input, CARD).await;
        assert_eq!(payload["media"]["caption"], Value::Null);
        assert_eq!(payload["media"]["photos"][0]["altText"], Value::Null);
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_audience_decides_who_sees_a_media() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let everyone = ada.publishes_to("EVERYONE", "for everyone").await;
    let followers = ada.publishes_to("FOLLOWERS", "for followers").await;
    let only_me = ada.publishes_to("ONLY_ME", "for me").await;
    kit.settle().await;
    let all = [&everyone, &followers, &only_me];
    assert_eq!(seen(&ada, all).await, [true, true, true]);
    assert_eq!(seen(&bob, all).await, [true, true, false]);
    assert_eq!(seen(&kit.nobody(), all).await, [true, false, false]);
    assert_eq!(bob.home_feed().await, [followers.clone(), everyone.clone()]);
    assert_eq!(ada.home_feed().await, [only_me, followers, everyone]);
    kit.ends().await;
}

async fn seen(person: &Person, all: [&String; 3]) -> Vec<bool> {
    let seen = join_all(all.map(|media| person.sees_media(media))).await;
    seen.iter().map(Value::is_object).collect()
}

#[tokio::test]
async fn a_bad_media_says_what_is_wrong_and_where() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let upload = uploads(&ada, 1).await;
    let one = json!([{ "uploadId": upload }]);
    let cases = [
        (json!({ "photos": [] }), "INVALID", json!(["input", "photos"])),
        (json!({ "photos": vec![json!({ "uploadId": upload }); 11] }), "INVALID", json!(["input", "photos"])),
        (json!({ "photos": one, "caption": "x".repeat(2201) }), "INVALID", json!(["input", "caption"])),
        (json!({ "photos": one, "caption": "a\0b" }), "INVALID", json!(["input", "caption"])),
        (
            json!({ "photos": [{ "uploadId": upload, "altText": "x".repeat(1501) }] }),
            "INVALID",
            json!(["input", "photos", "0", "altText"]),
        ),
    ];
    for (input, code, path) in cases {
        let payload = ada.tries("publishMedia", input, CARD).await;
        assert_eq!(payload.refusal(), code, "{path}");
        assert_eq!(payload.user_error()["path"], path);
    }
    for id in ["upl_11111112", "med_11111112", "upl_\0", "", "../../etc/passwd"] {
        let payload = ada.tries("publishMedia", json!({ "photos": [{ "uploadId": id }] }), CARD).await;
        assert!(matches!(payload.refusal().as_str(), "NOT_FOUND" | "UPLOAD_UNUSABLE"), "{id:?}");
    }
    ada.does("publishMedia", json!({ "photos": one, "caption": "🌅".repeat(2200) }), CARD).await;
    kit.ends().await;
}

#[tokio::test]
async fn an_upload_becomes_one_media_even_when_two_want_it_at_once() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let input = json!({ "photos": [{ "uploadId": uploads(&ada, 1).await }] });
    let tries = join_all((0..5).map(|_| ada.tries("publishMedia", input.clone(), CARD))).await;
    assert_eq!(tries.iter().filter(|payload| payload.is_done()).count(), 1);
    for refused in tries.iter().filter(|payload| !payload.is_done()) {
        assert_eq!(refused.refusal(), "UPLOAD_UNUSABLE");
    }
    let twice = uploads(&ada, 2).await;
    let twice = json!({ "photos": [{ "uploadId": twice }, { "uploadId": twice }] });
    assert!(!ada.tries("publishMedia", twice, CARD).await.is_done(), "nor twice in one media");
    kit.settle().await;
    assert_eq!(ada.home_feed().await.len(), 1);
    assert_eq!(ada.sees_user(&ada).await["mediaCount"], 1);
    kit.ends().await;
}

#[tokio::test]
async fn a_publish_that_is_repeated_is_one_media() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let key = "3f333df6-90a4-4fda-8dd3-9485d27cee36";
    let input = json!({ "photos": [{ "uploadId": uploads(&ada, 1).await }], "idempotencyKey": key });
    let answers = join_all((0..5).map(|_| ada.does("publishMedia", input.clone(), "media { id } edgeCursor"))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let mut other = input.clone();
    other["caption"] = json!("something else");
    assert_eq!(ada.tries("publishMedia", other, CARD).await.refusal(), "IDEMPOTENCY_MISMATCH");
    kit.settle().await;
    assert_eq!(ada.home_feed().await.len(), 1);
    kit.ends().await;
}

#[tokio::test]
async fn a_media_that_is_deleted_is_gone_for_everybody() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let (first, second) = (ada.publishes("dusk").await, ada.publishes("dawn").await);
    bob.comments(&first, "lovely").await;
    bob.likes(&first).await;
    kit.settle().await;
    let image = ada.sees_media(&first).await["photos"][0]["images"][0]["url"].as_str().expect("a link").to_owned();
    assert_eq!(
        bob.tries("deleteMedia", json!({ "mediaId": first }), "deletedMediaId").await.refusal(),
        "NOT_PERMITTED"
    );
    ada.deletes(&first).await;
    for person in [&ada, &bob, &kit.nobody()] {
        assert_eq!(person.sees_media(&first).await, Value::Null);
    }
    assert_eq!(bob.home_feed().await, std::slice::from_ref(&second));
    assert_eq!(ada.sees_user(&ada).await["mediaCount"], 1);
    kit.settle().await;
    assert_eq!(ada.home_feed().await, [second]);
    let again = ada.tries("deleteMedia", json!({ "mediaId": first }), "deletedMediaId").await;
    assert_eq!(again.refusal(), "NOT_FOUND");
    let image = kit.front.client.get(image).send().await.expect("an answer");
    assert_eq!(image.status(), 404, "its images go with it");
    kit.ends().await;
}

#[tokio::test]
async fn the_link_of_a_media_leads_to_it() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let seen = ada.sees_media(&media).await;
    let shortcode = seen["shortcode"].as_str().expect("a shortcode");
    assert_eq!(format!("med_{shortcode}"), media, "the same 64 bits");
    assert!(seen["url"].as_str().is_some_and(|url| url.ends_with(shortcode)));
    let query = "query($code: String!) { media(by: { shortcode: $code }) { id } }";
    assert_eq!(kit.nobody().asks(query, json!({ "code": shortcode })).await.text("/media/id"), media);
    for nonsense in ["", "\0", "../..", "1111111111111", "🌅"] {
        let answer = kit.nobody().asks(query, json!({ "code": nonsense })).await;
        assert_eq!(answer.data("/media"), &Value::Null, "{nonsense:?}");
    }
    kit.ends().await;
}
