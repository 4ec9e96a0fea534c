//! The write protocol, the outbox and the queue, on a real database.
#![cfg(test)]

mod storage {
    pub(crate) mod announced;
    pub(crate) mod outbox;
    pub(crate) mod queue;
    pub(crate) mod races;
    pub(crate) mod repair;
    pub(crate) mod requests;
    pub(crate) mod scopes;
    pub(crate) mod write;
}
