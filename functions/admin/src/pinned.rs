//! Lists as they were at a version, so that their next pages fit the first.

use model::{Error, Version};
use serde::Deserialize;
use store::EnvironmentRow;

/// `asOfVersion` of the query.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AsOf {
    as_of_version: Option<i64>,
}

impl AsOf {
    /// The version that was asked for; `None` for the present.
    ///
    /// # Errors
    /// `Invalid` if the environment has never had it, or none is named.
    pub(crate) fn version(self, environment: Option<&EnvironmentRow>) -> Result<Option<Version>, Error> {
        let Some(version) = self.as_of_version.map(Version) else { return Ok(None) };
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
