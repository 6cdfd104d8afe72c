//! Reading many rows by id from wherever they live: one query for each database, all at once.

use std::hash::Hash;

use futures_util::future::try_join_all;

use super::{Db, Reader};
use crate::base::error::{Error, Result};
use crate::base::ids::Sharded;

/// Ids in one statement. SQLite takes 32,766 values, and a statement may name its list several times.
pub const IN_LIST: usize = 1024;

impl Db {
    /// Groups ids by database, runs `query` for each group, in lists of bounded length, and puts the rows together, in no
    /// order.
    ///
    /// # Errors
    /// The first error of a query.
    pub async fn gather<'a, Id, Row, Query, Rows>(&'a self, ids: &[Id], query: Query) -> Result<Vec<Row>>
    where
        Id: Sharded + Copy + Eq + Hash + Ord,
        Query: Fn(&'a Reader, Vec<Id>) -> Rows,
        Rows: Future<Output = Result<Vec<Row>>>,
    {
        let mut groups: Vec<Vec<Id>> = vec![Vec::new(); self.databases.len()];
        for id in ids {
            groups[self.database(id).number].push(*id);
        }
        let queries = groups.into_iter().enumerate().map(|(number, ids)| {
            let reader = &self.databases[number].reader;
            // None begins before it is awaited: one after the other.
            let queries: Vec<Rows> = lists(ids).map(|list| query(reader, list)).collect();
            async move {
                let mut rows = Vec::new();
                for query in queries {
                    rows.extend(query.await?);
                }
                Ok::<_, Error>(rows)
            }
        });
        Ok(try_join_all(queries).await?.into_iter().flatten().collect())
    }
}

/// Each id once, in lists that are not too long for a statement.
fn lists<Id: Copy + Ord>(mut ids: Vec<Id>) -> impl Iterator<Item = Vec<Id>> {
    ids.sort_unstable();
    ids.dedup();
    let mut ids = ids.into_iter();
    std::iter::from_fn(move || Some(ids.by_ref().take(IN_LIST).collect::<Vec<Id>>()).filter(|list| !list.is_empty()))
        .map(padded)
}

/// The last one as often as makes the list as long as a power of two: lists of nearly the same length are then the same
/// statement, which the database has planned already.
fn padded<Id: Copy>(mut ids: Vec<Id>) -> Vec<Id> {
    if let Some(last) = ids.last().copied() {
        ids.resize(ids.len().next_power_of_two(), last);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ids: Vec<i32>) -> Vec<Vec<i32>> {
        lists(ids).collect()
    }

    #[test]
    fn lists_of_nearly_the_same_length_are_as_long_as_each_other() {
        assert_eq!(all(vec![9, 7, 9, 8]), [[7, 8, 9, 9]]);
        assert_eq!(all(vec![7]), [[7]]);
        assert_eq!(all(vec![]), Vec::<Vec<i32>>::new());
        assert_eq!(all((0..21).collect())[0].len(), all((0..32).collect())[0].len());
    }

    #[test]
    fn no_list_is_too_long_for_a_statement_and_no_id_is_lost() {
        let lists = all((0..16_385).rev().chain(0..10).collect());
        // A statement of SQLite takes 32,766 values, and may name its list ten times.
        assert!(lists.iter().all(|list| list.len() * 10 <= 32_766));
        let mut ids = lists.concat();
        ids.dedup();
        assert_eq!(ids, (0..16_385).collect::<Vec<_>>());
    }
}
