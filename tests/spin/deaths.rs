//! An instance may die between any two statements. Spin gives its connections to the next one as they are.

use serde_json::{Value, json};
use tests::admin::{Admin, Environment};
use tests::burgee::ADMIN_TOKEN;
use tests::exchange::{Asked, Told};
use tests::spin::postgres_variables;
use tests::stores::database_url;

use super::world::World;

const SCOPE: &str = "accountIdentifier=acme&orgIdentifier=default";

/// Calls to stores that creating a flag takes at most.
const CALLS_MAX: u32 = 100;

#[test]
fn on_sqlite_a_batch_is_made_whole_or_not_at_all_wherever_the_instance_dies() {
    let world = World::empty(&[], &[]);

    die_everywhere(&world);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_the_next_user_of_the_connection_commits_nothing_of_the_dead() {
    let variables = postgres_variables(&database_url().await);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // One connection: the next request has that of the dead, and nothing but its rollback ends what that left
    // open.
    let world = World::empty(&variables, &["--pool", "1"]);

    tokio::task::block_in_place(|| die_everywhere(&world));
}

/// Creates a flag again and again, in an instance that dies one call later each time, until it lives long
/// enough.
fn die_everywhere(world: &World) {
    let environment = world.environment();
    let before = version(&environment);
    let mut undone = 0;

    for calls in 0..CALLS_MAX {
        let told = create(world, calls);
        let exists = environment_flags(world).contains(&"dark".to_owned());
        let steps = version(&environment) - before;

        // The flag is there if and only if the environment took a step, whatever the dying instance answered.
        assert_eq!(steps, i64::from(exists), "after {calls} calls: {told:?}");
        match (told.status, exists) {
            (500, false) => undone += 1,
            (500 | 201, true) => break,
            _ => panic!("after {calls} calls: {told:?}, and the flag exists: {exists}"),
        }
    }

    // Begin, the statements of the batch, commit: death struck within the batch too.
    assert!(undone > 8, "{undone}");
    environment.switch("dark", "on");
    assert_eq!(version(&environment), before + 2);
}

fn create(world: &World, calls: u32) -> Told {
    let body = json!({
        "identifier": "dark", "name": "dark", "project": "shop", "kind": "boolean", "permanent": false,
        "variations": [{"identifier": "yes", "value": "true"}, {"identifier": "no", "value": "false"}],
        "defaultOnVariation": "yes", "defaultOffVariation": "no",
    });
    let calls = calls.to_string();
    let headers = [
        ("x-api-key", ADMIN_TOKEN),
        ("content-type", "application/json"),
        ("spin-host-end-at-call", calls.as_str()),
    ];
    world.ask(&Asked::new("POST", &format!("/admin/features?{SCOPE}"), &headers, body.to_string()))
}

fn environment_flags(world: &World) -> Vec<String> {
    let admin = Admin::new(&world.spin.url, ADMIN_TOKEN);
    let path = format!("/admin/features?{SCOPE}&projectIdentifier=shop");
    let list = admin.expect(200, "GET", &path, None);
    let features = list.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
    let identifier = |flag: &Value| flag.get("identifier").and_then(Value::as_str).map(str::to_owned);
    features.iter().filter_map(identifier).collect()
}

fn version(environment: &Environment) -> i64 {
    environment.snapshot().get("version").and_then(Value::as_i64).unwrap()
}
