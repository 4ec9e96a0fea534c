//! Functions on Lambda: the real programs, started and fed as Lambda does it.
#![cfg(test)]

mod lambda {
    pub(crate) mod away;
    pub(crate) mod cold_starts;
    pub(crate) mod encrypted;
    pub(crate) mod fronts;
    pub(crate) mod idleness;
    pub(crate) mod locally;
    pub(crate) mod starts;
    pub(crate) mod work;
    pub(crate) mod world;
}
