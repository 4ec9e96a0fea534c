//! What is acknowledged stays, what breaks says so, what runs keeps running: the real binary in bad company.
#![cfg(test)]

mod durability {
    pub(crate) mod clock;
    pub(crate) mod endings;
    pub(crate) mod faults;
    pub(crate) mod kills;
    pub(crate) mod ledger;
    pub(crate) mod restored;
    pub(crate) mod traffic;
}
