//! What the viewer is told about by push.

use async_graphql::{Context, Enum, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::activity::ActivityKind;
use super::context::{app, signed_in};
use super::error::{UserError, outcome};
use super::scalars::DateTime;
use super::viewer::Viewer;
use crate::base::error::{Error, RefusalCode, Result as Answer};
use crate::domain::activity::{self, Change, Kind, Settings, Source};

/// What the viewer is told about.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotificationSettings {
    /// Whether pushes are held back until a time.
    paused_until: Option<DateTime>,
    /// Hours in which no push is sent; null when there are none.
    quiet_hours: Option<QuietHours>,
    /// For each kind, whose actions are pushed. All kinds are always in `activities`.
    kinds: Vec<NotificationKindSetting>,
}

/// Hours in which no push is sent.
#[derive(Clone, Debug, SimpleObject)]
pub struct QuietHours {
    /// The first minute of the day, 0 to 1439.
    start_minute: i32,
    /// The first minute after them, 0 to 1439; smaller than the start when they pass midnight.
    end_minute: i32,
    /// The time zone, as in the IANA database.
    time_zone: String,
}

/// Whose actions of a kind are pushed.
#[derive(Clone, Debug, SimpleObject)]
pub struct NotificationKindSetting {
    /// The kind.
    kind: ActivityKind,
    /// Whose.
    from: NotificationSource,
}

/// Whose actions are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Source")]
pub enum NotificationSource {
    /// Anyone's.
    Everyone,
    /// Those of users the viewer follows.
    Following,
    /// Nobody's.
    Nobody,
}

impl From<Settings> for NotificationSettings {
    fn from(settings: Settings) -> Self {
        let setting = |kind: Kind| NotificationKindSetting { kind: kind.into(), from: settings.source(kind).into() };
        let kinds = Kind::all().into_iter().map(setting).collect();
        let paused_until = settings.paused_until.map(DateTime);
        Self { paused_until, quiet_hours: settings.quiet_hours.map(QuietHours::from), kinds }
    }
}

impl From<activity::QuietHours> for QuietHours {
    fn from(hours: activity::QuietHours) -> Self {
        let activity::QuietHours { start_minute, end_minute, time_zone } = hours;
        Self { start_minute, end_minute, time_zone }
    }
}

/// Whose actions of a kind are pushed.
#[derive(InputObject)]
pub struct NotificationKindSettingInput {
    /// The kind.
    kind: ActivityKind,
    /// Whose.
    from: NotificationSource,
}

/// Hours in which no push is sent.
#[derive(InputObject)]
pub struct QuietHoursInput {
    /// The first minute of the day, 0 to 1439.
    start_minute: i32,
    /// The first minute after them, 0 to 1439.
    end_minute: i32,
    /// The time zone, as in the IANA database.
    time_zone: String,
}

/// Input of `updateNotificationSettings`.
#[derive(InputObject)]
pub struct UpdateNotificationSettingsInput {
    /// For some kinds, whose.
    kinds: Option<Vec<NotificationKindSettingInput>>,
    /// Hours without push; null for none.
    quiet_hours: MaybeUndefined<QuietHoursInput>,
    /// Hold pushes back until then; null for not.
    paused_until: MaybeUndefined<DateTime>,
}

/// Result of `updateNotificationSettings`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UpdateNotificationSettingsPayload {
    /// The viewer.
    viewer: Option<Viewer>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// Settings of what is pushed.
#[derive(Default)]
pub struct NotificationMutation;

/// Settings of what is pushed.
#[Object]
impl NotificationMutation {
    /// Change what is pushed. What is left out stays.
    async fn update_notification_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UpdateNotificationSettingsInput,
    ) -> Result<UpdateNotificationSettingsPayload> {
        let viewer = signed_in(ctx)?;
        let update = async || -> Answer<Viewer> {
            activity::change_settings(app(ctx), viewer, change(input)?).await?;
            Ok(Viewer(viewer))
        };
        let (viewer, user_errors) = outcome(update().await)?;
        Ok(UpdateNotificationSettingsPayload { viewer, user_errors })
    }
}

fn change(input: UpdateNotificationSettingsInput) -> Answer<Change> {
    let (kinds, most) = (input.kinds.unwrap_or_default(), activity::Kind::all().len());
    if kinds.len() > most {
        let error =
            Error::refused(RefusalCode::Invalid, format!("There are {most} kinds: at most so many can be set."));
        return Err(error.limit(most).at(["kinds"]));
    }
    let kinds = kinds.into_iter();
    let sources = kinds.map(|setting| (setting.kind.into(), setting.from.into())).collect();
    let hours = |hours: QuietHoursInput| {
        let QuietHoursInput { start_minute, end_minute, time_zone } = hours;
        activity::QuietHours { start_minute, end_minute, time_zone }.checked()
    };
    let quiet_hours = match input.quiet_hours {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(given) => Some(Some(hours(given)?)),
    };
    let paused_until = match input.paused_until {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(until) => Some(Some(until.0)),
    };
    Ok(Change { sources, quiet_hours, paused_until })
}
