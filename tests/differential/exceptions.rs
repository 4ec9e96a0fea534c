//! Where the published SDKs answer otherwise than the engine, and are known to.
//!
//! Nothing is left out of the comparison for such a reason. Each exception rewrites the environment and
//! the target so that the engine, asked about them, gives exactly the answer that the SDK is known to
//! give; an SDK that gives a third answer is a difference.

use tests::sdk::Sdk;

use crate::clause_rewrites::{
    booleans_by_truth, composites_match_nothing, empty_text_is_present, greater_in_lower_case,
    greater_in_utf16, no_membership_with_an_attribute, numbers_as_numbers, operators_in_any_case,
    patterns_match_nothing, two_sigmas,
};
use crate::rewrites::{
    composites_as_in_javascript, custom_behind_empty, empty_value_is_the_default, no_rollout_by_emptiness,
    no_rollout_by_falsehood, null_is_missing, numbers_as_in_javascript, one_clause_suffices,
    prerequisite_without_value_is_unmet, prerequisite_without_value_throws, properties_of_node,
    properties_of_python, rollout_by_empty_list, rollout_by_text_only, variation_before_rollout,
};
use crate::view::View;

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
const SEVERAL: &str = "Several clauses in a rule of a flag";
const BOTH: &str = "A rule with both rollout and variation";
const SIGMA: &str = "`σ` and `ς` in `equal`";
const GREATER: &str = "`gt`";
const PATTERN: &str = "`match`";
const OTHER_VALUES: &str = "Lists, objects, large numbers, `null`";
const FALSEHOOD: &str = "`0` and `false` to bucket by";
const NO_VALUE: &str = "A prerequisite that has no value";
const TYPED: &str = "Numbers and booleans in a clause";

const NODE: &[Exception] = &[
    exception(SEVERAL, "one suffices", one_clause_suffices),
    exception(BOTH, "the variation", variation_before_rollout),
    exception(PATTERN, "is unknown", patterns_match_nothing),
    exception(PROPERTIES_REACHED, "are attributes", properties_of_node),
    exception(CUSTOM_REACHED, "shows behind an empty one", custom_behind_empty),
    exception(SIGMA, "are two letters", two_sigmas),
    exception(OTHER_VALUES, "null is missing", null_is_missing),
    exception(FALSEHOOD, "are missing", no_rollout_by_falsehood),
    exception(OTHER_VALUES, "an empty list is hashed as no text", rollout_by_empty_list),
    exception(OTHER_VALUES, "numbers are written as in JavaScript", numbers_as_in_javascript),
    exception(OTHER_VALUES, "lists and objects are written as in JavaScript", composites_as_in_javascript),
    exception(GREATER, "compares units of UTF-16", greater_in_utf16),
    exception(NO_VALUE, "throws", prerequisite_without_value_throws),
];

const PYTHON: &[Exception] = &[
    exception(SEVERAL, "one suffices", one_clause_suffices),
    exception(BOTH, "the variation", variation_before_rollout),
    exception("Spelling of operators", "any case will do", operators_in_any_case),
    exception(PATTERN, "is unknown", patterns_match_nothing),
    exception(PROPERTIES_REACHED, "are attributes", properties_of_python),
    exception(CUSTOM_REACHED, "shows behind an empty one", custom_behind_empty),
    exception(SIGMA, "are two letters", two_sigmas),
    exception(OTHER_VALUES, "null is missing", null_is_missing),
    exception(FALSEHOOD, "are missing", no_rollout_by_falsehood),
    exception(OTHER_VALUES, "an empty list or object is missing to bucket by", no_rollout_by_emptiness),
    exception("Bucketing by what is not text", "raises", rollout_by_text_only),
    exception("`segmentMatch` with an attribute", "never holds", no_membership_with_an_attribute),
    exception("Empty attribute in a clause", "is present", empty_text_is_present),
    exception(GREATER, "compares in lower case", greater_in_lower_case),
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
