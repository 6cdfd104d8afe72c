//! Who asks, and with what machines, in every resolver.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, ID};

use super::scalars::Url;
use crate::app::App;
use crate::base::client_address::{ClientAddress, RequestOrigin};
use crate::base::error::{Error, Result};
use crate::domain::sessions::Viewer;
use crate::platform::imaging::Output;

/// Who asks. Signing up and logging in change it for what follows in the same operation.
#[derive(Debug)]
pub struct Asking(Mutex<Option<Viewer>>);

impl Asking {
    /// Somebody, or nobody known.
    #[must_use]
    pub fn new(viewer: Option<Viewer>) -> Self {
        Self(Mutex::new(viewer))
    }

    /// Who asks; `None` when anonymous.
    pub fn viewer(&self) -> Option<Viewer> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on in this operation, this viewer asks.
    pub fn becomes(&self, viewer: Viewer) {
        self.is(Some(viewer));
    }

    /// The same, or nobody known.
    pub fn is(&self, viewer: Option<Viewer>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = viewer;
    }
}

/// The app.
#[must_use]
pub fn app<'a>(ctx: &Context<'a>) -> &'a Arc<App> {
    ctx.data_unchecked::<Arc<App>>()
}

/// Who asks; `None` when anonymous.
#[must_use]
pub fn viewer(ctx: &Context<'_>) -> Option<Viewer> {
    ctx.data_unchecked::<Arc<Asking>>().viewer()
}

/// Who asks, where somebody must.
///
/// # Errors
/// `UNAUTHENTICATED` when anonymous.
pub fn signed_in(ctx: &Context<'_>) -> Result<Viewer> {
    viewer(ctx).ok_or_else(Error::unauthenticated)
}

/// The address of the client that sent the operation; on a WebSocket, that of its upgrade request. What a group of
/// subscriptions executes for all of them has [`ClientAddress::SERVER`].
#[must_use]
pub fn client_address(ctx: &Context<'_>) -> ClientAddress {
    *ctx.data_unchecked::<ClientAddress>()
}

/// A link to this server, as whoever asks reaches it: where no public address is configured, the one that they called.
#[must_use]
pub fn reachable(ctx: &Context<'_>, link: String) -> Url {
    Url(rebased(app(ctx), ctx.data_opt::<RequestOrigin>(), link))
}

/// The same for an address by which this server was called.
pub(super) fn rebased(app: &App, origin: Option<&RequestOrigin>, link: String) -> String {
    let Some(origin) = origin.filter(|_| app.config.server.url.is_none()) else { return link };
    let path = link.strip_prefix(&app.config.public_url()).filter(|path| path.is_empty() || path.starts_with('/'));
    path.map(|path| format!("{}{path}", origin.0)).unwrap_or(link)
}

/// The best format of images that who asks reads, as far as the transport knows.
#[must_use]
pub fn best(ctx: &Context<'_>) -> Output {
    ctx.data_opt::<Output>().copied().unwrap_or(Output::Jpeg)
}

/// From here on in this operation, this viewer asks.
pub fn becomes(ctx: &Context<'_>, viewer: Viewer) {
    ctx.data_unchecked::<Arc<Asking>>().becomes(viewer);
}

/// An ID in a mutation's input. One that is not of the right kind names nothing.
///
/// # Errors
/// `NOT_FOUND` at the input it stands in.
pub fn input_id<Id: std::str::FromStr>(id: &ID, what: &'static str, path: &[&str]) -> Result<Id> {
    id.parse().map_err(|_| Error::not_found(what).at(path.iter().copied()))
}
