//! The client API on a real store: what SDKs are told while stores come and go, and who is listed.
#![cfg(test)]

mod client {
    pub(crate) mod registrations;
    pub(crate) mod stores_away;
    pub(crate) mod world;
}
