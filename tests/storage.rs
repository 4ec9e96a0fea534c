//! The write protocol, the outbox and the queue, on a real database.

mod storage {
    pub(crate) mod outbox;
    pub(crate) mod queue;
    pub(crate) mod races;
    pub(crate) mod world;
    pub(crate) mod write;
}
