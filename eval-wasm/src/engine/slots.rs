//! Things by handle.

/// Things that are known by a handle from 1 on. A handle is given again once its thing was removed.
#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Vec<Option<T>>,
    vacant: Vec<u32>,
}

/// Not derived, which would ask for a default of `T`.
impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), vacant: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub(super) fn add(&mut self, thing: T) -> u32 {
        if let Some(handle) = self.vacant.pop()
            && let Some(slot) = self.slot(handle)
        {
            *slot = Some(thing);
            return handle;
        }
        self.slots.push(Some(thing));
        // What a thing is estimated at limits how many there are, long before their number does.
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn get(&self, handle: u32) -> Option<&T> {
        self.slots.get((handle as usize).checked_sub(1)?)?.as_ref()
    }

    pub(super) fn remove(&mut self, handle: u32) -> Option<T> {
        let thing = self.slot(handle)?.take()?;
        self.vacant.push(handle);
        Some(thing)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    fn slot(&mut self, handle: u32) -> Option<&mut Option<T>> {
        self.slots.get_mut((handle as usize).checked_sub(1)?)
    }
}
