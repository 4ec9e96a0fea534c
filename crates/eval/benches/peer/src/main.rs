//! The engine beside a peer, `unleash-yggdrasil`: the same flags in the form of each, the same target,
//! in one process, taking turns. `cargo run --profile dist` here; figures are in docs/performance.md.
//!
//! A flag is on for half of the targets of a certain plan or country. Both engines find it by name.

#[path = "../../evaluation/environments.rs"]
#[expect(dead_code, reason = "the benches measure with more of it")]
mod environments;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use eval::Ruleset;
use mimalloc::MiMalloc;
use model::{Snapshot, Target};
use serde_json::{Value, json};
use unleash_types::client_features::ClientFeatures;
use unleash_yggdrasil::{Context, EngineState};

/// What `burgee` has, for both.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const FLAGS: usize = 350;
/// Each engine's turns; its median counts.
const TURNS: usize = 101;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (ours, theirs) = (environments::typical(FLAGS), typical_of_peer(FLAGS).to_string());
    let (ruleset, _) = eval::compile(&serde_json::from_str(&ours)?);
    let engine = loaded(&theirs);
    let target: Target = serde_json::from_value(environments::target())?;
    let context = context();

    println!("{:46} {:>10} {:>10} {:>6}", "", "burgee", "yggdrasil", "ratio");
    let name = "flag-00100";
    report(
        "one flag by name",
        10_000,
        || is_on(&ruleset, name, &target),
        || engine.is_enabled(name, &context, &None),
    );
    report(
        "350 flags",
        20,
        || ruleset.evaluate_all(black_box(&target)).filter(|(_, served)| served.variation.is_some()).count(),
        || engine.resolve_all(black_box(&context), &None).map(|flags| flags.len()),
    );
    report(
        "350 flags, ours into a map of owned texts, too",
        20,
        || owned(&ruleset, black_box(&target)).len(),
        || engine.resolve_all(black_box(&context), &None).map(|flags| flags.len()),
    );
    report("350 flags from JSON", 10, || compiled(black_box(&ours)), || loaded(black_box(&theirs)));
    Ok(())
}

fn is_on(ruleset: &Ruleset, name: &str, target: &Target) -> bool {
    let flag = ruleset.flag(black_box(name));
    let served = flag.and_then(|flag| ruleset.evaluate(flag, black_box(target)).variation);
    served.is_some_and(|variation| &*variation.value == "true")
}

fn owned(ruleset: &Ruleset, target: &Target) -> HashMap<String, String> {
    let served = ruleset.evaluate_all(target);
    served
        .filter_map(|(flag, served)| Some((flag.id.to_owned(), served.variation?.value.to_string())))
        .collect()
}

fn compiled(json: &str) -> Ruleset {
    let snapshot = Snapshot::from_json(json.as_bytes()).unwrap_or_default();
    eval::compile(&snapshot).0
}

fn loaded(json: &str) -> EngineState {
    let engine = EngineState::default();
    let features: ClientFeatures = serde_json::from_str(json).expect("the peer's flags are readable");
    engine.apply_client_features(features);
    engine
}

/// The same flags as [`environments::typical`]: one constraint and a rollout to half.
fn typical_of_peer(count: usize) -> Value {
    let features = (0..count).map(|number| {
        let name = format!("flag-{number:05}");
        let (attribute, operand) = if number % 2 == 0 { ("plan", "enterprise") } else { ("country", "CH") };
        json!({
            "name": name, "type": "release", "enabled": true, "project": "shop", "stale": false, "impressionData": false,
            "strategies": [{
                "name": "flexibleRollout",
                "constraints": [{"contextName": attribute, "operator": "IN", "values": [operand]}],
                "parameters": {"rollout": "50", "stickiness": "userId", "groupId": name},
            }],
            "variants": [],
        })
    });
    json!({"version": 2, "features": features.collect::<Vec<_>>()})
}

/// The same target as [`environments::target`], whose attributes the peer takes as texts.
fn context() -> Context {
    let target = environments::target();
    let attributes = target["attributes"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Context {
        user_id: target["identifier"].as_str().map(str::to_owned),
        session_id: None,
        environment: None,
        app_name: None,
        current_time: None,
        remote_address: None,
        properties: Some(attributes.map(|(name, value)| (name.clone(), text(value))).collect()),
    }
}

/// Times both by turns and prints the medians for one round of `rounds`.
fn report<A, B>(what: &str, rounds: u32, mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) {
    let turns: Vec<_> = (0..TURNS).map(|_| (timed(rounds, &mut ours), timed(rounds, &mut theirs))).collect();
    let ours = median(turns.iter().map(|turn| turn.0).collect());
    let theirs = median(turns.iter().map(|turn| turn.1).collect());
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!("{what:46} {:>10} {:>10} {ratio:>5.1}×", format!("{ours:.3?}"), format!("{theirs:.3?}"));
}

/// What was made is dropped outside of the time: an engine keeps it.
fn timed<T>(rounds: u32, run: &mut impl FnMut() -> T) -> Duration {
    let mut made = Vec::with_capacity(rounds as usize);
    let start = Instant::now();
    made.extend((0..rounds).map(|_| black_box(run())));
    start.elapsed() / rounds
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
