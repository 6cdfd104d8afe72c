//! `kill -9` in the middle of everything, again and again. Nothing that was acknowledged is lost, nothing happens twice,
//! and no step is left undone.

use std::time::Duration;

use crate::kit::judge;
use crate::kit::program::Program;
use crate::kit::traffic::{Dice, Traffic};

/// How often the server is killed.
const KILLS: usize = 6;

#[tokio::test]
async fn whatever_was_acknowledged_survives_being_killed_at_any_moment() {
    let mut program = Program::prepared().await;
    program.starts().await;
    let traffic = Traffic::begins(std::slice::from_ref(&program.front)).await;
    let killer = async {
        let mut dice = Dice(0x5EED);
        for _ in 0..KILLS {
            traffic.goes_on_for(dice.below(12)).await;
            // The moment matters, not the wait: somewhere in the next write.
            tokio::time::sleep(Duration::from_millis(dice.below(40) as u64)).await;
            program.is_killed();
            program.starts().await;
        }
    };
    traffic.during(killer).await;
    program.is_killed();
    program.starts().await;
    judge::finds_nothing_wrong(&traffic, &program.databases()).await;
    // A server that dies says nothing; one that lives has no excuse.
    let troubles = traffic.troubles();
    assert!(troubles.is_empty(), "{troubles:?}");
    program.ends().await;
}
