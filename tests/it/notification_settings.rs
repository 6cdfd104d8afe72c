//! What one wants to be pushed: by kind and source, not at night, not now.

use std::time::Duration;

use photograph::base::ids::UserId;
use photograph::domain::activity::{self, Kind, News};
use serde_json::{Value, json};

use crate::kit::{Kit, Person};

const SETTINGS: &str =
    "viewer { notificationSettings { pausedUntil quietHours { startMinute endMinute timeZone } kinds { kind from } } }";

async fn changes(person: &Person, input: Value) -> Value {
    let payload = person.does("updateNotificationSettings", input, SETTINGS).await;
    payload["viewer"]["notificationSettings"].clone()
}

fn source(settings: &Value, kind: &str) -> Value {
    let kinds = settings["kinds"].as_array().expect("kinds");
    kinds.iter().find(|setting| setting["kind"] == kind).expect("the kind")["from"].clone()
}

fn user(person: &Person) -> UserId {
    person.id.parse().expect("an ID of a user")
}

async fn wants(kit: &Kit, person: &Person, actor: &Person) -> bool {
    let news = News { kind: Kind::MediaLiked, actor: user(actor) };
    activity::wants(&kit.app, user(person), news).await.expect("the settings are read")
}

#[tokio::test]
async fn what_is_left_out_stays() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let first = ada.asks(&format!("{{ {SETTINGS} }}"), json!({})).await.data("/viewer/notificationSettings").clone();
    assert_eq!((&first["pausedUntil"], &first["quietHours"]), (&Value::Null, &Value::Null));
    assert_eq!(source(&first, "MEDIA_LIKED"), "EVERYONE");
    let night = json!({ "startMinute": 1320, "endMinute": 420, "timeZone": "Europe/Lisbon" });
    let kinds = json!([{ "kind": "MEDIA_LIKED", "from": "FOLLOWING" }, { "kind": "FOLLOWED", "from": "NOBODY" }]);
    changes(&ada, json!({ "quietHours": night, "kinds": kinds })).await;
    let paused = changes(&ada, json!({ "pausedUntil": "2030-01-01T01:00:00+01:00" })).await;
    assert_eq!((&paused["pausedUntil"], &paused["quietHours"]), (&json!("2030-01-01T00:00:00.000Z"), &night));
    let again =
        json!({ "kinds": [{ "kind": "MEDIA_LIKED", "from": "EVERYONE" }], "quietHours": null, "pausedUntil": null });
    let last = changes(&ada, again).await;
    assert_eq!((&last["pausedUntil"], &last["quietHours"]), (&Value::Null, &Value::Null));
    assert_eq!((source(&last, "MEDIA_LIKED"), source(&last, "FOLLOWED")), (json!("EVERYONE"), json!("NOBODY")));
    kit.ends().await;
}

#[tokio::test]
async fn hours_that_cannot_be_are_refused() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    for (start, end, zone, field) in [
        (-1, 5, "UTC", "startMinute"),
        (5, 1440, "UTC", "endMinute"),
        (5, 5, "UTC", "endMinute"),
        (0, 5, "Mars/Olympus", "timeZone"),
    ] {
        let hours = json!({ "startMinute": start, "endMinute": end, "timeZone": zone });
        let refused = ada.tries("updateNotificationSettings", json!({ "quietHours": hours }), SETTINGS).await;
        assert_eq!(refused.refusal(), "INVALID");
        assert_eq!(refused.user_error()["path"], json!(["input", "quietHours", field]));
    }
    let query = format!(
        "mutation($input: UpdateNotificationSettingsInput!) {{
        updateNotificationSettings(input: $input) {{ {SETTINGS} userErrors {{ code }} }} }}"
    );
    let refused = ada.asks(&query, json!({ "input": { "pausedUntil": "tomorrow" } })).await;
    assert!(!refused.code().is_empty());
    kit.ends().await;
}

#[tokio::test]
async fn a_push_is_wanted_from_whom_and_when_they_say() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    ada.follows(&bob).await;
    kit.settle().await;
    for (from, of_bob, of_eve) in [("NOBODY", false, false), ("FOLLOWING", true, false), ("EVERYONE", true, true)] {
        changes(&ada, json!({ "kinds": [{ "kind": "MEDIA_LIKED", "from": from }] })).await;
        assert_eq!((wants(&kit, &ada, &bob).await, wants(&kit, &ada, &eve).await), (of_bob, of_eve), "{from}");
    }
    ada.does("muteUser", json!({ "userId": eve.id }), "user { id }").await;
    assert_eq!((wants(&kit, &ada, &bob).await, wants(&kit, &ada, &eve).await), (true, false));
    ada.does("unmuteUser", json!({ "userId": eve.id }), "user { id }").await;
    ada.blocks(&eve).await;
    assert!(!wants(&kit, &ada, &eve).await);
    let until = kit.app.clock.now().after(Duration::from_mins(5)).rfc3339();
    changes(&ada, json!({ "pausedUntil": until })).await;
    assert!(!wants(&kit, &ada, &bob).await);
    kit.passes(Duration::from_mins(6));
    assert!(wants(&kit, &ada, &bob).await);
    let minute = kit.app.clock.now().seconds() / 60 % 1440;
    let around = json!({ "startMinute": (minute + 1430) % 1440, "endMinute": (minute + 10) % 1440, "timeZone": "UTC" });
    changes(&ada, json!({ "quietHours": around })).await;
    assert!(!wants(&kit, &ada, &bob).await);
    kit.passes(Duration::from_mins(12));
    assert!(wants(&kit, &ada, &bob).await);
    kit.ends().await;
}
