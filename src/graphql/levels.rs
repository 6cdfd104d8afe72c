//! Breadth-first execution: a field is resolved once for all objects of a level, such as the twenty media of a page or the
//! thirty photos of these. What a level loads is one batch by construction, values are written in plain loops, and nothing
//! waits for single items.
//!
//! What is not yet resolved in this way is executed by async-graphql, as a whole; so is whatever fails here, for its errors
//! and their places. [`covers`] says which operations are executed by levels.

mod column;
mod comment;
mod covered;
mod media;
mod photo;
mod root;
mod user;

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql_value::Value;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join_all};

pub(super) use self::column::JsonColumn;
pub(super) use self::covered::covers;
pub(super) use self::root::execute;
use super::compile::HIDDEN;
use super::context::rebased;
use crate::app::App;
use crate::base::client_address::RequestOrigin;
use crate::base::error::{Error, Result};
use crate::base::page::{Page, Wanted};
use crate::domain::sessions::Viewer;
use crate::platform::imaging::Output;

/// Who asks, and with what.
pub(super) struct Asked<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) viewer: Option<Viewer>,
    /// The best format of images that the client reads.
    pub(super) best: Output,
    /// The address by which the client calls this server, where links need it.
    pub(super) origin: Option<&'a RequestOrigin>,
}

impl Asked<'_> {
    /// A link to this server, as the client reaches it.
    fn reachable(&self, link: String) -> String {
        rebased(self.app, self.origin, link)
    }
}

/// The values of a field, on their way.
type Resolved<'a> = BoxFuture<'a, Result<JsonColumn>>;

/// The objects of a level.
trait Object: Sync {
    /// The name of its type.
    fn name(&self) -> &'static str;

    /// Writes what the objects have themselves, and nothing for other fields.
    fn values(asked: &Asked<'_>, field: &Field, objects: &[&Self]) -> Option<JsonColumn>;

    /// Resolves the other fields.
    fn resolve<'a>(_asked: &'a Asked<'a>, field: &'a Field, _objects: &'a [&'a Self]) -> Resolved<'a> {
        not_covered(field)
    }
}

/// Resolves a set of fields for all objects of a level: a JSON object for each of them.
fn level<'a, T: Object>(asked: &'a Asked<'a>, set: &'a SelectionSet, objects: &'a [&'a T]) -> Resolved<'a> {
    let fields = set.items.iter().filter_map(|selection| match &selection.node {
        Selection::Field(field) if field.node.response_key().node != HIDDEN => Some(&field.node),
        _ => None,
    });
    let (mut keys, mut columns) = (Vec::new(), Vec::new());
    for field in fields {
        keys.push(field.response_key().node.as_str());
        columns.push(match field.name.node.as_str() {
            "__typename" => ready(Ok(JsonColumn::of(objects, |object, json| json.plain(T::name(object))))).boxed(),
            _ => match T::values(asked, field, objects) {
                Some(column) => ready(Ok(column)).boxed(),
                None => T::resolve(asked, field, objects),
            },
        });
    }
    let count = objects.len();
    async move { Ok(column::objects(&keys, &try_join_all(columns).await?, count)) }.boxed()
}

/// The same for a field that gives each object a list.
fn lists<'a, T: Object + Send + 'a>(asked: &'a Asked<'a>, field: &'a Field, lists: Vec<Vec<T>>) -> Resolved<'a> {
    async move {
        let objects: Vec<&T> = lists.iter().flatten().collect();
        let items = level(asked, &field.selection_set.node, &objects).await?;
        Ok(items.in_lists(lists.iter().map(Vec::len)))
    }
    .boxed()
}

/// The same for a field that gives each object one of these, or null.
fn options<'a, T>(asked: &'a Asked<'a>, field: &'a Field, options: Vec<Option<T>>) -> Resolved<'a>
where
    T: Object + Send + 'a,
{
    async move {
        let objects: Vec<&T> = options.iter().flatten().collect();
        let items = level(asked, &field.selection_set.node, &objects).await?;
        Ok(items.or_null(options.iter().map(Option::is_some)))
    }
    .boxed()
}

/// An operation with such a field is not executed by levels.
fn not_covered<'a>(field: &Field) -> Resolved<'a> {
    let error = Error::internal(format!("the field {} is not resolved by levels", field.name.node));
    ready(Err(error)).boxed()
}

/// Each ID once: the same object may be on a level many times, and what is loaded is loaded once.
fn distinct<Id: Ord>(ids: impl Iterator<Item = Id>) -> Vec<Id> {
    ids.collect::<BTreeSet<Id>>().into_iter().collect()
}

fn int(field: &Field, name: &str) -> Option<i32> {
    match &field.get_argument(name)?.node {
        Value::Number(number) => i32::try_from(number.as_i64()?).ok(),
        _ => None,
    }
}

fn text<'a>(field: &'a Field, name: &str) -> Option<&'a str> {
    match &field.get_argument(name)?.node {
        Value::String(text) => Some(text),
        Value::Enum(name) => Some(name),
        _ => None,
    }
}

/// The page that the arguments of a connection ask for.
fn page(field: &Field) -> Result<Page> {
    let owned = |name| text(field, name).map(str::to_owned);
    let (first, last) = (int(field, "first"), int(field, "last"));
    Wanted { first, after: owned("after"), last, before: owned("before") }.page()
}
