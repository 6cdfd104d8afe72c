//! Pushing one thing to one device, once: the receipt stands before the push is sent, and decides what its id is.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::json;

use super::receipts::{self, Receipt, Status};
use super::table::{self, Model as Device};
use super::{Shown, find, forget};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::base::ids::DeviceId;
use crate::domain::sessions::Viewer;
use crate::platform::apns::{Alert, Answer, Environment, Message, Push, Urgency};
use crate::platform::rate_limiter::Quota;

/// What is pushed to a device.
#[derive(Clone, Debug)]
pub struct Errand {
    /// What it is about; with `revision`, what makes it one push and not another.
    pub cause: i64,
    /// Which state of that.
    pub revision: i64,
    /// What it replaces on the screen, and what replaces it there.
    pub collapse_id: Option<String>,
    /// How it is to be shown.
    pub urgency: Urgency,
    /// From when on it is of no use.
    pub expires_at: Timestamp,
    /// What it says.
    pub payload: String,
}

/// Whether there is more to do for a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No: its receipt says what became of it.
    Settled,
    /// It is to be tried again, after what Apple asked for.
    Again(Option<Duration>),
}

/// How many times Apple is asked for one push at most: at both services, and once more with another proof at each.
const ASKED: u32 = 4;
/// Test pushes of a user: enough to try things, too few to be a nuisance.
const TESTS: Quota = Quota { burst: 10, period: Duration::from_mins(10) };

/// Pushes to a device, unless that was done or given up before.
///
/// # Errors
/// Those of the database.
pub async fn push(app: &App, device: &Device, errand: &Errand) -> Result<Outcome> {
    let mut receipt = begun(app, device.id, errand);
    let held = receipt.clone();
    if !app.db.write(&device.id, async |tx| receipts::claim(tx, held).await).await? {
        let known = receipts::about(app, device.id, errand.cause).await?;
        let is_open = |receipt: &&Receipt| receipt.revision == errand.revision && receipt.status == Status::Retrying;
        let open = known.iter().find(is_open).map(|open| open.held_until.since(receipt.attempted_at));
        return Ok(open.map_or(Outcome::Settled, |left| Outcome::Again(Some(left))));
    }
    let mut outcome = Outcome::Settled;
    if errand.expires_at <= receipt.attempted_at {
        (receipt.status, receipt.reason) = (Status::Rejected, Some("Expired".into()));
    } else {
        let answer = send(app, device, errand).await?;
        outcome = settled(app, device, &mut receipt, answer).await?;
    }
    app.db.write(&device.id, async |tx| receipts::settle(tx, &receipt).await).await?;
    Ok(outcome)
}

/// Notes why something is not pushed to a device, or no longer tried.
///
/// # Errors
/// Those of the database.
pub async fn suppress(app: &App, device: DeviceId, (cause, revision): (i64, i64), reason: &str) -> Result<()> {
    let (status, attempted_at, held_until) = (Status::Suppressed, app.clock.now(), Timestamp(0));
    let (reason, provider_id) = (Some(reason.to_owned()), None);
    let receipt = Receipt { device_id: device, cause, revision, status, reason, provider_id, attempted_at, held_until };
    let suppressed = app.db.write(&device, async |tx| {
        receipts::settle(tx, &receipt).await?;
        receipts::insert(tx, receipt).await
    });
    suppressed.await
}

/// Pushes to one of the viewer's devices now, and waits for what Apple answers.
///
/// # Errors
/// `NOT_FOUND` when there is no such device; `ACTION_LIMITED` when it is done too often.
pub async fn test(app: &App, viewer: Viewer, id: DeviceId) -> Result<Shown> {
    let missing = || Error::not_found("device").at(["deviceId"]);
    let shown = find(app, viewer, id).await?.ok_or_else(missing)?;
    let too_often = |at| Error::limited("That is enough for now: try again later.", at);
    let now = app.clock.now();
    app.rate_limiter.count(now, &format!("test-push:{}", viewer.user), TESTS).await.map_err(too_often)?;
    // What tells this test from all others.
    let cause = app.ids.next::<DeviceId>(&id)?.0;
    let errand = test_errand(app, cause)?;
    if push(app, &shown.device, &errand).await? != Outcome::Settled {
        // Nobody waits for another try.
        receipts::give_up(app, id, cause).await?;
    }
    let receipt = receipts::one(app, id, cause).await?;
    // The device may be gone, and its receipt says so.
    Ok(Shown { last: receipt, ..shown })
}

fn test_errand(app: &App, cause: i64) -> Result<Errand> {
    let alert = Alert {
        title: None,
        key: "TEST_PUSH",
        arguments: vec![app.config.server.name.clone()],
        thread: "test",
        has_sound: true,
        is_mutable: false,
    };
    let payload = Message { alert: Some(alert), badge: None, data: json!({ "kind": "TEST" }) }.payload()?;
    let expires_at = app.clock.now().after(Duration::from_mins(5));
    Ok(Errand { cause, revision: 0, collapse_id: None, urgency: Urgency::Now, expires_at, payload })
}

