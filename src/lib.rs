//! photograph: the backend of a photo-sharing app in one program — a GraphQL API with realtime subscriptions.
//!
//! # The floor plan
//!
//! ```text
//!                browser, phone, app
//!                        |
//!   http/      bytes in, bytes out: GraphQL over HTTP, WebSocket, uploads, images, health, playground
//!   graphql/   the schema: thin, may be recursive inside        jobs/   what follows from a fact
//!                        \                                     /
//!   domain/    what the product does, one folder for each noun; reading order = import order
//!   app.rs     struct App: every machine, built once; web, worker and tests share it
//!   platform/  machines: db, queue, log, blobs, links, apns, imaging, token, telemetry
//!   base/      words everyone uses: config, error, ids, facts, clock, chance, page, text
//! ```
//!
//! Imports go only down; `graphql` and `jobs` are strangers to each other; inside `domain` a module may use those listed
//! above it. `tests/architecture.rs` reads the sources and checks this.
//!
//! # One log of facts
//!
//! Everything that happens is a [`base::facts::Fact`], written in the transaction of the change. A relay moves
//! committed facts into the log with dense positions, together with the steps that follow ([`jobs`]). Workers do the
//! steps; tails tell the live streams. Killed at any moment, the program loses nothing that it acknowledged.
//!
//! # Where this differs from the first plan
//!
//! * Facts stand in `base`, not in `domain`: the log, the bus and the live streams are machines, and all of them speak of
//!   facts. A fact is ids and small numbers only.
//! * No lease decides which relay works. The row of the log's head is locked while positions are given out, so any number
//!   of relays are safe, and after a crash nobody waits for a lease to run out.
//! * Leases are for what would be wasted twice (tidying a database) and for the numbers of processes in ids. What must not
//!   be done twice is guarded by rows: a step counts as done only for the claim that has it.
//! * A count that many people change at once is kept in two places: in its row, and as changes beside it that a step adds
//!   up. Every read adds both, so nobody waits and no count is ever behind.
//! * A follow is decided on the shard of the one followed, because that is where the account is private or open and where
//!   followers are counted; the follower's own list is the copy that a step keeps. Both carry the number of the change
//!   (`edge`), so that steps may come late, twice or in any order.
//! * Activities are not in Redis: what the list says first is one statement on its owner's shard, and what it shows — people,
//!   media, comments as the viewer may see them now — has to be loaded wherever the list comes from.
//! * `platform/imaging` and `seed/pictures` are crates of their own, so that a dev build can optimise what works on pixels
//!   and nothing else. They stand in their rooms and import nothing of ours.

pub mod app;
pub mod base;
pub mod bench;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod jobs;
pub mod platform;
pub mod seed;
