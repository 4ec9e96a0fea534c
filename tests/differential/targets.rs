//! Random targets. Most have text attributes only, which all SDKs evaluate alike.

use std::collections::BTreeSet;

use fastrand::Rng;
use model::Target;
use serde_json::{Map, Value, json};

use crate::scenario::PROPERTIES;
use crate::texts::Texts;

/// Targets of a scenario whose attributes are all text.
pub(crate) const TEXT_TARGETS: usize = 18;
/// Targets of a scenario with numbers, booleans, lists, objects and nulls among their attributes.
const MIXED_TARGETS: usize = 6;

/// Attributes that targets may have.
const NAMES: &[&str] = &["plan", "email", "größe 🦀", "x:y", "quot\"ed"];

/// Whether all attributes are text.
pub(crate) fn is_text_only(target: &Target) -> bool {
    target.attributes.values().all(Value::is_string)
}

pub(crate) fn of(texts: &Texts, rng: &mut Rng) -> Vec<Target> {
    let identifiers = identifiers(texts, rng).into_iter().enumerate();
    let targets = identifiers.map(|(index, identifier)| {
        let value = if index < TEXT_TARGETS { text } else { mixed };
        let name = match rng.u8(..10) {
            0 => String::new(),
            1 => identifier.clone(),
            _ => texts.any(rng),
        };
        Target {
            identifier: identifier.into(),
            name: name.into(),
            anonymous: rng.u8(..10) == 0,
            attributes: attributes(value, texts, rng),
        }
    });
    targets.collect()
}

/// All different. Rarely one is empty, which is how "no target" is spelt.
fn identifiers(texts: &Texts, rng: &mut Rng) -> Vec<String> {
    let mut identifiers = BTreeSet::new();
    if rng.u8(..4) == 0 {
        identifiers.insert(String::new());
    }
    while identifiers.len() < TEXT_TARGETS + MIXED_TARGETS {
        identifiers.insert(match rng.u8(..3) {
            0 => texts.any(rng),
            1 => format!("{}@example.com", rng.u16(..)),
            _ => format!("user-{}", rng.u16(..)),
        });
    }
    let mut identifiers: Vec<String> = identifiers.into_iter().collect();
    rng.shuffle(&mut identifiers);
    identifiers
}

fn attributes(value: fn(&Texts, &mut Rng) -> Value, texts: &Texts, rng: &mut Rng) -> Map<String, Value> {
    let mut attributes = Map::new();
    if rng.u8(..12) == 0 {
        return attributes;
    }
    for name in NAMES {
        if rng.u8(..4) > 0 {
            attributes.insert((*name).to_owned(), value(texts, rng));
        }
    }
    for name in PROPERTIES {
        if rng.u8(..8) == 0 {
            attributes.insert((*name).to_owned(), value(texts, rng));
        }
    }
    // Out of reach behind the target's own.
    for name in ["identifier", "name"] {
        if rng.u8(..8) == 0 {
            attributes.insert(name.to_owned(), Value::String(texts.any(rng)));
        }
    }
    attributes
}

fn text(texts: &Texts, rng: &mut Rng) -> Value {
    Value::String(if rng.u8(..12) == 0 { String::new() } else { texts.any(rng) })
}

fn mixed(texts: &Texts, rng: &mut Rng) -> Value {
    match rng.u8(..18) {
        0..=2 => text(texts, rng),
        3 => json!(42),
        4 => json!(-3),
        5 => rng.choice([json!(0), json!(0.0), json!(-0.0)]).unwrap(),
        6 => rng.choice([json!(1.5), json!(2.0), json!(0.1), json!(1e-7)]).unwrap(),
        7 => rng.choice([json!(1e21), json!(9_007_199_254_740_993_i64), json!(u64::MAX)]).unwrap(),
        8 | 9 => json!(true),
        10 => json!(false),
        11 => Value::Null,
        12 => json!(["a", "b"]),
        13 => json!([texts.any(rng), 1.5, null, [true], {"x": 1}]),
        14 => json!({"x": 1}),
        15 => rng.choice([json!([]), json!([null]), json!([[]]), json!([""])]).unwrap(),
        16 => json!({}),
        _ => json!({ texts.any(rng): texts.any(rng) }),
    }
}
