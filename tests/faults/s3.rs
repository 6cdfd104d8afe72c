//! The store of photos goes away during uploads and while they are processed: what was taken in is published in the end.

use std::time::Duration;

use crate::company::Company;
use crate::servers::Server;

#[tokio::test]
async fn away_during_uploads_and_processing() {
    let company = Company::opens().await;
    let fault = async {
        for _ in 0..2 {
            company.servers.stop(Server::S3);
            tokio::time::sleep(Duration::from_secs(3)).await;
            company.servers.start_again(Server::S3);
            // Those whose turn it was to publish could not go on.
            company.traffic.goes_on_for(20).await;
        }
    };
    company.traffic.during(fault).await;
    company.closes().await;
}
