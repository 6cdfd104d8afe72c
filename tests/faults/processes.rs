//! Processes are killed in turn, and two of them are given the same step.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};

use crate::company::Company;
use crate::kit::program::Program;
use crate::kit::traffic::Traffic;

#[tokio::test]
async fn those_who_serve_the_worker_and_the_relay_are_killed_in_turn() {
    let Company { servers, apis: [mut first, mut second], mut worker, mut relay, traffic, data } =
        Company::opens().await;
    let fault = async {
        for _ in 0..2 {
            for process in [&mut first, &mut worker, &mut relay, &mut second] {
                is_killed_and_comes_back(process, &traffic).await;
            }
        }
    };
    traffic.during(fault).await;
    Company { servers, apis: [first, second], worker, relay, traffic, data }.closes().await;
}

/// Killed in the middle of something, and missed for a while.
async fn is_killed_and_comes_back(process: &mut Program, traffic: &Traffic) {
    traffic.goes_on_for(7).await;
    process.is_killed();
    traffic.goes_on_for(7).await;
    process.starts().await;
}

#[tokio::test]
async fn two_workers_are_given_the_same_step() {
    let company = Company::opens().await;
    let mut second = company.one_more("worker").in_the_back();
    second.starts().await;
    let mut databases = vec![];
    for address in company.databases() {
        databases.push(Database::connect(address).await.expect("the database answers"));
    }
    // As if a worker had been silent for longer than its lease: whatever is being done is given away once more.
    let fault = async {
        let mut again = tokio::time::interval(Duration::from_millis(2));
        let enough = company.traffic.goes_on_for(300);
        tokio::pin!(enough);
        loop {
            tokio::select! {
                () = &mut enough => return,
                _ = again.tick() => {}
            }
            for database in &databases {
                let taken = database.execute_unprepared("UPDATE steps SET leased_until = 0 WHERE tries < 6").await;
                taken.expect("the leases are taken away");
            }
        }
    };
    company.traffic.during(fault).await;
    company.closes().await;
}
