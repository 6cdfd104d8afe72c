//! Pages of a list, as Relay's connections ask for them. Cursors are ids, so they stay valid when items go.

use super::error::{Code, Error, Result};
use super::ids::{base58, from_base58};

/// How many items a page has when nothing is said.
pub const DEFAULT_ITEMS: u32 = 20;
/// How many items a page can have.
pub const MOST_ITEMS: u32 = 100;

/// Which part of a list is wanted, in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// From the start of the list onwards, or from its end backwards.
    pub direction: Direction,
    /// The key of the item that the page starts beyond.
    pub beyond: Option<i64>,
    /// At most how many items.
    pub items: u32,
}

/// Which way a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `first` and `after`.
    Forward,
    /// `last` and `before`.
    Backward,
}

/// The arguments of a connection as they came in.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// How many from the start.
    pub first: Option<i32>,
    /// Beyond this cursor, towards the end.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// Beyond this cursor, towards the start.
    pub before: Option<String>,
}

impl Wanted {
    /// The page that is wanted.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when both directions are mixed, a number is out of bounds or a cursor is not one of ours.
    pub fn page(&self) -> Result<Page> {
        let (after, before) = (given(self.after.as_deref()), given(self.before.as_deref()));
        let forward = self.first.is_some() || after.is_some();
        let backward = self.last.is_some() || before.is_some();
        if forward && backward {
            return Err(bad("Use `first` with `after`, or `last` with `before`, not both."));
        }
        let (direction, items, cursor) =
            if backward { (Direction::Backward, self.last, before) } else { (Direction::Forward, self.first, after) };
        Ok(Page { direction, beyond: cursor.map(key).transpose()?, items: count(items)? })
    }
}

impl Page {
    /// The first items of a list.
    #[must_use]
    pub fn first(items: u32) -> Self {
        Self { direction: Direction::Forward, beyond: None, items }
    }
}

/// A cursor that names a position. An empty one is what some clients send for none: the start, or the end.
fn given(cursor: Option<&str>) -> Option<&str> {
    cursor.filter(|cursor| !cursor.is_empty())
}

fn count(items: Option<i32>) -> Result<u32> {
    let items = items.map_or(Ok(DEFAULT_ITEMS), u32::try_from).unwrap_or(u32::MAX);
    if items > MOST_ITEMS {
        return Err(bad("A page has 0 to 100 items: `first` and `last` must be between them."));
    }
    Ok(items)
}

/// The key in a cursor.
///
/// # Errors
/// `BAD_USER_INPUT` when it is not a cursor of ours.
pub fn key(cursor: &str) -> Result<i64> {
    from_base58(cursor).ok_or_else(|| bad("This cursor is not one that this API gave."))
}

/// The cursor of a key.
#[must_use]
pub fn cursor(key: i64) -> String {
    base58(key)
}

fn bad(message: &'static str) -> Error {
    Error::failed(Code::BadUserInput, message)
}

/// A part of a list, in the order of the list.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether more follow.
    pub has_next: bool,
    /// Whether some come before. On a forward page it is true when the page starts beyond a cursor.
    pub has_previous: bool,
    /// Where the page ended before it was full, because much of the list is hidden: in its direction, the key of the last
    /// row that was looked at. It goes on beyond it.
    pub stopped_at: Option<(Direction, i64)>,
}

/// Rows that are read for a page at most, for each item that it can have and one more. It bounds what an operation reads by
/// its price, and a page is full unless four of five rows are hidden.
const ROWS_PER_ITEM: u32 = 5;

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Self { items: Vec::new(), has_next: false, has_previous: false, stopped_at: None }
    }
}

