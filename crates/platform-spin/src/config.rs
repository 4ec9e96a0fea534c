//! Settings from Spin's variables: `BURGEE_LOG` is the variable `burgee_log` of the component.

use std::collections::BTreeMap;
use std::ffi::OsString;

use platform::config::{ConfigError, Var, Vars};
use spin_sdk::variables::{self, Error};

/// Asks Spin for every variable of the tables.
pub(crate) async fn read(tables: &[&'static [Var]]) -> Result<Vars, ConfigError> {
    let mut values = BTreeMap::new();
    for var in tables.iter().copied().flatten() {
        let name = var.name.to_ascii_lowercase();
        match variables::get(&name).await {
            Ok(value) => {
                values.insert(var.name, value);
            }
            Err(Error::Undefined(_)) => {}
            Err(error) => {
                return Err(format!("the variable {name} cannot be read: {error}; look at spin.toml").into());
            }
        }
    }
    Vars::read(tables, |name| values.get(name).map(OsString::from))
}
