//! The links of images: for ever where everyone may see, ending where not, and worth nothing when somebody changed them.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos};

const LINK: &str = "query($id: ID!) { media(by: { id: $id }) { photos { image(size: LOW) { url urlExpiresAt } } } }";

async fn link(person: &Person, media: &str) -> (String, Value) {
    let answer = person.asks(LINK, json!({ "id": media })).await;
    let image = answer.data("/media/photos/0/image");
    (image["url"].as_str().expect("a link").to_owned(), image["urlExpiresAt"].clone())
}

async fn status(kit: &Kit, url: &str) -> u16 {
    kit.front.client.get(url).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_link_for_everyone_stays_and_one_for_some_ends() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let everyone = ada.publishes_to("EVERYONE", "for everyone").await;
    let followers = ada.publishes_to("FOLLOWERS", "for followers").await;
    kit.settle().await;
    let (lasting, ends) = link(&kit.nobody(), &everyone).await;
    assert_eq!((ends, lasting.contains('?')), (Value::Null, false));
    let (ending, ends) = link(&bob, &followers).await;
    assert!(ends.is_string() && ending.contains("?expires="), "{ending}");
    assert_eq!(link(&ada, &followers).await.0, ending, "the same for all who ask within a while");
    ada.goes_private().await;
    let (private, ends) = link(&bob, &everyone).await;
    assert!(ends.is_string() && private.contains("?expires="), "{private}");
    assert_eq!([status(&kit, &lasting).await, status(&kit, &ending).await, status(&kit, &private).await], [200; 3]);
    kit.passes(Duration::from_hours(2));
    assert_eq!(
        [status(&kit, &lasting).await, status(&kit, &ending).await, status(&kit, &private).await],
        [200, 410, 410]
    );
    bob.refreshes().await;
    assert_eq!(status(&kit, &link(&bob, &followers).await.0).await, 200, "a new one works");
    kit.ends().await;
}

#[tokio::test]
async fn a_link_that_was_changed_shows_nothing() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let (mine, open) = (ada.publishes_to("ONLY_ME", "mine").await, ada.publishes("open").await);
    let (url, open) = (link(&ada, &mine).await.0, link(&ada, &open).await.0);
    let (path, query) = url.split_once('?').expect("it ends");
    let parts: Vec<&str> = path.rsplitn(4, '/').collect();
    let [file, seal, key, base] = parts[..] else { panic!("{path}") };
    let other_seal = open.rsplit('/').nth(1).expect("a seal");
    let forged = [
        path.to_owned(),
        format!("{path}?expires=99999999999"),
        format!("{url}0"),
        format!("{path}?{query}&{query}"),
        format!("{base}/{key}/{other_seal}/{file}"),
        format!("{base}/{key}/{other_seal}/{file}?{query}"),
        format!("{base}/{key}/{}/{file}?{query}", seal.chars().rev().collect::<String>()),
        format!("{base}/{key}/{seal}/original.jpg?{query}"),
        format!("{base}/{key}/{file}?{query}"),
    ];
    for forged in forged {
        assert_eq!(status(&kit, &forged).await, 404, "{forged}");
    }
    let high = format!("{base}/{key}/{seal}/high.jpg?{query}");
    assert_eq!([status(&kit, &url).await, status(&kit, &high).await], [200; 2], "a link is for the photo");
    kit.ends().await;
}

#[tokio::test]
async fn a_part_of_an_image_can_be_asked_for_and_what_is_known_is_not_sent_again() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let url = link(&ada, &media).await.0;
    let whole = kit.front.client.get(&url).send().await.expect("an answer");
    let tag = whole.headers()["etag"].to_str().expect("a tag").to_owned();
    let whole = whole.bytes().await.expect("the image");
    let get = |name: &'static str, value: String| kit.front.client.get(&url).header(name, value).send();
    let part = get("range", "bytes=10-19".into()).await.expect("an answer");
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["content-range"], format!("bytes 10-19/{}", whole.len()));
    assert_eq!(part.bytes().await.expect("the part"), whole[10..20]);
    let beyond = get("range", format!("bytes={}-", whole.len())).await.expect("an answer");
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let known = get("if-none-match", tag).await.expect("an answer");
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let head = kit.front.client.head(&url).send().await.expect("an answer");
    assert_eq!(head.headers()["content-length"], whole.len().to_string());
    kit.ends().await;
}

#[tokio::test]
async fn the_same_photo_twice_is_kept_until_both_are_deleted() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let photo = photos::small_jpeg(5);
    let mut media = vec![];
    for person in [&ada, &ada, &eve] {
        let upload = person.uploads(&photo, "image/jpeg").await;
        let input = json!({ "photos": [{ "uploadId": upload }] });
        let payload = person.does("publishMedia", input, "media { id }").await;
        media.push(payload["media"]["id"].as_str().expect("an ID").to_owned());
    }
    kit.settle().await;
    let links = [link(&ada, &media[0]).await.0, link(&ada, &media[1]).await.0, link(&eve, &media[2]).await.0];
    assert_eq!(links[0], links[1], "the same bytes of the same person are the same files");
    assert_ne!(links[0], links[2], "and nobody can tell whether somebody else has them");
    ada.deletes(&media[0]).await;
    kit.settle().await;
    assert_eq!([status(&kit, &links[1]).await, status(&kit, &links[2]).await], [200; 2]);
    ada.deletes(&media[1]).await;
    kit.settle().await;
    assert_eq!([status(&kit, &links[1]).await, status(&kit, &links[2]).await], [404, 200]);
    let again = ada.uploads(&photo, "image/jpeg").await;
    assert_eq!(ada.sees_upload(&again).await["status"], "READY", "it can be made anew");
    kit.ends().await;
}
