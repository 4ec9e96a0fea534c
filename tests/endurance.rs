//! A server under mixed load for a long time: it stays as large and as fast as it was.
#![cfg(test)]

use std::thread;
use std::time::{Duration, Instant};

use tests::deadline::wait_for;
use tests::seed::{is_soak, seed};

mod endurance {
    pub(crate) mod gauges;
    pub(crate) mod journal;
    pub(crate) mod load;
    pub(crate) mod streams;
    pub(crate) mod world;
}

use endurance::gauges::{Gauges, Memory};
use endurance::journal::Journal;
use endurance::load::Load;
use endurance::streams::Streams;
use endurance::world::World;

/// How long the load runs, and how much of it there is.
struct Plan {
    length: Duration,
    /// From then on the memory must not grow.
    warm_up: Duration,
    streams: usize,
    /// How long a stream is kept open, in milliseconds.
    life_ms: std::ops::Range<u64>,
}

const TEST: Plan = Plan {
    length: Duration::from_secs(20),
    warm_up: Duration::from_secs(10),
    streams: 200,
    life_ms: 500..4_000,
};
const SOAK: Plan = Plan {
    length: Duration::from_secs(30 * 60),
    // Until then the allocators keep what the busiest moments took, and each relay's log fills.
    warm_up: Duration::from_secs(12 * 60),
    streams: 1_000,
    life_ms: 2_000..40_000,
};

/// Descriptors and tasks that a server may have more of than before its first request: connections to
/// the database are opened when they are first needed.
const LATE_COMERS: u64 = 16;

/// How much larger a server may be at the end than when it was warm: a tenth in a long run. A short one
/// ends before its caches are full, and shows gross leaks only.
const GROWTH_SOAK: f64 = 1.1;
const GROWTH_TEST: f64 = 1.5;

/// Closed connections are gone by then, and so are their tasks.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

#[test]
fn a_busy_server_keeps_its_size_and_its_pace() {
    let plan = if is_soak() { SOAK } else { TEST };
    let world = World::start();
    let idle = Gauges::of(&world);
    let journal = Journal::start();
    let load = Load::start(&world, &journal);
    let streams = Streams::start(&world, plan.streams, plan.life_ms, seed());

    let mut memory = Memory::default();
    let started = Instant::now();
    while started.elapsed() < plan.length {
        memory.note(started.elapsed(), &Gauges::of(&world));
        thread::park_timeout(Duration::from_secs(1));
    }
    load.end();
    let heard = streams.end();
    let settled = wait_for("connections and tasks to end", SETTLED_WITHIN, || {
        let now = Gauges::of(&world);
        (now.descriptors <= idle.descriptors + LATE_COMERS && now.tasks <= idle.tasks + LATE_COMERS)
            .then_some(now)
    });

    println!("{heard}");
    println!("before: {idle}\nafter:  {settled}");
    println!("{}", journal.table(plan.length));
    let (warm, end) = memory.compare(plan.warm_up, plan.length);
    println!(
        "resident: {warm:.1} MiB when warm, {end:.1} MiB at the end; in the course: {}",
        memory.course()
    );
    assert_eq!(journal.wrong(), Vec::<String>::new());
    assert!(heard.events > 0 && heard.refused == 0, "{heard}");
    let growth = if is_soak() { GROWTH_SOAK } else { GROWTH_TEST };
    assert!(end <= warm * growth, "the server grew from {warm:.1} to {end:.1} MiB");
    world.is_sound();
}
