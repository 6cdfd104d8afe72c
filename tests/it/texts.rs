//! What stands for something in captions and comments: people, hashtags, links. Who is meant stays who is meant, and is
//! shown to those for whom they exist.

use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos};

const TEXT: &str = "plain entities { __typename offset length
    ... on MentionEntity { user { username } } ... on HashtagEntity { hashtag { id name } } ... on LinkEntity { url } }";

#[tokio::test]
async fn captions_and_comments_say_who_and_what_they_speak_of() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("Bob.Ross").await);
    let words = "🌅 with @bob.ross. Mail ada@example.org, @nobody! #Abendrot https://example.org/a.";
    let media = ada.publishes(words).await;
    let comment = bob.comments(&media, "@ADA: #夕焼け").await;
    let caption = sees(&ada, &media, "caption").await;
    let meant = json!([
        { "__typename": "MentionEntity", "offset": 7, "length": 9, "user": { "username": "Bob.Ross" } },
        { "__typename": "HashtagEntity", "offset": 49, "length": 9, "hashtag": caption["entities"][1]["hashtag"] },
        { "__typename": "LinkEntity", "offset": 59, "length": 21, "url": "https://example.org/a" },
    ]);
    assert_eq!((&caption["plain"], &caption["entities"]), (&json!(words), &meant), "{caption:#}");
    assert_eq!(caption["entities"][1]["hashtag"]["name"], "abendrot");
    let text = sees(&kit.nobody(), &comment, "text").await;
    assert_eq!(text["entities"][0]["user"]["username"], "ada");
    assert_eq!((&text["entities"][1]["offset"], &text["entities"][1]["length"]), (&json!(6), &json!(4)));
    let id = media.parse().expect("the ID of a media");
    let mentioned = photograph::domain::media::mentioned(&kit.app, id).await.expect("the table can be read");
    assert_eq!(mentioned.iter().map(ToString::to_string).collect::<Vec<_>>(), std::slice::from_ref(&bob.id));
    let id = comment.parse().expect("the ID of a comment");
    let mentioned = photograph::domain::comments::mentioned(&kit.app, id).await.expect("the table can be read");
    assert_eq!(mentioned.iter().map(ToString::to_string).collect::<Vec<_>>(), std::slice::from_ref(&ada.id));
    kit.ends().await;
}

/// A text of a media or a comment, as somebody sees it.
async fn sees(person: &Person, id: &str, field: &str) -> Value {
    let kind = if field == "caption" { "Media" } else { "Comment" };
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {field} {{ {TEXT} }} }} }} }}");
    person.asks(&query, json!({ "id": id })).await.data(&format!("/node/{field}")).clone()
}

#[tokio::test]
async fn a_hashtag_is_the_same_however_it_is_written() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("#Café #CAFE\u{301} #dusk").await;
    let caption = sees(&ada, &media, "caption").await;
    let hashtags: Vec<&Value> =
        caption["entities"].as_array().expect("entities").iter().map(|found| &found["hashtag"]).collect();
    assert_eq!(hashtags[0], hashtags[1]);
    assert_ne!(hashtags[0]["id"], hashtags[2]["id"]);
    let query = "query($id: ID!) { node(id: $id) { id ... on Hashtag { name } } }";
    let node = ada.asks(query, json!({ "id": hashtags[0]["id"] })).await;
    assert_eq!(node.data("/node"), hashtags[0]);
    for nonsense in ["tag_", "tag_0", "tag_3yQ", "tag"] {
        assert_eq!(ada.asks(query, json!({ "id": nonsense })).await.data("/node"), &Value::Null, "{nonsense}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn who_does_not_exist_for_somebody_is_not_mentioned_to_them() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    bob.blocks(&eve).await;
    eve.blocks(&ada).await;
    let both = ada.publishes("@bob and @eve").await;
    let caption = sees(&ada, &both, "caption").await;
    assert_eq!(caption["entities"].as_array().map(Vec::len), Some(1), "who blocks cannot be mentioned: {caption:#}");
    eve.unblocks(&ada).await;
    let caption = sees(&ada, &both, "caption").await;
    assert_eq!(caption["entities"].as_array().map(Vec::len), Some(1), "nor later, by what was written before");
    let seen = sees(&eve, &both, "caption").await;
    assert_eq!(seen["entities"][0]["user"], Value::Null, "bob blocks eve: {seen:#}");
    assert_eq!(seen["entities"][0]["__typename"], "MentionEntity");
    bob.unblocks(&eve).await;
    assert_eq!(sees(&eve, &both, "caption").await["entities"][0]["user"]["username"], "bob");
    kit.ends().await;
}

#[tokio::test]
async fn a_text_that_speaks_of_too_many_is_refused() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let limits = "{ server { limits { hashtagsPerMedia mentionsPerText } } }";
    let limits = ada.asks(limits, json!({})).await.data("/server/limits").clone();
    let limit = |name: &str| usize::try_from(limits[name].as_u64().expect("a limit")).expect("a small one");
    let (hashtags, mentions) = (limit("hashtagsPerMedia"), limit("mentionsPerText"));
    let many =
        |sign: char, count: usize| (0..count).map(|number| format!("{sign}x{number}")).collect::<Vec<_>>().join(" ");
    let upload = ada.uploads(&photos::small_jpeg(1), "image/jpeg").await;
    for (caption, limit) in [(many('#', hashtags + 1), hashtags), (many('@', mentions + 1), mentions)] {
        let input = json!({ "photos": [{ "uploadId": upload }], "caption": caption });
        let refused = ada.tries("publishMedia", input, "media { id }").await;
        assert_eq!(refused.refusal(), "INVALID");
        assert_eq!(refused.user_error()["limit"], limit.to_string());
        assert_eq!(refused.user_error()["path"], json!(["input", "caption"]));
    }
    let caption = many('#', hashtags) + &many('@', mentions);
    let input = json!({ "photos": [{ "uploadId": upload }], "caption": caption });
    let media = ada.does("publishMedia", input, "media { id }").await["media"]["id"].clone();
    let input = json!({ "mediaId": media, "text": many('@', mentions + 1) });
    let refused = ada.tries("addComment", input, "comment { id }").await;
    assert_eq!((refused.refusal(), &refused.user_error()["path"]), ("INVALID".into(), &json!(["input", "text"])));
    kit.ends().await;
}
