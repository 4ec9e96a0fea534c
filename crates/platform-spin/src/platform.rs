//! The ports, on the stores that the settings describe.

use std::sync::Arc;

use platform::{Db, Platform};

use crate::Stores;
use crate::absent::{NoCache, NoFeed};
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::world::{SpinClock, SpinRandom};

/// A platform for one request. Nothing is connected before it is used.
pub(crate) fn connect(stores: Stores) -> Platform {
    match stores {
        Stores::Sqlite(label) => alone(Arc::new(Sqlite::new(label))),
        Stores::Postgres(url) => alone(Arc::new(Postgres::new(url))),
        Stores::Distributed { postgres, .. } => alone(Arc::new(Postgres::new(postgres))),
    }
}

/// A database and nothing else: its tables are the queue.
fn alone(db: Arc<dyn Db>) -> Platform {
    Platform {
        db,
        cache: Arc::new(NoCache),
        feed: Arc::new(NoFeed),
        queue: None,
        clock: Arc::new(SpinClock),
        random: Arc::new(SpinRandom),
    }
}
