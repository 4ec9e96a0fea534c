//! What a flag serves in an environment, as far as filters and sorting look at it.

use model::{Error, FlagConfig, FlagState};
use store::{CurrentObject, Kind};

use super::Head;

/// A flag in one environment.
#[derive(Debug)]
pub(crate) struct ConfigHead {
    identifier: String,
    pub(crate) is_on: bool,
    /// Unix milliseconds of the last change here.
    pub(crate) changed_ms: i64,
}

impl Head for ConfigHead {
    const KIND: Kind = Kind::FlagConfig;

    fn read(object: &CurrentObject, body: &str) -> Result<Self, Error> {
        let config: FlagConfig = store::read_body(body)?;
        Ok(Self {
            identifier: object.identifier.clone(),
            is_on: config.state == FlagState::On,
            changed_ms: object.changed_ms,
        })
    }

    fn identifier(&self) -> &str {
        &self.identifier
    }
}
