//! Photo filters: what people choose from, and the tables that photos were once shown with.
//!
//! A table of the operator's is kept in the store from the moment a photo uses it, because its file may be gone tomorrow.

use std::sync::Arc;

use crate::app::App;
use crate::base::client_address::ClientAddress;
use crate::base::error::{Error, Result};
use crate::platform::filters::Table;
use crate::platform::imaging::{self, lut::Finish};
use crate::platform::imaging_pools::ImagingWork;

pub use crate::platform::filters::Filter;

/// The table with this SHA-256; `None` when there never was one here.
///
/// # Errors
/// Those of the store.
pub async fn table(app: &Arc<App>, sha256: &str) -> Result<Option<Arc<Table>>> {
    let (maker, wanted) = (app.clone(), sha256.to_owned());
    let drawn = tokio::task::spawn_blocking(move || maker.filters.table(&wanted)).await.map_err(Error::internal)?;
    if drawn.is_some() || !is_sha256(sha256) {
        return Ok(drawn);
    }
    let Some(png) = app.blobs.read(&kept(sha256)).await? else { return Ok(None) };
    let read = tokio::task::spawn_blocking(move || Table::read(png)).await.map_err(Error::internal)?;
    Ok(read.map(Arc::new))
}

/// Pixels along each side of an example.
pub const PREVIEW: u32 = 320;

/// Which drawing filters are shown on: sunlit walls, leaves and the sea, with deep shadows.
const SCENE: u64 = 7;

/// An example of a filter, as a JPEG, for a client; `None` when there is none with this table. It counts among the images that
/// clients wait for.
///
/// # Errors
/// `OVERLOADED` when too many wait, and those of the store.
pub async fn preview(app: &Arc<App>, sha256: &str, client: ClientAddress) -> Result<Option<Vec<u8>>> {
    let overloaded = || Error::unavailable("Ask again in a moment.", "too many images are waited for");
    let _place = app.rendering.try_wait(client).ok_or_else(overloaded)?;
    let Some(table) = table(app, sha256).await? else { return Ok(None) };
    let filter = app.filters.with_table(sha256);
    let (vignette, grain) = filter.map_or((0.0, 0.0), |filter| (filter.vignette, filter.grain));
    let turn = app.imaging.acquire(ImagingWork::Image).await.map_err(Error::internal)?;
    let work = move || {
        let _kept = turn;
        let mut picture = photograph_pictures::draw(SCENE, PREVIEW, PREVIEW);
        table.lut.apply(&mut picture, PREVIEW as usize, Finish { strength: 1.0, vignette, grain });
        imaging::jpeg_of(&picture, (PREVIEW, PREVIEW))
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map(Some).map_err(Error::internal)
}

/// Keeps the table of a filter for as long as photos may need it. To be done before one does.
pub(in crate::domain) async fn keep(app: &Arc<App>, filter: &Filter) -> Result<()> {
    let key = kept(&filter.sha256);
    if !app.filters.is_of_operator(&filter.sha256) || app.blobs.look(&key).await?.is_some() {
        return Ok(());
    }
    match table(app, &filter.sha256).await? {
        Some(table) => app.blobs.write(&key, &table.png).await,
        None => Err(Error::internal("a filter has no table")),
    }
}

/// Where the table of a filter is in the store.
fn kept(sha256: &str) -> String {
    format!("filters/{sha256}.png")
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