impl<T> Slice<T> {
    /// Makes the slice from what a query read: up to one item more than wanted, nearest to the cursor first.
    #[must_use]
    pub fn cut(page: Page, mut read: Vec<T>) -> Self {
        let wanted = page.items as usize;
        let more = read.len() > wanted;
        read.truncate(wanted);
        let (came_from_cursor, stopped_at) = (page.beyond.is_some(), None);
        match page.direction {
            Direction::Forward => Self { items: read, has_next: more, has_previous: came_from_cursor, stopped_at },
            Direction::Backward => {
                read.reverse();
                Self { items: read, has_next: came_from_cursor, has_previous: more, stopped_at }
            }
        }
    }

    /// A page that ends before it is full, beyond a row.
    fn stop(page: Page, read: Vec<T>, row: i64) -> Self {
        let slice = Self { stopped_at: Some((page.direction, row)), ..Self::cut(page, read) };
        match page.direction {
            Direction::Forward => Self { has_next: true, ..slice },
            Direction::Backward => Self { has_previous: true, ..slice },
        }
    }

    /// Reads on until a page is full, the list ends or enough rows were looked at, leaving out what `keep` leaves out.
    ///
    /// `read` gives the rows of a page, nearest to its cursor first, one more than the page has if there are so many;
    /// `keep` makes items of those rows that are to be shown, in their order.
    ///
    /// # Errors
    /// The first error of either.
    pub async fn fill<Row, R, Read, K, Keep>(page: Page, key: fn(&Row) -> i64, read: R, keep: K) -> Result<Self>
    where
        R: Fn(Page) -> Read,
        Read: Future<Output = Result<Vec<Row>>>,
        K: Fn(Vec<Row>) -> Keep,
        Keep: Future<Output = Result<Vec<T>>>,
    {
        let mut kept = Vec::new();
        let mut part = page;
        let mut left = (page.items + 1) * ROWS_PER_ITEM;
        loop {
            let rows = read(part).await?;
            let ended = rows.len() <= part.items as usize;
            part.beyond = rows.last().map(key).or(part.beyond);
            left = left.saturating_sub(part.items + 1);
            kept.extend(keep(rows).await?);
            if ended || kept.len() > page.items as usize {
                return Ok(Self::cut(page, kept));
            }
            if let (0, Some(row)) = (left, part.beyond) {
                return Ok(Self::stop(page, kept, row));
            }
            // One row more than the page has is read.
            part.items = (part.items * 2).max(MOST_ITEMS).min(left.saturating_sub(1));
        }
    }

    /// The same slice with other items in place of these.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Slice<U> {
        let Self { items, has_next, has_previous, stopped_at } = self;
        Slice { items: items.into_iter().map(change).collect(), has_next, has_previous, stopped_at }
    }
}

impl<T> Slice<Option<T>> {
    /// The same slice without what is missing.
    #[must_use]
    pub fn flatten(self) -> Slice<T> {
        let Self { items, has_next, has_previous, stopped_at } = self;
        Slice { items: items.into_iter().flatten().collect(), has_next, has_previous, stopped_at }
    }
}

