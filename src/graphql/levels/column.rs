//! JSON values of a level, one after the other in one buffer.

use std::io::Write;

use serde::Serialize;

/// A value for each object of a level.
#[derive(Debug, Default)]
pub(in crate::graphql) struct JsonColumn {
    json: Json,
    /// Where each value ends.
    ends: Vec<usize>,
}

/// JSON that is being written.
#[derive(Debug, Default)]
pub(super) struct Json(Vec<u8>);

impl Json {
    /// Writes a text.
    pub(super) fn text(&mut self, text: &str) {
        self.value(text);
    }

    /// Writes what is shown as a text that needs no escapes, such as an ID.
    pub(super) fn plain(&mut self, shown: impl std::fmt::Display) {
        // Writing into memory does not fail.
        let _ = write!(self.0, "\"{shown}\"");
    }

    /// Writes any value.
    pub(super) fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Nothing that is written here can fail: texts, numbers, booleans and options of these.
        let _ = serde_json::to_writer(&mut self.0, value);
    }
}

impl JsonColumn {
    /// Writes a value for each object.
    pub(super) fn of<T: Copy>(objects: &[T], mut write: impl FnMut(T, &mut Json)) -> Self {
        let mut column =
            Self { json: Json(Vec::with_capacity(objects.len() * 16)), ends: Vec::with_capacity(objects.len()) };
        for object in objects {
            write(*object, &mut column.json);
            column.end();
        }
        column
    }

    /// The bytes of a value.
    pub(in crate::graphql) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.ends.get(index).and_then(|end| self.json.0.get(start..*end)).unwrap_or_default()
    }

    /// The values in lists of these lengths.
    pub(super) fn in_lists(&self, lengths: impl Iterator<Item = usize>) -> Self {
        let (mut lists, mut next) = (Self::default(), 0);
        for length in lengths {
            lists.json.0.push(b'[');
            for index in next..next + length {
                if index > next {
                    lists.json.0.push(b',');
                }
                lists.json.0.extend_from_slice(self.get(index));
            }
            lists.json.0.push(b']');
            lists.end();
            next += length;
        }
        lists
    }

    /// The values where there are some, else null.
    pub(super) fn or_null(&self, are_there: impl Iterator<Item = bool>) -> Self {
        let (mut values, mut next) = (Self::default(), 0);
        for is_there in are_there {
            values.json.0.extend_from_slice(if is_there { self.get(next) } else { b"null" });
            values.end();
            next += usize::from(is_there);
        }
        values
    }

    fn end(&mut self) {
        self.ends.push(self.json.0.len());
    }
}

/// Objects with these keys, whose values stand in columns.
pub(super) fn objects(keys: &[&str], columns: &[JsonColumn], count: usize) -> JsonColumn {
    let bytes = |column: &JsonColumn| column.json.0.len();
    let names: usize = keys.iter().map(|key| key.len() + 4).sum();
    let mut json = Vec::with_capacity(columns.iter().map(bytes).sum::<usize>() + count * (names + 2));
    let mut ends = Vec::with_capacity(count);
    for index in 0..count {
        json.push(b'{');
        for (number, (key, column)) in keys.iter().zip(columns).enumerate() {
            json.extend_from_slice(if number == 0 { b"\"" } else { b",\"" });
            // The grammar of names needs no escapes.
            json.extend_from_slice(key.as_bytes());
            json.extend_from_slice(b"\":");
            json.extend_from_slice(column.get(index));
        }
        json.push(b'}');
        ends.push(json.len());
    }
    JsonColumn { json: Json(json), ends }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(column: &JsonColumn) -> Vec<&str> {
        (0..column.ends.len()).map(|index| std::str::from_utf8(column.get(index)).unwrap()).collect()
    }

    #[test]
    fn columns_become_objects_and_these_lists_and_options() {
        let names = JsonColumn::of(&["a\"", "b", "c"], |name, json| json.text(name));
        let numbers = JsonColumn::of(&[1, 2, 3], |number, json| json.value(&number));
        assert_eq!(texts(&names), ["\"a\\\"\"", "\"b\"", "\"c\""]);
        let objects = objects(&["name", "n"], &[names, numbers], 3);
        assert_eq!(texts(&objects)[0], "{\"name\":\"a\\\"\",\"n\":1}");
        let lists = objects.in_lists([2, 0, 1].into_iter());
        assert_eq!(texts(&lists), [r#"[{"name":"a\"","n":1},{"name":"b","n":2}]"#, "[]", r#"[{"name":"c","n":3}]"#]);
        let options = lists.or_null([true, false, true, true].into_iter());
        assert_eq!(texts(&options)[1..3], ["null", "[]"]);
        assert_eq!(texts(&super::objects(&[], &[], 2)), ["{}", "{}"]);
    }
}
