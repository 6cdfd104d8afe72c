//! Every change of the schema, in order. Both SQL dialects come from the one description in each file.

mod m20261123_000001_foundation;
mod m20261123_000002_secrets;
mod m20261123_000003_processes;
mod m20261123_000006_large_accounts;
mod m20261128_000060_blocked_by;

use sea_orm_migration::MigrationTrait;

/// All changes, oldest first.
pub(super) fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m20261123_000001_foundation::Migration),
        Box::new(m20261123_000002_secrets::Migration),
        Box::new(m20261123_000003_processes::Migration),
        Box::new(m20261123_000006_large_accounts::Migration),
        Box::new(m20261128_000060_blocked_by::Migration),
    ]
}
