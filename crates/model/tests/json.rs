//! Our reader and serde's take the same texts for the same values, and our writer writes what serde_json does.

use model::{Flag, JsonError, JsonWriter, Snapshot, Stored, Target};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Number, Value, json};

/// Names of fields of every object in a snapshot, and one that nobody knows.
const NAMES: [&str; 44] = [
    "version",
    "flags",
    "segments",
    "project",
    "environment",
    "feature",
    "state",
    "kind",
    "variations",
    "offVariation",
    "defaultServe",
    "rules",
    "variationToTargetMap",
    "prerequisites",
    "identifier",
    "name",
    "description",
    "value",
    "variation",
    "distribution",
    "bucketBy",
    "weight",
    "ruleId",
    "priority",
    "clauses",
    "serve",
    "id",
    "attribute",
    "op",
    "values",
    "negate",
    "targets",
    "targetSegments",
    "tags",
    "included",
    "excluded",
    "servingRules",
    "createdAt",
    "modifiedAt",
    "anonymous",
    "attributes",
    "unknown",
    "on",
    "off",
];

/// Texts that mean something in some places, and one that needs escapes.
const WORDS: [&str; 8] = ["on", "off", "boolean", "number", "string", "", "ü\n\"\\\u{1}/\u{1F600}", "equal"];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3..100_i64).prop_map(Value::from),
        (-3..100_i32).prop_map(|number| json!(f64::from(number))),
        any::<f64>().prop_filter_map("finite", |float| Number::from_f64(float).map(Value::Number)),
        proptest::sample::select(&WORDS[..]).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 60, 5, |inner| {
        let fields = vec((proptest::sample::select(&NAMES[..]), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// A snapshot in which any value may have been replaced by any other.
fn snapshot() -> impl Strategy<Value = Value> {
    damaged(whole())
}

/// `whole`, in which any value may have been replaced by any other.
fn damaged(whole: Value) -> impl Strategy<Value = Value> {
    let place = (any::<proptest::sample::Index>(), anything());
    vec(place, 0..4).prop_map(move |places| {
        let mut damaged = whole.clone();
        for (index, value) in places {
            let mut all = Vec::new();
            pointers(&damaged, String::new(), &mut all);
            let pointer = index.get(&all).clone();
            if let Some(place) = damaged.pointer_mut(&pointer) {
                *place = value;
            }
        }
        damaged
    })
}

/// A flag of a project that has every field.
fn whole_flag() -> Value {
    json!({
        "identifier": "f", "name": "F", "description": "d", "kind": "boolean",
        "variations": [{"identifier": "on", "name": "On", "description": "d", "value": "true"}],
        "defaultOnVariation": "on", "defaultOffVariation": "off",
        "prerequisites": [{"feature": "g", "variations": ["on"]}], "permanent": true, "archived": true,
        "tags": [{"name": "t", "identifier": "t"}], "services": [{"identifier": "s", "name": "S"}],
        "owner": "ann", "createdAt": 1, "modifiedAt": 2,
    })
}

/// A snapshot that has every field.
fn whole() -> Value {
    let clause = json!({"id": "c", "attribute": "plan", "op": "equal", "values": ["a", 1, true, null], "negate": false});
    let share = json!({"variation": "on", "weight": 50});
    let serve = json!({"variation": "on", "distribution": {"bucketBy": "identifier", "variations": [share]}});
    json!({
        "version": 3,
        "flags": [{
            "project": "p", "environment": "e", "feature": "f", "state": "on", "kind": "boolean",
            "variations": [{"identifier": "on", "name": "On", "description": "d", "value": "true"}],
            "offVariation": "off", "defaultServe": serve,
            "rules": [{"ruleId": "r", "priority": 1, "clauses": [clause], "serve": serve}],
            "variationToTargetMap": [{"variation": "on", "targets": ["ann", {"identifier": "bob", "name": "Bob"}],
                "targetSegments": ["s"]}],
            "prerequisites": [{"feature": "g", "variations": ["on"]}], "version": 2,
        }],
        "segments": [{
            "identifier": "s", "name": "S", "tags": [{"name": "t", "identifier": "t"}],
            "included": ["ann"], "excluded": [{"identifier": "bob"}], "rules": [clause],
            "servingRules": [{"ruleId": "r", "priority": 1.0, "clauses": [clause]}],
            "createdAt": 1, "modifiedAt": 2, "version": 1,
        }],
    })
}

fn pointers(value: &Value, here: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| pointers(value, format!("{here}/{name}"), all));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| pointers(item, format!("{here}/{place}"), all));
        }
        _ => {}
    }
    all.push(here);
}

