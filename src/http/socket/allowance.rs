//! What the operations of one socket may hold at once: subscriptions of its viewer alone, and documents.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::error::Code;
use crate::graphql::execute::Prepared;
use crate::graphql::report::Rejected;

/// Bytes of all documents and variables on one socket. An operation of an app takes some tens of thousands.
const DOCUMENT_BYTES: u32 = 1 << 20;

/// What is left for the operations of a socket.
#[derive(Clone)]
pub(super) struct Allowance {
    /// How many subscriptions there may be.
    most: usize,
    subscriptions: Arc<Semaphore>,
    documents: Arc<Semaphore>,
}

/// What an operation holds while it runs.
pub(super) struct Allowed {
    _subscription: Option<OwnedSemaphorePermit>,
    _document: OwnedSemaphorePermit,
}

/// What an operation holds, shared by its task and its socket.
#[derive(Default)]
pub(super) struct Holds(Mutex<Option<Allowed>>);

impl Holds {
    pub(super) fn hold(&self, allowed: Allowed) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(allowed);
    }

    /// The operation is given up.
    pub(super) fn release(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Allowance {
    pub(super) fn new(subscriptions: usize) -> Self {
        let documents = Arc::new(Semaphore::new(DOCUMENT_BYTES as usize));
        Self { most: subscriptions, subscriptions: Arc::new(Semaphore::new(subscriptions)), documents }
    }

    /// Lets an operation run.
    ///
    /// # Errors
    /// `OVERLOADED` when too much runs already.
    pub(super) fn take(&self, prepared: &Prepared) -> Result<Allowed, Rejected> {
        let subscription = prepared.is_for_one().then(|| self.subscriptions.clone().try_acquire_owned());
        let Ok(subscription) = subscription.transpose() else {
            let most = self.most;
            let message =
                format!("At most {most} subscriptions whose events depend on the viewer can be open on one socket.");
            return Err(Rejected::new(Code::Overloaded, message));
        };
        // One that is larger than all runs alone.
        let bytes = u32::try_from(prepared.bytes).unwrap_or(u32::MAX).min(DOCUMENT_BYTES);
        let document = self.documents.clone().try_acquire_many_owned(bytes).map_err(|_| {
            Rejected::new(Code::Overloaded, "The documents of the operations on this socket are too large together.")
        })?;
        Ok(Allowed { _subscription: subscription, _document: document })
    }
}
