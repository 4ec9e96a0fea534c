//! Lists as they were at a version, so that their next pages fit the first.

use api::Query;
use model::{Error, Version};
use store::EnvironmentRow;

/// `asOfVersion` of the query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsOf(Option<i64>);

impl AsOf {
    /// Reads it.
    pub(crate) fn read(query: &Query) -> Result<Self, Error> {
        query.number("asOfVersion").map(Self)
    }

    /// The version that was asked for; `None` for the present.
    ///
    /// # Errors
    /// `Invalid` if the environment has never had it, or none is named.
    pub(crate) fn version(self, environment: Option<&EnvironmentRow>) -> Result<Option<Version>, Error> {
        let Some(version) = self.0.map(Version) else { return Ok(None) };
        let Some(environment) = environment else {
            let message = "needs environmentIdentifier: it is a version of an environment";
            return Err(Error::invalid("asOfVersion", message));
        };
        if version < Version(1) || version > environment.version {
            let message = format!(
                "{version} is none that environment {:?} has had; send the version that the first page told",
                environment.identifier.as_str()
            );
            return Err(Error::invalid("asOfVersion", message));
        }
        Ok(Some(version).filter(|version| *version != environment.version))
    }
}
