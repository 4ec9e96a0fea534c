//! A world in which a seed decides what happens when: who runs next, what is slow, what fails, who dies.
//!
//! One thread, one queue of tasks, a clock that stands still while anybody can run. Code under test is the real
//! one; only the ports of its platform are made here. The same seed makes the same run.

mod chance;
mod executor;
mod ports;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use platform::memory::{MemoryCache, MemoryFeed};
use platform::{Cache, ChangeFeed, Db, Platform};
use platform_native::Sqlite;

pub use chance::{Faults, Universe};
use executor::Executor;
use ports::{SimulatedCache, SimulatedClock, SimulatedDb, SimulatedFeed, SimulatedRandom, StillDb};

/// Which stores outlive a process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deployment {
    /// One process; its cache and its feed end with it.
    Embedded,
    /// Many processes around one cache and one feed.
    Distributed,
}

/// The world: one database, chance, time, and the processes in it.
pub struct Simulation {
    universe: Universe,
    executor: Executor,
    db: Arc<Sqlite>,
    cache: Arc<MemoryCache>,
    feed: Arc<dyn ChangeFeed>,
    deployment: Deployment,
}

/// A process: what runs in it ends when it crashes.
#[derive(Clone)]
pub struct Process {
    id: u64,
    universe: Universe,
    platform: Platform,
}

impl Simulation {
    /// An empty world in which nothing goes wrong yet.
    ///
    /// # Panics
    /// If SQLite cannot be opened in memory.
    #[expect(clippy::expect_used, reason = "a test cannot go on without a database")]
    pub fn new(seed: u64, deployment: Deployment) -> Self {
        let universe = Universe::new(seed);
        let clock = Arc::new(SimulatedClock(universe.clone()));
        Self {
            executor: Executor::new(universe.clone()),
            db: Arc::new(Sqlite::in_memory().expect("SQLite opens in memory")),
            cache: Arc::new(MemoryCache::new(clock.clone())),
            feed: Arc::new(MemoryFeed::new(clock)),
            universe,
            deployment,
        }
    }

    /// Chance and time, for whoever needs some of it.
    pub const fn universe(&self) -> &Universe {
        &self.universe
    }

    /// The database itself, in which nothing goes wrong.
    pub fn db(&self) -> Arc<dyn Db> {
        Arc::new(StillDb(self.db.clone()))
    }

    /// A new process. Faults befall it while there are some, unless `is_charmed`.
    pub fn start(&self, is_charmed: bool) -> Process {
        let id = self.universe.next_process(is_charmed);
        let clock = Arc::new(SimulatedClock(self.universe.clone()));
        // Within one process nothing lies between its parts and their memory.
        let (cache, feed): (Arc<dyn Cache>, Arc<dyn ChangeFeed>) = match self.deployment {
            Deployment::Distributed => (self.remote_cache(id), self.remote_feed(id)),
            Deployment::Embedded => {
                (Arc::new(MemoryCache::new(clock.clone())), Arc::new(MemoryFeed::new(clock.clone())))
            }
        };
        let platform = Platform {
            db: Arc::new(SimulatedDb {
                inner: self.db.clone(),
                universe: self.universe.clone(),
                process: id,
            }),
            cache,
            feed,
            queue: None,
            clock,
            random: Arc::new(SimulatedRandom(self.universe.clone())),
        };
        Process { id, universe: self.universe.clone(), platform }
    }

    /// Lets everything run for so long. Returns early, with the processes that are dead now, when one crashes.
    pub fn run(&mut self, duration: Duration) -> Vec<u64> {
        self.executor.run(duration)
    }

    /// Runs one task to its end, with everything else.
    ///
    /// # Panics
    /// If it does not end within a simulated day.
    #[expect(clippy::panic, reason = "a test cannot go on")]
    pub fn complete<T: Send + 'static>(
        &mut self,
        process: &Process,
        task: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let (done, mut is_done) = tokio::sync::oneshot::channel();
        process.spawn(async move {
            let _ = done.send(task.await); // We wait for it below.
        });
        for _ in 0..24 * 60 * 60 {
            if let Ok(answer) = is_done.try_recv() {
                return answer;
            }
            self.run(Duration::from_secs(1));
        }
        panic!("a task does not end: BURGEE_SEED={}", self.universe.seed());
    }

    fn remote_cache(&self, process: u64) -> Arc<dyn Cache> {
        Arc::new(SimulatedCache { inner: self.cache.clone(), universe: self.universe.clone(), process })
    }

    fn remote_feed(&self, process: u64) -> Arc<dyn ChangeFeed> {
        Arc::new(SimulatedFeed { inner: self.feed.clone(), universe: self.universe.clone(), process })
    }
}

impl Process {
    /// Which one.
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// The world as this process sees it.
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Runs a task in this process. If the process is dead, the task is dropped.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.universe.spawn(self.id, Box::pin(task));
    }
}
