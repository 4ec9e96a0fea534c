//! What an SDK should answer: the engine's answer, seen through what is known of the SDK.

use eval::{Check, Ruleset, Step, typed_value};
use model::{Snapshot, Target};
use tests::sdk::{Answer, Sdk};

use crate::exceptions::{self, Exception};
use crate::view::{NO_VARIATION, View};

/// The engine's answers for one target, and what becomes of them in one SDK.
pub(crate) struct Expected<'a> {
    /// What the engine itself says.
    plain: &'a Ruleset,
    target: &'a Target,
    /// After each exception that had anything to rewrite, on top of those before it.
    layers: Vec<Layer>,
}

struct Layer {
    exception: &'static Exception,
    view: View,
    ruleset: Ruleset,
}

impl<'a> Expected<'a> {
    /// `plain` is `snapshot`, compiled.
    pub(crate) fn new(sdk: Sdk, plain: &'a Ruleset, snapshot: &Snapshot, target: &'a Target) -> Self {
        let mut view = View::new(snapshot, target);
        let mut layers = Vec::new();
        for exception in exceptions::of(sdk) {
            if (exception.rewrite)(&mut view) {
                let (ruleset, _) = eval::compile(&view.snapshot);
                layers.push(Layer { exception, view: view.clone(), ruleset });
            }
        }
        Self { plain, target, layers }
    }

    /// The answer, and the exception that made it another than the engine's.
    pub(crate) fn answer(&self, flag: &str) -> (Answer, Option<&'static Exception>) {
        let plain = plain_answer(self.plain, flag, self.target);
        let (mut answer, mut because) = (plain.clone(), None);
        for layer in &self.layers {
            let next = layer.answer(flag);
            if next != answer {
                (answer, because) = (next, Some(layer.exception));
            }
        }
        let because = because.filter(|_| answer != plain);
        (answer, because)
    }
}

/// What the engine answers, as an SDK would hand it to the application.
pub(crate) fn plain_answer(ruleset: &Ruleset, flag: &str, target: &Target) -> Answer {
    let flag = ruleset.flag(flag).unwrap();
    let kind = ruleset.describe(flag).unwrap().kind;
    match ruleset.evaluate(flag, target).variation {
        None => Answer::Default,
        Some(variation) => Answer::of(typed_value(kind, &variation.value).unwrap()),
    }
}

impl Layer {
    fn answer(&self, flag: &str) -> Answer {
        let View { target, empty_is_default, .. } = &self.view;
        let index = self.ruleset.flag(flag).unwrap();
        if let Some(error) = self.raised(&self.ruleset.explain(index, target).steps) {
            return Answer::Raised(error.to_owned());
        }
        match self.ruleset.evaluate(index, target).variation {
            Some(variation) if variation.identifier.as_str() == NO_VARIATION => Answer::Default,
            Some(variation) if *empty_is_default && variation.value.is_empty() => Answer::Default,
            _ => plain_answer(&self.ruleset, flag, target),
        }
    }

    /// What the SDK raises on the way, if anything.
    fn raised(&self, steps: &[Step]) -> Option<&'static str> {
        let raises = |check: &Check| match check {
            Check::Rollout { bucket_by, .. } => self.view.raising_buckets.contains(bucket_by),
            Check::Prerequisite { serves, .. } => {
                self.view.raises_on_nothing && serves.as_deref() == Some(NO_VARIATION)
            }
            _ => false,
        };
        let found = steps.iter().any(|step| raises(&step.check) || self.raised(&step.steps).is_some());
        found.then_some("TypeError")
    }
}
