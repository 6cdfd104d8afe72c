//! A small company: two processes that serve, a worker and a relay, on servers of their own, with people who use them.

use crate::kit::program::Program;
use crate::kit::traffic::Traffic;
use crate::kit::{Folder, judge};
use crate::servers::{Server, Servers};

/// Servers, the processes on them, and who uses them.
pub struct Company {
    /// What the processes stand on.
    pub servers: Servers,
    /// The processes that serve.
    pub apis: [Program; 2],
    /// The processes that do what follows.
    pub worker: Program,
    /// The process that moves facts into the log.
    pub relay: Program,
    /// Who uses them.
    pub traffic: Traffic,
    /// Where all processes keep what they do not keep in S3.
    pub data: Folder,
}

impl Company {
    /// Opens, with everybody signed up.
    pub async fn opens() -> Self {
        let servers = Servers::start();
        let data = Folder::fresh();
        let one = |role: &str| a_process(role, &servers, &data);
        let mut apis = [one("api"), one("api")];
        let (mut worker, mut relay) = (one("worker").in_the_back(), one("relay").in_the_back());
        for process in apis.iter_mut().chain([&mut worker, &mut relay]) {
            process.starts().await;
        }
        let fronts = apis.each_ref().map(|api| api.front.clone());
        let traffic = Traffic::begins(&fronts).await;
        Self { servers, apis, worker, relay, traffic, data }
    }

    /// One more process, before its first start.
    pub fn one_more(&self, role: &str) -> Program {
        a_process(role, &self.servers, &self.data)
    }

    /// The addresses of the databases.
    pub fn databases(&self) -> [String; 2] {
        [Server::Primary, Server::Second].map(|server| self.servers.database(server))
    }

    /// Closes, when nothing is wrong. Whoever was told of an error was told the truth: a part was away, or too busy.
    pub async fn closes(self) {
        self.is_well().await;
    }

    /// Nothing is wrong: see [`Company::closes`].
    pub async fn is_well(&self) {
        judge::finds_nothing_wrong(&self.traffic, &self.databases()).await;
        let troubles = self.traffic.troubles();
        let honest = |code: &str| ["OVERLOADED", "TIMEOUT"].contains(&code);
        let others: Vec<_> = troubles.iter().filter(|trouble| !honest(&trouble.code)).collect();
        assert!(others.is_empty(), "told of bugs: {others:?}");
    }
}

fn a_process(role: &str, servers: &Servers, data: &Folder) -> Program {
    let config = format!("[server]\nrole = {role:?}\n[http]\ndrain_seconds = 1\n{}", servers.addresses().toml());
    Program::told(&config).with_data(&data.0)
}
