//! The client contract once: payloads, target decoding, routes over the trait [`Source`].
//!
//! `delivery` (database and cache) and the relay proxy implement `Source`; the client function, the
//! relay and the proxy serve the same answers from it.

mod answer;
mod authenticate;
mod authorize;
mod dependants;
mod environment;
mod evaluations;
mod flags;
mod in_order;
mod routes;
mod segment_view;
mod segments;
mod snapshot;
mod source;
mod state;
pub mod target;
mod text;

pub use authorize::{Caller, Credential, authorize, identify};
pub use dependants::Dependants;
pub use environment::Environment;
pub use eval::FlagEvaluation;
pub use routes::routes;
pub use segment_view::{RulesView, SegmentView};
pub use source::{Changes, Known, Source};
pub use state::{ClientState, TargetRegistrar, TargetStore};