/// Whether a text was refused because it has a list where an object belongs: serde takes it for the fields
/// in the order of their declaration, which no form of ours means.
fn is_list_for_object<T>(read: &Result<T, JsonError>, text: &[u8]) -> bool {
    let Err(JsonError::Unreadable { expected: "an object", line, column }) = read else { return false };
    let line = text.split(|byte| *byte == b'\n').nth(line - 1);
    line.and_then(|line| line.get(column - 1)) == Some(&b'[')
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn snapshots_are_read_as_serde_reads_them(value in snapshot(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let ours = Snapshot::from_json(text.as_bytes());

        if !is_list_for_object(&ours, text.as_bytes()) {
            prop_assert_eq!(ours.ok(), serde_json::from_str(&text).ok(), "{}", text);
        }
    }

    #[test]
    fn what_serde_reads_as_a_flag_is_that_flag(value in damaged(whole_flag())) {
        let text = value.to_string();
        let ours = Flag::from_json(text.as_bytes());

        if let Ok(theirs) = serde_json::from_str::<Flag>(&text) && !is_list_for_object(&ours, text.as_bytes()) {
            prop_assert_eq!(ours.ok(), Some(theirs), "{}", text);
        }
    }

    #[test]
    fn targets_are_read_as_serde_reads_them(
        value in anything(), attributes in anything(), identifier in scalar(), name in scalar(),
    ) {
        let whole = json!({"identifier": identifier, "name": name, "anonymous": null, "attributes": attributes, "x": value});
        for value in [value, whole] {
            let text = value.to_string();
            let ours = Target::from_json(text.as_bytes());
            if !is_list_for_object(&ours, text.as_bytes()) {
                prop_assert_eq!(ours.ok(), serde_json::from_str(&text).ok(), "{}", text);
            }
        }
    }

    #[test]
    fn damaged_text_is_refused_where_serde_refuses_it(value in snapshot(), cut: proptest::sample::Index, byte: u8) {
        let mut text = value.to_string().into_bytes();
        let place = cut.index(text.len());
        text[place] = byte;

        // What nobody reads may be anything to serde; to us it must be text.
        let Ok(text) = std::str::from_utf8(&text) else {
            prop_assert!(Snapshot::from_json(&text).is_err());
            return Ok(());
        };
        let (ours, theirs) = (Snapshot::from_json(text.as_bytes()), serde_json::from_str::<Snapshot>(text));
        // A letter of a name that changes may make two fields of the same name: serde refuses these.
        let repeated = theirs.as_ref().is_err_and(|error| error.to_string().contains("duplicate field"));
        if !repeated && !is_list_for_object(&ours, text.as_bytes()) {
            prop_assert_eq!(ours.ok(), theirs.ok(), "{}", text);
        }
    }

    #[test]
    fn numbers_are_read_as_the_standard_library_reads_them(
        digits in "(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?", exponent in -340..340_i32,
    ) {
        let text = format!("{digits}e{exponent}");
        let target = Target::from_json(format!(r#"{{"attributes":{{"a":{text}}}}}"#).as_bytes());

        let standard = text.parse::<f64>().unwrap();
        match target {
            Ok(target) => prop_assert_eq!(target.attributes["a"].as_f64().unwrap().to_bits(), standard.to_bits()),
            Err(_) => prop_assert!(standard.is_infinite(), "{}", text),
        }
    }

    #[test]
    fn values_are_written_as_serde_json_writes_them(value in anything()) {
        let mut text = String::new();
        JsonWriter::new(&mut text).value(&value);

        prop_assert_eq!(text, value.to_string());
    }
}

#[test]
fn an_error_names_the_place_and_what_belongs_there() {
    for (text, message) in [
        ("", "expected an object at line 1 column 1"),
        ("{\"flags\": [\n  {\"feature\": \"a\", \"rules\": 5}]}", "expected a list at line 2 column 29"),
        ("{\"flags\": [{\"rules\": []}]}", "expected the identifier before the end at line 1 column 25"),
        ("{\"flags\": [{\"feature\": null}]}", "expected the identifier before the end at line 1 column 29"),
        ("{} x", "expected the end at line 1 column 4"),
        ("{\"version\": 1.5}", "expected a whole number at line 1 column 13"),
        ("{\"version\": 01}", "expected a whole number at line 1 column 13"),
        ("{\"x\": \"\\ud800\"}", "expected the other half of a surrogate pair at line 1 column 14"),
        ("{\"x\": \"\n\"}", "expected no control character in a text at line 1 column 8"),
        ("{\"x\": \"", "expected the text's end, '\"' at line 1 column 8"),
        ("{\"x\": 1e999}", "expected a number at line 1 column 7"),
        ("{\"x\": nul}", "expected a value at line 1 column 7"),
    ] {
        assert_eq!(Snapshot::from_json(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
    }
    let error = Snapshot::from_json(b"{\"x\": \"\xff\"}").unwrap_err();
    assert_eq!(error.to_string(), "expected text in UTF-8 at line 1 column 8");
}

#[test]
fn a_newer_format_is_told_from_damage_wherever_it_stands() {
    let newer = br#"{"flags": {"of": "another shape"}, "format": 2}"#;

    assert_eq!(Snapshot::from_json(newer), Err(JsonError::NewerFormat(2)));
    assert!(
        Snapshot::from_json(br#"{"version": 7, "format": 1}"#).is_ok_and(|snapshot| snapshot.version.0 == 7)
    );
}

#[test]
fn nesting_is_followed_to_the_depth_that_serde_follows() {
    let nested = |depth: usize| format!(r#"{{"x": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));

    for depth in [100, 125, 126, 127, 128, 1_000_000] {
        let text = nested(depth);
        let theirs = serde_json::from_str::<Value>(&text).is_ok();
        assert_eq!(Snapshot::from_json(text.as_bytes()).is_ok(), theirs, "{depth}");
    }
}
