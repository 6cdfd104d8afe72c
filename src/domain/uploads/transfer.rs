//! Bytes of an upload that come through this server: when they may begin to come, and when they must stop.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::Upload;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::error::{Error, Result};
use crate::platform::transfers::{SILENT, Transfer};

/// Begins to take in what is left of an upload.
///
/// # Errors
/// `ACTION_LIMITED` while another transfer of it is alive, `OVERLOADED` when there is no room.
pub(super) fn begin(app: &App, upload: &Upload) -> Result<Transfer> {
    let (left, now) = (u64::try_from(upload.byte_size - upload.received_bytes).unwrap_or(0), app.clock.now());
    app.blobs.check_room(left.saturating_add(app.transfers.bytes()))?;
    app.transfers.begin(upload.id, left, now).ok_or_else(|| busy(now))
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
    let heard = bytes.map(move |piece| {
        match &piece {
            Ok(_) => transfer.heard(app.clock.now()),
            Err(_) => transfer.lost(),
        }
        piece
    });
    heard.take_until(Box::pin(transfer.gives_way()))
}

pub(super) fn busy(now: Timestamp) -> Error {
    let message = "The bytes of this upload are coming in on another connection. Try again in two seconds.";
    Error::limited(message, now.after(SILENT))
}
