//! Accepts what SDKs report about their evaluations, and queues it.
//!
//! A report is answered when it is safe in the queue. Nothing is counted here, and nothing that is
//! delivered to SDKs depends on what happens here.

mod key_cache;
mod report;
mod routes;

pub use routes::{IngestState, router};
