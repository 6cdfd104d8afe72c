//! Stories of people who use photograph, told through its front door: HTTP, sockets and the program itself.
//!
//! One file for each feature. The cast and its verbs are in `kit`; `tests/README.md` says how to write a story.

#[expect(dead_code, reason = "faults use it as well, and more of it")]
mod kit;

mod accounts;
mod activity;
mod activity_cost;
mod activity_events;
mod activity_names;
mod between;
mod blocked_content;
mod blocking;
mod bounds;
mod budgets;
mod cancelled;
mod checking;
mod compose;
mod config;
mod connections;
mod crash;
mod drain;
mod editing;
mod feed;
mod feeds_together;
mod filters;
mod following;
mod frames;
mod gone;
mod guessing;
mod heif;
mod held;
mod http;
mod images;
mod likes_and_comments;
mod links;
mod migrating;
mod multipart;
mod muting;
mod notification_settings;
mod playground;
mod processes;
mod publishing;
mod push;
mod push_devices;
mod push_transport;
mod readme;
mod redis;
mod removals;
mod replies;
mod resume;
mod room;
mod s3;
mod shelves;
mod socket;
mod sse;
mod statements;
mod streams;
mod tags;
mod texts;
mod timelines;
mod together;
mod tus;
mod upgrade;
mod uploads;
mod visibility;
