//! Servers and networks that fail under running SDKs, and SDKs that poll.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::Weather;
use tests::admin::Environment;
use tests::burgee::{Burgee, burgee};
use tests::deadline::wait_until;

use super::changes::boolean;
use super::participant::{HASTE, Question, Updates};
use super::table::Cell;
use super::world::{World, arrive_at, each_of, shown};

/// The flag that is switched while something fails.
const FLAG: &str = "outage";

/// SDKs connect again up to 30 s after they lost a stream, those that tried in vain before later.
const RECONNECT_LIMIT: Duration = Duration::from_secs(90);

/// SDKs that are not told wait up to 60 s for a heartbeat, look every 30 s, and then connect again.
const SILENCE_LIMIT: Duration = Duration::from_secs(150);

/// How long the network stalls, or the store fails. Shorter than any SDK's patience.
const OUTAGE: Duration = Duration::from_secs(3);

/// Two polls on the hastened clock, and a busy machine.
const POLL_LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn fill(environment: &Environment) {
    environment.create_flag(FLAG, "boolean", &[("true", "true"), ("false", "false")]);
}

/// Killed as by a power cut, started again, and changed before anybody is back.
///
/// Connections are reset first: jsdom does not tell its scripts that a body ended too early, as browsers do, and its SDKs
/// would notice a minute later, by the heartbeats that they miss.
pub(crate) fn restarted(world: &mut World) -> Vec<Cell> {
    world.participants.iter().for_each(|participant| participant.network.reset());
    world.burgee.restart();
    switched(world, RECONNECT_LIMIT)
}

/// The server's data is replaced by an older copy, in which its versions are lower than those that SDKs hold.
pub(crate) fn restored(world: &mut World) -> Vec<Cell> {
    let copy = world.burgee.data().with_file_name("copy.db").display().to_string();
    tool(&world.burgee, &["backup", &copy]);
    let newer = switched(world, RECONNECT_LIMIT);
    world.burgee.terminate();
    tool(&world.burgee, &["restore", &copy]);
    tool(&world.burgee, &["repair", "after-restore"]);
    world.burgee.restart();
    // As it was when the copy was made.
    world.outage = !world.outage;
    let older = awaited(world, Instant::now());
    let next = switched(world, RECONNECT_LIMIT);
    newer
        .into_iter()
        .zip(older)
        .zip(next)
        .map(|((newer, older), next)| newer.instead(older).and(next))
        .collect()
}

/// Every connection is reset, and a change is made before anybody is back.
pub(crate) fn reset(world: &mut World) -> Vec<Cell> {
    world.participants.iter().for_each(|participant| participant.network.reset());
    switched(world, RECONNECT_LIMIT)
}

/// Every connection is lost, and neither side is told.
pub(crate) fn half_open(world: &mut World) -> Vec<Cell> {
    world.participants.iter().for_each(|participant| participant.network.forget());
    switched(world, SILENCE_LIMIT)
}

/// Nothing arrives for a while, then everything.
pub(crate) fn stalled(world: &mut World) -> Vec<Cell> {
    let over_at = switched_during(world, Weather::Stalled);
    awaited(world, over_at)
}

/// The stream tells of a change that cannot be fetched: 502. Server SDKs ask again until they have it; client SDKs do
/// not, and need what the stream says.
pub(crate) fn store_fails(world: &mut World) -> Vec<Cell> {
    let over_at = switched_during(world, Weather::BadGateway);
    awaited(world, over_at)
}

/// Without a stream, a change is there after the next poll. The cells say how long that took on the SDK's clock.
pub(crate) fn polled(world: &mut World) -> Vec<Cell> {
    let mut participants = world.start_clients(Updates::Polled);
    let ready = each_of(&mut participants, |participant| shown(participant.ready()));
    if ready.iter().any(|cell| matches!(cell, Cell::Failed(_))) {
        return ready;
    }
    let (environment, on) = (&world.environment, !world.outage);
    world.outage = on;
    let arrived =
        arrive_at(&mut participants, &question(), &json!(on), POLL_LIMIT, || switch(environment, on));
    let streams = participants.iter().map(|participant| participant.network.streams());
    assert_eq!(streams.sum::<u64>(), 0, "streams that nobody should have asked for");
    arrived.into_iter().map(|taken| Cell::from_outcome(taken.map(|taken| shown(taken * HASTE)))).collect()
}

fn question() -> Question {
    boolean(FLAG, false)
}

fn switch(environment: &Environment, on: bool) -> Instant {
    environment.switch(FLAG, if on { "on" } else { "off" })
}

/// Switches the flag over, and waits until every client has noticed.
fn switched(world: &mut World, limit: Duration) -> Vec<Cell> {
    let on = !world.outage;
    world.outage = on;
    world.arrives(&question(), &json!(on), limit, |environment| switch(environment, on))
}

/// Switches the flag over within an outage of every network, and returns when that was over.
fn switched_during(world: &mut World, weather: Weather) -> Instant {
    let set = |weather| world.participants.iter().for_each(|participant| participant.network.set(weather));
    set(weather);
    world.outage = !world.outage;
    switch(&world.environment, world.outage);
    let over: Option<()> = wait_until(OUTAGE, || None);
    assert_eq!(over, None, "nothing but time ends an outage");
    set(Weather::Fair);
    Instant::now()
}

/// Waits until every client has the value that the flag has now. The cells say how long after `since` that was.
fn awaited(world: &mut World, since: Instant) -> Vec<Cell> {
    let on = json!(world.outage);
    world.each(|participant| {
        shown(participant.until(&question(), &on, RECONNECT_LIMIT).saturating_duration_since(since))
    })
}

fn tool(burgee_server: &Burgee, arguments: &[&str]) {
    let ran = burgee().args(arguments).arg("--data").arg(burgee_server.data()).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
}
