//! Editing after publishing: what is left out stays, null clears, and everybody who listens hears of it, or that it is gone.

use serde_json::{Value, json};

use crate::kit::{Kit, Stream, photos};

const SAID: &str = "media { id caption { plain entities { __typename } } contentWarning audience editedAt }";

#[tokio::test]
async fn what_is_left_out_stays_and_null_clears() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let upload = ada.uploads(&photos::small_jpeg(1), "image/jpeg").await;
    let input = json!({ "photos": [{ "uploadId": upload }], "caption": "dusk", "contentWarning": " bright light " });
    let media = ada.does("publishMedia", input, SAID).await["media"].clone();
    assert_eq!((&media["contentWarning"], &media["editedAt"]), (&json!("bright light"), &Value::Null));
    let edit = async |change: Value| {
        let mut input = change;
        input["mediaId"] = media["id"].clone();
        ada.does("updateMedia", input, SAID).await["media"].clone()
    };
    let edited = edit(json!({ "caption": "dawn with @bob" })).await;
    assert_eq!(edited["caption"]["plain"], "dawn with @bob");
    assert_eq!(edited["caption"]["entities"], json!([{ "__typename": "MentionEntity" }]));
    assert_eq!(edited["contentWarning"], "bright light");
    assert!(edited["editedAt"].is_string());
    let nothing = edit(json!({})).await;
    assert_eq!(nothing, edited);
    let cleared = edit(json!({ "caption": null, "contentWarning": null, "audience": "FOLLOWERS" })).await;
    assert_eq!((&cleared["caption"], &cleared["contentWarning"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["audience"], "FOLLOWERS");
    assert_eq!(bob.sees_media(media["id"].as_str().expect("an ID")).await, Value::Null);
    kit.ends().await;
}

#[tokio::test]
async fn a_variable_that_is_not_given_leaves_what_it_stands_for() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let update = "mutation($m: ID!, $c: String, $w: String) {
        updateMedia(input: { mediaId: $m, caption: $c, contentWarning: $w }) {
            media { caption { plain } contentWarning photos { id } } } }";
    let edit = async |given: Value| {
        let mut given = given;
        given["m"] = json!(media);
        ada.asks(update, given).await.data("/updateMedia/media").clone()
    };
    // One document, sent again and again: what was not given once is not missing the next time.
    let mut photo = Value::Null;
    for (given, caption, warning) in [
        (json!({ "w": "bright light" }), json!({ "plain": "dusk" }), json!("bright light")),
        (json!({ "c": "dawn" }), json!({ "plain": "dawn" }), json!("bright light")),
        (json!({ "w": null }), json!({ "plain": "dawn" }), Value::Null),
        (json!({}), json!({ "plain": "dawn" }), Value::Null),
        (json!({ "c": null }), Value::Null, Value::Null),
    ] {
        let edited = edit(given.clone()).await;
        assert_eq!((&edited["caption"], &edited["contentWarning"]), (&caption, &warning), "{given}");
        photo = edited["photos"][0]["id"].clone();
    }
    let update = "mutation($p: ID!, $a: String, $x: Float!, $f: PhotoPointInput) {
        first: updatePhoto(input: { photoId: $p, altText: $a, focalPoint: { x: $x, y: 0.5 } }) { photo { id } }
        then: updatePhoto(input: { photoId: $p, altText: $a, focalPoint: $f }) { photo { altText focalPoint { x } } } }";
    let edited = ada.asks(update, json!({ "p": photo, "a": "a lake", "x": 0.25 })).await;
    assert_eq!(edited.data("/then/photo"), &json!({ "altText": "a lake", "focalPoint": { "x": 0.25 } }));
    let edited = ada.asks(update, json!({ "p": photo, "x": 0.75, "f": null })).await;
    assert_eq!(edited.data("/then/photo"), &json!({ "altText": "a lake", "focalPoint": { "x": 0.5 } }));
    kit.ends().await;
}

#[tokio::test]
async fn only_its_owner_can_edit_a_media_and_it_stays_within_the_limits() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    let tries = async |input: Value| {
        let refused = ada.tries("updateMedia", input, SAID).await;
        (refused.refusal(), refused.user_error()["path"].clone())
    };
    let refused = bob.tries("updateMedia", json!({ "mediaId": media, "caption": "mine" }), SAID).await;
    assert_eq!(refused.refusal(), "NOT_PERMITTED");
    let cases = [
        (json!({ "mediaId": media, "caption": "x".repeat(2201) }), "INVALID", "caption"),
        (json!({ "mediaId": media, "caption": "#x".repeat(31).replace('#', " #") }), "INVALID", "caption"),
        (json!({ "mediaId": media, "contentWarning": "x".repeat(201) }), "INVALID", "contentWarning"),
        (json!({ "mediaId": "med_11111112", "caption": "" }), "NOT_FOUND", "mediaId"),
    ];
    for (input, code, field) in cases {
        assert_eq!(tries(input).await, (code.to_owned(), json!(["input", field])));
    }
    kit.ends().await;
}

