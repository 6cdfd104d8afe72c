//! Reading many rows by id from wherever they live: one query for each database, all at once.

use std::hash::Hash;

use futures_util::future::try_join_all;

use super::{Db, Reader};
use crate::base::error::Result;
use crate::base::ids::Sharded;

impl Db {
    /// Groups ids by database, runs `query` for each group and puts the rows together, in no order.
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
        let queries = groups.into_iter().enumerate().filter(|(_, ids)| !ids.is_empty());
        let queries = queries.map(|(number, ids)| query(&self.databases[number].reader, listed(ids)));
        Ok(try_join_all(queries).await?.into_iter().flatten().collect())
    }
}

/// Each id once, and the last one as often as makes the list as long as a power of two: lists of nearly the same length are
/// then the same statement, which the database has planned already.
fn listed<Id: Copy + Ord>(mut ids: Vec<Id>) -> Vec<Id> {
    ids.sort_unstable();
    ids.dedup();
    if let Some(last) = ids.last().copied() {
        ids.resize(ids.len().next_power_of_two(), last);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn lists_of_nearly_the_same_length_are_as_long_as_each_other() {
        assert_eq!(listed(vec![9, 7, 9, 8]), [7, 8, 9, 9]);
        assert_eq!(listed(vec![7]), [7]);
        assert_eq!(listed((0..21).collect()).len(), listed((0..32).collect()).len());
    }
}
