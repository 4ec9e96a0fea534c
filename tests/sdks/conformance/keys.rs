//! Keys that do not open the environment: the SDK says so at once, in the way that it documents.

use model::KeyKind;

use super::participant::{Participant, Updates};
use super::table::Cell;
use super::world::{World, each_of, shown};

pub(crate) fn unknown(world: &mut World) -> Vec<Cell> {
    refused(&mut world.start_clients_with(Updates::Streamed, |_| "no-such-key-was-ever-made"))
}

pub(crate) fn revoked(world: &mut World) -> Vec<Cell> {
    let revoked = |identifier, kind| {
        let key = world.environment.create_key(identifier, kind);
        world.environment.delete_key(identifier);
        key
    };
    let (server, client) = (revoked("revoked-server", "Server"), revoked("revoked-client", "Client"));
    refused(&mut world.start_clients_with(Updates::Streamed, |stock| match stock.kind {
        KeyKind::Server => &server,
        KeyKind::Client => &client,
    }))
}

/// Rules are not for client keys, so that a server SDK cannot work with one. A server key may read values as well.
pub(crate) fn other_kind(world: &mut World) -> Vec<Cell> {
    let mut participants = world.start_clients_with(Updates::Streamed, |stock| match stock.kind {
        KeyKind::Server => &world.client_key,
        KeyKind::Client => &world.server_key,
    });
    each_of(&mut participants, |participant| match participant.stock.kind {
        KeyKind::Server => format!("refused after {}", shown(participant.refused())),
        KeyKind::Client => format!("served after {}", shown(participant.ready())),
    })
}

fn refused(participants: &mut [Participant]) -> Vec<Cell> {
    each_of(participants, |participant| format!("refused after {}", shown(participant.refused())))
}
