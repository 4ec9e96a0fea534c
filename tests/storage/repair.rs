//! A repair after a restore: past every version that anybody may have heard of, and nothing is announced before
//! there is somebody to hear it.

use model::{EventKind, FeedEntry, FlagId, Version};
use platform::Cursor;
use std::time::Duration;
use store::{Author, VERSIONS_LEAP};

use super::platform;
use tests::world::{Put, Remove, World};

#[tokio::test]
async fn the_next_flush_tells_of_every_object_once_and_of_what_is_gone_as_gone() {
    let world = World::on(platform().await).await;
    let put = |flag: &str| Put { environment: world.environment.clone(), flag: FlagId::from_wire(flag) };
    for flag in ["a", "b"] {
        world.writer.write(&world.project, &Author::default(), &put(flag)).await.unwrap();
    }
    let remove = Remove { environment: world.environment.clone(), flag: FlagId::from_wire("a") };
    world.writer.write(&world.project, &Author::default(), &remove).await.unwrap();
    let before = world.version().await;
    let position = world.platform.feed.position().await.unwrap();

    let repaired = world.writer.repair_after_restore(&Author::default()).await.unwrap();
    assert_eq!(entries(&world, &position).await, []);
    store::flush(&world.platform, &world.environment).await.unwrap();

    let version = Version(before.0 + VERSIONS_LEAP);
    assert_eq!((repaired.environments, repaired.objects), (1, 2));
    assert_eq!(world.version().await, version);
    let entries = entries(&world, &position).await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(entry.version, version);
    let told = entry.events.iter().map(|event| (event.identifier.as_str(), event.event));
    let expected = [("environment", EventKind::Patch), ("a", EventKind::Delete), ("b", EventKind::Patch)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_nobody_was_told_of_is_dated_as_news_and_nothing_else_is() {
    let world = World::on(platform().await).await;
    let put = |flag: &str| Put { environment: world.environment.clone(), flag: FlagId::from_wire(flag) };
    world.writer.write(&world.project, &Author::default(), &put("told")).await.unwrap();
    world.writer.repair_after_restore(&Author::default()).await.unwrap();
    store::flush(&world.platform, &world.environment).await.unwrap();
    let late = 9_000_000_000_000;

    let told = store::date_unsent(&*world.platform.db, late).await.unwrap();
    world.writer.repair_after_restore(&Author::default()).await.unwrap();
    let untold = store::date_unsent(&*world.platform.db, late).await.unwrap();

    assert_eq!((told, untold), (0, 1));
    assert_eq!(world.count("SELECT changed_ms FROM current_object").await, late);
}

async fn entries(world: &World, after: &Cursor) -> Vec<FeedEntry> {
    let page = world.platform.feed.read_after(after, 1_000, Duration::ZERO).await.unwrap();
    page.entries.iter().map(|entry| serde_json::from_slice(entry).unwrap()).collect()
}
