//! Values that many records share, each kept once.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;

/// Gives each distinct value a number, for several threads at once.
pub struct Table<T> {
    hasher: RandomState,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    places: HashTable<u32>,
    values: Vec<T>,
}

/// The values that a thread met last, so that it need not ask the table again.
pub(super) struct Recent<T> {
    slots: Box<[Option<(T, u32)>]>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        let inner = Inner { places: HashTable::new(), values: Vec::new() };
        Self { hasher: RandomState::new(), inner: Mutex::new(inner) }
    }
}

impl<T: Copy> Default for Recent<T> {
    fn default() -> Self {
        Self { slots: Box::default() }
    }
}

impl<T> Recent<T> {
    const SLOTS: usize = 4096;
}

impl<T: Copy + Eq + Hash> Table<T> {
    /// The number of a value. Two threads that bring the same value get the same number; which number it
    /// is depends on who came first, and must show nowhere.
    pub(super) fn number(&self, value: &T, recent: &mut Recent<T>, mix: u32) -> u32 {
        if recent.slots.is_empty() {
            recent.slots = vec![None; Recent::<T>::SLOTS].into_boxed_slice();
        }
        // The upper bits of a product depend on all bits of its factors.
        let place = mix.wrapping_mul(0x9e37_79b1) >> (32 - Recent::<T>::SLOTS.trailing_zeros());
        let slot = &mut recent.slots[place as usize];
        if let Some((known, number)) = slot
            && known == value
        {
            return *number;
        }
        let number = self.find_or_add(value);
        *slot = Some((*value, number));
        number
    }

    /// As [`Table::number`], where it is asked for seldom.
    pub(super) fn find_or_add(&self, value: &T) -> u32 {
        let hash = self.hasher.hash_one(value);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { places, values } = &mut *inner;
        match places.find(hash, |it| values[*it as usize] == *value) {
            Some(it) => *it,
            None => {
                let number = u32::try_from(values.len()).expect("fewer distinct values than records");
                values.push(*value);
                places.insert_unique(hash, number, |it| self.hasher.hash_one(values[*it as usize]));
                number
            }
        }
    }

    /// A copy of the values, by number.
    pub(super) fn values(&self) -> Vec<T> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).values.clone()
    }

    /// The values by number.
    pub(super) fn into_values(self) -> Vec<T> {
        self.inner.into_inner().unwrap_or_else(PoisonError::into_inner).values
    }

    /// A copy of the values, which continues to hold all numbers given so far.
    pub(super) fn of(values: Vec<T>) -> Self {
        let table = Self::default();
        {
            let mut inner = table.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let Inner { places, values: kept } = &mut *inner;
            *kept = values;
            for number in 0..kept.len() as u32 {
                let hash = table.hasher.hash_one(kept[number as usize]);
                places.insert_unique(hash, number, |it| table.hasher.hash_one(kept[*it as usize]));
            }
        }
        table
    }
}
