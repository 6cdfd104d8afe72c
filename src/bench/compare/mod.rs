//! One program, or two side by side: each with a database of its own that holds the same rows, driven over HTTP in turns.
//!
//! Only ratios of one run say something: the machine may be busy and differs from day to day.

mod documents;
mod feed;
mod fill;
mod masked;
mod operations;
mod side;
mod sql;
mod wire;

use std::path::PathBuf;

use futures_util::future::try_join_all;
use hyper::body::Bytes;
use serde_json::json;

use super::client::Client;
use super::costs::{Costs, Threads, median};
use super::feed::{token, token_as_before};
use super::world::Size;
use crate::app::App;
use crate::base::config::Config;
use crate::base::error::{Error, Result};
use crate::base::ids::UserId;
use fill::Filled;
use side::Side;

pub use feed::feed;
pub use operations::operations;

/// Rounds that are counted.
const ROUNDS: usize = 5;

/// What is compared, and on what.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The configuration whose parts are used, with other databases.
    pub config: Config,
    /// How a command is told that configuration.
    pub arguments: Vec<String>,
    /// The other program, if any.
    pub against: Option<PathBuf>,
    /// How much there is in the world.
    pub size: Size,
    /// Connections that ask side by side.
    pub at_once: usize,
    /// How often each operation is executed in a round, when operations are measured.
    pub executions: Option<usize>,
}

/// Programs that serve the same world.
struct Comparison {
    /// This program, then the other.
    sides: Vec<Side>,
    filled: Filled,
    redis: Option<u32>,
    at_once: usize,
    sign: Sign,
}

/// Makes an access token.
type Sign = fn(&App, UserId) -> Result<String>;

/// A request, and whose.
#[derive(Clone, Debug)]
struct Ask {
    token: Option<String>,
    body: String,
    is_subscription: bool,
}

/// What some requests gave.
struct Driven {
    answers: Vec<Bytes>,
    costs: Costs,
    statements: u64,
}

impl Comparison {
    /// Makes the databases, fills them and starts the servers.
    async fn start(setup: &Setup, say: &impl Fn(&str)) -> Result<Self> {
        let mut sides = Side::prepare_all(setup).await?;
        let filled = fill::fill(&sides[0], setup, say).await?;
        for side in &sides[1..] {
            sides[0].copy_to(side).await?;
        }
        for side in &mut sides {
            side.settle_and_serve().await?;
        }
        let redis = side::redis_process(&filled.app).await?;
        let mut comparison = Self { sides, filled, redis, at_once: setup.at_once, sign: token };
        comparison.agree_on_tokens().await?;
        Ok(comparison)
    }

    /// Makes tokens as this program does, or else as the one before it: all have to take them.
    async fn agree_on_tokens(&mut self) -> Result<()> {
        let body = json!({ "query": "{ viewer { id } }" }).to_string();
        for sign in [token, token_as_before] {
            self.sign = sign;
            let ask = [self.ask(self.filled.world.people[0], body.clone())?];
            if try_join_all(self.sides.iter().map(|side| self.drive(side, &ask))).await.is_ok() {
                return Ok(());
            }
        }
        Err(Error::internal("there is no access token that both programs take"))
    }

    /// A request of somebody.
    fn ask(&self, who: UserId, body: String) -> Result<Ask> {
        Ok(Ask { token: Some((self.sign)(&self.filled.app, who)?), body, is_subscription: false })
    }

    /// Whoever it is asks one server; every connection takes its part.
    async fn drive(&self, side: &Side, asks: &[Ask]) -> Result<Driven> {
        let address = side.address();
        let share = asks.len().div_ceil(self.at_once).max(1);
        let clients = asks.chunks(share).map(async |asks| Ok::<_, Error>((Client::connect(address).await?, asks)));
        let clients = try_join_all(clients).await?;
        let (before, statements) = (self.spent(side), side.statements());
        let asking = clients.into_iter().map(async |(client, asks)| ask_all(client, address, asks).await);
        let answers = try_join_all(asking).await?.concat();
        let spent = self.spent(side);
        let costs = Costs {
            server: spent[0].since(&before[0]),
            postgres: spent[1].since(&before[1]),
            redis: spent[2].since(&before[2]),
        };
        Ok(Driven { answers, costs, statements: side.statements() - statements })
    }

    /// Of the server, of Postgres and of Redis.
    fn spent(&self, side: &Side) -> [Threads; 3] {
        [Threads::of([side.process()]), Threads::of(side.backends()), Threads::of(self.redis)]
    }

    /// The same of all sides, one after the other: the last of one round is the first of the next. In the order of the
    /// sides; their answers must be equal.
    async fn drive_all(&self, round: usize, asks: &[Ask]) -> Result<Vec<Driven>> {
        let mut driven = Vec::new();
        let mut order: Vec<usize> = (0..self.sides.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for number in order {
            driven.push((number, self.drive(&self.sides[number], asks).await?));
        }
        driven.sort_by_key(|(number, _)| *number);
        let driven: Vec<Driven> = driven.into_iter().map(|(_, driven)| driven).collect();
        for other in &driven[1..] {
            masked::must_be_equal(&driven[0].answers, &other.answers)?;
        }
        Ok(driven)
    }

    /// Ends the servers and removes their databases.
    async fn end(mut self) -> Result<()> {
        for side in &mut self.sides {
            side.end().await?;
        }
        Ok(())
    }
}

async fn ask_all(mut client: Client, address: &str, asks: &[Ask]) -> Result<Vec<Bytes>> {
    let mut answers = Vec::with_capacity(asks.len());
    for Ask { token, body, is_subscription } in asks {
        answers.push(match is_subscription {
            true => Client::connect(address).await?.subscribes(token.as_deref(), body).await?,
            false => client.asks_as(token.as_deref(), body).await?,
        });
    }
    Ok(answers)
}

/// Milliseconds of CPU for each request: server, Postgres, Redis, and together.
fn each(costs: Costs, requests: usize) -> [f64; 4] {
    let requests = f64::from(u32::try_from(requests).unwrap_or(u32::MAX));
    let milliseconds = |spent: std::time::Duration| spent.as_secs_f64() * 1000.0 / requests;
    let Costs { server, postgres, redis } = costs;
    [server, postgres, redis, server + postgres + redis].map(milliseconds)
}

/// The medians of numbers of several rounds, column by column.
fn medians<const N: usize>(rounds: &[[f64; N]]) -> [f64; N] {
    std::array::from_fn(|column| median(rounds.iter().map(|round| round[column]).collect()))
}

/// A number of this program beside that of the other, and their ratio.
fn beside(numbers: &[f64], digits: usize) -> String {
    match numbers {
        [new, old] if *old > 0.0 => format!("{new:.digits$} / {old:.digits$} = {:.2}", new / old),
        _ => numbers.iter().map(|number| format!("{number:.digits$}")).collect::<Vec<_>>().join(" / "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_beside_each_other() {
        for (numbers, text) in
            [(&[0.5, 2.0][..], "0.50 / 2.00 = 0.25"), (&[0.5], "0.50"), (&[0.5, 0.0], "0.50 / 0.00"), (&[], "")]
        {
            assert_eq!(beside(numbers, 2), text);
        }
    }

    #[test]
    fn each_column_has_its_median() {
        let rounds = [[1.0, 30.0], [2.0, 10.0], [9.0, 20.0]];
        assert_eq!(medians(&rounds).map(|number| format!("{number}")), ["2", "20"]);
    }
}
