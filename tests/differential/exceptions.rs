//! Where the published SDKs answer otherwise than the engine, and are known to.
//!
//! Nothing is left out of the comparison for such a reason. Each exception rewrites the environment and
//! the target so that the engine, asked about them, gives exactly the answer that the SDK is known to
//! give; an SDK that gives a third answer is a difference.

use model::Clause;
use serde_json::{Number, Value};
use tests::sdk::Sdk;

use crate::scenario::PROPERTIES;
use crate::view::{View, attribute};

/// A known difference.
pub(crate) struct Exception {
    /// The topic of its row in the table of spec/EVALUATION.md §11.
    pub(crate) topic: &'static str,
    /// What the SDK does.
    pub(crate) name: &'static str,
    /// Rewrites; tells whether there was anything to rewrite.
    pub(crate) rewrite: fn(&mut View) -> bool,
}

const fn exception(topic: &'static str, name: &'static str, rewrite: fn(&mut View) -> bool) -> Exception {
    Exception { topic, name, rewrite }
}

const PROPERTIES_REACHED: &str = "Properties of an SDK's target object";
const CUSTOM_REACHED: &str = "Custom attribute `identifier` or `name`";
const SIGMA: &str = "`σ` and `ς` in `equal`";
const OTHER_VALUES: &str = "Lists, objects, large numbers, `null`";
const FALSEHOOD: &str = "`0` and `false` to bucket by";
const NO_VALUE: &str = "A prerequisite that has no value";
const TYPED: &str = "Numbers and booleans in a clause";

const NODE: &[Exception] = &[
    exception(PROPERTIES_REACHED, "are attributes", properties_of_node),
    exception(CUSTOM_REACHED, "shows behind an empty one", custom_behind_empty),
    exception(SIGMA, "are two letters", two_sigmas),
    exception(OTHER_VALUES, "null is missing", null_is_missing),
    exception(FALSEHOOD, "are missing", no_rollout_by_falsehood),
    exception(OTHER_VALUES, "numbers are written as in JavaScript", numbers_as_in_javascript),
    exception(OTHER_VALUES, "lists and objects are written as in JavaScript", composites_as_in_javascript),
    exception(NO_VALUE, "throws", prerequisite_without_value_throws),
];

const PYTHON: &[Exception] = &[
    exception(PROPERTIES_REACHED, "are attributes", properties_of_python),
    exception(CUSTOM_REACHED, "shows behind an empty one", custom_behind_empty),
    exception(SIGMA, "are two letters", two_sigmas),
    exception(OTHER_VALUES, "null is missing", null_is_missing),
    exception(FALSEHOOD, "are missing", no_rollout_by_falsehood),
    exception("Bucketing by what is not text", "raises", rollout_by_text_only),
    exception("Empty attribute in a clause", "is present", empty_text_is_present),
    exception(TYPED, "numbers are compared as numbers", numbers_as_numbers),
    exception(TYPED, "booleans are compared by truth", booleans_by_truth),
    exception(OTHER_VALUES, "lists and objects match nothing", composites_match_nothing),
    exception(NO_VALUE, "is not met", prerequisite_without_value_is_unmet),
    exception("A value that is empty text", "is the default", empty_value_is_the_default),
];

/// What is known of the SDK, in the order in which it is to be applied.
pub(crate) fn of(sdk: Sdk) -> &'static [Exception] {
    match sdk {
        Sdk::Node => NODE,
        Sdk::Python => PYTHON,
    }
}

fn properties_of_node(view: &mut View) -> bool {
    reach(view, |name, anonymous| match name {
        "anonymous" if anonymous => Some(Value::Bool(true)),
        "attributes" => Some(serde_json::json!({"any": "object"})),
        "constructor" => Some("function Object() { [native code] }".into()),
        _ => None,
    })
}

/// A method is as incomparable as a list.
fn properties_of_python(view: &mut View) -> bool {
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

fn custom_behind_empty(view: &mut View) -> bool {
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

/// To the engine they are one letter. An SDK turns the text as a whole into lower case.
fn two_sigmas(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let (text, operand) = (value.as_str()?.to_lowercase(), first_operand(clause)?.to_lowercase());
        let one_letter = |text: &str| text.replace('ς', "σ");
        let concerned =
            &*clause.op == "equal" && text != operand && one_letter(&text) == one_letter(&operand);
        concerned.then_some(false)
    })
}

