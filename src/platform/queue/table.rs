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
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    /// A new row, with its number left to the database.
    pub fn default_values() -> Self {
        use sea_orm::ActiveValue::{NotSet, Set};
        let (buried_at, error) = (Set(None), Set(None));
        Self { id: NotSet, step: NotSet, due_at: NotSet, tries: NotSet, leased_until: NotSet, buried_at, error }
    }
}
