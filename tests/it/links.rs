//! The links of images: without an end where everyone may see, ending where not, renewed when fewer people may see than before,
//! and worth nothing when somebody changed them.

use std::time::Duration;

use photograph::platform::db::Tx;
use reqwest::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos, sha256};

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
    assert_eq!([status(&kit, &lasting).await, status(&kit, &ending).await], [200; 2]);
    kit.passes(Duration::from_hours(2));
    assert_eq!([status(&kit, &lasting).await, status(&kit, &ending).await], [200, 410]);
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
        format!("{base}/{key}/{seal}/high.jpg?{query}"),
        format!("{base}/{key}/{seal}/low.webp?{query}"),
        format!("{base}/{key}/{file}?{query}"),
    ];
    for forged in forged {
        assert_eq!(status(&kit, &forged).await, 404, "{forged}");
    }
    assert_eq!(status(&kit, &url).await, 200);
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
    assert_ne!(links[0], links[1], "each publication has links of its own");
    let originals = kit.app.blobs.list("originals").await.expect("the store");
    assert_eq!(originals.len(), 2, "the same bytes of the same person are the same files");
    for link in &links {
        assert!(originals.iter().all(|key| !link.contains(&key["originals/".len()..])), "{link}");
    }
    ada.deletes(&media[0]).await;
    assert_eq!(status(&kit, &links[0]).await, 404, "at once");
    kit.settle().await;
    assert_eq!([status(&kit, &links[1]).await, status(&kit, &links[2]).await], [200; 2]);
    ada.deletes(&media[1]).await;
    kit.settle().await;
    assert_eq!([status(&kit, &links[1]).await, status(&kit, &links[2]).await], [404, 200]);
    let again = ada.uploads(&photo, "image/jpeg").await;
    assert_eq!(ada.sees_upload(&again).await["status"], "READY", "it can be made anew");
    kit.ends().await;
}

#[tokio::test]
async fn old_links_lead_nowhere_once_fewer_people_may_see() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let first = link(&kit.nobody(), &media).await.0;
    assert_eq!(status(&kit, &first).await, 200);
    let reaches = async |audience: &str| {
        ada.does("updateMedia", json!({ "mediaId": media, "audience": audience }), "media { id }").await;
    };
    reaches("FOLLOWERS").await;
    assert_eq!(status(&kit, &first).await, 404);
    let of_followers = link(&bob, &media).await.0;
    assert_eq!(status(&kit, &of_followers).await, 200);
    reaches("ONLY_ME").await;
    assert_eq!(status(&kit, &of_followers).await, 404, "before it ends");
    reaches("EVERYONE").await;
    let second = link(&kit.nobody(), &media).await.0;
    assert_eq!([status(&kit, &first).await, status(&kit, &second).await], [404, 200], "it does not come back");
    ada.does("updateMedia", json!({ "mediaId": media, "caption": "Dusk" }), "media { id }").await;
    assert_eq!(link(&bob, &media).await.0, second, "and stays while nothing changes");
    kit.ends().await;
}

/// Publishes the same photo as often as wanted. Its images are made once.
async fn publishes_often(person: &Person, times: usize) -> Vec<String> {
    let photo = photos::small_jpeg(5);
    person.uploads(&photo, "image/jpeg").await;
    let announced = json!({ "contentType": "image/jpeg", "byteSize": photo.len(), "sha256": sha256(&photo) });
    let mut media = vec![];
    for _ in 0..times {
        let upload = person.announces_as(announced.clone()).await;
        let input = json!({ "photos": [{ "uploadId": upload.id }] });
        let payload = person.does("publishMedia", input, "media { id }").await;
        media.push(payload["media"]["id"].as_str().expect("an ID").to_owned());
    }
    media
}

