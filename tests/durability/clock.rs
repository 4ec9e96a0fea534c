//! A clock that is put an hour forwards or back: nothing is lost, nothing waits an hour, nothing lives longer.

use std::time::Duration;

use bytes::Bytes;
use client_api::Source;
use delivery::Delivery;
use model::{KeyHash, KeyKind, Version};
use store::KeyRow;
use testkit::TestClock;
use tests::world::World;

const HOUR: Duration = Duration::from_secs(3_600);

const LEASE: Duration = Duration::from_secs(60);

/// Which way the clock goes.
#[derive(Clone, Copy, Debug)]
enum Jump {
    Forwards,
    Back,
}

impl Jump {
    fn make(self, clock: &TestClock) {
        match self {
            Self::Forwards => clock.advance(HOUR),
            Self::Back => clock.put_back(HOUR),
        }
    }
}

#[tokio::test]
async fn versions_go_on_and_readers_follow_whichever_way_the_clock_goes() {
    for jump in [Jump::Forwards, Jump::Back] {
        let (clock, world) = world().await;
        let delivery = Delivery::new(world.platform.clone());
        let db = &*world.platform.db;

        for version in [2, 3, 4].map(Version) {
            let written = world.put("flag").await;
            let served = delivery.environment(&world.environment, Version(0)).await.unwrap();
            assert_eq!((written, served.version), (version, version), "{jump:?}");
            jump.make(&clock);
        }
        let row = store::project_by_id(db, &world.project).await.unwrap();
        let report = store::verify_project(db, &row, &[]).await.unwrap();
        assert!(report.is_sound(), "{jump:?}: {report:?}");
    }
}

#[tokio::test]
async fn no_report_waits_for_the_clock_to_come_back() {
    for jump in [Jump::Forwards, Jump::Back] {
        let (clock, world) = world().await;
        let queue = store::work_queue(&world.platform);
        queue.push(Bytes::from_static(b"pushed before")).await.unwrap();
        queue.push(Bytes::from_static(b"claimed before by a worker that died")).await.unwrap();
        assert_eq!(queue.claim(1, Duration::ZERO, LEASE).await.unwrap().len(), 1);

        jump.make(&clock);

        assert_eq!(queue.claim(9, Duration::ZERO, LEASE).await.unwrap().len(), 2, "{jump:?}");
    }
}

#[tokio::test]
async fn a_deleted_key_is_refused_within_a_second_whichever_way_the_clock_goes() {
    for jump in [Jump::Forwards, Jump::Back] {
        let (clock, world) = world().await;
        let delivery = Delivery::new(world.platform.clone());
        let hash = KeyHash::from_wire("a".repeat(64));
        let db = &*world.platform.db;
        db.batch(vec![store::insert_key(&key(&world, &hash))]).await.unwrap();
        assert!(delivery.key(&hash).await.unwrap().is_some());
        db.batch(vec![store::delete_keys_of(&world.environment)]).await.unwrap();

        jump.make(&clock);

        assert_eq!(delivery.key(&hash).await.unwrap(), None, "{jump:?}");
    }
}

async fn world() -> (TestClock, World) {
    let clock = TestClock::at(1_700_000_000_000);
    let world = World::on(testkit::platform_at(&clock)).await;
    (clock, world)
}

fn key(world: &World, hash: &KeyHash) -> KeyRow {
    KeyRow {
        hash: hash.clone(),
        project: world.project.clone(),
        environment: world.environment.clone(),
        identifier: "key".to_owned(),
        name: String::new(),
        description: String::new(),
        kind: KeyKind::Server,
        prefix: String::new(),
        created_ms: 0,
        expires_ms: None,
        last_used_ms: None,
    }
}
