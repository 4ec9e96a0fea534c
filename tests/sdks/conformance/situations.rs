//! The situations, in the order in which they happen.

use super::table::Cell;
use super::world::{World, shown};
use super::{changes, counts, keys, outages, values};

/// When a situation is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tier {
    /// With every run of the tests.
    Test,
    /// By `cargo xtask soak sdks`, because SDKs take their time to notice.
    Soak,
}

/// Something that happens to all SDKs at once.
pub(crate) struct Situation {
    /// As the table's row says it.
    pub(crate) name: &'static str,
    pub(crate) tier: Tier,
    /// Lets it happen. One cell for each SDK.
    pub(crate) happen: fn(&mut World) -> Vec<Cell>,
}

const fn test(name: &'static str, happen: fn(&mut World) -> Vec<Cell>) -> Situation {
    Situation { name, tier: Tier::Test, happen }
}

const fn soak(name: &'static str, happen: fn(&mut World) -> Vec<Cell>) -> Situation {
    Situation { name, tier: Tier::Soak, happen }
}

pub(crate) const SITUATIONS: &[Situation] = &[
    test("initialised", initialised),
    test("values of all kinds for 32 targets equal ours", values::agree),
    test("flag switched 20 times (middle, longest)", changes::flip),
    test("rule added", changes::rule),
    test("target added to a segment", changes::segment),
    test("prerequisite switched", changes::prerequisite),
    test("flag created", changes::create),
    test("flag deleted", changes::delete),
    test("flag archived", changes::archive),
    test("flag restored from the archive", changes::restore),
    test("polling only, on the SDK's clock", outages::polled),
    test("unknown key", keys::unknown),
    test("revoked key", keys::revoked),
    test("key of the other kind", keys::other_kind),
    test("network stalled for 3 s, changed meanwhile", outages::stalled),
    test("store fails (502) for 3 s, changed meanwhile", outages::store_fails),
    test("server killed and started again, changed meanwhile", outages::restarted),
    soak("connections reset, changed meanwhile", outages::reset),
    soak("connections half-open, changed meanwhile", outages::half_open),
    soak("server restored from an older copy", outages::restored),
    test("three reads counted", counts::counted),
    test("closed, and the process ended", counts::closed),
];

fn initialised(world: &mut World) -> Vec<Cell> {
    world.each(|participant| shown(participant.ready()))
}
