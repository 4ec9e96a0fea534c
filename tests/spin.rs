//! The components for Spin, in the host that stands in for it: the same answers as everywhere, and nothing
//! left behind by an instance that dies.
#![cfg(test)]

mod spin {
    pub(crate) mod answers;
    pub(crate) mod deaths;
    pub(crate) mod distributed;
    pub(crate) mod figures;
    pub(crate) mod schedules;
    pub(crate) mod sizes;
    pub(crate) mod starts;
    pub(crate) mod stock_sdks;
    pub(crate) mod world;
}