#[tokio::test]
async fn whoever_listens_hears_what_was_edited_and_what_they_see_no_longer() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    bob.follows(&ada).await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let mut home = bob.listens(HOME, json!({})).await;
    let mut stranger = eve.listens(OF_USER, json!({ "id": ada.id })).await;
    let mut one = eve.listens(ONE, json!({ "id": media })).await;
    for stream in [&mut home, &mut stranger, &mut one] {
        stream.next_is("StreamOpened").await;
    }
    let edit = async |change: Value| {
        let mut input = change;
        input["mediaId"] = json!(media);
        ada.does("updateMedia", input, "media { id }").await;
    };
    edit(json!({ "caption": "dawn" })).await;
    for stream in [&mut home, &mut stranger, &mut one] {
        let event = stream.next_is("MediaUpdated").await;
        assert_eq!(event["media"]["caption"]["plain"], "dawn");
    }
    edit(json!({ "audience": "FOLLOWERS" })).await;
    home.next_is("MediaUpdated").await;
    assert_eq!(stranger.next_is("MediaRemoved").await["mediaId"], json!(media));
    one.next_is("MediaRemoved").await;
    one.next_is("StreamClosing").await;
    // Strangers hear nothing of what goes on among those who see it.
    edit(json!({ "caption": "for you" })).await;
    home.next_is("MediaUpdated").await;
    edit(json!({ "audience": "ONLY_ME" })).await;
    home.next_is("MediaRemoved").await;
    edit(json!({ "caption": "for me" })).await;
    edit(json!({ "audience": "EVERYONE" })).await;
    for stream in [&mut home, &mut stranger] {
        assert_eq!(appears(stream).await["media"]["caption"]["plain"], "for me");
    }
    kit.settle().await;
    assert_eq!(bob.home_feed().await, [media]);
    kit.ends().await;
}

/// The event with which a media appears. Rules are asked at delivery: an edit that is told after the audience widened is an
/// update of what may be seen by then.
async fn appears(stream: &mut Stream) -> Value {
    let heard = stream.until(|event| event["__typename"] == "MediaAdded").await;
    assert!(
        heard.len() <= 2 && heard.iter().rev().skip(1).all(|event| event["__typename"] == "MediaUpdated"),
        "{heard:?}"
    );
    heard.into_iter().next_back().expect("the one that was waited for")
}

const HOME: &str = "subscription { homeFeedEvents { __typename
    ... on MediaUpdated { media { caption { plain } } } ... on MediaAdded { media { caption { plain } } }
    ... on MediaRemoved { mediaId } } }";
const OF_USER: &str = "subscription($id: ID!) { mediaStreamEvents(source: { userId: $id }) { __typename
    ... on MediaUpdated { media { caption { plain } } } ... on MediaAdded { media { caption { plain } } }
    ... on MediaRemoved { mediaId } } }";
const ONE: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) { __typename
    ... on MediaUpdated { media { caption { plain } } } ... on CommentUpdated { comment { text { plain } editedAt } } } }";

#[tokio::test]
async fn the_public_number_of_media_follows_the_audience() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    for (audience, count) in [("ONLY_ME", 0), ("ONLY_ME", 0), ("FOLLOWERS", 1), ("EVERYONE", 1)] {
        ada.does("updateMedia", json!({ "mediaId": media, "audience": audience }), "media { id }").await;
        assert_eq!(ada.sees_user(&ada).await["mediaCount"], count, "{audience}");
    }
    ada.deletes(&media).await;
    assert_eq!(ada.sees_user(&ada).await["mediaCount"], 0);
    kit.ends().await;
}

#[tokio::test]
async fn a_comment_can_be_edited_by_its_author() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    let comment = bob.comments(&media, "lovly").await;
    kit.settle().await;
    let mut heard: Stream = ada.listens(ONE, json!({ "id": media })).await;
    heard.next_is("StreamOpened").await;
    let said = "comment { text { plain entities { __typename } } editedAt viewerCanEdit }";
    let input = |text: &str| json!({ "commentId": comment, "text": text });
    assert_eq!(ada.tries("updateComment", input("mine"), said).await.refusal(), "NOT_PERMITTED");
    assert_eq!(bob.tries("updateComment", input(" "), said).await.refusal(), "INVALID");
    let same = bob.does("updateComment", input("lovly"), said).await;
    assert_eq!(same["comment"]["editedAt"], Value::Null);
    let edited = bob.does("updateComment", input("lovely, @ada"), said).await["comment"].clone();
    assert_eq!(edited["text"], json!({ "plain": "lovely, @ada", "entities": [{ "__typename": "MentionEntity" }] }));
    assert_eq!((edited["editedAt"].is_string(), &edited["viewerCanEdit"]), (true, &json!(true)));
    let event = heard.next_is("CommentUpdated").await;
    assert_eq!(event["comment"]["text"]["plain"], "lovely, @ada");
    assert_eq!(event["comment"]["editedAt"], edited["editedAt"]);
    kit.ends().await;
}
