//! What was announced, when the cache that holds it forgets or is put back.

use std::sync::Arc;
use std::time::Duration;

use client_api::Source;
use delivery::Delivery;
use model::Version;
use platform::memory::MemoryCache;
use platform::{Cache, Platform};
use testkit::TestClock;
use tests::world::World;

use super::platform_at;

/// A cache that the test may tamper with, and a world on it.
async fn world() -> (World, Arc<MemoryCache>, TestClock) {
    let clock = TestClock::at(1_700_000_000_000);
    let platform = platform_at(&clock).await;
    let cache = Arc::new(MemoryCache::new(platform.clock.clone()));
    let world = World::on(Platform { cache: cache.clone(), ..platform }).await;
    (world, cache, clock)
}

async fn announced(world: &World) -> Option<Version> {
    store::announced(&*world.platform.cache, &world.environment).await.unwrap()
}

#[tokio::test]
async fn a_late_writer_does_not_put_an_older_version_into_a_cache_that_forgot() {
    let (world, cache, _) = world().await;
    let (first, second) = (world.put("a").await, world.put("b").await);
    assert_eq!(announced(&world).await, Some(second));

    cache.clear();
    store::announce(&world.platform, &world.environment, first).await.unwrap();

    assert_eq!(announced(&world).await, Some(second));
}

#[tokio::test]
async fn a_number_that_has_only_begun_says_nothing_until_the_primary_was_read() {
    let (world, cache, _) = world().await;
    let (first, second) = (world.put("a").await, world.put("b").await);

    cache.clear();
    assert_eq!(announced(&world).await, None, "a reader finds nothing, and begins");
    assert_eq!(announced(&world).await, None, "which tells the next one nothing");
    store::announce(&world.platform, &world.environment, first).await.unwrap();

    assert_eq!(announced(&world).await, Some(second));
}

#[tokio::test]
async fn readers_of_a_cache_that_forgot_ask_the_primary_and_tell_the_others() {
    let (world, cache, _) = world().await;
    let reader = Delivery::new(world.platform.clone());
    reader.environment(&world.environment, Version(0)).await.unwrap();
    let newest = world.put("a").await;

    cache.clear();
    let read = reader.environment(&world.environment, Version(0)).await.unwrap();

    assert_eq!((read.version, announced(&world).await), (newest, Some(newest)));
}

#[tokio::test]
async fn a_cache_that_was_put_back_by_a_failover_is_believed_for_ten_seconds_at_most() {
    let (world, cache, clock) = world().await;
    let before = world.put("a").await;
    let reader = Delivery::new(world.platform.clone());
    reader.environment(&world.environment, Version(0)).await.unwrap();
    let newest = world.put("b").await;
    let key = store::announced_key(&world.environment);
    cache.clear();
    cache.begin(&key).await.unwrap();
    cache.advance(&key, 0, before.0).await.unwrap();

    clock.advance(Duration::from_millis(9_999));
    let believed = reader.environment(&world.environment, Version(0)).await.unwrap();
    clock.advance(Duration::from_millis(1));
    let corrected = reader.environment(&world.environment, Version(0)).await.unwrap();

    assert_eq!((believed.version, corrected.version), (before, newest));
    assert_eq!(announced(&world).await, Some(newest), "the others are told at once");
}
