//! Reading what others wrote: `null` is the same as absent.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the type's default, so that files from other tools (`"distribution": null`) load.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
