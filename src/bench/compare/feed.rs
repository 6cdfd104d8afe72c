//! Reading home feeds: the first read of a person, and the read after it.

use hyper::body::Bytes;
use serde_json::json;

use super::super::feed::HOME;
use super::{Ask, Comparison, Driven, ROUNDS, Setup, beside, each, medians};
use crate::base::error::{Error, Result};

/// How far apart the readers stand in the world; a prime, so that nobody comes twice.
const STRIDE: usize = 7919;

/// What is read of a person for the first time, and again.
const READS: [&str; 2] = ["first", "again"];

/// Compares, and tells round by round.
///
/// # Errors
/// When a part fails, or the programs do not answer the same.
pub async fn feed(setup: &Setup, reads: usize, say: impl Fn(&str)) -> Result<()> {
    let (people, each_round) = (setup.size.people, reads / ROUNDS);
    if each_round == 0 || reads > people || people.is_multiple_of(STRIDE) {
        let message =
            format!("--reads is at least {ROUNDS} and at most --people: nobody is read for the first time twice");
        return Err(Error::internal(message));
    }
    let comparison = Comparison::start(setup, &say).await?;
    say(&format!("{} reads in each of {ROUNDS} rounds; CPU ms of each read{}", each_round, legend(setup)));
    let read = read_all(&comparison, each_round, &say).await;
    comparison.end().await.and(read)
}

async fn read_all(comparison: &Comparison, each_round: usize, say: &impl Fn(&str)) -> Result<()> {
    // For each kind of read and each side the numbers of all rounds.
    let mut numbers = [const { Vec::new() }; READS.len()];
    for round in 0..ROUNDS {
        let asks = asks(comparison, round * each_round, each_round)?;
        for (name, numbers) in READS.iter().zip(&mut numbers) {
            let driven = comparison.drive_all(round, &asks).await?;
            let costs: Vec<[f64; 4]> = driven.iter().map(|driven| each(driven.costs, asks.len())).collect();
            say(&format!("round {}, {name}: {}; {} bytes", round + 1, told(&costs), bytes(&driven[0])));
            numbers.push(costs);
        }
    }
    for (name, rounds) in READS.iter().zip(&numbers) {
        let of_side = |side: usize| medians(&rounds.iter().map(|costs| costs[side]).collect::<Vec<_>>());
        let costs: Vec<[f64; 4]> = (0..comparison.sides.len()).map(of_side).collect();
        say(&format!("median, {name}: {}", told(&costs)));
    }
    Ok(())
}

fn legend(setup: &Setup) -> String {
    setup.against.as_ref().map(|other| format!(", this program / {}", other.display())).unwrap_or_default()
}

fn asks(comparison: &Comparison, first: usize, many: usize) -> Result<Vec<Ask>> {
    let people = &comparison.filled.world.people;
    let body = json!({ "query": HOME }).to_string();
    let ask = |number: usize| comparison.ask(people[number * STRIDE % people.len()], body.clone());
    (first..first + many).map(ask).collect()
}

fn told(costs: &[[f64; 4]]) -> String {
    let parts = ["server", "Postgres", "Redis", "together"].iter().enumerate();
    let part = |(number, name): (usize, &&str)| {
        let numbers: Vec<f64> = costs.iter().map(|costs| costs[number]).collect();
        format!("{name} {}", beside(&numbers, 3))
    };
    parts.map(part).collect::<Vec<_>>().join(", ")
}

fn bytes(driven: &Driven) -> usize {
    driven.answers.iter().map(Bytes::len).sum::<usize>() / driven.answers.len().max(1)
}
