//! The interfaces of Spin that our components import.

mod outbound;
mod postgres;
mod redis;
mod resp;
mod sqlite;
mod variables;

use wasmtime::component::{HasData, Linker};

use crate::state::State;

pub(crate) use outbound::AllowedHosts;
pub(crate) use postgres::Pools;

mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "burgee:spin-host/interfaces",
        imports: { default: async | trappable },
        with: {
            "spin:postgres/postgres.connection": crate::interfaces::postgres::Connection,
            "spin:postgres/postgres.connection-builder": crate::interfaces::postgres::Builder,
            "spin:redis/redis.connection": crate::interfaces::redis::Connection,
            "spin:sqlite/sqlite.connection": crate::interfaces::sqlite::Connection,
        },
    });
}

/// Whose functions the linker calls.
pub(crate) struct Spin;

impl HasData for Spin {
    type Data<'a> = &'a mut State;
}

/// Offers the interfaces to components.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Interfaces::add_to_linker::<State, Spin>(linker, |state| state)
}
