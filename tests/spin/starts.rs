//! What is not set up right is said in one sentence.

use tests::admin::get;
use tests::exchange::Asked;

use super::world::{World, text};

#[test]
fn an_empty_database_is_migrated_by_the_admin_component_and_refused_by_the_others() {
    let world = World::empty(&[], &[]);
    let auth = Asked::new("POST", "/client/auth", &[], r#"{"apiKey":"x"}"#);

    let refused = world.ask(&auth);

    assert_eq!(refused.status, 502, "{refused:?}");
    assert!(text(&refused).contains("the database has another schema than this program"), "{refused:?}");
    world.environment();
    assert_eq!(world.ask(&auth).status, 403);
}

#[test]
fn a_wrong_setting_is_named_and_no_password_repeated() {
    for (variables, expected) in [
        (vec![("BURGEE_DATABASE_URL", "postgres://me:hush@db/burgee")], "add options=-c"),
        (vec![("BURGEE_DATABASE_URL", "mysql://me:hush@db/burgee")], "must be sqlite://label"),
        (vec![("BURGEE_REDIS_URL", "redis://:hush@cache")], "leave them out beside SQLite"),
        // Which database it lacks is in its log.
        (vec![("BURGEE_DATABASE_URL", "sqlite://other")], "the server's log says what is wrong"),
        (vec![("BURGEE_LOG", "loud=very")], "BURGEE_LOG is"),
        (vec![("BURGEE_TOKEN_KEYS", "nonsense")], "BURGEE_TOKEN_KEYS"),
    ] {
        let world = World::empty(&variables, &[]);

        let answer = get(&format!("{}/client/env/x/feature-configs", world.spin.url));

        let said = answer.body.to_string();
        assert_eq!(answer.status, 502, "{variables:?}: {said}");
        assert!(said.contains(expected) && !said.contains("hush"), "{variables:?}: {said}");
    }
}