impl<T> Slice<Result<T>> {
    /// The same slice, unless an item is an error.
    ///
    /// # Errors
    /// The first one.
    pub fn transpose(self) -> Result<Slice<T>> {
        let Self { items, has_next, has_previous, stopped_at } = self;
        let items = items.into_iter().collect::<Result<_>>()?;
        Ok(Slice { items, has_next, has_previous, stopped_at })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn wanted(first: Option<i32>, last: Option<i32>) -> Wanted {
        Wanted { first, last, ..Wanted::default() }
    }

    #[test]
    fn arguments_are_one_direction_and_in_bounds() {
        assert_eq!(Wanted::default().page().unwrap(), Page::first(20));
        assert_eq!(wanted(None, Some(5)).page().unwrap().direction, Direction::Backward);
        for bad in [wanted(Some(101), None), wanted(Some(-1), None), wanted(Some(1), Some(1))] {
            assert_eq!(bad.page().unwrap_err().code(), Some(Code::BadUserInput), "{bad:?}");
        }
    }

    #[test]
    fn a_cursor_goes_there_and_back() {
        let wanted = Wanted { after: Some(cursor(4711)), ..Wanted::default() };
        assert_eq!(wanted.page().unwrap().beyond, Some(4711));
        let wanted = Wanted { after: Some("no".into()), ..Wanted::default() };
        assert!(wanted.page().is_err());
    }

    /// A page of the numbers from 1 to 1000, greatest first, without those that are hidden, and how many were read for it.
    async fn filled(page: Page, is_hidden: fn(i64) -> bool) -> (Slice<i64>, usize) {
        let rows_read = AtomicUsize::new(0);
        let read = async |page: Page| {
            let all: Vec<i64> = match page.direction {
                Direction::Forward => (1..page.beyond.unwrap_or(1001)).rev().collect(),
                Direction::Backward => (page.beyond.unwrap_or(0) + 1..=1000).collect(),
            };
            let rows: Vec<i64> = all.into_iter().take(page.items as usize + 1).collect();
            rows_read.fetch_add(rows.len(), Ordering::Relaxed);
            Ok(rows)
        };
        let keep = async |rows: Vec<i64>| Ok(rows.into_iter().filter(|row| !is_hidden(*row)).collect::<Vec<_>>());
        let slice = Slice::fill(page, |row| *row, read, keep).await.unwrap();
        (slice, rows_read.into_inner())
    }

    #[tokio::test]
    async fn a_page_is_full_although_much_of_the_list_is_left_out() {
        let (slice, _) = filled(Page::first(3), |row| row % 4 != 0).await;
        assert_eq!((slice.items.as_slice(), slice.has_next, slice.stopped_at), (&[1000, 996, 992][..], true, None));
        let page = Page { beyond: Some(9), ..Page::first(3) };
        let (slice, _) = filled(page, |row| row % 4 != 0).await;
        assert_eq!((slice.items.as_slice(), slice.has_next, slice.stopped_at), (&[8, 4][..], false, None));
    }

    #[tokio::test]
    async fn a_page_of_a_list_that_is_hidden_costs_a_few_pages_and_says_where_to_go_on() {
        for items in [0, 1, 2, 20, 100] {
            let (slice, rows) = filled(Page::first(items), |_| true).await;
            assert!(rows <= 5 * (items as usize + 1), "{rows} rows for {items} items");
            let stopped = 1001 - i64::try_from(rows).unwrap();
            assert_eq!((slice.items.len(), slice.has_next), (0, true), "{items}");
            assert_eq!(slice.stopped_at, Some((Direction::Forward, stopped)), "{items}");
        }
        let last = Page { direction: Direction::Backward, ..Page::first(2) };
        let (slice, rows) = filled(last, |row| row > 2).await;
        assert_eq!((slice.items.as_slice(), slice.has_previous, rows), (&[2, 1][..], true, 15));
        assert_eq!(slice.stopped_at, Some((Direction::Backward, 15)));
    }

    #[tokio::test]
    async fn whoever_goes_on_from_page_to_page_comes_upon_everything_once() {
        let (mut page, mut found) = (Page::first(2), Vec::<i64>::new());
        loop {
            let (slice, _) = filled(page, |row| row % 100 != 0).await;
            found.extend(&slice.items);
            if !slice.has_next {
                break;
            }
            page.beyond = slice.stopped_at.map(|(_, row)| row).or(slice.items.last().copied());
        }
        assert_eq!(found, (1..=10).rev().map(|row| row * 100).collect::<Vec<i64>>());
    }

    #[test]
    fn a_slice_tells_what_lies_on_both_sides() {
        let forward = Slice::cut(Page::first(2), vec![9, 8, 7]);
        assert_eq!((forward.items.as_slice(), forward.has_next, forward.has_previous), (&[9, 8][..], true, false));
        let page = Page { direction: Direction::Backward, beyond: Some(4), items: 2 };
        let backward = Slice::cut(page, vec![5, 6, 7]);
        assert_eq!((backward.items.as_slice(), backward.has_next, backward.has_previous), (&[6, 5][..], true, true));
    }
}
