//! Lists of media.

use async_graphql::{Object, SimpleObject};

use super::media::Media;
use super::page::PageInfo;
use crate::base::page::{Slice, cursor};
use crate::domain::media;
use crate::domain::shelves::Kept;

/// A page of media.
#[derive(Clone, Debug)]
pub struct MediaConnection(Slice<Listed>);

/// A media with the key of its place in a list.
#[derive(Clone, Debug)]
struct Listed {
    key: i64,
    media: media::Media,
}

impl From<Slice<media::Media>> for MediaConnection {
    fn from(page: Slice<media::Media>) -> Self {
        Self(page.map(|media| Listed { key: media.id.0, media }))
    }
}

impl From<Slice<Kept>> for MediaConnection {
    fn from(page: Slice<Kept>) -> Self {
        Self(page.map(|kept| Listed { key: kept.edge, media: kept.media }))
    }
}

/// A page of media.
#[Object]
impl MediaConnection {
    /// The media with their cursors.
    async fn edges(&self) -> Vec<MediaEdge> {
        let edge = |row: &Listed| MediaEdge { cursor: cursor(row.key), node: row.media.clone().into() };
        self.0.items.iter().map(edge).collect()
    }

    /// The media.
    async fn nodes(&self) -> Vec<Media> {
        self.0.items.iter().map(|row| row.media.clone().into()).collect()
    }

    /// The position of the page.
    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.0, |row| row.key)
    }
}

/// One media in a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct MediaEdge {
    /// Its cursor.
    cursor: String,
    /// The media.
    node: Media,
}
