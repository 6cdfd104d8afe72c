//! Stories of people who use photograph, told through its front door: HTTP, sockets and the program itself.
//!
//! One file for each feature. The cast and its verbs are in `kit`; `tests/README.md` says how to write a story.

mod kit;

mod accounts;
mod blocking;
mod config;
mod connections;
mod crash;
mod drain;
mod feed;
mod following;
mod http;
mod likes_and_comments;
mod migrating;
mod multipart;
mod playground;
mod publishing;
mod readme;
mod removals;
mod resume;
mod socket;
mod sse;
mod statements;
mod streams;
mod timelines;
mod uploads;
mod visibility;
