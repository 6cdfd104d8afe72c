//! The first comments on media, as they stand below each media of a feed: few, read by everybody, and kept in memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::table::{self, Below, Model as Comment, Order};
use crate::app::App;
use crate::base::error::Result;
use crate::base::facts::Row;
use crate::base::ids::MediaId;

/// Comments on a media that are kept at most: what stands below it in a feed, and one more that tells whether there are
/// others.
const FEW: u32 = 4;

/// The first comments on a media, from the oldest on; all when they are fewer than [`FEW`].
type First = Arc<Vec<Comment>>;

/// The first comments on each of these media, in their order: up to one more than `items` of each.
pub(super) async fn of_each(
    app: &App,
    media: &[MediaId],
    order: Order,
    items: u32,
) -> Result<HashMap<MediaId, Vec<Comment>>> {
    if order != Order::OldestFirst || items >= FEW {
        return read(app, media, order, items).await;
    }
    let kept = app.db.kept_or(media, Row::Comments, async |media| kept(app, &media).await).await?;
    let few = |first: First| first.iter().take(items as usize + 1).cloned().collect();
    Ok(kept.into_iter().map(|(id, first)| (id, few(first))).collect())
}

/// A media without comments is one to know as well.
async fn kept(app: &App, media: &[MediaId]) -> Result<HashMap<MediaId, First>> {
    let mut first = read(app, media, Order::OldestFirst, FEW - 1).await?;
    Ok(media.iter().map(|id| (*id, Arc::new(first.remove(id).unwrap_or_default()))).collect())
}

async fn read(app: &App, media: &[MediaId], order: Order, items: u32) -> Result<HashMap<MediaId, Vec<Comment>>> {
    let read = async |connection, media: Vec<MediaId>| {
        let keys = media.into_iter().map(|media| media.0).collect();
        table::first_of_each(connection, (Below::Media, keys), order, items).await
    };
    let read = app.db.gather(media, read).await?;
    let mut first: HashMap<MediaId, Vec<Comment>> = HashMap::new();
    for comment in read {
        first.entry(comment.media_id).or_default().push(comment);
    }
    Ok(first)
}
