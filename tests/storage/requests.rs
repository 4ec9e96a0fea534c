//! Requests that are sent again: the rows that tell of them are committed with what they did.

use model::{Error, FlagId, Version};
use platform::{Platform, Statement};
use std::sync::Arc;
use store::{Author, Conditions, KeptAnswer, NamedRequest};
use testkit::TestClock;

use super::{platform, platform_at};
use tests::world::{Put, World};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The same request, as it comes in once more.
fn named(digest: u8) -> Author {
    let request = NamedRequest::new("caller", "name", vec![digest]);
    let conditions = Conditions { request: Some(Arc::new(request)), ..Conditions::default() };
    Author { conditions, ..Author::default() }
}

fn put(world: &World, flag: &str) -> Put {
    Put { environment: world.environment.clone(), flag: FlagId::from_wire(flag) }
}

async fn write(world: &World, author: &Author, flag: &str) -> Result<Version, Error> {
    Ok(world.writer.write(&world.project, author, &put(world, flag)).await?.answer)
}

#[tokio::test]
async fn a_request_that_comes_again_is_told_what_its_write_answered() {
    let world = World::on(platform().await).await;
    let first = world.writer.write(&world.project, &named(1), &put(&world, "a")).await.unwrap();
    write(&world, &Author::default(), "b").await.unwrap();
    let revision = world.revision().await;

    let again = world.writer.write(&world.project, &named(1), &put(&world, "a")).await.unwrap();

    assert_eq!((again.answer, again.revision), (first.answer, first.revision));
    assert_eq!(again.environments, first.environments);
    assert_eq!(world.revision().await, revision, "nothing was written");
}

#[tokio::test]
async fn each_write_of_a_request_is_made_once_also_after_a_crash_between_them() {
    let world = World::on(platform().await).await;
    write(&world, &named(1), "a").await.unwrap();
    let revision = world.revision().await;

    let request = named(1);
    write(&world, &request, "a").await.unwrap();
    write(&world, &request, "b").await.unwrap();

    assert_eq!(world.revision().await, revision + 1, "only the second write was missing");
}

#[tokio::test]
async fn another_request_of_the_same_name_writes_nothing() {
    let world = World::on(platform().await).await;
    write(&world, &named(1), "a").await.unwrap();
    let revision = world.revision().await;

    let refused = write(&world, &named(2), "b").await.unwrap_err();

    assert!(matches!(refused, Error::InUse(_)), "{refused}");
    assert_eq!(world.revision().await, revision);
}

#[tokio::test]
async fn a_row_is_worth_nothing_after_a_day() {
    let clock = TestClock::at(DAY_MS);
    let world = World::on(platform_at(&clock).await).await;
    write(&world, &named(1), "a").await.unwrap();
    let revision = world.revision().await;
    let old = "UPDATE idempotency_key SET created_ms = 0";
    world.platform.db.batch(vec![Statement::new(old)]).await.unwrap();

    write(&world, &named(2), "b").await.unwrap();

    assert_eq!(world.revision().await, revision + 1);
    write(&world, &named(2), "b").await.unwrap();
    assert_eq!(world.revision().await, revision + 1, "the new row took the place of the old one");
}

#[tokio::test]
async fn the_answer_that_was_kept_first_stays() {
    let world = World::on(platform().await).await;
    let Platform { db, .. } = &world.platform;
    let request = NamedRequest::new("caller", "name", vec![1]);
    let answer = |body: &str| KeptAnswer { status: 200, body: body.to_owned() };

    let first = store::keep_answer(&**db, &request, answer("first"), DAY_MS).await.unwrap();
    let second = store::keep_answer(&**db, &request, answer("second"), DAY_MS).await.unwrap();
    let large = NamedRequest::new("caller", "large", vec![1]);
    store::keep_answer(&**db, &large, answer(&"x".repeat(2_000_000)), DAY_MS).await.unwrap();

    assert_eq!((first, second), (answer("first"), answer("first")));
    assert_eq!(store::kept_answer(&**db, &request, DAY_MS).await.unwrap(), Some(answer("first")));
    assert_eq!(store::kept_answer(&**db, &large, DAY_MS).await.unwrap(), None, "it is derived again");
    assert_eq!(store::kept_answer(&**db, &request, 2 * DAY_MS).await.unwrap(), None);
}
