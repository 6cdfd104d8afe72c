//! Phones that get pushes.

use photograph::platform::blobs::hex;
use serde_json::{Value, json};

use super::Person;
use super::apns::TOPIC;

/// What is asked of a device.
pub const DEVICE: &str = "device { id platform name session { id isCurrent } createdAt lastPush { status } }";
/// What is asked of a test push.
pub const RECEIPT: &str = "device { id } receipt { attemptedAt status reason providerId }";

/// A token as Apple makes them, for each name another.
pub fn token(name: &str) -> String {
    format!("{:0<64}", hex(name.as_bytes()))
}

impl Person {
    /// Registers the phone they are signed in on, by a name of its token. Gives its ID.
    pub async fn has_phone(&self, name: &str) -> String {
        let payload = self.does("registerDevice", registration(&token(name)), DEVICE).await;
        payload["device"]["id"].as_str().expect("a device").to_owned()
    }

    /// Their devices.
    pub async fn devices(&self) -> Vec<Value> {
        let asked = "{ viewer { devices { id name lastPush { status reason } } } }";
        let answer = self.asks(asked, json!({})).await;
        answer.data("/viewer/devices").as_array().expect("devices").clone()
    }

    /// The IDs of their devices, registered last first.
    pub async fn device_ids(&self) -> Vec<String> {
        self.devices().await.iter().map(|device| device["id"].as_str().expect("an ID").to_owned()).collect()
    }

    /// Has a test push sent to a device, and gives what became of it.
    pub async fn tests(&self, device: &str) -> Value {
        self.does("sendTestPush", json!({ "deviceId": device }), RECEIPT).await["receipt"].clone()
    }
}

/// The input of a `registerDevice`.
pub fn registration(token: &str) -> Value {
    json!({ "target": { "apns": { "token": token, "topic": TOPIC } }, "name": "Ada's phone" })
}
