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
        let forward = self.first.is_some() || self.after.is_some();
        let backward = self.last.is_some() || self.before.is_some();
        if forward && backward {
            return Err(bad("Use `first` with `after`, or `last` with `before`, not both."));
        }
        let (direction, items, cursor) = if backward {
            (Direction::Backward, self.last, &self.before)
        } else {
            (Direction::Forward, self.first, &self.after)
        };
        Ok(Page { direction, beyond: cursor.as_deref().map(key).transpose()?, items: count(items)? })
    }
}

impl Page {
    /// The first items of a list.
    #[must_use]
    pub fn first(items: u32) -> Self {
        Self { direction: Direction::Forward, beyond: None, items }
    }
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
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Self { items: Vec::new(), has_next: false, has_previous: false }
    }
}

impl<T> Slice<T> {
    /// Makes the slice from what a query read: up to one item more than wanted, nearest to the cursor first.
    #[must_use]
    pub fn cut(page: Page, mut read: Vec<T>) -> Self {
        let wanted = page.items as usize;
        let more = read.len() > wanted;
        read.truncate(wanted);
        let came_from_cursor = page.beyond.is_some();
        match page.direction {
            Direction::Forward => Self { items: read, has_next: more, has_previous: came_from_cursor },
            Direction::Backward => {
                read.reverse();
                Self { items: read, has_next: came_from_cursor, has_previous: more }
            }
        }
    }

    /// Reads on until a page is full or the list ends, leaving out what `keep` leaves out.
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
        loop {
            let rows = read(part).await?;
            let ended = rows.len() <= part.items as usize;
            part.beyond = rows.last().map(key).or(part.beyond);
            kept.extend(keep(rows).await?);
            if ended || kept.len() > page.items as usize {
                return Ok(Self::cut(page, kept));
            }
            part.items = (part.items * 2).clamp(MOST_ITEMS, 5 * MOST_ITEMS);
        }
    }

    /// The same slice with other items in place of these.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Slice<U> {
        let items = self.items.into_iter().map(change).collect();
        Slice { items, has_next: self.has_next, has_previous: self.has_previous }
    }
}

#[cfg(test)]
mod tests {
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

    #[tokio::test]
    async fn a_page_is_full_although_most_of_the_list_is_left_out() {
        let read = async |page: Page| {
            let below = page.beyond.unwrap_or(1001);
            Ok((1..below).rev().take(page.items as usize + 1).collect::<Vec<i64>>())
        };
        let keep = async |rows: Vec<i64>| Ok(rows.into_iter().filter(|row| row % 100 == 0).collect::<Vec<_>>());
        let slice = Slice::fill(Page::first(3), |row| *row, read, keep).await.unwrap();
        assert_eq!((slice.items.as_slice(), slice.has_next), (&[1000, 900, 800][..], true));
        let page = Page { beyond: Some(300), ..Page::first(3) };
        let slice = Slice::fill(page, |row| *row, read, keep).await.unwrap();
        assert_eq!((slice.items.as_slice(), slice.has_next), (&[200, 100][..], false));
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
