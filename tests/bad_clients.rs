//! Clients that are broken or mean, byte by byte against the real binary: the right status, nothing of
//! another environment, and nothing left behind.
#![cfg(test)]

mod bad_clients {
    pub(crate) mod bodies;
    pub(crate) mod heads;
    pub(crate) mod patience;
    pub(crate) mod streams;
    pub(crate) mod tokens;
    pub(crate) mod world;
}
