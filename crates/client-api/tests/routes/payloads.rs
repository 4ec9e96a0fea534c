//! What Python, Ruby and .NET insist on: no `null` anywhere, and every field of the contract. `World`
//! holds every answer to `openapi/client.yaml`.

use serde_json::{Value, json};

use crate::world::World;

/// An environment as a file of another tool may hold it: everything that may be `null` or missing is.
fn sparse() -> World {
    World::new(serde_json::from_str(include_str!("sparse.json")).unwrap())
}

fn clause(id: &str, attribute: &str, op: &str, value: &str) -> Value {
    json!({"id": id, "attribute": attribute, "op": op, "values": [value], "negate": false})
}

#[tokio::test]
async fn flags_are_complete_whatever_was_imported() {
    let world = sparse();

    let flags = world.read("feature-configs?cluster=1").await.json();

    assert_eq!(flags.as_array().unwrap().len(), 3);
    for flag in flags.as_array().unwrap() {
        let feature = flag["feature"].as_str().unwrap();
        assert_eq!(world.read(&format!("feature-configs/{feature}")).await.json(), *flag);
    }
}

#[tokio::test]
async fn segments_are_complete_in_both_views() {
    let world = sparse();
    for query in ["", "?rules=v2", "?cluster=1&rules=v2", "?cluster=1;rules=v2", "?rules=v1"] {
        let segments = world.read(&format!("target-segments{query}")).await.json();

        assert_eq!(segments.as_array().unwrap().len(), 3);
        let v2 = query.contains("v2");
        for segment in segments.as_array().unwrap() {
            let identifier = segment["identifier"].as_str().unwrap();
            assert_eq!(segment.get("servingRules").is_some(), v2, "{query}");
            assert_eq!(world.read(&format!("target-segments/{identifier}{query}")).await.json(), *segment);
        }
    }
}

#[tokio::test]
async fn old_readers_get_the_rules_that_can_be_said_in_the_old_way() {
    let world = sparse();
    for query in ["", "?rules=v2"] {
        let read = async |id: &str| world.read(&format!("target-segments/{id}{query}")).await.json();

        assert_eq!(read("beta").await["rules"], json!([clause("c1", "plan", "equal", "pro")]), "{query}");
        assert_eq!(read("old").await["rules"], json!([clause("", "email", "ends_with", "@example.com")]));
        assert_eq!(read("bare").await["rules"], json!([]));
    }
    let beta = world.read("target-segments/beta?rules=v2").await.json();
    assert_eq!(beta["servingRules"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn members_are_complete_targets_of_the_keys_scope() {
    let beta = sparse().read("target-segments/beta").await.json();

    let scope = |identifier: &str, name: &str| {
        json!({
            "identifier": identifier, "name": name,
            "environment": "dev", "project": "shop", "account": "acct1", "org": "default",
        })
    };
    assert_eq!(beta["included"], json!([scope("alice", "Alice"), scope("bob", "bob")]));
    assert_eq!(beta["excluded"], json!([scope("carol", "carol")]));
}
