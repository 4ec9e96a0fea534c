//! The engine against the published SDKs and against our own client API, on random environments.
//!
//! Every run makes other environments and prints its `BURGEE_SEED`; set that variable to make them again.
//! `BURGEE_SOAK=1` makes 200 instead of 16.
#![cfg(test)]

#[path = "differential/case.rs"]
mod case;
#[path = "differential/clause_rewrites.rs"]
mod clause_rewrites;
#[path = "differential/exceptions.rs"]
mod exceptions;
#[path = "differential/expected.rs"]
mod expected;
#[path = "differential/languages.rs"]
mod languages;
#[path = "differential/rewrites.rs"]
mod rewrites;
#[path = "differential/rules.rs"]
mod rules;
#[path = "differential/scenario.rs"]
mod scenario;
#[path = "differential/server.rs"]
mod server;
#[path = "differential/tally.rs"]
mod tally;
#[path = "differential/targets.rs"]
mod targets;
#[path = "differential/texts.rs"]
mod texts;
#[path = "differential/view.rs"]
mod view;

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eval::{Reason, Ruleset};
use model::{ServingRule, Target};
use serde_json::{Value, json};
use tests::repository::root;
use tests::sdk::{Questions, Sdk};
use tests::seed::{is_soak, seed};
use ureq::{Agent, Body, http};

use crate::case::Case;
use crate::expected::Expected;
use crate::scenario::Scenario;
use crate::server::Server;
use crate::tally::{Reasons, Tally};

/// For one process of an SDK, whatever it has to answer.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// Of many differences, how many are made small and shown: the others mostly have the same cause.
const REPORTED_MAX: usize = 3;

/// Environments of one run.
const SLICE: usize = 16;
const SOAK: usize = 200;

#[test]
fn node_answers_as_the_engine_does() {
    compare(Sdk::Node);
}

#[test]
fn python_answers_as_the_engine_does() {
    compare(Sdk::Python);
}

/// All values at once, and each by itself, with the target in the header as browser SDKs send it.
#[test]
fn the_client_api_answers_as_the_engine_does() {
    let scenarios = scenarios();
    let server = Server::start(scenarios.iter().map(|scenario| &scenario.snapshot));
    let agent: Agent = Agent::config_builder().proxy(None).build().into();
    let started = Instant::now();
    let mut pairs = 0;
    for (number, scenario) in scenarios.iter().enumerate() {
        let (ruleset, _) = eval::compile(&scenario.snapshot);
        let authenticated =
            agent.post(server.auth_url()).send(json!({ "apiKey": server::key(number) }).to_string());
        let token = body_of(authenticated)["authToken"].as_str().unwrap().to_owned();
        // The path cannot name a target without an identifier.
        for target in scenario.targets.iter().filter(|target| !target.identifier.is_empty()) {
            let url = format!(
                "{}/target/{}/evaluations",
                server.environment_url(number),
                encoded(&target.identifier)
            );
            let get = |url: &str| {
                let request = agent.get(url).header("authorization", format!("Bearer {token}"));
                body_of(request.header("harness-target", STANDARD.encode(json!(target).to_string())).call())
            };
            let expected = evaluations(&ruleset, target);

            assert_eq!(get(&url), Value::Array(expected.clone()), "seed {} {target:?}", scenario.seed);

            for evaluation in expected {
                let one = get(&format!("{url}/{}", evaluation["flag"].as_str().unwrap()));
                assert_eq!(one, evaluation, "seed {} {target:?}", scenario.seed);
                pairs += 1;
            }
        }
    }
    println!("client API: {} environments in {:.1?}; {pairs} pairs", scenarios.len(), started.elapsed());
}

#[test]
fn generated_environments_reach_every_check() {
    let mut reasons = Reasons::default();
    for scenario in scenarios() {
        let (ruleset, warnings) = eval::compile(&scenario.snapshot);
        for target in &scenario.targets {
            ruleset.evaluate_all(target).for_each(|(_, evaluation)| reasons.count(evaluation.reason));
        }
        let meant = ["operator", "pattern", "has no clauses", "\"v99\""];
        let mut warnings = warnings.iter().map(ToString::to_string);
        let serious = warnings.find(|warning| !meant.iter().any(|word| warning.contains(word)));
        assert_eq!(serious, None, "seed {}", scenario.seed);
    }

    println!("{reasons}");
    for reason in [
        Reason::Off,
        Reason::PrerequisiteUnmet,
        Reason::TargetMatch,
        Reason::RuleMatch,
        Reason::RuleRollout,
        Reason::DefaultServe,
        Reason::DefaultRollout,
    ] {
        assert!(reasons.of(reason) >= 50, "{reason:?} was reached {} times only", reasons.of(reason));
    }
}

