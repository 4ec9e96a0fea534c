//! A flag that may be on the list.

use std::sync::Arc;

use crate::heads::{self, ConfigHead, FlagHead};

/// A flag as far as filters and sorting look at it.
pub(in crate::flags) struct Entry {
    pub(in crate::flags) flag: Arc<FlagHead>,
    /// Unix milliseconds of the last change, here or everywhere.
    pub(in crate::flags) changed_ms: i64,
    /// Whether it is on here.
    pub(in crate::flags) is_on: bool,
}

impl Entry {
    pub(in crate::flags) fn identifier(&self) -> &str {
        &self.flag.identifier
    }
}

/// All flags, with what they serve in the environment that `configs` are of.
pub(super) fn all(flags: &[Arc<FlagHead>], configs: Option<&Vec<Arc<ConfigHead>>>) -> Vec<Entry> {
    let entry = |flag: &Arc<FlagHead>| {
        let config = configs.and_then(|configs| heads::find(configs, &flag.identifier));
        Entry {
            changed_ms: flag.modified_ms.max(config.map_or(i64::MIN, |config| config.changed_ms)),
            is_on: config.is_some_and(|config| config.is_on),
            flag: flag.clone(),
        }
    };
    flags.iter().map(entry).collect()
}
