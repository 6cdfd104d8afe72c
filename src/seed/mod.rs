//! A small lively world for a first look: people, pictures drawn by the program, follows, likes and comments.
//!
//! Repeatable: who is there stays, what is missing is added. The passwords are known to everybody who reads this file, so
//! a seeded server is for looking at, never for the public.

mod world;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use photograph_pictures as pictures;
use serde_json::{Value, json};

use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::{MediaId, UserId};
use crate::domain::comments::{self, Remark};
use crate::domain::media::{self, Audience, Draft, DraftPhoto, WantedLook};
use crate::domain::sessions::{self, LogIn, Registration, Viewer};
use crate::domain::uploads::{self, Announcement, Arriving, UploadProtocol};
use crate::domain::users::{self, User};
use crate::domain::{follows, likes};
use crate::jobs;

use world::{PEOPLE, PHOTOS_EACH, Person, REMARKS};

/// The password of everybody in the seeded world.
pub const PASSWORD: &str = "golden hour 2011";

/// Pixels of the pictures: the 4:5 of a phone held upright, at the largest size shown.
const PICTURE: (u16, u16) = (1080, 1350);

/// Fills a server, telling how far it is.
///
/// # Errors
/// Those of the database and the disk; run again, it goes on.
pub async fn plant(app: &Arc<App>, say: impl Fn(&str)) -> Result<()> {
    let mut people = Vec::new();
    for person in &PEOPLE {
        people.push(settle_in(app, person).await?);
    }
    say(&format!("{} people are here", people.len()));
    befriend(app, &people).await?;
    say("they follow each other");
    let media = publish_all(app, &people, &say).await?;
    react(app, &people, &media).await?;
    jobs::settle(app).await?;
    say("they like and comment");
    let name = PEOPLE[0].username;
    say(&format!("\nDone. Log in as `{name}` (or any of the others) with the password `{PASSWORD}`,"));
    say("or choose somebody in the playground.");
    Ok(())
}

/// The people of the seeded world who are on this server, for signing in with one click.
pub async fn people(app: &Arc<App>) -> Vec<Value> {
    let mut there = Vec::new();
    for person in &PEOPLE {
        if let Ok(Some(user)) = users::by_username(app, person.username).await {
            there.push(json!({
                "username": user.username, "displayName": user.display_name, "password": PASSWORD,
            }));
        }
    }
    there
}

async fn settle_in(app: &App, person: &Person) -> Result<Viewer> {
    let wanted = Registration {
        username: person.username.to_owned(),
        email: format!("{}@example.org", person.username),
        password: PASSWORD.to_owned(),
        display_name: Some(person.display_name.to_owned()),
        accepts_rules: true,
    };
    match sessions::sign_up(app, &wanted).await {
        Ok(begun) => Ok(begun.viewer()),
        Err(error) if error.is_refusal(RefusalCode::Taken) => {
            let wanted = LogIn { login: person.username, password: PASSWORD, network: None };
            Ok(sessions::log_in(app, wanted).await?.viewer())
        }
        Err(error) => Err(error),
    }
}

/// Everybody follows some others, and one account is private with some followers approved and some waiting.
async fn befriend(app: &Arc<App>, people: &[Viewer]) -> Result<()> {
    for (number, viewer) in people.iter().enumerate() {
        for other in world::followed_by(number) {
            follows::follow(app, *viewer, people[other].user).await?;
        }
    }
    let private = people[world::PRIVATE];
    follows::set_private(app, private, true).await?;
    let latecomer = people[people.len() - 1];
    follows::follow(app, latecomer, private.user).await?;
    jobs::settle(app).await
}

/// Publishes picture by picture, people taking turns, so that the feeds are mixed.
async fn publish_all(app: &Arc<App>, people: &[Viewer], say: &impl Fn(&str)) -> Result<Vec<(MediaId, UserId)>> {
    let total = people.len() * PHOTOS_EACH;
    for round in 0..PHOTOS_EACH {
        for (number, viewer) in people.iter().enumerate() {
            let scene = round * people.len() + number;
            if there(app, viewer.user).await?.media_count <= i64::try_from(round).unwrap_or(0) {
                publish(app, *viewer, scene as u64).await?;
            }
            if (scene + 1).is_multiple_of(12) || scene + 1 == total {
                say(&format!("{} of {total} pictures are published", scene + 1));
            }
        }
    }
    published(app, people).await
}

async fn there(app: &App, user: UserId) -> Result<User> {
    users::find(app, user).await?.ok_or_else(|| Error::internal("a seeded user is gone"))
}

async fn published(app: &App, people: &[Viewer]) -> Result<Vec<(MediaId, UserId)>> {
    let mut all = Vec::new();
    for viewer in people {
        let page = crate::base::page::Page::first(u32::try_from(PHOTOS_EACH).unwrap_or(1));
        let media = media::of_user(app, Some(*viewer), viewer.user, page).await?;
        all.extend(media.items.iter().map(|media| (media.id, media.owner_id)));
    }
    Ok(all)
}

async fn publish(app: &Arc<App>, viewer: Viewer, scene: u64) -> Result<()> {
    let picture = tokio::task::spawn_blocking(move || pictures::jpeg(scene, PICTURE.0, PICTURE.1));
    let picture = Bytes::from(picture.await.map_err(Error::internal)?);
    let length = picture.len() as u64;
    let announced = Announcement {
        content_type: "image/jpeg".to_owned(),
        byte_size: length,
        sha256: None,
        protocol: UploadProtocol::Put,
    };
    let upload = uploads::announce(app, viewer, announced, None).await?;
    let arriving = Arriving { content_type: Some("image/jpeg"), content_length: Some(length) };
    uploads::receive(app, upload.id, &upload.secret, arriving, stream::iter([Ok(picture)])).await?;
    jobs::settle(app).await?;
    let alt_text = Some(pictures::alt_text(scene).to_owned());
    let photo =
        DraftPhoto { upload: upload.id, alt_text, look: WantedLook::default(), tags: vec![], shows_camera: false };
    let caption = Some(pictures::caption(scene).to_owned());
    let draft = Draft { photos: vec![photo], caption, content_warning: None, audience: Audience::Everyone };
    media::publish(app, viewer, draft, None).await?;
    Ok(())
}

/// Likes and comments by those who can see the media. Harmless to repeat.
async fn react(app: &Arc<App>, people: &[Viewer], media: &[(MediaId, UserId)]) -> Result<()> {
    for (place, (id, owner)) in media.iter().enumerate() {
        for (number, viewer) in people.iter().enumerate() {
            if viewer.user == *owner || media::find(app, Some(*viewer), *id).await?.is_none() {
                continue;
            }
            if world::likes(number, place) {
                likes::like(app, *viewer, *id).await?;
            }
            if let Some(remark) = world::remarks(number, place) {
                comment(app, *viewer, *id, REMARKS[remark]).await?;
            }
        }
    }
    Ok(())
}

/// A comment that is there is not written again, however long ago that was.
async fn comment(app: &App, viewer: Viewer, media: MediaId, text: &str) -> Result<()> {
    let page = crate::base::page::Page::first(crate::base::page::MOST_ITEMS);
    let written = comments::of_media(app, Some(viewer), media, comments::Order::OldestFirst, page).await?;
    if written.items.iter().any(|comment| comment.author_id == viewer.user) {
        return Ok(());
    }
    comments::add(app, viewer, Remark { media, text: text.to_owned(), parent: None }, None).await.map(|_| ())
}
