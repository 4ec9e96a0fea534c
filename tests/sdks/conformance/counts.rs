//! What an SDK counted, and its end.

use std::path::Path;
use std::time::Instant;

use model::KeyKind;
use rusqlite::{Connection, OpenFlags};
use tests::admin::Environment;
use tests::deadline::wait_until;

use super::changes::boolean;
use super::participant::{Participant, SOON, Updates};
use super::stock::{STOCK, Stock};
use super::table::Cell;
use super::world::{World, each_of, shown};

const READS: i64 = 3;

const COUNT: &str =
    "SELECT CAST(sum(evaluations) AS BIGINT) FROM evaluation_hour WHERE flag = ?1 AND variation = 'true'";

/// One flag for each SDK, so that its counts can be told from the others'.
pub(crate) fn fill(environment: &Environment) {
    for stock in STOCK {
        environment.create_flag(&flag(stock), "boolean", &[("true", "true"), ("false", "false")]);
        environment.switch(&flag(stock), "on");
    }
}

/// Reads a flag three times. Server SDKs send their counts when they are closed; client SDKs once a minute, here on a
/// hastened clock, and count reads of a value within half a second as one.
pub(crate) fn counted(world: &mut World) -> Vec<Cell> {
    let mut participants = world.start_clients(Updates::Polled);
    let ready = each_of(&mut participants, |participant| shown(participant.ready()));
    let database = world.burgee.data().join("burgee.db");
    let counted = each_of(&mut participants, |participant| {
        let flag = flag(participant.stock);
        for _ in 0..READS {
            assert_eq!(participant.value(&boolean(&flag, false)), true);
        }
        let expected = match participant.stock.kind {
            KeyKind::Server => READS..=READS,
            KeyKind::Client => 1..=READS,
        };
        if participant.stock.kind == KeyKind::Server {
            participant.close();
        }
        let count = wait_until(SOON, || stored(&database, &flag)).unwrap_or(0);
        assert!(expected.contains(&count), "{count} of {READS} reads were counted");
        format!("{count} of {READS} reads")
    });
    ready.into_iter().zip(counted).map(|(ready, counted)| ready.instead(counted)).collect()
}

fn stored(database: &Path, flag: &str) -> Option<i64> {
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    database.query_row(COUNT, [flag], |row| row.get(0)).unwrap()
}

/// A client is closed, and its process ends by itself.
pub(crate) fn closed(world: &mut World) -> Vec<Cell> {
    each_of(world.start_clients(Updates::Streamed), |mut participant: Participant| {
        participant.ready();
        let started = Instant::now();
        participant.close();
        participant.finish();
        shown(started.elapsed())
    })
}

fn flag(stock: &Stock) -> String {
    format!("counted-{}", stock.slug())
}
