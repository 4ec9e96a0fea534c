//! The server's processes: each writes, flushes, counts, serves and holds streams, until it dies and another takes
//! its place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::TokenKeys;
use client_api::{Environment, Source};
use delivery::Delivery;
use fn_client::StoredTargets;
use model::{EnvironmentUuid, Error, FlagId, MetricsJob, ProjectUuid, ReportedEvaluations, Target, Version};
use sse_relay::{Limits, Parts, Relay};
use store::{Author, Writer};
use testkit::simulation::{Deployment, Process, Universe};
use tests::world::{Need, Put, Remove};
use tokio::sync::{mpsc, oneshot};

use super::truth::Truth;

/// Flags that are written; few, so that writers meet.
const FLAGS: u64 = 4;

/// Flags of which either may need the other, never both: a writer that decides on what is no longer true
/// would make customers' processes go in circles.
pub(crate) const OPPOSED: [&str; 2] = ["left", "right"];

/// The flag that is there from the beginning and is never removed.
pub(crate) const EVALUATED: &str = "evaluated";

/// How often a process looks after what was left.
const TICK: Duration = Duration::from_secs(2);

const BUDGET: Duration = Duration::from_secs(5);

/// What a process works on.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) project: ProjectUuid,
    pub(crate) environment: EnvironmentUuid,
    pub(crate) key: String,
    pub(crate) truth: Truth,
}

/// One process.
#[derive(Clone)]
pub(crate) struct Instance {
    process: Process,
    delivery: Arc<Delivery>,
    relay: Arc<Relay>,
    place: Place,
}

/// The processes that are alive, as clients find them.
#[derive(Clone, Default)]
pub(crate) struct Fleet(Arc<Mutex<BTreeMap<u64, Instance>>>);

impl Fleet {
    /// Any instance, if one is alive.
    pub(crate) fn any(&self, universe: &Universe) -> Option<Instance> {
        let instances = self.instances();
        let chosen = usize::try_from(universe.below(instances.len() as u64)).unwrap();
        instances.values().nth(chosen).cloned()
    }

    pub(crate) fn add(&self, instance: Instance) {
        self.instances().insert(instance.process.id(), instance);
    }

    pub(crate) fn remove(&self, process: u64) {
        self.instances().remove(&process);
    }

