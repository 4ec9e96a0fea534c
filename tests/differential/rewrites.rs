//! What SDKs make of rules, rollouts and attributes: rewritten into ones that mean the same to the engine.

use std::mem;

use model::{Distribution, ServingRule};
use serde_json::Value;

use crate::languages::{in_javascript, number_in_javascript};
use crate::scenario::PROPERTIES;
use crate::view::{View, attribute};

pub(crate) fn properties_of_node(view: &mut View) -> bool {
    reach(view, |name, anonymous| match name {
        "anonymous" if anonymous => Some(Value::Bool(true)),
        "attributes" => Some(serde_json::json!({"any": "object"})),
        "constructor" => Some("function Object() { [native code] }".into()),
        _ => None,
    })
}

/// A method is as incomparable as a list.
pub(crate) fn properties_of_python(view: &mut View) -> bool {
    let has_attributes = !view.target.attributes.is_empty();
    reach(view, |name, anonymous| match name {
        "anonymous" if anonymous => Some(Value::Bool(true)),
        "attributes" if has_attributes => Some(serde_json::json!({"any": "object"})),
        "to_dict" => Some(serde_json::json!(["any method"])),
        _ => None,
    })
}

fn reach(view: &mut View, property: impl Fn(&str, bool) -> Option<Value>) -> bool {
    let mut changed = false;
    for name in PROPERTIES {
        if let Some(value) = property(name, view.target.anonymous) {
            view.target.attributes.insert((*name).to_owned(), value);
            changed = true;
        }
    }
    changed
}

pub(crate) fn custom_behind_empty(view: &mut View) -> bool {
    let View { snapshot, target, .. } = view;
    let behind = |own: &str, name: &str| -> Option<Box<str>> {
        let custom = target.attributes.get(name)?.as_str()?;
        (own.is_empty() && !custom.is_empty()).then(|| custom.into())
    };
    let (identifier, name) = (behind(&target.identifier, "identifier"), behind(&target.name, "name"));
    let changed = identifier.is_some() || name.is_some();
    if let Some(identifier) = &identifier {
        // Shown to clauses and rollouts, but not to lists.
        let lists =
            snapshot.segments.iter_mut().flat_map(|segment| [&mut segment.included, &mut segment.excluded]);
        let listings = snapshot.flags.iter_mut().flat_map(|flag| &mut flag.variation_to_target_map);
        for list in lists.chain(listings.map(|listing| &mut listing.targets)) {
            list.retain(|listed| listed.identifier.as_str() != &**identifier);
        }
    }
    target.identifier = identifier.unwrap_or_else(|| target.identifier.clone());
    target.name = name.unwrap_or_else(|| target.name.clone());
    changed
}

/// As many rules as there are clauses say the same. One without clauses matches nobody in any case.
pub(crate) fn one_clause_suffices(view: &mut View) -> bool {
    let mut changed = false;
    for flag in &mut view.snapshot.flags {
        changed |= flag.rules.iter().any(|rule| rule.clauses.len() > 1);
        let each = mem::take(&mut flag.rules).into_iter().flat_map(|rule| {
            let clauses = rule.clauses.clone().into_iter();
            clauses.map(move |clause| ServingRule { clauses: vec![clause], ..rule.clone() })
        });
        flag.rules = each.collect();
    }
    changed
}

/// The rollout stays, with the variation for everybody: it may still raise an error.
pub(crate) fn variation_before_rollout(view: &mut View) -> bool {
    let mut changed = false;
    for rule in view.snapshot.flags.iter_mut().flat_map(|flag| &mut flag.rules) {
        if let (Some(variation), Some(rollout)) = (&rule.serve.variation, &mut rule.serve.distribution) {
            rollout.variations.iter_mut().for_each(|share| share.variation = variation.clone());
            changed = true;
        }
    }
    changed
}

pub(crate) fn null_is_missing(view: &mut View) -> bool {
    let before = view.target.attributes.len();
    view.target.attributes.retain(|_, value| !value.is_null());
    view.target.attributes.len() < before
}

pub(crate) fn no_rollout_by_falsehood(view: &mut View) -> bool {
    no_rollout_by(view, |value| *value == Value::Bool(false) || value.as_f64() == Some(0.0))
}

pub(crate) fn no_rollout_by_emptiness(view: &mut View) -> bool {
    no_rollout_by(view, |value| {
        value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(|object| object.is_empty())
    })
}

/// Rollouts by such values go by identifier.
fn no_rollout_by(view: &mut View, missing: fn(&Value) -> bool) -> bool {
    rewrite_rollouts(view, missing, |rollout| rollout.bucket_by = "identifier".into())
}

/// Rollouts by such values have the share of that hash only.
pub(crate) fn rollout_by_empty_list(view: &mut View) -> bool {
    rewrite_rollouts(
        view,
        |value| value.is_array() && in_javascript(value).is_empty(),
        |rollout| {
            let bucket = i64::from(eval::bucket(&rollout.bucket_by, ""));
            let mut sum = 0;
            let chosen = rollout.variations.iter().position(|share| {
                sum += share.weight;
                bucket <= sum
            });
            let last = rollout.variations.len().saturating_sub(1);
            rollout.variations = rollout.variations.drain(..).skip(chosen.unwrap_or(last)).take(1).collect();
        },
    )
}

/// Rewrites rollouts by those attributes whose value is `concerned`.
fn rewrite_rollouts(view: &mut View, concerned: fn(&Value) -> bool, rewrite: fn(&mut Distribution)) -> bool {
    let target = view.target.clone();
    let mut changed = false;
    for rollout in view.distributions() {
        if attribute(&target, &rollout.bucket_by).is_some_and(|value| concerned(&value)) {
            rewrite(rollout);
            changed = true;
        }
    }
    changed
}

pub(crate) fn rollout_by_text_only(view: &mut View) -> bool {
    let raising = view.target.attributes.iter().filter(|(_, value)| !value.is_string());
    view.raising_buckets = raising.map(|(name, _)| name.clone()).collect();
    !view.raising_buckets.is_empty()
}

pub(crate) fn prerequisite_without_value_throws(view: &mut View) -> bool {
    view.raises_on_nothing = true;
    view.spell_out_nothing()
}

pub(crate) fn prerequisite_without_value_is_unmet(view: &mut View) -> bool {
    view.spell_out_nothing()
}

pub(crate) fn empty_value_is_the_default(view: &mut View) -> bool {
    view.empty_is_default = true;
    let mut variations = view.snapshot.flags.iter().flat_map(|flag| &flag.variations);
    variations.any(|variation| variation.value.is_empty())
}

pub(crate) fn numbers_as_in_javascript(view: &mut View) -> bool {
    write(view, |value| value.as_number().map(number_in_javascript))
}

pub(crate) fn composites_as_in_javascript(view: &mut View) -> bool {
    write(view, |value| (value.is_array() || value.is_object()).then(|| in_javascript(value)))
}

fn write(view: &mut View, text: fn(&Value) -> Option<String>) -> bool {
    let mut changed = false;
    for value in view.target.attributes.values_mut() {
        if let Some(text) = text(value) {
            *value = Value::String(text);
            changed = true;
        }
    }
    changed
}
