//! A step in its table.

use crate::base::clock::Timestamp;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "steps")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub step: String,
    pub due_at: Timestamp,
    pub tries: i32,
    pub leased_until: Timestamp,
    pub buried_at: Option<Timestamp>,
    pub error: Option<String>,
    pub lane: Lane,
    pub claim: i64,
    pub kind: String,
}

/// Where a step waits. Each lane has places of its own in every worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Lane {
    /// What takes milliseconds.
    #[sea_orm(num_value = 0)]
    Short,
    /// What takes seconds and a whole core: photos.
    #[sea_orm(num_value = 1)]
    Photos,
    /// What waits for somebody far away: pushes.
    #[sea_orm(num_value = 2)]
    Pushes,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    /// A new row, with its number left to the database.
    pub fn default_values() -> Self {
        use sea_orm::ActiveValue::{NotSet, Set};
        let (buried_at, error, claim) = (Set(None), Set(None), Set(0));
        let (id, step, kind, lane, due_at, tries) = (NotSet, NotSet, NotSet, NotSet, NotSet, NotSet);
        Self { id, step, due_at, tries, leased_until: NotSet, buried_at, error, lane, claim, kind }
    }
}
