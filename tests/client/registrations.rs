//! Which targets come onto the list.

use std::time::Duration;

use model::limits::TARGETS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Target};
use serde_json::json;
use store::TargetFilter;

use super::world::World;

impl World {
    async fn sign_in(&self, key: &str, target: &str, plan: &str) {
        let target = json!({"identifier": target, "attributes": {"plan": plan}});
        self.token(&json!({"apiKey": key, "target": target})).await;
    }

    async fn drain(&self) {
        fn_metrics_process::drain(&self.platform, Duration::from_secs(600)).await.unwrap();
    }

    async fn listed(&self) -> usize {
        let environment = EnvironmentUuid::from_wire(self.environment.as_str());
        store::count_targets(&*self.platform.db, &environment, &TargetFilter::default()).await.unwrap()
    }

    async fn plan_of(&self, target: &str) -> Option<String> {
        let environment = EnvironmentUuid::from_wire(self.environment.as_str());
        let target = store::target(&*self.platform.db, &environment, target).await.unwrap()?;
        Some(target.attributes["plan"].as_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn one_key_lists_six_hundred_new_targets_a_minute() {
    let world = World::new().await;
    let key = world.make_key("web", "Client").await;
    for number in 0..650 {
        world.sign_in(&key, &format!("user-{number}"), "free").await;
    }
    world.drain().await;
    assert_eq!((world.listed().await, world.registrar.refused()), (600, 50));

    world.clock.advance(Duration::from_secs(60));
    world.sign_in(&key, "user-649", "free").await;
    world.drain().await;

    assert_eq!((world.listed().await, world.registrar.refused()), (601, 50));
}

#[tokio::test]
async fn a_full_list_takes_no_new_target_but_follows_those_on_it() {
    let world = World::new().await;
    let key = world.make_key("web", "Client").await;
    world.sign_in(&key, "ann", "free").await;
    world.drain().await;
    let environment = EnvironmentUuid::from_wire(world.environment.as_str());
    let fill = (1..TARGETS_PER_ENVIRONMENT_MAX).map(|number| {
        store::register_target(&environment, &Target::bare(format!("user-{number}")), 0).unwrap()
    });
    world.platform.db.batch(fill.collect()).await.unwrap();

    for (target, plan) in [("bob", "free"), ("ann", "pro")] {
        world.sign_in(&key, target, plan).await;
    }
    world.drain().await;

    assert_eq!(world.listed().await, TARGETS_PER_ENVIRONMENT_MAX);
    assert_eq!((world.plan_of("ann").await.as_deref(), world.plan_of("bob").await), (Some("pro"), None));
}
