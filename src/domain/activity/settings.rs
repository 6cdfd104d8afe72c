//! What somebody wants to be pushed: whose actions of each kind, and when not. All of it is in their activities anyway.

use std::collections::BTreeMap;

use super::quiet::QuietHours;
use super::table::Kind;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::Result;
use crate::base::ids::UserId;
use crate::domain::follows::{self, Standing};
use crate::domain::sessions::Viewer;
use crate::platform::db::Tx;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QuerySelect};
use serde::{Deserialize, Serialize};

/// Whose actions are pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Anyone's.
    #[default]
    Everyone,
    /// Those of users whom they follow.
    Following,
    /// Nobody's.
    Nobody,
}

/// What somebody wants to be pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    sources: BTreeMap<Kind, Source>,
    /// Hours in which nothing is pushed.
    pub quiet_hours: Option<QuietHours>,
    /// Nothing is pushed before this instant.
    pub paused_until: Option<Timestamp>,
}

/// What is to be different. What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// For some kinds, whose.
    pub sources: Vec<(Kind, Source)>,
    /// Hours in which nothing is pushed, or no such hours.
    pub quiet_hours: Option<Option<QuietHours>>,
    /// Until when nothing is pushed, or no such instant.
    pub paused_until: Option<Option<Timestamp>>,
}

/// Something that may be pushed.
#[derive(Clone, Copy, Debug)]
pub struct News {
    /// What happened.
    pub kind: Kind,
    /// Who did it.
    pub actor: UserId,
}

impl Settings {
    /// Whose actions of a kind are pushed: everybody's, unless they said otherwise.
    #[must_use]
    pub fn source(&self, kind: Kind) -> Source {
        self.sources.get(&kind).copied().unwrap_or_default()
    }

    /// Whether anything may be pushed at an instant.
    #[must_use]
    pub fn are_awake(&self, now: Timestamp) -> bool {
        let is_paused = self.paused_until.is_some_and(|until| now < until);
        !is_paused && self.quiet_hours.as_ref().is_none_or(|hours| !hours.contain(now))
    }

    fn take(&mut self, change: Change) {
        self.sources.extend(change.sources);
        self.quiet_hours = change.quiet_hours.unwrap_or_else(|| self.quiet_hours.take());
        self.paused_until = change.paused_until.unwrap_or(self.paused_until);
    }
}

/// The settings of a user.
///
/// # Errors
/// Those of the database.
pub async fn settings(app: &App, user: UserId) -> Result<Settings> {
    let row = Entity::find_by_id(user).one(app.db.read_own(&user)).await?;
    row.map(Settings::try_from).transpose().map(Option::unwrap_or_default)
}

/// Changes the viewer's settings.
///
/// # Errors
/// Those of the database.
pub async fn change_settings(app: &App, viewer: Viewer, change: Change) -> Result<()> {
    app.db.write(&viewer.user, async |tx| change_in(tx, viewer.user, change).await).await
}

async fn change_in(tx: &Tx, user: UserId, change: Change) -> Result<()> {
    let row = Entity::find_by_id(user).lock_exclusive().one(tx.conn()).await?;
    let mut settings: Settings = row.map(Settings::try_from).transpose()?.unwrap_or_default();
    settings.take(change);
    let replace = OnConflict::column(Column::UserId)
        .update_columns([Column::Sources, Column::QuietStart, Column::QuietEnd, Column::TimeZone, Column::PausedUntil])
        .to_owned();
    let row = Model::new(user, &settings)?.into_active_model().reset_all();
    Entity::insert(row).on_conflict(replace).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Whether a user wants something to be pushed to them at this instant. What those did whom they mute stays in their list,
/// but is not pushed.
///
/// # Errors
/// Those of the database.
pub async fn wants(app: &App, user: UserId, news: News) -> Result<bool> {
    let settings = settings(app, user).await?;
    let source = settings.source(news.kind);
    if source == Source::Nobody || !settings.are_awake(app.clock.now()) {
        return Ok(false);
    }
    if follows::muted_among(app, user, &[news.actor]).await?.contains(&news.actor) {
        return Ok(false);
    }
    let standing = follows::standings_of(app, user, &[news.actor]).await?.remove(&news.actor);
    Ok(match source {
        Source::Everyone => standing.is_some(),
        Source::Following => standing == Some(Standing::Follower),
        Source::Nobody => false,
    })
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// For each kind that is not as it comes, whose, as JSON.
    pub sources: String,
    pub quiet_start: Option<i32>,
    pub quiet_end: Option<i32>,
    pub time_zone: Option<String>,
    pub paused_until: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn new(user: UserId, settings: &Settings) -> Result<Self> {
        let hours = settings.quiet_hours.as_ref();
        Ok(Self {
            user_id: user,
            sources: serde_json::to_string(&settings.sources)?,
            quiet_start: hours.map(|hours| hours.start_minute),
            quiet_end: hours.map(|hours| hours.end_minute),
            time_zone: hours.map(|hours| hours.time_zone.clone()),
            paused_until: settings.paused_until,
        })
    }
}

impl TryFrom<Model> for Settings {
    type Error = crate::base::error::Error;

    fn try_from(row: Model) -> Result<Self> {
        let hours = |((start_minute, end_minute), time_zone)| QuietHours { start_minute, end_minute, time_zone };
        Ok(Self {
            sources: serde_json::from_str(&row.sources)?,
            quiet_hours: row.quiet_start.zip(row.quiet_end).zip(row.time_zone).map(hours),
            paused_until: row.paused_until,
        })
    }
}
