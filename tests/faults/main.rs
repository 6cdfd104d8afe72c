//! Faults: a part goes away, or a process is killed, while people go on. Whatever was acknowledged is there afterwards, once;
//! counts are those of the rows; everybody's feed has every media once; and no work is left.
//!
//! Each fault has servers and processes of its own, which it may stop, freeze and kill.

#[path = "../it/kit/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the stage of the stories; faults need less of it")]
mod kit;

mod company;
mod nginx;
mod servers;

mod disk;
mod postgres;
mod processes;
mod proxies;
mod redis;
mod rolling;
mod s3;
mod streams;
mod upgrade;
