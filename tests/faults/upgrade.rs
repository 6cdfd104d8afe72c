//! A rolling upgrade and the way back, under traffic: processes of this version and of the next, which has one more fact, one
//! more step and one more change of the schema, replace each other one by one. Nothing is lost, and nobody is told of a bug.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, Database, Statement};

use crate::company::Company;
use crate::kit::program::Program;
use crate::kit::traffic::Traffic;
use crate::kit::{PATIENCE, eventually};

#[tokio::test]
async fn two_versions_replace_each_other_one_by_one_and_back_under_traffic() {
    let Company { servers, apis: [mut first, mut second], mut worker, mut relay, traffic, data } =
        Company::opens().await;
    let fault = async {
        // Workers before relays before those who serve, and back the other way round.
        for process in [&mut worker, &mut relay, &mut first] {
            is_replaced(process, true, &traffic).await;
        }
        assert_eq!(rehearsed(&first), HashSet::new(), "a process runs that does not know the new fact");
        is_replaced(&mut second, true, &traffic).await;
        eventually("the new fact is recorded", PATIENCE, async || (rehearsed(&first).len() > 10).then_some(())).await;
        traffic.goes_on_for(7).await;
        for process in [&mut first, &mut second, &mut relay, &mut worker] {
            is_replaced(process, false, &traffic).await;
        }
    };
    traffic.during(fault).await;
    let acknowledged: HashSet<i64> = rehearsed(&first).union(&rehearsed(&second)).copied().collect();
    let company = Company { servers, apis: [first, second], worker, relay, traffic, data };
    company.is_well().await;
    let mut noted = HashSet::new();
    for address in company.databases() {
        noted.extend(rehearsals(&address).await);
    }
    assert!(acknowledged.is_subset(&noted), "what was acknowledged was done: {acknowledged:?}, {noted:?}");
}

/// A process is stopped, and one of the other version comes in its place.
async fn is_replaced(process: &mut Program, is_next: bool, traffic: &Traffic) {
    assert!(process.is_stopped().await.success(), "it stops in good order");
    process.becomes_next(is_next);
    process.starts().await;
    traffic.goes_on_for(7).await;
}

/// Which new facts a process was told are recorded.
fn rehearsed(process: &Program) -> HashSet<i64> {
    let log = process.log();
    log.lines().filter_map(|line| line.strip_prefix("rehearsed ")?.parse().ok()).collect()
}

/// Which new facts were followed by their step.
async fn rehearsals(address: &str) -> Vec<i64> {
    let database = Database::connect(address).await.expect("the database answers");
    let all = Statement::from_string(database.get_database_backend(), "SELECT number FROM rehearsals");
    let rows = database.query_all_raw(all).await.expect("the database answers");
    rows.iter().map(|row| row.try_get("", "number").expect("a number")).collect()
}