/// The receipt of a push that is about to be sent. Longer than it is held, sending does not take.
fn begun(app: &App, device: DeviceId, errand: &Errand) -> Receipt {
    let now = app.clock.now();
    let longest = Duration::from_secs(app.config.push.apns.timeout_seconds) * ASKED;
    Receipt {
        device_id: device,
        cause: errand.cause,
        revision: errand.revision,
        status: Status::Retrying,
        reason: None,
        provider_id: Some(id_of(device, errand)),
        attempted_at: now,
        held_until: now.after(longest),
    }
}

/// Sends it, and tries the other service once where this one does not know the token: apps from Xcode are often
/// registered as if they came from the store. The one that takes it is remembered.
async fn send(app: &App, device: &Device, errand: &Errand) -> Result<Answer> {
    let environment = Environment::from(device.environment);
    let first = app.apns.send(&app.db, app.clock.now(), &ready(device, errand, environment)).await?;
    if !matches!(first, Answer::BadToken { .. }) {
        return Ok(first);
    }
    let second = app.apns.send(&app.db, app.clock.now(), &ready(device, errand, environment.other())).await?;
    match second {
        Answer::Accepted => {
            let environment = environment.other().into();
            app.db.write(&device.id, async |tx| table::move_to(tx, device.id, environment).await).await?;
            Ok(Answer::Accepted)
        }
        // It could not be asked: that says nothing about the token.
        Answer::Later { .. } | Answer::Denied { .. } => Ok(second),
        Answer::BadToken { .. } | Answer::Gone { .. } | Answer::Refused { .. } => Ok(first),
    }
}

/// What an answer means for the device and the receipt.
async fn settled(app: &App, device: &Device, receipt: &mut Receipt, answer: Answer) -> Result<Outcome> {
    receipt.status = Status::Rejected;
    receipt.reason = match answer {
        Answer::Later { reason, after } => {
            (receipt.status, receipt.reason) = (Status::Retrying, Some(reason));
            return Ok(Outcome::Again(after));
        }
        Answer::Accepted => {
            receipt.status = Status::Accepted;
            (!app.apns.is_live()).then(|| "Logged".to_owned())
        }
        Answer::Gone { reason, since } => {
            let since = since.unwrap_or(receipt.attempted_at);
            if forget::forget_gone(app, device, since).await? {
                receipt.status = Status::Unregistered;
            }
            Some(reason)
        }
        Answer::BadToken { reason } => {
            if forget::forget_gone(app, device, device.registered_at).await? {
                receipt.status = Status::Unregistered;
            }
            Some(reason)
        }
        Answer::Denied { reason } => {
            tracing::error!(topic = %device.topic, reason, "Apple does not let this server push: see push.apns");
            Some(reason)
        }
        Answer::Refused { reason } => {
            tracing::warn!(topic = %device.topic, reason, "Apple refused a push");
            Some(reason)
        }
    };
    Ok(Outcome::Settled)
}

fn ready(device: &Device, errand: &Errand, environment: Environment) -> Push {
    Push {
        token: device.token.clone(),
        topic: device.topic.clone(),
        environment,
        id: id_of(device.id, errand),
        collapse_id: errand.collapse_id.clone(),
        urgency: errand.urgency,
        expires_at: errand.expires_at,
        payload: errand.payload.clone(),
    }
}

/// The id of a push: a UUID of version 8 (RFC 9562) that follows from what it is, so that it is the same when sent again.
fn id_of(device: DeviceId, errand: &Errand) -> String {
    let of = [device.0, errand.cause, errand.revision].map(i64::to_be_bytes).concat();
    let hash = digest(&SHA256, &of);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | (0x8 << 76) | (0x2 << 62);
    let digits = format!("{number:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errand(cause: i64, revision: i64) -> Errand {
        let (urgency, expires_at, payload) = (Urgency::Now, Timestamp(0), String::new());
        Errand { cause, revision, collapse_id: None, urgency, expires_at, payload }
    }

    #[test]
    fn the_same_push_has_the_same_id_and_another_one_another() {
        let id = id_of(DeviceId(1), &errand(2, 3));
        assert_eq!(id, id_of(DeviceId(1), &errand(2, 3)));
        let others = [(2, 2, 3), (1, 3, 3), (1, 2, 4)];
        assert!(
            others.iter().all(|(device, cause, revision)| id_of(DeviceId(*device), &errand(*cause, *revision)) != id)
        );
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert!(id[14..].starts_with('8') && "89ab".contains(&id[19..20]), "{id}");
    }
}
