//! The signed-in user, with everything only they can see.

use std::collections::BTreeSet;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::activity::{ActivityConnection, ActivityKind};
use super::context::{app, signed_in};
use super::cost::{COUNTED, STATEMENT, cost};
use super::device::Device;
use super::error::{UserError, outcome};
use super::feed::{HomeFeedConnection, HomeFeedMarker};
use super::loaders::{Known, load};
use super::media_list::MediaConnection;
use super::notification::NotificationSettings;
use super::page::semanticNonNull;
use super::scalars::EmailAddress;
use super::session::Session;
use super::upload::UploadConnection;
use super::user::{User, UserConnection};
use crate::base::error::{Code, Error, Result as Answer};
use crate::base::ids::{UserId, base58};
use crate::base::page::Wanted;
use crate::domain::activity::{self, Kind};
use crate::domain::shelves::{self, Shelf};
use crate::domain::{devices, feed, follows, sessions, uploads};

/// The signed-in user, with everything only they can see.
#[derive(Clone, Copy, Debug)]
pub struct Viewer(pub sessions::Viewer);

/// What the ID of a viewer starts with; the rest is that of the user.
pub const PREFIX: &str = "vwr_";

/// The ID of a user as a viewer.
#[must_use]
pub fn id_of(user: UserId) -> ID {
    ID(format!("{PREFIX}{}", base58(user.0)))
}

/// The signed-in user, with everything only they can see.
#[Object]
impl Viewer {
    /// The global ID; not that of the user.
    pub async fn id(&self) -> ID {
        id_of(self.0.user)
    }

    /// How others see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let user = load(ctx).load_one(Known(self.0.user)).await?;
        Ok(user.map(User).ok_or_else(sessions::no_account)?)
    }

    /// Their e-mail address.
    #[graphql(directive = cost::apply(STATEMENT.into()))]
    async fn email(&self, ctx: &Context<'_>) -> Result<EmailAddress> {
        Ok(EmailAddress(sessions::email_of(app(ctx), self.0.user).await?))
    }

    /// What those they follow published, newest first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn home_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the newest.")] first: Option<i32>,
        #[graphql(desc = "Older than this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the oldest.")] last: Option<i32>,
        #[graphql(desc = "Newer than this cursor.")] before: Option<String>,
    ) -> Result<Option<HomeFeedConnection>> {
        let page = Wanted { first, after, last, before }.page()?;
        Ok(Some(HomeFeedConnection::new(self.0, feed::home(app(ctx), self.0, page).await?)))
    }

    /// What happened to them, grouped, newest first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these kinds: at most as many as there are.")] kinds: Option<Vec<ActivityKind>>,
        #[graphql(desc = "How many, from the newest.")] first: Option<i32>,
        #[graphql(desc = "Older than this cursor.")] after: Option<String>,
        #[graphql(desc = "How many, from the oldest.")] last: Option<i32>,
        #[graphql(desc = "Newer than this cursor.")] before: Option<String>,
    ) -> Result<Option<ActivityConnection>> {
        let page = Wanted { first, after, last, before }.page()?;
        let kinds = kinds.map(distinct).transpose()?;
        let activities = activity::list(app(ctx), self.0, kinds.as_deref(), page).await?;
        Ok(Some(ActivityConnection::of(activities)?))
    }

    /// How many activities were not seen yet, counted up to 100.
    #[graphql(directive = cost::apply(COUNTED.into()))]
    async fn unseen_activity_count(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(activity::unseen(app(ctx), self.0.user).await?)
    }

    /// How far they read the home feed, on any device.
    async fn home_feed_marker(&self, ctx: &Context<'_>) -> Result<Option<HomeFeedMarker>> {
        let marker = feed::marker(app(ctx), self.0).await?;
        Ok(marker.map(|marker| HomeFeedMarker { viewer: self.0, marker }))
    }

    /// Users waiting to be approved as followers, newest first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn follow_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<UserConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(UserConnection(follows::requests(app(ctx), self.0, page).await?)))
    }

    /// Media they like, last liked first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn liked_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<MediaConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(shelves::kept(app(ctx), self.0, Shelf::Liked, page).await?.into()))
    }

    /// Media they saved, last saved first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn saved_media(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<MediaConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(shelves::kept(app(ctx), self.0, Shelf::Saved, page).await?.into()))
    }

    /// Users they block.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn blocked_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<UserConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(UserConnection(follows::blocked(app(ctx), self.0, page).await?)))
    }

    /// Their uploads that no media uses yet, newest first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn uploads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<UploadConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(UploadConnection(uploads::of_viewer(app(ctx), self.0, page).await?)))
    }

    /// Users they mute.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn muted_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.", default = 20)] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Option<UserConnection>> {
        let page = Wanted { first, after, ..Wanted::default() }.page()?;
        Ok(Some(UserConnection(follows::muted(app(ctx), self.0, page).await?)))
    }

    /// Where they are signed in, last begun first; the last 100.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Option<Vec<Session>>> {
        let sessions = sessions::of_viewer(app(ctx), self.0).await?;
        Ok(Some(sessions.into_iter().map(Session).collect()))
    }

    /// Devices that get their push notifications, registered last first.
    #[graphql(directive = semanticNonNull::apply(vec![0]))]
    async fn devices(&self, ctx: &Context<'_>) -> Result<Option<Vec<Device>>> {
        let devices = devices::of_viewer(app(ctx), self.0).await?;
        Ok(Some(devices.into_iter().map(Device).collect()))
    }

    /// Who can see and do what.
    async fn privacy_settings(&self, ctx: &Context<'_>) -> Result<PrivacySettings> {
        let user = load(ctx).load_one(Known(self.0.user)).await?;
        let user = user.ok_or_else(sessions::no_account)?;
        Ok(PrivacySettings { is_private: user.is_private })
    }

    /// What they are told about.
    async fn notification_settings(&self, ctx: &Context<'_>) -> Result<NotificationSettings> {
        Ok(activity::settings(app(ctx), self.0.user).await?.into())
    }
}

