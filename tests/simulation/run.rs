//! One run: a world from a seed, half a minute of bad luck, then calm, then the reckoning.

use std::time::Duration;

use model::{FlagId, KeyKind};
use store::{Author, KeyRow, Writer};
use testkit::simulation::{Deployment, Faults, Simulation};
use tests::world::{Put, World};

use super::client::Client;
use super::fleet::{EVALUATED, Fleet, Instance, OPPOSED, Place};
use super::truth::{self, Truth};

const KEY: &str = "a-key-of-the-simulated-environment";

const CLIENTS: [&str; 3] = ["ann", "bob", "eve"];

/// How long things go wrong.
const STORM: Duration = Duration::from_secs(30);

/// How long everybody gets to come to rest: longer than a lease.
const CALM: Duration = Duration::from_secs(100);

/// The longest time until a process that died is started again.
const DOWN_MS_MAX: u64 = 15_000;

/// What happened in a run, or in several.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Report {
    pub(crate) crashes: u64,
    /// Writes that were acknowledged.
    pub(crate) written: u64,
    /// Writes that were refused because of another.
    pub(crate) refused: u64,
    /// Events that streams brought.
    pub(crate) events: u64,
    /// Reports that were acknowledged.
    pub(crate) counted: u64,
    /// Steps that chance could interfere with.
    pub(crate) steps: u64,
}

impl Report {
    pub(crate) fn add(&mut self, other: &Self) {
        self.crashes += other.crashes;
        self.written += other.written;
        self.refused += other.refused;
        self.events += other.events;
        self.counted += other.counted;
        self.steps += other.steps;
    }
}

/// Makes the run of a seed and holds it to what must always be true.
pub(crate) fn run(seed: u64) -> Report {
    let deployment = if seed.is_multiple_of(2) { Deployment::Embedded } else { Deployment::Distributed };
    let mut simulation = Simulation::new(seed, deployment);
    let universe = simulation.universe().clone();
    let (fleet, place) = (Fleet::default(), found(&mut simulation));
    let start = |simulation: &Simulation| {
        let instance = Instance::start(simulation.start(false), deployment, &place);
        instance.write(&universe, 5);
        instance.write(&universe, 5);
        instance.report(&universe, 4);
        fleet.add(instance);
    };
    let wanted = if deployment == Deployment::Embedded { 1 } else { 3 };
    (0..wanted).for_each(|_| start(&simulation));
    let outside = simulation.start(true);
    universe.set_faults(some_faults(&simulation));
    let clients = CLIENTS.map(|name| Client::new(name, &universe, &fleet, &place.truth));
    clients.iter().for_each(|client| outside.spawn(client.clone().run()));

    let mut crashes = 0;
    let storm_ends_ms = universe.now_ms() + i64::try_from(STORM.as_millis()).unwrap();
    let mut due_ms: Vec<i64> = Vec::new();
    while universe.now_ms() < storm_ends_ms {
        for process in simulation.run(Duration::from_millis(100)) {
            fleet.remove(process);
            crashes += 1;
            due_ms.push(universe.now_ms() + i64::try_from(universe.below(DOWN_MS_MAX)).unwrap());
        }
        let due = due_ms.extract_if(.., |due_ms| *due_ms <= universe.now_ms()).count();
        (0..due).for_each(|_| start(&simulation));
    }
    let entries_were_lost = universe.faults().lose > 0;
    universe.set_faults(Faults::default());
    due_ms.iter().for_each(|_| start(&simulation));
    assert_eq!(simulation.run(CALM), [0_u64; 0]);
    if entries_were_lost {
        // Nobody can know that the last entry of a feed was lost before there is a next one.
        write_last(&mut simulation, &fleet);
    }

    reckon(&mut simulation, &place, &clients);
    let known = place.truth.known();
    Report {
        crashes,
        written: known.acknowledged.len() as u64,
        refused: known.refused,
        events: known.events,
        counted: known.reports.values().filter(|(_, acknowledged)| *acknowledged).count() as u64,
        steps: universe.steps(),
    }
}

/// Makes a project, an environment and a key in it.
fn found(simulation: &mut Simulation) -> Place {
    let founder = simulation.start(true);
    let platform = founder.platform().clone();
    simulation.complete(&founder, async move {
        let world = World::on(platform).await;
        let key = KeyRow {
            hash: api::credentials::secret_hash(KEY),
            project: world.project.clone(),
            environment: world.environment.clone(),
            identifier: "key".to_owned(),
            name: String::new(),
            description: String::new(),
            kind: KeyKind::Server,
            prefix: String::new(),
            created_ms: 0,
            expires_ms: None,
            last_used_ms: None,
        };
        world.platform.db.batch(vec![store::insert_key(&key)]).await.unwrap();
        let evaluated = Put { environment: world.environment.clone(), flag: FlagId::from_wire(EVALUATED) };
        Writer::new(world.platform.clone())
            .write(&world.project, &Author::default(), &evaluated)
            .await
            .unwrap();
        let World { project, environment, .. } = world;
        Place { project, environment, key: KEY.to_owned(), truth: Truth::default() }
    })
}

/// Some kinds of fault, each more or less often: runs with few kinds find what a storm of all of them hides.
fn some_faults(simulation: &Simulation) -> Faults {
    let universe = simulation.universe();
    let chances = |most: u64| if universe.below(2) == 0 { 0 } else { 1 + universe.below(most) };
    Faults {
        crash: chances(8),
        fail: chances(60),
        unknown: chances(100),
        slow: chances(100),
        forget: chances(20),
        lose: chances(200),
        repeat: chances(300),
        swap: chances(300),
    }
}

fn write_last(simulation: &mut Simulation, fleet: &Fleet) {
    let instance = fleet.any(simulation.universe()).unwrap();
    instance.write_last();
    assert_eq!(simulation.run(Duration::from_secs(20)), [0_u64; 0]);
}

fn reckon(simulation: &mut Simulation, place: &Place, clients: &[Client]) {
    let (db, place_there) = (simulation.db(), place.clone());
    let judge = simulation.start(true);
    let flags = simulation.complete(&judge, async move { truth::flags(&*db).await });
    let known = place.truth.known();
    assert_eq!(known.violations, [""; 0]);
    for client in clients {
        assert_eq!(client.held(), flags, "{} ends with other flags than the database", client.name);
    }
    drop(known);
    let db = simulation.db();
    simulation.complete(&judge, async move {
        let known = std::mem::take(&mut *place_there.truth.known());
        truth::assert_written(&*db, &place_there.project, &known).await;
        truth::assert_counted(&*db, &known).await;
        truth::assert_never_both(&*db, OPPOSED).await;
        *place_there.truth.known() = known;
    });
}
