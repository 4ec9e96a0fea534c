//! The published SDKs, unmodified, poll components: there is no relay, so their streams are refused.

use std::time::Duration;

use model::{FlagKind, Target};
use serde_json::{Map, Value, json};
use tests::admin::Environment;
use tests::sdk::{Answer, Questions, Sdk};

use super::world::World;

/// Far more than an SDK takes to ask two flags for two targets.
const LIMIT: Duration = Duration::from_secs(60);

/// A flag whose rule serves members of a segment, and one that serves a number to a share of all.
fn make_flags(environment: &Environment) {
    environment.create_segment("professionals");
    let clause = json!({"attribute": "plan", "op": "equal", "values": ["pro"]});
    environment.instruct_segment("professionals", "addClause", &clause);
    environment.create_flag("dark", "boolean", &[("yes", "true"), ("no", "false")]);
    let member = json!({"op": "segmentMatch", "attribute": "", "values": ["professionals"]});
    let rule = json!({"priority": 1, "clauses": [member], "serve": {"variation": "yes"}});
    environment.instruct("dark", "addRule", &rule);
    environment.instruct("dark", "updateDefaultServe", &json!({"variation": "no"}));
    environment.create_flag("size", "int", &[("large", "7.5"), ("small", "1")]);
    let all = json!([{"variation": "large", "weight": 100}, {"variation": "small", "weight": 0}]);
    let share = json!({"distribution": {"bucketBy": "identifier", "variations": all}});
    environment.instruct("size", "updateDefaultServe", &share);
}

fn target(identifier: &str, plan: &str) -> Target {
    let attributes = Map::from_iter([("plan".to_owned(), Value::from(plan))]);
    Target { attributes, ..Target::bare(identifier.to_owned()) }
}

/// What the SDK gives for `dark` and `size`, to a target of either plan.
fn answers(sdk: Sdk, world: &World, key: &str) -> Vec<Vec<Answer>> {
    let targets = [target("ann", "pro"), target("bob", "free")];
    let flags = vec![("dark", FlagKind::Boolean), ("size", FlagKind::Int)];
    let asked = [Questions { key: key.to_owned(), flags, targets: &targets }];
    sdk.evaluate(&format!("{}/api/1.0", world.spin.url), &asked, LIMIT).swap_remove(0)
}

fn evaluates_what_is_served(sdk: Sdk) {
    let world = World::empty(&[], &[]);
    let environment = world.environment();
    make_flags(&environment);
    let key = environment.create_key("backend", "Server");
    let of = |values: Value| -> Vec<Answer> {
        values.as_array().unwrap().iter().map(|value| Answer::of(value.clone())).collect()
    };

    let before = answers(sdk, &world, &key);
    environment.switch("dark", "on");
    environment.switch("size", "on");
    let after = answers(sdk, &world, &key);

    assert_eq!(before, [of(json!([false, 1])), of(json!([false, 1]))]);
    assert_eq!(after, [of(json!([true, 7.5])), of(json!([false, 7.5]))]);
}

#[test]
fn the_node_sdk_evaluates_what_components_serve() {
    evaluates_what_is_served(Sdk::Node);
}

#[test]
fn the_python_sdk_evaluates_what_components_serve() {
    evaluates_what_is_served(Sdk::Python);
}
