//! Whose a token is: one row for each, on the shard of the token itself.

use std::collections::{HashMap, HashSet};

use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};
use crate::base::ids::{DeviceId, LogicalShard};
use crate::platform::apns::Environment;
use crate::platform::db::{Reader, Tx};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use super::table::Model as Device;

/// Hexadecimal digits in a token: Apple's have 64 and may grow.
const DIGITS: std::ops::RangeInclusive<usize> = 16..=200;

/// Where pushes for a device go.
#[derive(Clone, Debug)]
pub struct Target {
    /// The token that Apple gave the app on the device.
    pub token: String,
    /// The app.
    pub topic: Topic,
    /// Which of Apple's services made the token.
    pub environment: Environment,
}

/// The bundle ID of an app.
pub type Topic = String;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token: String,
    pub device_id: DeviceId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Target {
    /// The same in the one form in which tokens are compared: lower case.
    pub(super) fn checked(mut self, app: &App) -> Result<Self> {
        self.token.make_ascii_lowercase();
        let is_hex = self.token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || !self.token.len().is_multiple_of(2) || !DIGITS.contains(&self.token.len()) {
            let message = "This is no device token of Apple: an even number of hexadecimal digits, 16 to 200.";
            return Err(Error::refused(RefusalCode::Invalid, message).at(["target", "apns", "token"]));
        }
        if !app.config.push.apns.takes(&self.topic) {
            let message = "This server is not set up to push to this app.";
            return Err(Error::refused(RefusalCode::Invalid, message).at(["target", "apns", "topic"]));
        }
        Ok(self)
    }
}

/// Where the row of a token is.
pub(super) fn place(token: &str) -> LogicalShard {
    LogicalShard::of_name(token)
}

/// The device that has a token.
pub(super) async fn owner(app: &App, token: &str) -> Result<Option<DeviceId>> {
    let row = Entity::find_by_id(token).one(app.db.read_own(&place(token))).await?;
    Ok(row.map(|row| row.device_id))
}

/// Those among some devices whose tokens are theirs.
pub(super) async fn owners(app: &App, devices: &[Device]) -> Result<HashSet<DeviceId>> {
    let mut by_place: HashMap<LogicalShard, Vec<String>> = HashMap::new();
    for device in devices {
        by_place.entry(place(&device.token)).or_default().push(device.token.clone());
    }
    let places: Vec<LogicalShard> = by_place.keys().copied().collect();
    let by_place = &by_place;
    let rows = app.db.gather(&places, |reader, places| many(reader, by_place, places)).await?;
    Ok(rows.into_iter().map(|row| row.device_id).collect())
}

async fn many(
    reader: &Reader,
    by_place: &HashMap<LogicalShard, Vec<String>>,
    places: Vec<LogicalShard>,
) -> Result<Vec<Model>> {
    let tokens: Vec<&String> = places.iter().filter_map(|place| by_place.get(place)).flatten().collect();
    Ok(Entity::find().filter(Column::Token.is_in(tokens)).all(reader).await?)
}

/// Gives a token to a device, if it is still that of the device before, or nobody's. False when it is not.
pub(super) async fn claim(tx: &Tx, token: String, (before, device): (Option<DeviceId>, DeviceId)) -> Result<bool> {
    let Some(before) = before else {
        let row = Model { token, device_id: device }.into_active_model().reset_all();
        let keep = OnConflict::column(Column::Token).do_nothing().to_owned();
        return Ok(Entity::insert(row).on_conflict(keep).exec_without_returning(tx.conn()).await? == 1);
    };
    let moved = Entity::update_many().col_expr(Column::DeviceId, Expr::value(device));
    let moved = moved.filter(Column::Token.eq(token)).filter(Column::DeviceId.eq(before));
    Ok(moved.exec(tx.conn()).await?.rows_affected == 1)
}

/// Takes a token from a device, if it has it.
pub(super) async fn release(app: &App, token: &str, device: DeviceId) -> Result<()> {
    let theirs = Entity::delete_many().filter(Column::Token.eq(token)).filter(Column::DeviceId.eq(device));
    app.db.write(&place(token), async |tx| Ok(theirs.exec(tx.conn()).await.map(|_| ())?)).await
}
