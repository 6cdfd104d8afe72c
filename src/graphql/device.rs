//! Devices that get pushes, and what became of what was pushed to them.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, Result, SimpleObject};

use super::context::{app, input_id, signed_in};
use super::error::{UserError, outcome};
use super::scalars::DateTime;
use super::session::Session;
use crate::base::error::Error;
use crate::domain::devices::{self, Receipt, Registration, Shown, Status, Target};
use crate::platform::apns::Environment;

/// A phone or tablet that gets push notifications. It belongs to the session that registered it, and goes with it.
#[derive(Clone, Debug)]
pub struct Device(pub Shown);

/// A phone or tablet that gets push notifications. It belongs to the session that registered it, and goes with it.
#[Object]
impl Device {
    /// The global ID.
    pub async fn id(&self) -> ID {
        self.0.device.id.to_string().into()
    }

    /// How it is reached.
    async fn platform(&self) -> PushPlatform {
        PushPlatform::Apns
    }

    /// Its name.
    async fn name(&self) -> Option<&str> {
        self.0.device.name.as_deref()
    }

    /// The session it belongs to.
    async fn session(&self) -> Session {
        Session(self.0.session.clone())
    }

    /// When it was registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.device.id.made_at())
    }

    /// The last push to it; null when there was none yet.
    async fn last_push(&self) -> Option<PushReceipt> {
        self.0.last.clone().map(PushReceipt::from)
    }
}

/// How a device is reached. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PushPlatform {
    /// Apple Push Notification service.
    Apns,
}

/// What became of a push.
#[derive(Clone, Debug, SimpleObject)]
pub struct PushReceipt {
    /// When it was last tried.
    attempted_at: DateTime,
    /// What became of it.
    status: PushStatus,
    /// What the push service answered, such as `BadDeviceToken`.
    reason: Option<String>,
    /// The push service's ID of it (`apns-id`).
    provider_id: Option<String>,
}

/// What became of a push. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum PushStatus {
    /// The push service took it.
    Accepted,
    /// It will be tried again.
    Retrying,
    /// The push service refused it.
    Rejected,
    /// The device no longer exists; it was removed.
    Unregistered,
    /// Not sent: the viewer had already seen it, quiet hours, or paused.
    Suppressed,
}

impl From<Receipt> for PushReceipt {
    fn from(receipt: Receipt) -> Self {
        let Receipt { attempted_at, status, reason, provider_id, .. } = receipt;
        Self { attempted_at: DateTime(attempted_at), status: status.into(), reason, provider_id }
    }
}

/// How to reach a device. New kinds may be added.
#[derive(Clone, Debug, OneofObject)]
pub enum DeviceTarget {
    /// By Apple Push Notification service.
    Apns(ApnsTargetInput),
}

/// A device of Apple.
#[derive(Clone, Debug, InputObject)]
pub struct ApnsTargetInput {
    /// The device token, in hexadecimal.
    token: String,
    /// The app's bundle ID; must be one the server is set up for.
    topic: String,
    /// Which of Apple's two services made the token.
    #[graphql(default_with = "ApnsEnvironment::Production")]
    environment: ApnsEnvironment,
}

/// Which of Apple's two push services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Environment")]
pub enum ApnsEnvironment {
    /// Of apps from the App Store and TestFlight.
    Production,
    /// Of apps from Xcode.
    Sandbox,
}

/// Input of `registerDevice`.
#[derive(InputObject)]
pub struct RegisterDeviceInput {
    /// How to reach it.
    target: DeviceTarget,
    /// Its name: at most 100 characters.
    name: Option<String>,
}

/// Result of `registerDevice`.
#[derive(Clone, Debug, SimpleObject)]
pub struct RegisterDevicePayload {
    /// The device.
    device: Option<Device>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `unregisterDevice`.
#[derive(InputObject)]
pub struct UnregisterDeviceInput {
    /// Which.
    device_id: ID,
}

/// Result of `unregisterDevice`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UnregisterDevicePayload {
    /// The device.
    unregistered_device_id: Option<ID>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Input of `sendTestPush`.
#[derive(InputObject)]
pub struct SendTestPushInput {
    /// Which.
    device_id: ID,
}

/// Result of `sendTestPush`.
#[derive(Clone, Debug, SimpleObject)]
pub struct SendTestPushPayload {
    /// The device.
    device: Option<Device>,
    /// What became of it.
    receipt: Option<PushReceipt>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Devices.
#[derive(Default)]
pub struct DeviceMutation;

/// Devices.
#[Object]
impl DeviceMutation {
    /// Push to a device. The same token is one device, and moves with its user from session to session. While it is a device
    /// of another user whose session goes on, it is `TAKEN`: an app that changes accounts calls `unregisterDevice` or
    /// `endSession` with the account before.
    async fn register_device(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: RegisterDeviceInput,
    ) -> Result<RegisterDevicePayload> {
        let viewer = signed_in(ctx)?;
        let DeviceTarget::Apns(ApnsTargetInput { token, topic, environment }) = input.target;
        let target = Target { token, topic, environment: environment.into() };
        let wanted = Registration { target, name: input.name };
        let (device, user_errors) = outcome(devices::register(app(ctx), viewer, wanted).await)?;
        Ok(RegisterDevicePayload { device: device.map(Device), user_errors })
    }

    /// Stop pushing to a device.
    async fn unregister_device(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UnregisterDeviceInput,
    ) -> Result<UnregisterDevicePayload> {
        let (app, viewer) = (app(ctx), signed_in(ctx)?);
        let unregister = async || {
            let id = input_id(&input.device_id, "device", &["deviceId"])?;
            match devices::unregister(app, viewer, id).await? {
                true => Ok(id.to_string().into()),
                false => Err(Error::not_found("device").at(["deviceId"])),
            }
        };
        let (unregistered_device_id, user_errors) = outcome(unregister().await)?;
        Ok(UnregisterDevicePayload { unregistered_device_id, user_errors })
    }

    /// Push to a device now and say what the push service answered. At most 10 in 10 minutes.
    async fn send_test_push(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: SendTestPushInput,
    ) -> Result<SendTestPushPayload> {
        let viewer = signed_in(ctx)?;
        let test = async || {
            let id = input_id(&input.device_id, "device", &["deviceId"])?;
            devices::test(app(ctx), viewer, id).await
        };
        let (device, user_errors) = outcome(test().await)?;
        let receipt = device.as_ref().and_then(|shown| shown.last.clone()).map(PushReceipt::from);
        Ok(SendTestPushPayload { device: device.map(Device), receipt, user_errors })
    }
}
