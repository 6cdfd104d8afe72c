//! The disk of the embedded parts is full: people are told so and can go on reading, and when there is room again
//! everything goes on.
//!
//! The system is told that no file of the process may grow beyond a block. A write beyond it is refused as it is on a full
//! disk, with another number (`EFBIG`, not `ENOSPC`): nobody but root can make a disk small, and the tests run without.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::kit::judge;
use crate::kit::program::Program;
use crate::kit::traffic::Traffic;

/// How long somebody waits to be told.
const FAST: Duration = Duration::from_secs(3);

#[tokio::test]
async fn full_for_some_time() {
    let mut program = Program::told("").on_a_small_disk();
    program.starts().await;
    let traffic = Traffic::begins(std::slice::from_ref(&program.front)).await;
    let first = traffic.done().media[0].0.clone();
    let fault = async {
        files_may_grow_to(&program, "4096");
        let full = Instant::now();
        while full.elapsed() < Duration::from_secs(5) {
            traffic.is_in_trouble().await;
            let view = traffic.people[1].sees_media(&first).await;
            assert_eq!(view["id"], first.as_str(), "what is there can be read");
        }
        files_may_grow_to(&program, "unlimited");
        traffic.goes_on_for(20).await;
    };
    traffic.during(fault).await;
    let troubles = traffic.troubles();
    assert!(troubles.iter().all(|trouble| trouble.after < FAST), "{troubles:?}");
    // After a restart, too.
    program.is_killed();
    program.starts().await;
    judge::finds_nothing_wrong(&traffic, &program.databases()).await;
    program.ends().await;
}

/// The soft limit only: it can be raised again.
fn files_may_grow_to(program: &Program, bytes: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &program.process().to_string(), &format!("--fsize={bytes}:")]);
    assert!(prlimit.status().expect("prlimit").success(), "the limit of the process can be changed");
}
