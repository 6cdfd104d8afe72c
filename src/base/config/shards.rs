//! Ranges of logical shards, as the configuration writes them.

use std::collections::HashMap;

use super::{Config, LOGICAL_SHARDS, Mistake};

impl Config {
    /// The addresses of the replicas of each database, by its own address.
    ///
    /// # Errors
    /// When a range is not one of the databases', or its database is a file.
    pub fn replicas(&self) -> Result<HashMap<String, Vec<String>>, Mistake> {
        let (databases, mut replicas) = (self.databases()?, HashMap::new());
        for (range, addresses) in &self.database.replicas {
            let wanted = shard_range(range)?;
            let Some((_, database)) = databases.iter().find(|(range, _)| *range == wanted) else {
                return Err(Mistake(format!("database.replicas: {range:?} is not a range of database.shards.")));
            };
            if let Some(file) = [database].into_iter().chain(addresses).find(|address| address.starts_with("sqlite:")) {
                return Err(Mistake(format!("database.replicas: {file} is a file, and a file has no replicas.")));
            }
            replicas.entry(database.clone()).or_insert_with(Vec::new).extend(addresses.iter().cloned());
        }
        Ok(replicas)
    }
}

/// The range in a text such as `0-4095`.
pub(super) fn shard_range(text: &str) -> Result<std::ops::RangeInclusive<u16>, Mistake> {
    let ends = text.split_once('-').unwrap_or((text, text));
    match (ends.0.trim().parse(), ends.1.trim().parse()) {
        (Ok(start), Ok(end)) if start <= end && end < LOGICAL_SHARDS => Ok(start..=end),
        _ => Err(Mistake(format!("database.shards: {text:?} is not a range of logical shards such as \"0-8191\"."))),
    }
}

/// Whether ranges, in order, cover all logical shards once.
pub(super) fn whole(ranges: &[(std::ops::RangeInclusive<u16>, String)], last: u16) -> Result<(), Mistake> {
    let mut next = 0;
    for (range, _) in ranges {
        if *range.start() != next {
            let message = format!("database.shards: the ranges leave a hole or overlap at logical shard {next}.");
            return Err(Mistake(message));
        }
        next = range.end() + 1;
    }
    if next == last + 1 {
        Ok(())
    } else {
        Err(Mistake(format!("database.shards: logical shards {next} to {last} have no database.")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Database};

    fn with_shards(ranges: &[&str]) -> Result<usize, String> {
        let shards = ranges.iter().map(|range| ((*range).to_owned(), format!("sqlite:{range}"))).collect();
        let config = Config { database: Database { shards, ..Database::default() }, ..Config::default() };
        config.databases().map(|ranges| ranges.len()).map_err(|mistake| mistake.0)
    }

    #[test]
    fn shards_cover_every_logical_shard_once() {
        assert_eq!(with_shards(&[]), Ok(1));
        assert_eq!(with_shards(&["4096-8191", "0-4095"]), Ok(2));
        for bad in [&["0-4095"][..], &["0-4095", "4095-8191"], &["0-4000", "4096-8191"], &["0-9000"], &["x"]] {
            assert!(with_shards(bad).is_err(), "{bad:?}");
        }
    }
    #[test]
    fn replicas_belong_to_a_database() {
        let replicas = |url: &str, range: &str| {
            let replicas = [(range.to_owned(), vec!["postgres://copy/a".to_owned()])].into();
            let database = Database { url: Some(url.into()), replicas, ..Database::default() };
            Config { database, ..Config::default() }.replicas().map_err(|mistake| mistake.0)
        };
        let found = replicas("postgres://main/a", "0-8191").unwrap();
        assert_eq!(found["postgres://main/a"], ["postgres://copy/a"]);
        assert!(replicas("postgres://main/a", "0-4095").unwrap_err().contains("0-4095"));
        assert!(replicas("sqlite:a", "0-8191").unwrap_err().contains("sqlite:a"));
    }
}