    fn instances(&self) -> MutexGuard<'_, BTreeMap<u64, Instance>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    /// Starts what a process does by itself.
    pub(crate) fn start(process: Process, deployment: Deployment, place: &Place) -> Self {
        let platform = process.platform().clone();
        let delivery = Arc::new(Delivery::new(platform.clone()));
        let relay = Relay::new(Parts {
            source: delivery.clone(),
            tokens: Arc::new(TokenKeys::parse("1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap()),
            targets: Arc::new(StoredTargets::new(platform.db.clone(), platform.clock.clone())),
            feed: platform.feed.clone(),
            clock: platform.clock.clone(),
            random: platform.random.clone(),
            limits: Limits::default(),
        });
        let instance = Self { process, delivery, relay: relay.clone(), place: place.clone() };
        let started = instance.clone();
        instance.process.spawn(async move {
            if deployment == Deployment::Embedded {
                // As `burgee serve` does before it serves; it would end with the error, and be started again.
                while store::release_leases(&*platform.db).await.is_err() {}
                while store::date_unsent(&*platform.db, platform.clock.now_ms()).await.is_err() {}
            }
            relay.background().into_iter().for_each(|task| started.process.spawn(task));
            loop {
                // Both are repeated when they fail.
                let _ = fn_admin::tick(&platform, BUDGET).await;
                let _ = fn_metrics_process::drain(&platform, BUDGET).await;
                platform.clock.sleep(TICK).await;
            }
        });
        instance
    }

    /// Which process it is.
    pub(crate) const fn id(&self) -> u64 {
        self.process.id()
    }

    /// Writes now and then, `count` times.
    pub(crate) fn write(&self, universe: &Universe, count: u64) {
        let (universe, place) = (universe.clone(), self.place.clone());
        let writer = Writer::new(self.process.platform().clone());
        self.process.spawn(async move {
            for _ in 0..count {
                universe.sleep(Duration::from_millis(universe.below(4_000))).await;
                let written = write(&writer, &place, &universe).await;
                if let Err(Error::InUse(_)) = written {
                    place.truth.known().refused += 1;
                }
                let versions = written.into_iter().flatten().map(|(_, version)| version);
                place.truth.known().acknowledged.extend(versions);
            }
        });
    }

    /// Writes once what nobody opposes.
    pub(crate) fn write_last(&self) {
        let (place, writer) = (self.place.clone(), Writer::new(self.process.platform().clone()));
        self.process.spawn(async move {
            let put = Put { environment: place.environment.clone(), flag: FlagId::from_wire(EVALUATED) };
            let written = writer.write(&place.project, &Author::default(), &put).await;
            place.truth.check(written.is_ok(), || format!("the last write was refused: {:?}", written.err()));
        });
    }

    /// Takes reports now and then, `count` of them.
    pub(crate) fn report(&self, universe: &Universe, count: u64) {
        let (universe, place, platform) =
            (universe.clone(), self.place.clone(), self.process.platform().clone());
        let process = self.process.id();
        self.process.spawn(async move {
            let queue = store::work_queue(&platform);
            for number in 0..count {
                universe.sleep(Duration::from_millis(universe.below(6_000))).await;
                let target = format!("reported-{process}-{number}");
                let evaluations = i64::try_from(universe.below(9)).unwrap() + 1;
                place.truth.known().reports.insert(target.clone(), (evaluations, false));
                let job = job(&place, &target, evaluations, universe.now_ms());
                let pushed = queue.push(serde_json::to_vec(&job).unwrap().into()).await;
                place.truth.known().reports.insert(target, (evaluations, pushed.is_ok()));
            }
        });
    }

    /// The environment as this instance answers a request for it; `None` if it refuses or dies.
    pub(crate) async fn read(&self) -> Option<Arc<Environment>> {
        let (answer, answered) = oneshot::channel();
        let instance = self.clone();
        self.process.spawn(async move {
            let read = instance.delivery.environment(&instance.place.environment, Version(0)).await;
            if let Ok(environment) = read {
                let _ = answer.send(environment); // The client has gone.
            }
        });
        answered.await.ok()
    }

    /// The bytes of a stream; they end with it, or with the process.
    pub(crate) fn listen(&self, last_event_id: Option<Version>) -> mpsc::UnboundedReceiver<bytes::Bytes> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let instance = self.clone();
        self.process.spawn(async move {
            let Ok(mut stream) = instance.relay.listen(&instance.place.key, last_event_id).await else {
                return;
            };
            while let Some(bytes) = stream.next().await {
                if sender.send(bytes).is_err() {
                    return; // The client has gone.
                }
            }
        });
        receiver
    }
}

/// Makes, changes or removes a flag, or decides which of two needs the other.
async fn write(
    writer: &Writer,
    place: &Place,
    universe: &Universe,
) -> Result<Vec<(EnvironmentUuid, Version)>, Error> {
    let (project, author, environment) = (&place.project, Author::default(), place.environment.clone());
    let [one, other] = OPPOSED;
    let (flag, other) = if universe.below(2) == 0 { (one, other) } else { (other, one) };
    let any = FlagId::from_wire(format!("flag-{}", universe.below(FLAGS)));
    let written = match universe.below(6) {
        0 => writer.write(project, &author, &Remove { environment, flag: any }).await,
        1 => writer.write(project, &author, &Remove { environment, flag: FlagId::from_wire(flag) }).await,
        2 | 3 => writer.write(project, &author, &Need { environment, flag, other }).await,
        _ => {
            let put = Put { environment, flag: any };
            return writer.write(project, &author, &put).await.map(|written| written.environments);
        }
    };
    written.map(|written| written.environments)
}

/// A report of one target and of evaluations of the flag that is never removed.
fn job(place: &Place, target: &str, count: i64, at_ms: i64) -> MetricsJob {
    MetricsJob {
        environment: place.environment.clone(),
        key: api::credentials::secret_hash(&place.key),
        received_ms: at_ms,
        evaluations: vec![ReportedEvaluations {
            flag: EVALUATED.into(),
            variation: "true".into(),
            count,
            at_ms,
        }],
        targets: vec![Target::bare(target)],
    }
}
