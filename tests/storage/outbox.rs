//! What is committed is announced, in order, before it is marked.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use model::{EventKind, FeedEntry, FlagId};
use platform::{ChangeFeed, Cursor, FeedError, FeedPage, Platform};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::Author;

use super::platform;
use tests::world::{Put, Remove, World};

/// A feed that can be away.
struct Faulty {
    feed: Arc<dyn ChangeFeed>,
    away: AtomicBool,
}

#[async_trait]
impl ChangeFeed for Faulty {
    async fn append(&self, entry: Bytes) -> Result<(), FeedError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(FeedError("away".to_owned()));
        }
        self.feed.append(entry).await
    }

    async fn position(&self) -> Result<Cursor, FeedError> {
        self.feed.position().await
    }

    async fn read_after(&self, cursor: &Cursor, limit: usize, wait: Duration) -> Result<FeedPage, FeedError> {
        self.feed.read_after(cursor, limit, wait).await
    }
}

async fn entries(platform: &Platform) -> Vec<FeedEntry> {
    let page = platform.feed.read_after(&Cursor("0".to_owned()), 1_000, Duration::ZERO).await.unwrap();
    page.entries.iter().map(|entry| serde_json::from_slice(entry).unwrap()).collect()
}

#[tokio::test]
async fn a_committed_change_is_announced_before_the_writer_is_answered() {
    let world = World::on(platform().await).await;
    let put = Put { environment: world.environment.clone(), flag: FlagId::from_wire("a") };

    let written = world.writer.write(&world.project, &Author::default(), &put).await.unwrap();

    let entries = entries(&world.platform).await;
    let newest = entries.last().unwrap();
    assert_eq!((newest.version, newest.environment.clone()), (written.answer, world.environment.clone()));
    assert_eq!(newest.events.len(), 1);
    assert_eq!(newest.events[0].identifier, "a");
    let announced = world.platform.cache.get(&store::announced_key(&world.environment)).await.unwrap();
    assert_eq!(announced, Some(Bytes::from(written.answer.to_string())));
    assert_eq!(world.count("SELECT count(*) FROM change WHERE NOT sent").await, 0);
}

#[tokio::test]
async fn what_could_not_be_announced_follows_in_order_with_the_next_tick() {
    let platform = platform().await;
    let feed = Arc::new(Faulty { feed: platform.feed.clone(), away: AtomicBool::new(false) });
    let world = World::on(Platform { feed: feed.clone(), ..platform }).await;
    let before = entries(&world.platform).await.len();
    feed.away.store(true, Ordering::SeqCst);
    let flag = FlagId::from_wire("a");
    let put = Put { environment: world.environment.clone(), flag: flag.clone() };
    let first = world.writer.write(&world.project, &Author::default(), &put).await.unwrap();
    let remove = Remove { environment: world.environment.clone(), flag };
    world.writer.write(&world.project, &Author::default(), &remove).await.unwrap();
    assert_eq!(entries(&world.platform).await.len(), before, "the writes were answered all the same");

    feed.away.store(false, Ordering::SeqCst);
    fn_admin::tick(&world.platform, Duration::from_secs(5)).await.unwrap();

    let announced: Vec<_> = entries(&world.platform).await.split_off(before);
    let told: Vec<_> = announced.iter().map(|entry| (entry.version, entry.events[0].event)).collect();
    assert_eq!(told, [(first.answer, EventKind::Patch), (first.answer.next(), EventKind::Delete)]);
    assert_eq!(world.count("SELECT count(*) FROM change WHERE NOT sent").await, 0);
}