#[test]
fn every_known_difference_is_a_row_of_the_specification() {
    let specification = fs::read_to_string(root().join("spec/EVALUATION.md")).unwrap();
    for exception in [Sdk::Node, Sdk::Python].into_iter().flat_map(exceptions::of) {
        assert!(specification.contains(&format!("\n| {} | ", exception.topic)), "{}", exception.topic);
    }
}

/// Lets the SDK answer everything and fails with the first few answers that are not as they should be.
fn compare(sdk: Sdk) {
    let scenarios: Vec<Scenario> = scenarios().into_iter().map(|scenario| for_sdk(scenario, sdk)).collect();
    let server = Server::start(scenarios.iter().map(|scenario| &scenario.snapshot));
    let questions: Vec<Questions<'_>> = scenarios
        .iter()
        .enumerate()
        .map(|(number, scenario)| {
            let flags = scenario.snapshot.flags.iter().map(|flag| (flag.feature.as_str(), flag.kind));
            Questions { key: server::key(number), flags: flags.collect(), targets: &scenario.targets }
        })
        .collect();

    let started = Instant::now();
    let answers = sdk.evaluate(&server.sdk_url(), &questions, LIMIT);
    let took = started.elapsed();

    let mut tally = Tally::default();
    let mut differing = Vec::new();
    for (scenario, answers) in scenarios.iter().zip(answers) {
        let (ruleset, _) = eval::compile(&scenario.snapshot);
        for (target, answers) in scenario.targets.iter().zip(answers) {
            let expected = Expected::new(sdk, &ruleset, &scenario.snapshot, target);
            for (flag, gave) in scenario.snapshot.flags.iter().zip(answers) {
                let (answer, because) = expected.answer(flag.feature.as_str());
                if answer == gave {
                    tally.count(target, because);
                } else {
                    let (snapshot, flag) = (scenario.snapshot.clone(), flag.feature.to_string());
                    differing.push((scenario.seed, Case { snapshot, flag, target: target.clone() }));
                }
            }
        }
    }
    tally.print(sdk, scenarios.len(), took);
    let count = differing.len();
    let reports = differing.into_iter().take(REPORTED_MAX).map(|(seed, case)| {
        format!("BURGEE_SEED={seed} makes this environment the first:\n{}", case.report(sdk))
    });
    assert!(count == 0, "{count} differences\n\n{}", reports.collect::<Vec<_>>().join("\n"));
    let pairs_min = scenarios.len() * 200;
    assert!(tally.text_equal() >= pairs_min, "{} equal pairs show little", tally.text_equal());
}

fn scenarios() -> Vec<Scenario> {
    let seed = seed();
    let count = if is_soak() { SOAK } else { SLICE };
    (0..count as u64).map(|number| Scenario::new(seed.wrapping_add(number))).collect()
}

/// The scenario as it can be put to the SDK. Node brings rules of equal priority in another order each time that
/// it evaluates a flag, so it gets the same rules in the same order with priorities that differ.
fn for_sdk(mut scenario: Scenario, sdk: Sdk) -> Scenario {
    if sdk == Sdk::Node {
        scenario.snapshot.flags.iter_mut().for_each(|flag| tell_priorities_apart(&mut flag.rules));
    }
    scenario
}

fn tell_priorities_apart(rules: &mut [ServingRule]) {
    let mut sorted: Vec<&mut ServingRule> = rules.iter_mut().collect();
    sorted.sort_by_key(|rule| rule.priority);
    for (rule, priority) in sorted.into_iter().zip(1..) {
        rule.priority = priority;
    }
}

/// What the client API should say of each flag that has a value. It takes a missing name for the
/// identifier.
fn evaluations(ruleset: &Ruleset, target: &Target) -> Vec<Value> {
    let mut target = target.clone();
    if target.name.is_empty() {
        target.name = target.identifier.clone();
    }
    let each = ruleset.evaluate_all(&target).filter_map(|(flag, evaluation)| {
        let variation = evaluation.variation?;
        Some(json!({ "flag": flag.id, "value": variation.value, "kind": flag.kind, "identifier": variation.identifier }))
    });
    each.collect()
}

fn body_of(answered: Result<http::Response<Body>, ureq::Error>) -> Value {
    serde_json::from_str(&answered.unwrap().body_mut().read_to_string().unwrap()).unwrap()
}

/// The text as one segment of a path.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
