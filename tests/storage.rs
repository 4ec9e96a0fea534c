//! The write protocol, the outbox and the queue on both databases, and the drivers of distributed stores.
#![cfg(test)]

mod storage {
    pub(crate) mod driver;
    pub(crate) mod encryption;
    pub(crate) mod faults;
    pub(crate) mod functions;
    pub(crate) mod lossy;
    pub(crate) mod pooler;
    pub(crate) mod postgres;
    pub(crate) mod redis;
    pub(crate) mod restarts;
    pub(crate) mod sqlite;
}
