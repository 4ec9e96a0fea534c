//! Instructions for a target.

use model::Error;
use serde_json::{Map, Value};

use super::change::Edit;
use super::request::{checked_attributes, checked_new_name};
use crate::instructions::{RawInstruction, unknown_kind};

/// What a target can be told.
const KINDS: [&str; 2] = ["updateName", "updateAttributes"];

/// Kinds that belong to target groups, where their targets are named.
const OF_SEGMENTS: [&str; 4] =
    ["addToIncludeList", "removeFromIncludeList", "addToExcludeList", "removeFromExcludeList"];

/// Reads an instruction for the target; `place` names it in errors, such as `instructions[2]`.
pub(super) fn parse(raw: &RawInstruction, place: &str, target: &str) -> Result<Edit, Error> {
    let within = format!("{place}.parameters");
    match raw.kind.as_str() {
        "updateName" => {
            let name: String = raw.parameter(&within, "name")?;
            Ok(Edit::Name(checked_new_name(&format!("{within}.name"), &name, target)?))
        }
        "updateAttributes" => {
            let attributes: Map<String, Value> = raw.parameter(&within, "attributes")?;
            Ok(Edit::Attributes(checked_attributes(&format!("{within}.attributes"), attributes)?))
        }
        kind if OF_SEGMENTS.contains(&kind) => {
            let message = format!(
                "{kind} is an instruction for the target group: PATCH its path below segments, with this target \
                 in parameters.targets"
            );
            Err(Error::invalid(format!("{place}.kind"), message))
        }
        unknown => Err(unknown_kind(unknown, place, &KINDS)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, parameters: Value) -> Result<Edit, String> {
        let raw = RawInstruction { kind: kind.to_owned(), parameters };
        parse(&raw, "instructions[0]", "ann").map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_and_attributes_are_replaced() {
        assert_eq!(read("updateName", json!({"name": "Ann"})), Ok(Edit::Name("Ann".into())));
        assert_eq!(read("updateName", json!({"name": " "})), Ok(Edit::Name("ann".into())));
        let attributes = Map::from_iter([("plan".to_owned(), json!("pro"))]);
        assert_eq!(
            read("updateAttributes", json!({"attributes": {"plan": "pro"}})),
            Ok(Edit::Attributes(attributes))
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_its_place() {
        let cases = [
            ("updateName", json!({}), "instructions[0].parameters.name: is missing"),
            ("updateName", json!({"name": "x".repeat(257)}), "instructions[0].parameters.name: is longer"),
            (
                "updateAttributes",
                json!({"attributes": {"": 1}}),
                "instructions[0].parameters.attributes: holds an attribute without a name",
            ),
            (
                "updateAttributes",
                json!({"attributes": {"a": "x".repeat(16 * 1024)}}),
                "instructions[0].parameters.attributes: are 16392 bytes as JSON, more than 16384",
            ),
            (
                "addToIncludeList",
                json!({"targets": ["ann"]}),
                "instructions[0].kind: addToIncludeList is an instruction for the target group",
            ),
            (
                "rename",
                json!({}),
                "instructions[0].kind: \"rename\" is not an instruction; use updateName, updateAttributes",
            ),
        ];
        for (kind, parameters, message) in cases {
            let error = read(kind, parameters).unwrap_err();
            assert!(error.starts_with(message), "{error}\nexpected {message}");
        }
    }
}
