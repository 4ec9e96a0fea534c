//! Changes that arrive over the stream while everything is well.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::admin::Environment;
use tests::seed::is_soak;

use super::participant::{Question, SOON};
use super::stock::{STOCK, Stock};
use super::table::Cell;
use super::world::{World, arrive_at, shown};

/// Flips of which the middle one counts.
const FLIPS: usize = 20;

/// Of one flip, for the middle of all, beside what the SDK waits for by itself; measured by the long run.
const MEDIAN_MAX: Duration = Duration::from_millis(50);

/// The same where others may keep the machine busy.
const BUSY_MEDIAN_MAX: Duration = Duration::from_secs(1);

/// The first is served when a flag is on, the last when it is off.
const TRUE_FALSE: &[(&str, &str)] = &[("true", "true"), ("false", "false")];

/// A segment without members at first.
const BETA: &str = "beta";

/// A segment that the target is in.
const PROFESSIONALS: &str = "professionals";

/// Makes the flags that the changes are made to. Each change has flags of its own.
pub(crate) fn fill(environment: &Environment) {
    environment.create_segment(BETA);
    environment.create_segment(PROFESSIONALS);
    let pro = json!({ "attribute": "plan", "op": "equal", "values": ["pro"] });
    environment.instruct_segment(PROFESSIONALS, "addRule", &json!({ "clauses": [pro] }));
    for flag in ["flip", "ruled", "grouped", "gate", "gated", "deleted", "archived"] {
        environment.create_flag(flag, "boolean", TRUE_FALSE);
    }
    for flag in ["ruled", "grouped"] {
        environment.instruct(flag, "updateDefaultServe", &json!({ "variation": "false" }));
    }
    environment.instruct("grouped", "addRule", &serving_true(BETA));
    environment.instruct("gated", "addPrerequisite", &json!({ "feature": "gate", "variations": ["true"] }));
    for flag in ["ruled", "grouped", "gated", "deleted", "archived"] {
        environment.switch(flag, "on");
    }
}

fn serving_true(segment: &str) -> Value {
    let member = json!({ "attribute": "", "op": "segmentMatch", "values": [segment] });
    json!({ "clauses": [member], "serve": { "variation": "true" } })
}

pub(crate) fn boolean(flag: &str, otherwise: bool) -> Question {
    Question { flag: flag.to_owned(), kind: "boolean", otherwise: json!(otherwise) }
}

/// Switches one flag to and fro. The first flip is not counted: SDKs say that they are ready before their stream is
/// open.
pub(crate) fn flip(world: &mut World) -> Vec<Cell> {
    let question = boolean("flip", false);
    let mut taken = vec![Vec::new(); world.participants.len()];
    for (number, on) in [true, false].into_iter().cycle().take(FLIPS + 1).enumerate() {
        let environment = &world.environment;
        let change = || environment.switch("flip", if on { "on" } else { "off" });
        let arrived = arrive_at(&mut world.participants, &question, &json!(on), SOON, change);
        for (taken, arrived) in taken.iter_mut().zip(arrived) {
            if number > 0 || arrived.is_err() {
                taken.push(arrived);
            }
        }
    }
    let median_max = if is_soak() { MEDIAN_MAX } else { BUSY_MEDIAN_MAX };
    let cell = |(stock, taken): (&Stock, Vec<_>)| {
        let taken: Result<Vec<Duration>, String> = taken.into_iter().collect();
        Cell::from_outcome(taken.and_then(|taken| spread(taken, median_max + stock.delay)))
    };
    STOCK.iter().zip(taken).map(cell).collect()
}

fn spread(mut taken: Vec<Duration>, median_max: Duration) -> Result<String, String> {
    taken.sort_unstable();
    let (median, max) = (taken[taken.len() / 2], taken[taken.len() - 1]);
    let text = format!("{}, at most {}", shown(median), shown(max));
    if median <= median_max { Ok(text) } else { Err(format!("{text}; the middle may take {median_max:?}")) }
}

pub(crate) fn rule(world: &mut World) -> Vec<Cell> {
    arrives_as(world, "ruled", true, |environment| {
        environment.instruct("ruled", "addRule", &serving_true(PROFESSIONALS))
    })
}

pub(crate) fn segment(world: &mut World) -> Vec<Cell> {
    let alice = json!({ "targets": ["alice"] });
    arrives_as(world, "grouped", true, |environment| {
        environment.instruct_segment(BETA, "addToIncludeList", &alice)
    })
}

pub(crate) fn prerequisite(world: &mut World) -> Vec<Cell> {
    arrives_as(world, "gated", true, |environment| environment.switch("gate", "on"))
}

/// A new flag is off and serves what it serves when off, which is not the application's default.
pub(crate) fn create(world: &mut World) -> Vec<Cell> {
    let question =
        Question { flag: "created".to_owned(), kind: "string", otherwise: json!("unknown to the SDK") };
    world.arrives(&question, &json!("off"), SOON, |environment| {
        environment.create_flag("created", "string", &[("on", "on"), ("off", "off")]);
        Instant::now()
    })
}

pub(crate) fn delete(world: &mut World) -> Vec<Cell> {
    arrives_as(world, "deleted", false, |environment| environment.delete_flag("deleted"))
}

pub(crate) fn archive(world: &mut World) -> Vec<Cell> {
    arrives_as(world, "archived", false, |environment| environment.archive_flag("archived"))
}

pub(crate) fn restore(world: &mut World) -> Vec<Cell> {
    arrives_as(world, "archived", true, |environment| environment.restore_flag("archived"))
}

/// Expects the change to bring `wanted`, which is also nothing that the SDK answers before.
fn arrives_as(
    world: &mut World,
    flag: &str,
    wanted: bool,
    change: impl FnOnce(&Environment) -> Instant,
) -> Vec<Cell> {
    let question = boolean(flag, false);
    for participant in &mut world.participants {
        assert_eq!(participant.value(&question), Value::Bool(!wanted), "{flag} before the change");
    }
    world.arrives(&question, &json!(wanted), SOON, change)
}
