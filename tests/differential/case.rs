//! One flag and one target on which an SDK and the engine differ, made small enough to read.

use std::fmt::Write;
use std::fs;

use model::{Snapshot, Target};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::sdk::{Answer, Questions, Sdk};

use crate::LIMIT;
use crate::expected::{Expected, plain_answer};
use crate::server::{self, Server};

/// Times that a case is made smaller.
const ROUNDS: usize = 4;
/// Smaller cases that are tried at once.
const CANDIDATES_MAX: usize = 100;

/// A flag to evaluate for a target.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) snapshot: Snapshot,
    pub(crate) flag: String,
    pub(crate) target: Target,
}

impl Case {
    /// Says what differs, and leaves a smaller case that does in a file that `burgee eval --cases` reads.
    pub(crate) fn report(mut self, sdk: Sdk) -> String {
        for round in 0..ROUNDS {
            // At first whole flags and segments, most of which have nothing to do with it.
            let depth = if round == 0 { 3 } else { usize::MAX };
            let Some(smaller) = self.smaller(sdk, depth) else { break };
            self = smaller;
        }
        let gave = Self::answers(sdk, std::slice::from_ref(&self)).swap_remove(0);
        let (ruleset, _) = eval::compile(&self.snapshot);
        let (expected, because) =
            Expected::new(sdk, &ruleset, &self.snapshot, &self.target).answer(&self.flag);
        let explanation = ruleset.explain(ruleset.flag(&self.flag).unwrap(), &self.target);

        let folder = TempDir::new().unwrap().keep();
        let file = folder.join("case.json");
        fs::write(&file, format!("{:#}", self.to_json(&gave))).unwrap();
        let mut text = format!("{sdk} gave {gave}, expected was {expected}");
        if let Some(exception) = because {
            let plain = plain_answer(&ruleset, &self.flag, &self.target);
            write!(text, " (the engine's {plain}, but {}: {})", exception.topic, exception.name).unwrap();
        }
        write!(text, "\n{}\n{explanation}", file.display()).unwrap();
        text
    }

    /// The case without everything that does not matter by itself, or as much of that as can be left out
    /// together.
    fn smaller(&self, sdk: Sdk, depth: usize) -> Option<Self> {
        let document = json!({ "snapshot": self.snapshot, "target": self.target });
        let mut places = Vec::new();
        find_places(&document, &mut Vec::new(), depth, &mut places);
        let singly: Vec<Vec<Place>> =
            places.into_iter().map(|place| vec![place]).take(CANDIDATES_MAX).collect();
        let needless: Vec<Place> =
            self.still_differing(sdk, &document, singly).into_iter().flat_map(|(places, _)| places).collect();
        // All, the first half, the first quarter …
        let lengths = std::iter::successors(Some(needless.len()), |length| Some(length / 2))
            .take_while(|length| *length > 0);
        let together = lengths.map(|length| needless[..length].to_vec()).collect();
        self.still_differing(sdk, &document, together).into_iter().next().map(|(_, case)| case)
    }

    /// Those removals after which the SDK and the engine still differ.
    fn still_differing(
        &self,
        sdk: Sdk,
        document: &Value,
        removals: Vec<Vec<Place>>,
    ) -> Vec<(Vec<Place>, Self)> {
        let readable = removals.into_iter().filter_map(|places| {
            let case = self.with(&without(document, &places))?;
            Some((places, case))
        });
        let (removals, cases): (Vec<_>, Vec<_>) = readable.unzip();
        let answers = Self::answers(sdk, &cases);
        let differs: Vec<bool> =
            cases.iter().zip(&answers).map(|(case, gave)| case.expected(sdk) != *gave).collect();
        let each = removals.into_iter().zip(cases).zip(differs);
        each.filter(|(_, differs)| *differs).map(|(case, _)| case).collect()
    }

    fn with(&self, document: &Value) -> Option<Self> {
        let snapshot: Snapshot = serde_json::from_value(document["snapshot"].clone()).ok()?;
        let target = serde_json::from_value(document["target"].clone()).ok()?;
        let there = snapshot.flags.iter().any(|flag| flag.feature.as_str() == self.flag);
        there.then(|| Self { snapshot, target, flag: self.flag.clone() })
    }

    fn expected(&self, sdk: Sdk) -> Answer {
        let (ruleset, _) = eval::compile(&self.snapshot);
        Expected::new(sdk, &ruleset, &self.snapshot, &self.target).answer(&self.flag).0
    }

    /// What the SDK answers to each case.
    fn answers(sdk: Sdk, cases: &[Self]) -> Vec<Answer> {
        let server = Server::start(cases.iter().map(|case| &case.snapshot));
        let questions = cases.iter().enumerate().map(|(number, case)| {
            let asked = case.snapshot.flags.iter().filter(|flag| flag.feature.as_str() == case.flag);
            Questions {
                key: server::key(number),
                flags: asked.map(|flag| (flag.feature.as_str(), flag.kind)).collect(),
                targets: std::slice::from_ref(&case.target),
            }
        });
        let answers = sdk.evaluate(&server.sdk_url(), &questions.collect::<Vec<_>>(), LIMIT);
        answers.into_iter().map(|mut of_case| of_case.swap_remove(0).swap_remove(0)).collect()
    }

    /// In the shape of the SDKs' own case files.
    fn to_json(&self, gave: &Answer) -> Value {
        let expected = if let Answer::Value(value) = gave { value.clone() } else { Value::Null };
        json!({
            "flags": self.snapshot.flags, "segments": self.snapshot.segments, "targets": [self.target],
            "tests": [{ "flag": self.flag, "target": self.target.identifier, "expected": expected }],
        })
    }
}

/// Where something is in a JSON document.
type Place = Vec<Step>;

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
    Field(String),
    Item(usize),
}

/// Every item of a list and every attribute, down to `depth`. Without a variation of a flag the case would be
/// another one: about a variation that does not exist.
fn find_places(value: &Value, here: &mut Place, depth: usize, places: &mut Vec<Place>) {
    let removable = match here.as_slice() {
        [.., Step::Item(_)] => true,
        [.., Step::Field(parent), Step::Field(_)] => parent == "attributes",
        _ => false,
    };
    if removable {
        places.push(here.clone());
    }
    if here.len() == depth || here.last() == Some(&Step::Field("variations".to_owned())) {
        return;
    }
    let steps: Vec<(Step, &Value)> = match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (Step::Item(index), item)).collect()
        }
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (Step::Field(name.clone()), field)).collect()
        }
        _ => Vec::new(),
    };
    for (step, inner) in steps {
        here.push(step);
        find_places(inner, here, depth, places);
        here.pop();
    }
}

/// The document without what is at the places. The last go first, so that those before keep their place.
fn without(document: &Value, places: &[Place]) -> Value {
    let mut document = document.clone();
    let mut places = places.to_vec();
    places.sort_unstable_by(|one, other| other.cmp(one));
    for place in places {
        let Some((last, parents)) = place.split_last() else { continue };
        let parent = parents.iter().try_fold(&mut document, |value, step| match step {
            Step::Field(name) => value.get_mut(name),
            Step::Item(index) => value.get_mut(index),
        });
        match (parent, last) {
            (Some(Value::Array(items)), Step::Item(index)) => drop(items.remove(*index)),
            (Some(Value::Object(fields)), Step::Field(name)) => drop(fields.remove(name)),
            _ => {}
        }
    }
    document
}
