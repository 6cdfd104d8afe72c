//! A program with parts of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::super::costs;
use super::super::feed::Server;
use super::wire::Wire;
use super::{Setup, sql};
use crate::app::App;
use crate::base::config::Config;
use crate::base::error::{Error, Result};
use crate::platform::redis::Command as RedisCommand;

/// One of the programs that are compared.
pub(super) struct Side {
    program: PathBuf,
    arguments: Vec<String>,
    /// Where databases are made and removed.
    home: String,
    /// The name of its database.
    database: String,
    data: PathBuf,
    prefix: String,
    /// What counts statements, where operations are measured.
    wire: Option<Wire>,
    server: Option<Server>,
}

impl Side {
    /// This program and the other, if any, each with an empty database that it has migrated itself.
    pub(super) async fn prepare_all(setup: &Setup) -> Result<Vec<Self>> {
        let home = address(&setup.config)?;
        let own = std::env::current_exe().map_err(Error::internal)?;
        let programs = [Some(own), setup.against.clone()].into_iter().flatten();
        let mut sides = Vec::new();
        for (program, name) in programs.zip(["new", "old"]) {
            let database = format!("photograph_bench_{}_{name}", std::process::id());
            let data = setup.config.server.data.join(&database);
            let prefix = format!("{}{database}:", setup.config.redis.prefix);
            let wire = match setup.executions {
                Some(_) => Some(Wire::before(&home).await?),
                None => None,
            };
            let arguments = setup.arguments.clone();
            let side = Self { program, arguments, home: home.clone(), database, data, prefix, wire, server: None };
            sql::create(&side.home, &side.database).await?;
            side.migrate()?;
            sides.push(side);
        }
        Ok(sides)
    }

    fn migrate(&self) -> Result<()> {
        let mut command = self.command("migrate")?;
        let status = command.stdout(Stdio::null()).status().map_err(Error::internal)?;
        let failed = || Error::internal(format!("{} did not migrate", self.program.display()));
        status.success().then_some(()).ok_or_else(failed)
    }

    /// A task of the program, told its parts by the environment, which is stronger than a file.
    fn command(&self, task: &str) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command.arg(task).args(&self.arguments).env("PHOTOGRAPH__SERVER__DATA", &self.data);
        command.env("PHOTOGRAPH__REDIS__PREFIX", &self.prefix);
        let address = sql::named(&self.home, &self.database)?;
        let address = self.wire.as_ref().map_or(Ok(address.clone()), |wire| wire.address(&address))?;
        command.env("PHOTOGRAPH__DATABASE__URL", address);
        Ok(command)
    }

    /// A configuration for filling its database. Home feeds are made by the program itself, so not under its prefix.
    pub(super) fn config(&self, setup: &Setup) -> Result<Config> {
        let mut config = setup.config.clone();
        config.database.url = Some(sql::named(&self.home, &self.database)?);
        config.redis.prefix = format!("{}fill:", self.prefix);
        config.server.data.clone_from(&self.data);
        Ok(config)
    }

    /// Gives its rows to another.
    pub(super) async fn copy_to(&self, other: &Self) -> Result<()> {
        sql::copy(&sql::named(&self.home, &self.database)?, &sql::named(&other.home, &other.database)?).await
    }

    /// Starts the server on rows that nobody changes any more.
    pub(super) async fn settle_and_serve(&mut self) -> Result<()> {
        sql::vacuum(&sql::named(&self.home, &self.database)?).await?;
        let mut command = self.command("serve")?;
        if self.wire.is_some() {
            // What follows from an operation is not done here, so that it is counted for none.
            command.args(["--role", "api,relay"]);
        }
        self.server = Some(Server::launch(command).await?);
        Ok(())
    }

    pub(super) fn address(&self) -> &str {
        self.server.as_ref().map_or("", |server| &server.address)
    }

    pub(super) fn process(&self) -> u32 {
        self.server.as_ref().map_or(0, |server| server.process.id())
    }

    pub(super) fn backends(&self) -> Vec<u32> {
        costs::backends(&self.database)
    }

    /// SQL statements so far.
    pub(super) fn statements(&self) -> u64 {
        self.wire.as_ref().map_or(0, Wire::statements)
    }

    pub(super) async fn end(&mut self) -> Result<()> {
        self.server = None;
        sql::remove(&self.home, &self.database).await?;
        let _ = std::fs::remove_dir_all(&self.data);
        Ok(())
    }
}

/// The one database of the configuration, beside which those of the benchmark are made.
fn address(config: &Config) -> Result<String> {
    let database = &config.database;
    let is_one = database.shards.is_empty()
        && database.url_file.is_none()
        && config.replicas().is_ok_and(|copies| copies.is_empty());
    let url = database.url.clone().filter(|url| is_one && url.starts_with("postgres"));
    url.ok_or_else(|| Error::internal("comparing wants a Postgres in database.url, without shards, replicas and files"))
}

/// The process of Redis, when there is one on this machine.
pub(super) async fn redis_process(app: &App) -> Result<Option<u32>> {
    let Some(redis) = &app.redis else { return Ok(None) };
    let about: String = redis.send(RedisCommand::bare("INFO")).await?;
    let number = about.lines().find_map(|line| line.strip_prefix("process_id:")?.trim().parse().ok());
    Ok(number.filter(|pid| costs::is_called(*pid, "redis")))
}
