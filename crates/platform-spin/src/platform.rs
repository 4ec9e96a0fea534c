//! The ports, on the stores that the settings describe.

use std::sync::Arc;

use platform::memory::{NoCache, NoFeed};
use platform::{Db, Platform};

use crate::Stores;
use crate::postgres::Postgres;
use crate::redis::Redis;
use crate::sqlite::Sqlite;
use crate::world::{SpinClock, SpinRandom};

/// What one request stands on.
pub(crate) struct World {
    /// The ports.
    pub(crate) platform: Platform,
    /// What has to be put in order when the request was answered.
    pub(crate) postgres: Option<Arc<Postgres>>,
}

/// A world for one request. Nothing is connected before it is used.
pub(crate) fn connect(stores: Stores) -> World {
    let (url, redis) = match stores {
        Stores::Sqlite(label) => {
            return World { platform: alone(Arc::new(Sqlite::new(label))), postgres: None };
        }
        Stores::Postgres(url) => (url, None),
        Stores::Distributed { postgres, redis, metrics, prefix } => {
            (postgres, Some((Redis::new(redis, &prefix), Redis::new(metrics, &prefix))))
        }
    };
    let postgres = Arc::new(Postgres::new(url));
    let mut platform = alone(postgres.clone());
    if let Some((redis, metrics)) = redis {
        platform =
            Platform { cache: redis.cache(), feed: redis.feed(), queue: Some(metrics.queue()), ..platform };
    }
    World { platform, postgres: Some(postgres) }
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
