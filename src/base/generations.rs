//! A bounded memory of what was used lately: a map of two generations, bounded by their numbers or by their weights.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Values come into the young generation when they are put or found. When it is full it becomes the old one, whose values
/// go: so there are never more than two generations, and what is used often stays.
#[derive(Debug)]
pub struct Generations<K, V> {
    /// The weight of a generation, that is the number of its values unless they say otherwise; none for no memory at all.
    most: usize,
    /// The weight of the young one.
    weight: usize,
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// Two generations of at most so many values, or of this weight each.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { most, weight: 0, young: HashMap::new(), old: HashMap::new() }
    }

    /// A value that is still there.
    pub fn find<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some((value, _)) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, (value, weight)) = self.old.remove_entry(key)?;
        self.put_weighing(key, value.clone(), weight);
        Some(value)
    }

    /// Keeps a value.
    pub fn put(&mut self, key: K, value: V) {
        self.put_weighing(key, value, 1);
    }

    /// Keeps a value of some weight, unless it alone weighs more than a generation.
    pub fn put_weighing(&mut self, key: K, value: V, weight: usize) {
        if weight > self.most {
            return;
        }
        self.forget(&key);
        if self.weight + weight > self.most {
            (self.old, self.weight) = (std::mem::take(&mut self.young), 0);
        }
        self.weight += weight;
        self.young.insert(key, (value, weight));
    }

    /// Forgets a value.
    pub fn forget<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some((_, weight)) = self.young.remove(key) {
            self.weight -= weight;
        }
        self.old.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.young, self.old, self.weight) = (HashMap::new(), HashMap::new(), 0);
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
    fn a_generation_is_bounded_by_the_weight_of_its_values() {
        let mut some = Generations::of(10);
        some.put_weighing("heavy", 0, 11);
        assert!(some.is_empty());
        for _ in 0..9 {
            some.put_weighing("often", 1, 6);
        }
        assert_eq!((some.len(), some.weight), (1, 6));
        some.put_weighing("other", 2, 6);
        some.put_weighing("third", 3, 6);
        assert_eq!((some.find("often"), some.find("other"), some.find("third")), (None, Some(2), Some(3)));
        some.forget("third");
        assert_eq!((some.find("other"), some.weight), (Some(2), 6));
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let mut none = Generations::of(0);
        none.put(1, 1);
        assert_eq!(none.find(&1), None);
    }
}
