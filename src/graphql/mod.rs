//! The GraphQL schema: what clients see. Thin: parse ids, call one function of the domain, wrap what comes back.

pub mod activity;
pub mod comment;
pub mod compile;
pub mod context;
pub mod coordinate;
pub mod cost;
pub mod device;
pub mod error;
pub mod execute;
pub mod feed;
pub mod filter;
pub mod follow;

mod levels;
pub mod live;
pub mod loaders;
pub mod media;
pub mod media_edit;
pub mod media_list;
pub mod node;
pub mod notification;
pub mod order;
pub mod page;
pub mod photo;
pub mod photo_tag;
pub mod point;
pub mod report;
pub mod roots;
pub mod save;
pub mod scalars;
pub mod server;
pub mod session;
pub mod stream;
pub mod text;
pub mod upload;
pub mod user;
pub mod viewer;

use std::sync::Arc;

use async_graphql::{Request, Response, SDLExportOptions, ValidationMode};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::app::App;
use crate::base::client_address::ClientAddress;
use crate::domain::sessions::Viewer;

use compile::Validator;
use context::Asking;
use roots::{Mutation, Query, Subscription};

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema before it is finished.
pub type SchemaBuilder = async_graphql::SchemaBuilder<Query, Mutation, Subscription>;

/// The schema over an app. It resolves fields of what was compiled, and validates nothing again.
#[must_use]
pub fn schema(app: &Arc<App>) -> Schema {
    schema_builder(app).finish()
}

/// The same before it is finished, so that an extension can be added to it.
#[must_use]
pub fn schema_builder(app: &Arc<App>) -> SchemaBuilder {
    builder().data(app.clone()).validation_mode(ValidationMode::Fast).limit_recursive_depth(RECURSION)
}

/// How deep a normal form can be nested: fragments that tell objects apart stand between the fields.
const RECURSION: usize = 128;

/// The rules that documents are validated by. Where introspection is off, errors suggest no names.
#[must_use]
pub fn validator(introspection: bool) -> Validator {
    if introspection { Validator::new(builder()) } else { Validator::new(builder().disable_suggestions()) }
}

fn builder() -> SchemaBuilder {
    Schema::build(Query, Mutation::default(), Subscription)
        .register_output_type::<error::UserError>()
        .register_output_type::<live::StreamEvent>()
        .register_output_type::<text::TextEntity>()
}

/// Executes a query or a mutation without the checks of a transport.
#[must_use = "nothing is executed before it is awaited"]
pub fn execute(schema: &Schema, request: Request) -> BoxFuture<'_, Response> {
    // In a box it is compiled here once, and not again with every program that awaits it.
    schema.execute(request).boxed()
}

/// Says who asks and from where, with loaders of its own: nothing that one viewer loaded is ever shown to another.
#[must_use]
pub fn asked_by(app: &Arc<App>, (viewer, address): (Option<Viewer>, ClientAddress), request: Request) -> Request {
    let asking = Arc::new(Asking::new(viewer));
    request.data(loaders::loaders(app, &asking)).data(asking).data(address).data(stream::Start::of(app))
}

/// The schema in the schema definition language, as `schema.graphql` has it.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl_with_options(SDLExportOptions::new())
}
