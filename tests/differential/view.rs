//! An environment and one target as an SDK sees them: rewritten so that the engine answers as that SDK.

use model::{Clause, Distribution, Snapshot, Target, VariationId};
use serde_json::Value;

/// The identifier of a variation that stands for "no variation".
pub(crate) const NO_VARIATION: &str = "no variation";

/// The attribute behind clauses that are true for the target.
const TRUE: &str = "true for this target";

/// What the engine is asked in place of the SDK.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) snapshot: Snapshot,
    pub(crate) target: Target,
    /// Rollouts by these attributes make the SDK raise an error.
    pub(crate) raising_buckets: Vec<String>,
    /// A prerequisite that serves nothing makes the SDK raise an error.
    pub(crate) raises_on_nothing: bool,
    /// An empty value is none.
    pub(crate) empty_is_default: bool,
}

impl View {
    pub(crate) fn new(snapshot: &Snapshot, target: &Target) -> Self {
        Self {
            snapshot: snapshot.clone(),
            target: target.clone(),
            raising_buckets: Vec::new(),
            raises_on_nothing: false,
            empty_is_default: false,
        }
    }

    /// All clauses, of segments and of rules of flags.
    pub(crate) fn clauses(&mut self) -> impl Iterator<Item = &mut Clause> {
        let of_segments = self.snapshot.segments.iter_mut().flat_map(|segment| {
            let new = segment.serving_rules.iter_mut().flat_map(|rule| &mut rule.clauses);
            segment.rules.iter_mut().chain(new)
        });
        let rules = self.snapshot.flags.iter_mut().flat_map(|flag| &mut flag.rules);
        of_segments.chain(rules.flat_map(|rule| &mut rule.clauses))
    }

    pub(crate) fn distributions(&mut self) -> impl Iterator<Item = &mut Distribution> {
        self.snapshot.flags.iter_mut().flat_map(|flag| {
            let ruled = flag.rules.iter_mut().map(|rule| &mut rule.serve);
            ruled.chain([&mut flag.default_serve]).filter_map(|serve| serve.distribution.as_mut())
        })
    }

    /// Puts, for each clause on an attribute that `decide` knows, its result in the place of the clause.
    pub(crate) fn decide_clauses(&mut self, decide: fn(&Value, &Clause) -> Option<bool>) -> bool {
        let target = self.target.clone();
        let mut changed = false;
        for clause in self.clauses() {
            let decided = attribute(&target, &clause.attribute).and_then(|value| decide(&value, clause));
            if let Some(holds) = decided {
                *clause = constant(holds);
                changed = true;
            }
        }
        self.target.attributes.insert(TRUE.to_owned(), Value::String(TRUE.to_owned()));
        changed
    }

    /// Gives every flag a variation for "none", and serves it wherever the flag serves a variation that it
    /// does not have, or none at all.
    pub(crate) fn spell_out_nothing(&mut self) -> bool {
        let mut changed = false;
        for flag in &mut self.snapshot.flags {
            let known: Vec<VariationId> = flag.variations.iter().map(|v| v.identifier.clone()).collect();
            let nothing = VariationId::from_wire(NO_VARIATION);
            let mut served = vec![&mut flag.off_variation];
            served.extend(flag.variation_to_target_map.iter_mut().map(|listing| &mut listing.variation));
            let ruled = flag.rules.iter_mut().map(|rule| &mut rule.serve);
            for serve in ruled.chain([&mut flag.default_serve]) {
                served.extend(serve.variation.iter_mut());
                let shares =
                    serve.distribution.iter_mut().flat_map(|distribution| &mut distribution.variations);
                served.extend(shares.map(|share| &mut share.variation));
            }
            for variation in served.into_iter().filter(|variation| !known.contains(variation)) {
                *variation = nothing.clone();
                changed = true;
            }
            if flag.default_serve.variations().next().is_none() {
                flag.default_serve.variation = Some(nothing.clone());
                changed = true;
            }
            flag.variations.push(model::Variation { identifier: nothing, ..Default::default() });
        }
        changed
    }
}

/// What the target has under the name.
pub(crate) fn attribute(target: &Target, name: &str) -> Option<Value> {
    let own = match name {
        "identifier" => &target.identifier,
        "name" => &target.name,
        custom => return target.attributes.get(custom).cloned(),
    };
    (!own.is_empty()).then(|| Value::String(own.to_string()))
}

fn constant(holds: bool) -> Clause {
    let op = if holds { "equal_sensitive" } else { "never" };
    Clause { attribute: TRUE.into(), op: op.into(), values: vec![TRUE.into()], ..Clause::default() }
}