#[tokio::test]
async fn an_account_that_turns_private_has_all_its_links_renewed() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes_often(&ada, 23).await;
    let (first, last) = (&media[0], &media[22]);
    let old = [link(&kit.nobody(), first).await.0, link(&kit.nobody(), last).await.0];
    assert_eq!([status(&kit, &old[0]).await, status(&kit, &old[1]).await], [200; 2]);
    ada.goes_private().await;
    assert_eq!([status(&kit, &old[0]).await, status(&kit, &old[1]).await], [404; 2], "before a step has come to it");
    kit.settle().await;
    let (private, ends) = link(&ada, last).await;
    assert!(ends.is_string() && status(&kit, &private).await == 200, "{private}");
    ada.goes_public().await;
    kit.settle().await;
    for (media, old) in [first, last].into_iter().zip(&old) {
        let new = link(&kit.nobody(), media).await.0;
        assert_eq!([status(&kit, old).await, status(&kit, &new).await], [404, 200]);
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_link_of_a_deleted_photo_does_not_come_back_with_the_same_bytes() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = publishes_often(&ada, 1).await.remove(0);
    let old = link(&kit.nobody(), &media).await.0;
    assert_eq!(status(&kit, &old).await, 200);
    ada.deletes(&media).await;
    kit.settle().await;
    let upload = ada.uploads(&photos::small_jpeg(5), "image/jpeg").await;
    let preview = "query($id: ID!) { node(id: $id) { ... on Upload { preview { url } } } }";
    let seen = ada.asks(preview, json!({ "id": upload })).await;
    let preview = seen.data("/node/preview/url").as_str().expect("a link").to_owned();
    assert_eq!([status(&kit, &old).await, status(&kit, &preview).await], [404, 200]);
    let input = json!({ "photos": [{ "uploadId": upload }] });
    let again = ada.does("publishMedia", input, "media { id }").await;
    let new = link(&kit.nobody(), again["media"]["id"].as_str().expect("an ID")).await.0;
    assert_eq!([status(&kit, &old).await, status(&kit, &new).await], [404, 200]);
    ada.deletes(again["media"]["id"].as_str().expect("an ID")).await;
    assert_eq!([status(&kit, &new).await, status(&kit, &preview).await], [404; 2], "at once, the preview too");
    kit.ends().await;
}

/// Makes all photos those of a version that gave them no keys for their links.
async fn grow_old(kit: &Kit) {
    for database in kit.app.db.databases() {
        let forget = async |tx: &Tx| {
            tx.conn().execute_unprepared("UPDATE photos SET link_key = NULL").await?;
            Ok(())
        };
        database.write(forget).await.expect("the table can be written");
    }
}

#[tokio::test]
async fn links_of_photos_of_before_work_until_they_are_renewed() {
    let kit = Kit::with(|config| config.cache.entries = 0).await;
    let ada = kit.signs_up("ada").await;
    let media = publishes_often(&ada, 3).await;
    let crop = json!({ "x": 0.0, "y": 0.0, "width": 0.5, "height": 0.5 });
    let upload = ada.uploads(&photos::small_jpeg(5), "image/jpeg").await;
    let input = json!({ "photos": [{ "uploadId": upload, "crop": crop }] });
    let cropped = ada.does("publishMedia", input, "media { id }").await;
    let cropped = cropped["media"]["id"].as_str().expect("an ID").to_owned();
    grow_old(&kit).await;
    let narrow = async |media: &str| {
        ada.does("updateMedia", json!({ "mediaId": media, "audience": "FOLLOWERS" }), "media { id }").await;
    };
    let nobody = kit.nobody();
    let (whole, part) = (link(&nobody, &media[0]).await.0, link(&nobody, &cropped).await.0);
    assert_eq!(whole, link(&nobody, &media[1]).await.0, "the key of their files stands in");
    assert_eq!([status(&kit, &whole).await, status(&kit, &part).await], [200; 2]);
    narrow(&media[0]).await;
    ada.deletes(&media[1]).await;
    narrow(&cropped).await;
    assert_eq!([status(&kit, &whole).await, status(&kit, &part).await], [200, 404], "the third is still open");
    ada.goes_private().await;
    assert_eq!(status(&kit, &whole).await, 404);
    kit.settle().await;
    ada.goes_public().await;
    kit.settle().await;
    assert_eq!([status(&kit, &whole).await, status(&kit, &part).await], [404; 2]);
    assert_eq!(status(&kit, &link(&nobody, &media[2]).await.0).await, 200);
    kit.ends().await;
}
