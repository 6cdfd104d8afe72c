//! What an operation tells, one result after the other: alone at first, then, where it can, in a group.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use crate::app::App;
use crate::graphql::live::group::{Joining, Membership, Payload, Told};
use crate::graphql::report::{self, Rejected};
use crate::graphql::stream::Bookmark;

/// The results of an operation, as JSON.
pub(super) type Written = BoxStream<'static, Result<Vec<u8>, Rejected>>;

/// What an operation tells.
pub(crate) struct Events {
    pub(super) stream: Written,
    pub(super) app: Arc<App>,
    pub(super) bookmark: Arc<Bookmark>,
    pub(super) joining: Option<Arc<Joining>>,
    /// Who goes on when the stream has ended.
    pub(super) member: Option<Membership>,
}

/// What an operation tells next.
pub(crate) enum Next {
    /// A result.
    Result(Payload),
    /// From here on a group tells what happens.
    Joined(Membership),
}

impl Events {
    /// The next result; `None` at the end.
    ///
    /// # Errors
    /// When the operation was refused or hit a bug; then nothing follows.
    pub(crate) async fn next(&mut self) -> Option<Result<Payload, Rejected>> {
        loop {
            if let Some(member) = &self.member {
                return match member.next().await {
                    Told::Result(payload) => Some(Ok(payload)),
                    Told::Broken(rejected) => Some(Err(rejected)),
                    Told::End => None,
                };
            }
            match self.next_by_itself().await? {
                Ok(Next::Result(payload)) => return Some(Ok(payload)),
                Ok(Next::Joined(member)) => self.member = Some(member),
                Err(rejected) => return Some(Err(rejected)),
            }
        }
    }

    /// The same up to where a group goes on.
    ///
    /// # Errors
    /// When the operation was refused or hit a bug; then nothing follows.
    pub(crate) async fn next_by_itself(&mut self) -> Option<Result<Next, Rejected>> {
        let next = AssertUnwindSafe(self.stream.next()).catch_unwind().await;
        let told = match next {
            Ok(None) => {
                // What it was executed with is not kept while a group goes on.
                self.stream = stream::empty().boxed();
                return self.joining.take().and_then(|joining| joining.take()).map(Next::Joined).map(Ok);
            }
            Ok(Some(told)) => told,
            Err(panic) => Err(report::panicked(&self.app.chance, panic.as_ref())),
        };
        let told = told.map(|json| self.payload(json));
        if told.is_err() {
            self.stream = stream::empty().boxed();
            self.joining = None;
        }
        Some(told.map(Next::Result))
    }

    /// The stream gives one event at a time, so the bookmark is at the one that it gave last.
    fn payload(&self, json: Vec<u8>) -> Payload {
        let cursor = self.bookmark.at().map(|cursor| cursor.0.into());
        Payload { json: json.into(), cursor, again_after: self.bookmark.again_after() }
    }
}
