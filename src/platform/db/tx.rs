//! A transaction on one database.

use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::DatabaseTransaction;

use crate::base::error::Result;

/// A transaction on one database. Gone without [`Tx::commit`], it changes nothing.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
    recorded: AtomicBool,
}

impl Tx {
    pub(super) fn new(inner: DatabaseTransaction) -> Self {
        Self { inner, recorded: AtomicBool::new(false) }
    }

    /// What SeaORM runs statements on.
    #[must_use]
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Notes that a fact was put into the outbox, so that the relay is told after the commit.
    pub fn note_fact(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }

    /// Commits, and tells whether facts were recorded.
    pub(super) async fn commit(self) -> Result<bool> {
        self.inner.commit().await?;
        Ok(self.recorded.load(Ordering::Relaxed))
    }

    /// Undoes everything. A failure is only logged: the database undoes it as well when the connection ends.
    pub(super) async fn roll_back(self) {
        if let Err(error) = self.inner.rollback().await {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }
}