fn null_is_missing(view: &mut View) -> bool {
    let before = view.target.attributes.len();
    view.target.attributes.retain(|_, value| !value.is_null());
    view.target.attributes.len() < before
}

fn no_rollout_by_falsehood(view: &mut View) -> bool {
    let falsehood = |value: Value| value == Value::Bool(false) || value.as_f64() == Some(0.0);
    let target = view.target.clone();
    let mut changed = false;
    for distribution in view.distributions() {
        if attribute(&target, &distribution.bucket_by).is_some_and(falsehood) {
            distribution.bucket_by = "identifier".into();
            changed = true;
        }
    }
    changed
}

fn rollout_by_text_only(view: &mut View) -> bool {
    let raising = view.target.attributes.iter().filter(|(_, value)| !value.is_string());
    view.raising_buckets = raising.map(|(name, _)| name.clone()).collect();
    !view.raising_buckets.is_empty()
}

fn prerequisite_without_value_throws(view: &mut View) -> bool {
    view.raises_on_nothing = true;
    view.spell_out_nothing()
}

fn prerequisite_without_value_is_unmet(view: &mut View) -> bool {
    view.spell_out_nothing()
}

fn empty_value_is_the_default(view: &mut View) -> bool {
    view.empty_is_default = true;
    let mut variations = view.snapshot.flags.iter().flat_map(|flag| &flag.variations);
    variations.any(|variation| variation.value.is_empty())
}

fn numbers_as_in_javascript(view: &mut View) -> bool {
    write(view, |value| value.as_number().map(number_in_javascript))
}

fn composites_as_in_javascript(view: &mut View) -> bool {
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

/// What JavaScript's `String()` makes of a value, and of a value in a list.
fn in_javascript(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_in_javascript(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(in_javascript).collect::<Vec<_>>().join(","),
        Value::Object(_) => "[object Object]".to_owned(),
    }
}

fn number_in_javascript(number: &Number) -> String {
    let number = number.as_f64().unwrap();
    if number == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let (digits, exponent) =
        format!("{number:e}").split_once('e').map(|(d, e)| (d.to_owned(), e.to_owned())).unwrap();
    if exponent.starts_with('-') { format!("{digits}e{exponent}") } else { format!("{digits}e+{exponent}") }
}

fn empty_text_is_present(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let any = clause.values.iter().any(|operand| operand.is_empty());
        let first = clause.values.first().is_some_and(|operand| operand.is_empty());
        let holds = match &*clause.op {
            "equal" | "equal_sensitive" | "contains" | "starts_with" | "ends_with" => first,
            "in" => any,
            _ => false,
        };
        (value.as_str() == Some("")).then_some(holds)
    })
}

fn numbers_as_numbers(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let number = value.as_number()?;
        let equal = |operand: &str| {
            let whole = number.as_i128().map(|number| python_int(operand) == Some(number));
            whole.unwrap_or_else(|| number.as_f64() == python_float(operand))
        };
        Some(&*clause.op == "equal" && first_operand(clause).is_some_and(equal))
    })
}

fn booleans_by_truth(view: &mut View) -> bool {
    view.decide_clauses(|value, clause| {
        let truth = value.as_bool()?;
        Some(
            &*clause.op == "equal"
                && first_operand(clause).is_some_and(|operand| operand.is_empty() != truth),
        )
    })
}

fn composites_match_nothing(view: &mut View) -> bool {
    view.decide_clauses(|value, _| (value.is_array() || value.is_object()).then_some(false))
}

fn first_operand(clause: &Clause) -> Option<&str> {
    clause.values.first().map(|operand| &**operand)
}

/// What Python's `int()` makes of a text: blanks around it, a sign and `_` between digits are fine.
fn python_int(text: &str) -> Option<i128> {
    without_underscores(text)?.parse().ok()
}

fn python_float(text: &str) -> Option<f64> {
    without_underscores(text)?.parse().ok()
}

fn without_underscores(text: &str) -> Option<String> {
    // The last four control characters are blanks in Python.
    let text = text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
    let mut groups = text.split('_');
    let mut plain = groups.next()?.to_owned();
    for group in groups {
        if !plain.ends_with(|c: char| c.is_ascii_digit()) || !group.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        plain.push_str(group);
    }
    Some(plain)
}