/// Each of these kinds once.
fn distinct(kinds: Vec<ActivityKind>) -> Answer<Vec<Kind>> {
    let most = Kind::all().len();
    if kinds.len() > most {
        return Err(Error::failed(Code::BadUserInput, format!("`kinds` has at most {most} values.")));
    }
    let kinds: BTreeSet<Kind> = kinds.into_iter().map(Kind::from).collect();
    Ok(kinds.into_iter().collect())
}

/// Who can see and do what.
#[derive(Clone, Debug, SimpleObject)]
pub struct PrivacySettings {
    /// Whether new followers must be approved. Takes effect on all media at once, both ways.
    is_private: bool,
}

/// Input of `updatePrivacySettings`.
#[derive(InputObject)]
pub struct UpdatePrivacySettingsInput {
    /// Whether new followers must be approved. Turned off, waiting requests are approved.
    is_private: Option<bool>,
}

/// Result of `updatePrivacySettings`.
#[derive(Clone, Debug, SimpleObject)]
pub struct UpdatePrivacySettingsPayload {
    /// The viewer.
    viewer: Option<Viewer>,
    /// Why it was not done; empty when it was.
    user_errors: Vec<UserError>,
}

/// The account itself.
#[derive(Default)]
pub struct ViewerMutation;

/// The account itself.
#[Object]
impl ViewerMutation {
    /// Change who can see and do what. What is left out stays.
    async fn update_privacy_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do it with.")] input: UpdatePrivacySettingsInput,
    ) -> Result<UpdatePrivacySettingsPayload> {
        let viewer = signed_in(ctx)?;
        let changed = match input.is_private {
            Some(is_private) => follows::set_private(app(ctx), viewer, is_private).await,
            None => Ok(()),
        };
        let (viewer, user_errors) = outcome(changed.map(|()| Viewer(viewer)))?;
        Ok(UpdatePrivacySettingsPayload { viewer, user_errors })
    }
}
