//! How many streams each key and each address holds.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use model::KeyHash;

use crate::limits::Limits;

/// The places that are taken.
#[derive(Debug, Default)]
pub(crate) struct Places {
    keys: Counts<Arc<KeyHash>>,
    addresses: Counts<IpAddr>,
}

/// A stream's place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    key: Arc<KeyHash>,
    address: Option<IpAddr>,
}

#[derive(Debug)]
struct Counts<K>(Mutex<HashMap<K, usize>>);

impl Place {
    /// Takes a place for a stream of `key` from `address`, if the limits leave one.
    pub(crate) fn take(places: &Arc<Places>, key: KeyHash, address: IpAddr, limits: &Limits) -> Option<Self> {
        let address = limits.streams_per_address.map(|most| (address, most));
        if let Some((address, most)) = address {
            places.addresses.add(address, most)?;
        }
        let key = places.keys.add(Arc::new(key), limits.streams_per_key);
        if let (None, Some((address, _))) = (&key, address) {
            places.addresses.remove(&address);
        }
        Some(Self { places: Arc::clone(places), key: key?, address: address.map(|(address, _)| address) })
    }

    /// The stream's key.
    pub(crate) fn key(&self) -> &Arc<KeyHash> {
        &self.key
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.keys.remove(&*self.key);
        if let Some(address) = &self.address {
            self.places.addresses.remove(address);
        }
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash> Counts<K> {
    /// Counts one more, unless there are `most` already. Returns the `key` that is counted under, which
    /// all share.
    fn add(&self, key: K, most: usize) -> Option<K> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, count) = counts.get_key_value(&key).map_or((key, 0), |(key, count)| (key.clone(), *count));
        if count >= most {
            return None;
        }
        counts.insert(key.clone(), count + 1);
        Some(key)
    }

    fn remove<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn key(name: &str) -> KeyHash {
        KeyHash::from_wire(name)
    }

    fn limits(per_key: usize, per_address: Option<usize>) -> Limits {
        Limits { streams_per_key: per_key, streams_per_address: per_address, ..Limits::default() }
    }

    #[test]
    fn a_key_and_an_address_get_no_more_places_than_the_limits_say() {
        let places = Arc::new(Places::default());
        let limits = limits(2, Some(1));

        let first = Place::take(&places, key("a"), ANN, &limits).unwrap();
        assert!(Place::take(&places, key("b"), ANN, &limits).is_none(), "the address holds one already");
        let _second = Place::take(&places, key("a"), BOB, &limits).unwrap();
        drop(first);
        let _third = Place::take(&places, key("a"), ANN, &limits).unwrap();
        let cat = "10.0.0.3".parse().unwrap();
        assert!(Place::take(&places, key("a"), cat, &limits).is_none(), "the key holds two already");
    }

    #[test]
    fn places_given_back_leave_nothing_behind() {
        let places = Arc::new(Places::default());

        drop(Place::take(&places, key("a"), ANN, &limits(1, Some(1))));
        drop(Place::take(&places, key("a"), ANN, &limits(0, Some(1))));
        drop(Place::take(&places, key("a"), ANN, &limits(1, Some(0))));

        assert!(places.keys.0.lock().unwrap().is_empty());
        assert!(places.addresses.0.lock().unwrap().is_empty());
    }

    #[test]
    fn behind_a_trusted_proxy_addresses_are_not_counted() {
        let places = Arc::new(Places::default());
        let limits = limits(3, None);

        let taken: Vec<_> = (0..3).map(|_| Place::take(&places, key("a"), ANN, &limits).unwrap()).collect();

        assert_eq!(taken.len(), 3);
        assert!(places.addresses.0.lock().unwrap().is_empty());
    }
}
