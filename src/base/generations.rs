//! A bounded memory of what was used lately: a map of two generations.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Values come into the young generation when they are put or found. When it is full it becomes the old one, whose values
/// go: so there are never more than two generations, and what is used often stays.
#[derive(Debug)]
pub struct Generations<K, V> {
    /// Values in a generation; none for no memory at all.
    most: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// Two generations of at most so many values.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { most, young: HashMap::new(), old: HashMap::new() }
    }

    /// A value that is still there.
    pub fn find<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.put(key, value.clone());
        Some(value)
    }

    /// Keeps a value.
    pub fn put(&mut self, key: K, value: V) {
        if self.most == 0 {
            return;
        }
        if self.young.len() >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Forgets a value.
    pub fn forget<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.young, self.old) = (HashMap::new(), HashMap::new());
    }

    /// How many values are there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether none is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_than_two_generations_and_what_is_used_often_stays() {
        let mut some = Generations::of(4);
        some.put("often".to_owned(), 0);
        for number in 1..100 {
            some.put(number.to_string(), number);
            assert_eq!(some.find("often"), Some(0));
            assert!(some.len() <= 8, "{some:?}");
        }
        assert_eq!((some.find("1"), some.find("99")), (None, Some(99)));
        some.forget("99");
        assert_eq!(some.find("99"), None);
        some.clear();
        assert!(some.is_empty() && some.find("often").is_none());
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let mut none = Generations::of(0);
        none.put(1, 1);
        assert_eq!(none.find(&1), None);
    }
}
