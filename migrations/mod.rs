//! Every change of the schema, in order. Both SQL dialects come from the one description in each file.

mod m20261123_000001_foundation;
mod m20261123_000002_secrets;
mod m20261123_000003_processes;
mod m20261123_000006_large_accounts;
mod m20261128_000010_mutes;
mod m20261128_000011_shelves;
mod m20261128_000020_looks;
mod m20261128_000025_shots;
mod m20261128_000030_mentions;
mod m20261128_000031_photo_tags;
mod m20261128_000032_editing;
mod m20261128_000033_parts;
mod m20261128_000034_cameras;
mod m20261128_000040_replies;
mod m20261128_000041_activities;
mod m20261128_000042_notification_settings;
mod m20261128_000050_devices;
mod m20261128_000060_blocked_by;
mod m20261128_000061_muted_by;
mod m20261130_000020_fleet;
mod m20261130_000040_link_keys;
mod m20261130_000050_blocked_content;
mod m20261130_000060_accepted_rotations;
mod m20261130_000070_transfers;
mod rehearsal;

use sea_orm_migration::MigrationTrait;

/// The changes that not every program may run on, each with the level of the oldest that may: one that takes away or
/// reinterprets what older programs use. All others may run on whatever only adds, so a change that is not named here is one
/// of those.
pub(super) const OLDEST: [(&str, i16); 0] = [];

/// What only the rehearsal of the next version changes.
pub(super) fn of_the_rehearsal() -> Box<dyn MigrationTrait> {
    Box::new(rehearsal::Migration)
}

/// All changes, oldest first.
pub(super) fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20261123_000001_foundation::Migration),
        Box::new(m20261123_000002_secrets::Migration),
        Box::new(m20261123_000003_processes::Migration),
        Box::new(m20261123_000006_large_accounts::Migration),
        Box::new(m20261128_000020_looks::Migration),
        Box::new(m20261128_000030_mentions::Migration),
        Box::new(m20261128_000031_photo_tags::Migration),
        Box::new(m20261128_000032_editing::Migration),
        Box::new(m20261128_000010_mutes::Migration),
        Box::new(m20261128_000011_shelves::Migration),
        Box::new(m20261128_000025_shots::Migration),
        Box::new(m20261128_000040_replies::Migration),
        Box::new(m20261128_000041_activities::Migration),
        Box::new(m20261128_000042_notification_settings::Migration),
        Box::new(m20261128_000050_devices::Migration),
        Box::new(m20261128_000033_parts::Migration),
        Box::new(m20261128_000034_cameras::Migration),
        Box::new(m20261128_000060_blocked_by::Migration),
        Box::new(m20261128_000061_muted_by::Migration),
        Box::new(m20261130_000050_blocked_content::Migration),
        Box::new(m20261130_000040_link_keys::Migration),
        Box::new(m20261130_000020_fleet::Migration),
        Box::new(m20261130_000060_accepted_rotations::Migration),
        Box::new(m20261130_000070_transfers::Migration),
    ]
}
