//! The evaluation engine: compile a snapshot once, evaluate flags for targets many times.
//!
//! What the answers mean is written in `spec/EVALUATION.md`; this crate is that page as code.
//!
//! ```
//! use model::{Snapshot, Target};
//!
//! let snapshot: Snapshot = serde_json::from_str(
//!     r#"{"flags": [{"feature": "dark-mode", "state": "on", "kind": "boolean",
//!         "variations": [{"identifier": "on", "value": "true"}, {"identifier": "off", "value": "false"}],
//!         "offVariation": "off", "defaultServe": {"variation": "on"}}]}"#,
//! )?;
//! let (ruleset, warnings) = eval::compile(&snapshot);
//! let flag = ruleset.flag("dark-mode").ok_or("no such flag")?;
//! let evaluation = ruleset.evaluate(flag, &Target::bare("ann"));
//!
//! assert!(warnings.is_empty());
//! assert_eq!(evaluation.variation.map(|variation| &*variation.value), Some("true"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The way of the data: [`compile`] resolves identifiers to indexes ([`FlagIndex`]) and turns flags,
//! segments and their clauses into small programs; [`Ruleset::apply`] does the same for changed
//! objects only; [`Ruleset::evaluate`] runs them, without allocating, recursing or panicking;
//! [`Ruleset::explain`] runs the same code with a recorder attached.

mod attribute;
mod bucket;
mod chunked;
mod compile;
mod conditions;
mod evaluate;
mod explain;
mod flag;
mod flag_evaluation;
mod letters;
mod operator;
mod order;
mod registry;
mod ruleset;
mod segment;
mod soundness;
mod text_hasher;
mod text_set;
mod trace;
mod value;
mod warning;

pub use bucket::bucket;
pub use compile::compile;
pub use evaluate::{Evaluation, Reason};
pub use explain::{Check, Explanation, Membership, Outcome, Share, Step};
pub use flag_evaluation::FlagEvaluation;
pub use registry::FlagIndex;
pub use ruleset::{FlagRef, Ruleset};
pub use value::typed_value;
pub use warning::Warning;
