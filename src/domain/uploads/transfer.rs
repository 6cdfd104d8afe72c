//! Bytes of an upload that come through this server: when they may begin to come, and when they must stop.
//!
//! Of all processes one receives the bytes of an upload. The row of the upload says which transfer that is; its lease is
//! renewed while bytes come, and no bytes count that a transfer brings without it. A lease expires three seconds after it was
//! renewed, and so does one that was renewed more than three seconds from now, by a clock that is ahead or before this one was
//! set back. So where the clocks of the machines differ by more than two seconds in either direction, a transfer that is alive
//! may lose its lease to one of another process: its sender begins anew, and nothing is lost.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::table::{self, Taking};
use super::{Upload, UploadStatus};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::platform::transfers::{Beginning, RENEWAL, SILENT, Transfer};

/// Begins to take in what is left of an upload.
///
/// # Errors
/// `ACTION_LIMITED` while another transfer of it is alive, `OVERLOADED` when there is no room.
pub(super) async fn begin(app: &App, upload: &Upload) -> Result<Transfer> {
    let (left, now) = (u64::try_from(upload.byte_size - upload.received_bytes).unwrap_or(0), app.clock.now());
    app.blobs.check_room(left.saturating_add(app.transfers.bytes()))?;
    let beginning = Beginning { upload: upload.id, bytes: left, lease: app.chance.token() };
    let transfer = app.transfers.begin(beginning, now).ok_or_else(|| busy(now))?;
    // What a row says of another process may be a renewal old.
    let (lease, replaced) = (transfer.lease(), transfer.replaced.as_deref());
    let (silent_since, ahead_since) = (now.before(SILENT + RENEWAL), now.after(SILENT + RENEWAL));
    let taking = Taking { lease, now, silent_since, ahead_since, replaced };
    match app.db.write(&upload.id, async |tx| table::take_transfer(tx, upload.id, &taking).await).await? {
        true => Ok(transfer),
        false => Err(busy(now)),
    }
}

/// The same bytes, for as long as no other transfer takes the place of this one.
pub(super) fn pieces<'a, S>(
    app: &'a App,
    transfer: &'a Transfer,
    bytes: S,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin
where
    S: Stream<Item = io::Result<Bytes>> + Send + Unpin + 'a,
{
    let heard = bytes.then(move |piece| async move {
        match &piece {
            Ok(_) => renew_lease(app, transfer).await,
            Err(_) => transfer.lost(),
        }
        piece
    });
    Box::pin(heard.take_until(Box::pin(transfer.gives_way())))
}

/// Notes that the sender is alive: once a second in the row of the upload, for all processes.
async fn renew_lease(app: &App, transfer: &Transfer) {
    if !transfer.mark_active(app.clock.now()) {
        return;
    }
    match is_held(app, transfer).await {
        Ok(true) => {}
        Ok(false) => transfer.give_way(),
        // What it brings counts only with the lease, so nothing is lost but time.
        Err(error) => tracing::debug!(error = error.detail(), "the lease of a transfer was not renewed"),
    }
}

/// Renews the lease of a transfer. False when it has lost it.
pub(super) async fn is_held(app: &App, transfer: &Transfer) -> Result<bool> {
    let (upload, now) = (transfer.upload, app.clock.now());
    app.db.write(&upload, async |tx| table::renew_transfer(tx, upload, transfer.lease(), now).await).await
}

/// Ends a transfer that did not end with the last of its bytes. Where that fails, the next one waits until the lease is over.
pub(super) async fn end(app: &App, transfer: &Transfer) {
    let upload = transfer.upload;
    let ended = app.db.write(&upload, async |tx| table::end_transfer(tx, upload, transfer.lease()).await).await;
    if let Err(error) = ended {
        tracing::debug!(error = error.detail(), "the lease of a transfer was not released");
    }
}

/// What becomes of a transfer whose bytes did not count: another one brought them, or brings them now.
pub(super) fn outrun(upload: Option<&Upload>, now: Timestamp) -> Result<()> {
    match upload.is_some_and(|upload| upload.status == UploadStatus::AwaitingBytes) {
        true => Err(busy(now)),
        false => Ok(()),
    }
}

pub(super) fn busy(now: Timestamp) -> Error {
    let message = "The bytes of this upload are coming in on another connection. Try again in two seconds.";
    Error::limited(message, now.after(SILENT))
}
