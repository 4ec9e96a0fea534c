//! `spin:variables`: the component's variables, as the manifest and the command line give them.

use wasmtime::component::Accessor;

use super::Spin;
use super::bindings::spin::variables::variables::{Error, Host, HostWithStore};
use crate::state::State;

impl Host for State {}

impl HostWithStore<State> for Spin {
    async fn get(accessor: &Accessor<State, Self>, name: String) -> wasmtime::Result<Result<String, Error>> {
        let value = accessor.with(|mut store| store.get().component.variables.get(&name).cloned());
        Ok(value.ok_or_else(|| Error::Undefined(format!("no variable {name:?}"))))
    }
}
