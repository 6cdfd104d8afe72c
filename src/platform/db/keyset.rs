//! Reading a page of a list by its key, from either end. Cursors are keys, so they stay valid when rows come and go.

use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::base::page::{Direction, Page};

/// The rows of a page, nearest to its cursor first: one more than the page has, if there are so many. `order` is that of
/// the list from its start.
pub fn keyset<E: EntityTrait>(rows: Select<E>, key: E::Column, order: &Order, page: Page) -> Select<E> {
    // Reading a list backwards is reading the opposite order forwards.
    let ascending = matches!(order, Order::Asc) == (page.direction == Direction::Forward);
    let rows = match (ascending, page.beyond) {
        (true, Some(beyond)) => rows.filter(key.gt(beyond)),
        (false, Some(beyond)) => rows.filter(key.lt(beyond)),
        (_, None) => rows,
    };
    let rows = if ascending { rows.order_by_asc(key) } else { rows.order_by_desc(key) };
    rows.limit(u64::from(page.items) + 1)
}
