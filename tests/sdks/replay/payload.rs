//! What the strictest SDKs want of flags, segments and events.

use serde_json::Value;

/// Flags by identifier. What a flag may lack nobody lacks here: Python refuses to start without, Ruby and .NET
/// evaluate what they got without a look.
pub(crate) fn assert_complete_flag(flag: &Value) {
    for text in ["project", "environment", "feature", "offVariation"] {
        assert!(flag[text].is_string(), "{text} of {flag}");
    }
    assert!(matches!(flag["state"].as_str(), Some("on" | "off")), "{flag}");
    assert!(matches!(flag["kind"].as_str(), Some("boolean" | "int" | "string" | "json")), "{flag}");
    for list in ["variations", "rules", "variationToTargetMap", "prerequisites"] {
        assert!(flag[list].is_array(), "{list} of {flag}");
    }
    assert!(flag["variations"].as_array().unwrap().iter().all(|one| one["value"].is_string()), "{flag}");
    assert_version(&flag["version"]);
    assert_no_null(flag);
}

/// The conditions in both forms: those that want `rules=v2` read `servingRules`, and .NET needs `rules` too.
pub(crate) fn assert_complete_segment(segment: &Value) {
    for text in ["identifier", "name", "environment"] {
        assert!(segment[text].is_string(), "{text} of {segment}");
    }
    for list in ["included", "excluded", "rules", "servingRules"] {
        assert!(segment[list].is_array(), "{list} of {segment}");
    }
    for target in segment["included"].as_array().unwrap() {
        for text in ["identifier", "name", "environment", "project", "account", "org"] {
            assert!(target[text].is_string(), "{text} of {target}");
        }
    }
    assert_version(&segment["version"]);
    assert_no_null(segment);
}

/// Client SDKs read four texts.
pub(crate) fn assert_complete_evaluation(evaluation: &Value) {
    for text in ["flag", "value", "kind", "identifier"] {
        assert!(evaluation[text].is_string(), "{text} of {evaluation}");
    }
}

/// Java and .NET keep versions in 32 bits.
fn assert_version(version: &Value) {
    assert!(
        version.as_i64().is_some_and(|version| (1..=i64::from(i32::MAX)).contains(&version)),
        "{version}"
    );
}

fn assert_no_null(value: &Value) {
    assert!(!value.to_string().contains(":null"), "{value}");
}

/// Reads an event as Go and iOS do: they listen for events named `*`, and know no other.
pub(crate) fn by_name(event: &str) -> Value {
    let lines: Vec<&str> = event.lines().collect();
    assert!(lines.contains(&"event: *"), "{event:?}");
    by_prefix(event)
}

/// Reads an event as Java and Android do: they cut six characters off the line of data.
pub(crate) fn by_prefix(event: &str) -> Value {
    let data: Vec<&str> = event.lines().filter(|line| line.starts_with("data:")).collect();
    assert_eq!(data.len(), 1, "{event:?}");
    parsed(data[0].get(6..).unwrap())
}

/// Reads an event as .NET does: every line that has the word in it, with braces around it, must be an object whose one
/// field needs no quotes.
pub(crate) fn by_word(event: &str) -> Value {
    let lines: Vec<&str> = event.lines().filter(|line| line.contains("domain")).collect();
    assert_eq!(lines.len(), 1, "{event:?}");
    parsed(lines[0].strip_prefix("data: ").unwrap())
}

fn parsed(text: &str) -> Value {
    let message: Value = serde_json::from_str(text).unwrap();
    for field in ["event", "domain", "identifier"] {
        assert!(message[field].is_string(), "{field} of {message}");
    }
    assert_version(&message["version"]);
    message
}
