//! What the module does, called as its ABI calls it, natively.

#![cfg(test)]

use eval::Reason;
use eval_wasm::engine::Engine;
use eval_wasm::failure::{Code, Failure};
use eval_wasm::limits::{SNAPSHOT_BYTES_MAX, TARGET_BYTES_MAX};
use serde_json::{Value, json};

fn put(engine: &mut Engine, input: &str) {
    engine.make_room(input.len()).unwrap().copy_from_slice(input.as_bytes());
}

fn load(engine: &mut Engine, snapshot: &Value) -> Result<u32, Failure> {
    put(engine, &snapshot.to_string());
    engine.load()
}

fn intern(engine: &mut Engine, identifier: &str) -> u32 {
    put(engine, &json!({"identifier": identifier}).to_string());
    engine.intern().unwrap()
}

fn answer(engine: &Engine) -> Value {
    serde_json::from_slice(&engine.answer).unwrap()
}

/// One flag that serves "dark" to ann and "light" to everybody else.
fn snapshot() -> Value {
    json!({"format": 1, "environment": "e", "version": 7, "segments": [], "flags": [{
        "feature": "theme", "state": "on", "kind": "string", "offVariation": "light", "version": 3,
        "variations": [
            {"identifier": "light", "name": "Light", "value": "#fff"},
            {"identifier": "dark", "name": "Dark", "value": "#000"},
        ],
        "defaultServe": {"variation": "light"},
        "variationToTargetMap": [{"variation": "dark", "targets": [{"identifier": "ann", "name": "Ann"}]}],
    }]})
}

#[test]
fn answers_by_index_name_the_variation_and_the_reason() {
    let mut engine = Engine::default();
    let environment = load(&mut engine, &snapshot()).unwrap();
    let (ann, bob) = (intern(&mut engine, "ann"), intern(&mut engine, "bob"));
    put(&mut engine, "theme");
    let flag = u32::try_from(engine.flag(environment).unwrap()).unwrap();

    let answers = [ann, bob].map(|target| engine.evaluate(environment, flag, target).unwrap());

    // Position and reason, as README.md says: 1 + the variation's position in the upper bits.
    assert_eq!(answers, [2 << 4 | Reason::TargetMatch as i32, 1 << 4 | Reason::DefaultServe as i32]);
    assert_eq!(engine.evaluate_all(environment, ann), Ok(1));
    assert_eq!(engine.results, answers[..1]);
}

#[test]
fn answers_as_json_are_those_of_client_sdks() {
    let mut engine = Engine::default();
    let environment = load(&mut engine, &snapshot()).unwrap();
    let ann = intern(&mut engine, "ann");
    let expected = json!({"flag": "theme", "value": "#000", "kind": "string", "identifier": "dark"});

    put(&mut engine, "theme");
    engine.evaluate_json(environment, ann).unwrap();
    assert_eq!(answer(&engine), expected);
    engine.evaluate_all_json(environment, ann).unwrap();
    assert_eq!(answer(&engine), json!([expected]));
    put(&mut engine, "theme");
    engine.explain_json(environment, ann).unwrap();
    assert_eq!((&answer(&engine)["reason"], &answer(&engine)["version"]), (&json!("targetMatch"), &json!(7)));
    engine.describe(environment, 0).unwrap();
    let described = answer(&engine);
    assert_eq!((&described["flag"], &described["variations"][1]["value"]), (&json!("theme"), &json!("#000")));
}

#[test]
fn what_was_freed_is_gone_and_its_memory_is_granted_again() {
    let mut engine = Engine::default();
    let large = json!({"flags": (0..50_000).map(|number| json!({"feature": number.to_string()})).collect::<Vec<_>>()});
    let first = load(&mut engine, &large).unwrap();
    let second = load(&mut engine, &large);
    let third = load(&mut engine, &large).unwrap_err();

    assert_eq!((second.is_ok(), third.code), (true, Code::TooLarge), "{}", third.message);
    engine.unload(first).unwrap();
    assert_eq!(engine.version(first).unwrap_err().code, Code::NoSuchHandle);
    assert!(load(&mut engine, &large).is_ok());
}

#[test]
fn every_wrong_call_has_a_number_and_a_sentence() {
    let mut engine = Engine::default();
    let environment = load(&mut engine, &snapshot()).unwrap();
    let target = intern(&mut engine, "ann");
    put(&mut engine, "missing");
    let missing = engine.flag(environment).unwrap_err();
    let newer = load(&mut engine, &json!({"version": 1, "format": 2, "flags": []})).unwrap_err();
    put(&mut engine, "{");
    let unreadable = engine.load().unwrap_err();
    put(&mut engine, &format!(r#"{{"identifier":"{}"}}"#, "x".repeat(TARGET_BYTES_MAX)));
    let large = engine.intern().unwrap_err();
    let larger = engine.make_room(SNAPSHOT_BYTES_MAX + 1).unwrap_err();

    assert_eq!(missing.message, "there is no flag missing, or it has no value for this target");
    assert_eq!(newer.message, "the snapshot is of format 2, this program reads up to 1: update it");
    let codes = [&missing, &newer, &unreadable, &large, &larger].map(|failure| failure.code);
    assert_eq!(
        codes,
        [Code::NoSuchFlag, Code::NewerFormat, Code::Unreadable, Code::TooLarge, Code::TooLarge]
    );
    for handle in [0, 2, u32::MAX] {
        assert_eq!(engine.evaluate(handle, 0, target).unwrap_err().code, Code::NoSuchHandle);
        assert_eq!(engine.evaluate(environment, 0, handle).unwrap_err().code, Code::NoSuchHandle);
    }
    assert_eq!(engine.evaluate(environment, u32::MAX, target).unwrap_err().code, Code::NoSuchFlag);
}
