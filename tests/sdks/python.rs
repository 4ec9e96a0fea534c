//! `harness-featureflags`: what its users see when only the host has changed.

use std::time::Duration;

use model::{FlagKind, Target};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo};
use tests::sdk::{Answer, Questions, Sdk};

/// Far more than it takes, and short enough to fail while somebody watches.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn each_kind_of_flag_has_the_right_value_for_each_target() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(&folder.path().join("data"), Demo::No);
    let environment = burgee.admin().create_environment("shop", "dev");
    environment.create_flag("dark-mode", "boolean", &[("true", "true"), ("false", "false")]);
    environment.create_flag("banner", "string", &[("hello", "Hello, sea"), ("none", "")]);
    environment.create_flag("ratio", "int", &[("high", "2.5"), ("low", "1")]);
    environment.create_flag("theme", "json", &[("blue", r#"{"colour":"blue"}"#), ("bare", "{}")]);
    for (flag, off) in [("dark-mode", "false"), ("banner", "none"), ("ratio", "low"), ("theme", "bare")] {
        environment.switch(flag, "on");
        let listed = json!({ "variation": off, "targets": ["bob"] });
        environment.instruct(flag, "addTargetsToVariationTargetMap", &listed);
    }
    environment.create_flag("switched-off", "boolean", &[("true", "true"), ("false", "false")]);
    let questions = Questions {
        key: environment.create_key("python", "Server"),
        flags: vec![
            ("dark-mode", FlagKind::Boolean),
            ("banner", FlagKind::String),
            ("ratio", FlagKind::Int),
            ("theme", FlagKind::Json),
            ("switched-off", FlagKind::Boolean),
            ("unknown", FlagKind::Boolean),
            ("banner", FlagKind::Boolean),
        ],
        targets: &["alice", "bob"].map(Target::bare),
    };

    let answers = Sdk::Python.evaluate(&format!("{}/api/1.0", burgee.url()), &[questions], LIMIT);

    let value = |value: Value| Answer::of(value);
    let off = value(json!(false));
    let alice = vec![
        value(json!(true)),
        value(json!("Hello, sea")),
        value(json!(2.5)),
        value(json!({ "colour": "blue" })),
        off.clone(),
        Answer::Default,
        Answer::Default,
    ];
    // To this SDK an empty text is no value.
    let bob = vec![
        off.clone(),
        Answer::Default,
        value(json!(1)),
        value(json!({})),
        off,
        Answer::Default,
        Answer::Default,
    ];
    assert_eq!(answers, [vec![alice, bob]]);
}
