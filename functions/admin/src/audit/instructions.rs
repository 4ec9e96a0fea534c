//! What a change did, told in the instructions that would do it again, as far as there are any.
//!
//! Audit keeps what an object was and became, not what was asked for: two instructions that undo each other
//! leave nothing to tell of.

use serde::Serialize;
use serde_json::{Map, Value, json};
use store::Kind;

/// One of them. Harness spells these with capitals here and nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AuditInstruction {
    kind: &'static str,
    parameters: Value,
}

/// Fields that differ after every change.
const KEPT_BY_US: [&str; 2] = ["version", "modifiedAt"];

/// Field, the instruction that sets it, and the name of its parameter.
const SETTERS: [(Kind, &str, &str, &str); 10] = [
    (Kind::FlagConfig, "state", "setFeatureFlagState", "state"),
    (Kind::FlagConfig, "offVariation", "updateOffVariation", "variation"),
    (Kind::Flag, "name", "updateName", "name"),
    (Kind::Flag, "description", "updateDescription", "description"),
    (Kind::Flag, "permanent", "updatePermanent", "permanent"),
    (Kind::Flag, "defaultOnVariation", "setDefaultOnVariation", "identifier"),
    (Kind::Flag, "defaultOffVariation", "setDefaultOffVariation", "identifier"),
    (Kind::Segment, "name", "updateName", "name"),
    (Kind::Target, "name", "updateName", "name"),
    (Kind::Target, "attributes", "updateAttributes", "attributes"),
];

/// One instruction for each field that differs; none for what came into being or went. A field that no
/// single instruction sets is only named.
pub(super) fn instruction_set(
    kind: Kind,
    before: Option<&str>,
    after: Option<&str>,
) -> Vec<AuditInstruction> {
    let fields = |body: Option<&str>| -> Option<Map<String, Value>> { serde_json::from_str(body?).ok() };
    let (Some(before), Some(after)) = (fields(before), fields(after)) else { return Vec::new() };
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !KEPT_BY_US.contains(&name.as_str()) && before.get(*name) != after.get(*name));
    names.into_iter().map(|name| instruction(kind, name, after.get(name))).collect()
}

fn instruction(kind: Kind, field: &str, after: Option<&Value>) -> AuditInstruction {
    let after = after.cloned().unwrap_or_default();
    if (kind, field) == (Kind::FlagConfig, "defaultServe") {
        let parameters = after.get("distribution").cloned().unwrap_or(after);
        return AuditInstruction { kind: "updateDefaultServe", parameters };
    }
    let setter = SETTERS.iter().find(|(of, name, ..)| *of == kind && *name == field);
    match setter {
        Some((_, _, kind, parameter)) => AuditInstruction { kind, parameters: json!({ *parameter: after }) },
        None => AuditInstruction { kind: "changed", parameters: json!({ "field": field }) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Kind, before: &Value, after: &Value) -> Value {
        let (before, after) = (before.to_string(), after.to_string());
        serde_json::to_value(instruction_set(kind, Some(&before), Some(&after))).unwrap()
    }

    #[test]
    fn a_switched_flag_is_told_as_the_instruction_that_switches_it() {
        let told = told(
            Kind::FlagConfig,
            &json!({"state": "off", "version": 6, "offVariation": "no", "rules": []}),
            &json!({"state": "on", "version": 7, "offVariation": "no", "rules": [{"ruleId": "r"}]}),
        );

        assert_eq!(
            told,
            json!([
                {"Kind": "changed", "Parameters": {"field": "rules"}},
                {"Kind": "setFeatureFlagState", "Parameters": {"state": "on"}},
            ])
        );
    }

    #[test]
    fn a_default_serve_is_told_in_the_form_in_which_it_is_sent() {
        let of = |serve: Value| json!({"defaultServe": serve});
        let rollout = json!({"bucketBy": "identifier", "variations": [{"variation": "a", "weight": 100}]});

        assert_eq!(
            told(Kind::FlagConfig, &of(json!({"variation": "a"})), &of(json!({"distribution": rollout}))),
            json!([{"Kind": "updateDefaultServe", "Parameters": rollout}])
        );
        assert_eq!(
            told(Kind::FlagConfig, &of(json!({"variation": "a"})), &of(json!({"variation": "b"}))),
            json!([{"Kind": "updateDefaultServe", "Parameters": {"variation": "b"}}])
        );
    }

    #[test]
    fn what_came_or_went_or_cannot_be_read_has_no_instructions() {
        assert_eq!(instruction_set(Kind::Flag, None, Some("{}")), []);
        assert_eq!(instruction_set(Kind::Flag, Some("{}"), None), []);
        assert_eq!(instruction_set(Kind::Flag, Some("not JSON"), Some("{}")), []);
    }

    #[test]
    fn a_field_that_is_left_out_when_empty_is_told_as_empty() {
        assert_eq!(
            told(Kind::Flag, &json!({"description": "old"}), &json!({})),
            json!([{"Kind": "updateDescription", "Parameters": {"description": null}}])
        );
    }
}
