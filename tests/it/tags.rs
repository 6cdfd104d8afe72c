//! People tagged in photos: where they are, who may say so, and that whoever is tagged can end it.

use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos};

const TAGS: &str = "photos { id tags { id user { username } position { x y } viewerCanRemove } }";

async fn upload(person: &Person) -> String {
    person.uploads(&photos::small_jpeg(1), "image/jpeg").await
}

fn tag(who: &Person, x: f64, y: f64) -> Value {
    json!({ "userId": who.id, "position": { "x": x, "y": y } })
}

/// Publishes a photo with people in it. Gives the media.
async fn publishes_with(owner: &Person, tags: &[Value]) -> Value {
    let input = json!({ "photos": [{ "uploadId": upload(owner).await, "tags": tags }] });
    owner.does("publishMedia", input, &format!("media {{ id {TAGS} }}")).await["media"].clone()
}

/// Who is in the first photo of a media, for somebody.
async fn sees_tags(person: &Person, media: &Value) -> Vec<String> {
    let query = format!("query($id: ID!) {{ media(by: {{ id: $id }}) {{ {TAGS} }} }}");
    let answer = person.asks(&query, json!({ "id": media["id"] })).await;
    answer.texts("/media/photos/0/tags", "/user/username")
}

#[tokio::test]
async fn a_photo_says_who_is_in_it_and_where() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = publishes_with(&ada, &[tag(&bob, 0.25, 0.5), tag(&ada, 1.0, 0.0)]).await;
    let tags = &media["photos"][0]["tags"];
    assert_eq!(tags[0]["position"], json!({ "x": 0.25, "y": 0.5 }));
    assert_eq!(tags[0]["user"]["username"], "bob");
    assert_eq!(tags[1]["viewerCanRemove"], json!(true), "her photo");
    assert_eq!(sees_tags(&kit.nobody(), &media).await, ["bob", "ada"]);
    let query = "query($id: ID!) { node(id: $id) { ... on PhotoTag { user { username } viewerCanRemove } } }";
    let node = async |person: &Person| person.asks(query, json!({ "id": tags[0]["id"] })).await.data("/node").clone();
    assert_eq!(node(&bob).await, json!({ "user": { "username": "bob" }, "viewerCanRemove": true }));
    assert_eq!(node(&eve).await, json!({ "user": { "username": "bob" }, "viewerCanRemove": false }));
    kit.ends().await;
}

#[tokio::test]
async fn whoever_is_tagged_and_the_owner_can_end_it() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = publishes_with(&ada, &[tag(&bob, 0.1, 0.1), tag(&eve, 0.9, 0.9)]).await;
    let mut heard = ada.listens(UPDATES, json!({ "id": media["id"] })).await;
    heard.next_is("StreamOpened").await;
    let input = |number: usize| json!({ "photoTagId": media["photos"][0]["tags"][number]["id"] });
    let stranger = kit.signs_up("joe").await;
    let selection = "photo { id tags { user { username } } }";
    assert_eq!(stranger.tries("removePhotoTag", input(0), selection).await.refusal(), "NOT_PERMITTED");
    let left = bob.does("removePhotoTag", input(0), selection).await;
    assert_eq!(left["photo"]["tags"], json!([{ "user": { "username": "eve" } }]));
    heard.next_is("MediaUpdated").await;
    assert_eq!(bob.tries("removePhotoTag", input(0), selection).await.refusal(), "NOT_FOUND");
    ada.does("removePhotoTag", input(1), selection).await;
    assert_eq!(sees_tags(&ada, &media).await, Vec::<String>::new());
    for nonsense in ["ptg_11111112", "usr_1", ""] {
        let refused = ada.tries("removePhotoTag", json!({ "photoTagId": nonsense }), selection).await;
        assert_eq!(refused.refusal(), "NOT_FOUND");
    }
    kit.ends().await;
}

const UPDATES: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) { __typename } }";

#[tokio::test]
async fn who_does_not_exist_for_somebody_is_not_in_the_photo_for_them() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = publishes_with(&ada, &[tag(&bob, 0.1, 0.1)]).await;
    bob.blocks(&eve).await;
    assert_eq!(sees_tags(&eve, &media).await, Vec::<String>::new());
    assert_eq!(sees_tags(&ada, &media).await, ["bob"]);
    bob.blocks(&ada).await;
    kit.settle().await;
    assert_eq!(sees_tags(&ada, &media).await, Vec::<String>::new(), "a block ends it");
    let input =
        json!({ "photos": [{ "uploadId": upload(&ada).await, "tags": [tag(&eve, 0.0, 0.0), tag(&bob, 0.0, 0.0)] }] });
    let refused = ada.tries("publishMedia", input, "media { id }").await;
    assert_eq!(refused.refusal(), "NOT_FOUND", "who blocks cannot be tagged");
    assert_eq!(refused.user_error()["path"], json!(["input", "photos", "0", "tags", "1", "userId"]));
    kit.ends().await;
}

#[tokio::test]
async fn bad_tags_say_what_is_wrong_and_where() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let limit = ada.asks("{ server { limits { tagsPerPhoto } } }", json!({})).await;
    let limit = limit.data("/server/limits/tagsPerPhoto").as_u64().expect("a limit");
    let many: Vec<Value> = (0..=limit).map(|_| tag(&bob, 0.5, 0.5)).collect();
    let upload = upload(&ada).await;
    let cases = [
        (json!(many), "INVALID", json!(["input", "photos", "0", "tags"])),
        (json!([tag(&bob, 1.01, 0.5)]), "INVALID", json!(["input", "photos", "0", "tags", "0", "position"])),
        (json!([tag(&bob, 0.5, -0.01)]), "INVALID", json!(["input", "photos", "0", "tags", "0", "position"])),
        (
            json!([tag(&bob, 0.5, 0.5), tag(&bob, 0.1, 0.1)]),
            "INVALID",
            json!(["input", "photos", "0", "tags", "1", "userId"]),
        ),
        (
            json!([{ "userId": "med_1", "position": { "x": 0, "y": 0 } }]),
            "NOT_FOUND",
            json!(["input", "photos", "0", "tags", "0", "userId"]),
        ),
    ];
    for (tags, code, path) in cases {
        let input = json!({ "photos": [{ "uploadId": upload, "tags": tags }] });
        let refused = ada.tries("publishMedia", input, "media { id }").await;
        assert_eq!((refused.refusal().as_str(), &refused.user_error()["path"]), (code, &path), "{tags}");
    }
    kit.ends().await;
}
