//! Redis makes everything fast and nothing true: emptied, away or frozen, it takes nothing with it.

use std::time::Duration;

use crate::company::Company;
use crate::servers::Server;

#[tokio::test]
async fn emptied_again_and_again() {
    let company = Company::opens().await;
    let fault = async {
        for _ in 0..5 {
            company.servers.flush_redis();
            company.traffic.goes_on_for(20).await;
        }
    };
    company.traffic.during(fault).await;
    company.servers.flush_redis();
    company.closes().await;
}

#[tokio::test]
async fn away_for_ten_seconds() {
    let company = Company::opens().await;
    let fault = async {
        // First it does not answer, then it is not there.
        company.servers.send("STOP", Server::Redis);
        tokio::time::sleep(Duration::from_secs(5)).await;
        company.servers.send("CONT", Server::Redis);
        company.servers.stop(Server::Redis);
        let gone = tokio::time::sleep(Duration::from_secs(5));
        tokio::join!(gone, company.traffic.goes_on_for(20));
        company.servers.start_again(Server::Redis);
    };
    company.traffic.during(fault).await;
    let troubles = company.traffic.troubles();
    assert!(troubles.is_empty(), "the database answers when Redis does not: {troubles:?}");
    company.closes().await;
}

#[tokio::test]
async fn restarted_empty() {
    let company = Company::opens().await;
    let fault = async {
        for _ in 0..3 {
            company.servers.stop(Server::Redis);
            company.servers.start_again(Server::Redis);
            company.traffic.goes_on_for(20).await;
        }
    };
    company.traffic.during(fault).await;
    company.closes().await;
}
