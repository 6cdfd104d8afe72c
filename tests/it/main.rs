//! Stories of people who use photograph, told through its front door: HTTP, sockets and the program itself.
//!
//! One file for each feature. The cast and its verbs are in `kit`; `tests/README.md` says how to write a story.

#[expect(dead_code, reason = "faults use it as well, and more of it")]
mod kit;

mod accounts;
mod between;
mod blocking;
mod compose;
mod config;
mod connections;
mod crash;
mod drain;
mod feed;
mod following;
mod http;
mod likes_and_comments;
mod links;
mod migrating;
mod multipart;
mod playground;
mod processes;
mod publishing;
mod readme;
mod redis;
mod removals;
mod resume;
mod s3;
mod socket;
mod sse;
mod statements;
mod streams;
mod timelines;
mod together;
mod uploads;
mod visibility;
