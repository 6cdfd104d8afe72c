//! Ranges of logical shards, as the configuration writes them.

use super::{LOGICAL_SHARDS, Mistake};

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
}
