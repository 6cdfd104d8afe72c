//! A look at Redis, for an operator: whether it is there and right for this program, and how to mend what is wrong.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::{Away, Command, Heard, Redis, Value};
use crate::base::config;
use crate::base::error::Result;

/// The oldest version whose commands and protocol are used here; older ones are no longer mended by anybody.
const OLDEST: (u32, u32) = (6, 2);
/// How long Redis is given to be there, and a message to come around.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer that takes longer is worth a word: feeds ask several times for each page.
const SLOW: Duration = Duration::from_millis(20);
/// How often to ask for the time of one answer.
const TIMES: usize = 5;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What was seen, a sentence each.
    pub seen: Vec<String>,
    /// What is wrong, with the way to mend it.
    pub wrong: Vec<String>,
}

/// Looks at the Redis of a configuration; `None` when it has none. Leaves nothing behind.
///
/// # Errors
/// When the address is none, or the certificates cannot be read.
pub async fn look(config: &config::Redis) -> Result<Option<Found>> {
    match Redis::open(config).await? {
        Some(redis) => Ok(Some(redis.check().await)),
        None => Ok(None),
    }
}

impl Redis {
    /// Looks whether Redis is there and right for this program.
    pub async fn check(&self) -> Found {
        let mut found = Found::default();
        let mut reach = self.0.reach.clone();
        if !matches!(timeout(PATIENCE, reach.wait_for(Option::is_some)).await, Ok(Ok(_))) {
            found.wrong.push(self.why_away());
            return found;
        }
        self.look_at_server(&mut found).await;
        self.look_at_writing(&mut found).await;
        self.look_at_messages(&mut found).await;
        if found.seen.is_empty() {
            // It went away meanwhile: what could not be done then says nothing about rights.
            found.wrong = vec![self.why_away()];
        }
        found
    }

    fn why_away(&self) -> String {
        format!(
            "Redis does not answer as it must: {}. Check redis.url (address, user, password, rediss for TLS), \
             redis.ca_file, and that the server runs, is a primary and lets this machine in.",
            self.0.why.last()
        )
    }

    async fn look_at_server(&self, found: &mut Found) {
        let about: Result<String, Away> = self.send(Command::bare("INFO")).await;
        let about = match about {
            Ok(about) => about,
            Err(away) => return found.wrong.push(format!("{away}. INFO must be allowed to the user of redis.url.")),
        };
        let version = field(&about, "redis_version");
        found.seen.push(format!("Redis {version} answers."));
        if number(version) < OLDEST {
            let (major, minor) = OLDEST;
            found.wrong.push(format!("Redis {version} is too old: install {major}.{minor} or newer."));
        }
        found.seen.extend(memory(field(&about, "maxmemory"), field(&about, "maxmemory_policy")));
    }

    async fn look_at_writing(&self, found: &mut Found) {
        let name = self.name("check");
        let mut longest = Duration::ZERO;
        for _ in 0..TIMES {
            let begun = Instant::now();
            let written: Result<Value, Away> =
                self.send(Command::on("SET", name.clone()).with("photograph").with("PX").with(1000)).await;
            if let Err(away) = written {
                return found.wrong.push(format!(
                    "Nothing can be written: {away}. It must be a primary with memory left (maxmemory-policy \
                     allkeys-lru makes room by itself), and the user must be allowed to write."
                ));
            }
            longest = longest.max(begun.elapsed());
        }
        let _: Result<Value, Away> = self.send(Command::on("DEL", name)).await;
        let millis = longest.as_micros() / 1000;
        match longest > SLOW {
            true => found.wrong.push(format!(
                "A write takes up to {millis} ms. Redis belongs near this program, and nothing slow may run in it (SLOWLOG GET)."
            )),
            false => found.seen.push(format!("It takes writes, in at most {} ms.", millis.max(1))),
        }
    }

    async fn look_at_messages(&self, found: &mut Found) {
        let channel = self.name("check");
        match timeout(PATIENCE, self.message_comes_around(&channel)).await {
            Ok(Ok(())) => found.seen.push("Messages come around.".to_owned()),
            Ok(Err(error)) => found.wrong.push(format!("Messages cannot be sent or heard: {}.", error.detail())),
            Err(_) => found.wrong.push(format!(
                "A message did not come around. The user must be allowed PUBLISH and SUBSCRIBE on channels that begin with {:?}.",
                self.name("")
            )),
        }
    }

    async fn message_comes_around(&self, channel: &str) -> Result<()> {
        let mut subscription = self.subscribe(vec![channel.to_owned()])?;
        while let Some(heard) = subscription.next().await {
            match heard {
                Heard::Message { .. } => return Ok(()),
                Heard::Anew => self.send(Command::bare("PUBLISH").with(channel).with("photograph")).await?,
            }
        }
        Ok(())
    }
}

/// What is in Redis can be made again, so it may be thrown out; a Redis that is full and throws out nothing takes no more.
fn memory(most: &str, policy: &str) -> Option<String> {
    match (most, policy) {
        ("" | "0", _) => Some("Its memory has no bound: set maxmemory, with maxmemory-policy allkeys-lru.".to_owned()),
        (_, "noeviction") => Some(
            "When its memory is full it refuses writes, and feeds are read from the databases: \
             maxmemory-policy allkeys-lru makes room instead."
                .to_owned(),
        ),
        _ => None,
    }
}

fn field<'a>(about: &'a str, name: &str) -> &'a str {
    let mut fields = about.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| *key == name).map_or("", |(_, value)| value.trim())
}

fn number(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert!(number("6.0.16") < OLDEST && number("6.2.0") >= OLDEST && number("10.0") > OLDEST);
    }

    #[test]
    fn memory_that_fills_up_is_worth_a_word() {
        assert!(memory("0", "noeviction").is_some_and(|words| words.contains("no bound")));
        assert!(memory("1000", "noeviction").is_some_and(|words| words.contains("refuses writes")));
        assert_eq!(memory("1000", "allkeys-lru"), None);
    }
}
