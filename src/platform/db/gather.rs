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
        let queries = groups.into_iter().enumerate().filter(|(_, ids)| !ids.is_empty()).map(|(number, mut ids)| {
            ids.sort_unstable();
            ids.dedup();
            query(&self.databases[number].reader, ids)
        });
        Ok(try_join_all(queries).await?.into_iter().flatten().collect())
    }
}
