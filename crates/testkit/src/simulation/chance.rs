//! Chance, time and faults, which everything in a simulation shares.

use std::collections::{BTreeSet, HashSet};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

/// A task that waits for the executor.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// When a simulation begins, in Unix milliseconds.
const BEGIN_MS: i64 = 1_700_000_000_000;

/// The longest that a slow store takes: longer than a writer waits for its announcement.
const SLOW_MS_MAX: u64 = 2_000;

/// How often each fault happens, in a thousand chances.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Faults {
    /// The process dies at a step.
    pub crash: u64,
    /// A store refuses; nothing was done.
    pub fail: u64,
    /// A batch, or an append, is carried out or not, and its answer is lost.
    pub unknown: u64,
    /// A store takes its time.
    pub slow: u64,
    /// The shared cache forgets everything, once.
    pub forget: u64,
    /// An entry of the feed does not reach a reader.
    pub lose: u64,
    /// An entry of the feed reaches a reader twice.
    pub repeat: u64,
    /// Two entries of the feed change places on their way.
    pub swap: u64,
}

/// Chance and time.
#[derive(Clone)]
pub struct Universe(Arc<Mutex<State>>);

struct State {
    seed: u64,
    random: u64,
    faults: Faults,
    now_ms: i64,
    sleepers: Vec<(i64, u64, Waker)>,
    sleepers_ever: u64,
    processes: u64,
    charmed: HashSet<u64>,
    dead: BTreeSet<u64>,
    new_tasks: Vec<(u64, Task)>,
    steps: u64,
}

impl Universe {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            seed,
            random: seed,
            faults: Faults::default(),
            now_ms: BEGIN_MS,
            sleepers: Vec::new(),
            sleepers_ever: 0,
            processes: 0,
            charmed: HashSet::new(),
            dead: BTreeSet::new(),
            new_tasks: Vec::new(),
            steps: 0,
        })))
    }

    /// What all of it came from.
    pub fn seed(&self) -> u64 {
        self.state().seed
    }

    /// A number below `limit`, 0 if that is 0.
    pub fn below(&self, limit: u64) -> u64 {
        self.state().below(limit)
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.state().now_ms
    }

    /// How many steps were made so far; with the clock it tells two runs apart.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// What goes wrong now.
    pub fn faults(&self) -> Faults {
        self.state().faults
    }

    /// What goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Lets something happen of which `chances` in a thousand are so.
    pub(super) fn happens(&self, process: u64, chances: impl FnOnce(&Faults) -> u64) -> bool {
        let mut state = self.state();
        let chances = chances(&state.faults);
        chances > 0 && !state.charmed.contains(&process) && state.below(1_000) < chances
    }

    /// Between any two things that a process does to a store: others may run, time may pass, and the process
    /// may die, in which case this never returns.
    pub(super) async fn step(&self, process: u64) {
        self.state().steps += 1;
        let mut has_yielded = false;
        poll_fn(|context| {
            if std::mem::replace(&mut has_yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        if self.happens(process, |faults| faults.slow) {
            let ms = self.below(SLOW_MS_MAX);
            self.sleep(Duration::from_millis(ms)).await;
        }
        if self.happens(process, |faults| faults.crash) {
            self.state().dead.insert(process);
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the clock has come so far.
    pub async fn sleep(&self, duration: Duration) {
        let until_ms = {
            let state = self.state();
            state.now_ms.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
        };
        poll_fn(|context| {
            let mut state = self.state();
            if state.now_ms >= until_ms {
                return Poll::Ready(());
            }
            state.sleepers_ever += 1;
            let number = state.sleepers_ever;
            state.sleepers.push((until_ms, number, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    pub(super) fn next_process(&self, is_charmed: bool) -> u64 {
        let mut state = self.state();
        state.processes += 1;
        let process = state.processes;
        if is_charmed {
            state.charmed.insert(process);
        }
        process
    }

    pub(super) fn spawn(&self, process: u64, task: Task) {
        let mut state = self.state();
        if !state.dead.contains(&process) {
            state.new_tasks.push((process, task));
        }
    }

    pub(super) fn new_tasks(&self) -> Vec<(u64, Task)> {
        std::mem::take(&mut self.state().new_tasks)
    }

    /// The processes that have died, the oldest first.
    pub(super) fn dead(&self) -> BTreeSet<u64> {
        self.state().dead.clone()
    }

    /// Moves the clock to when the next sleeper wakes, at most to `end_ms`, and wakes whoever is due. False at
    /// the end.
    pub(super) fn pass_time(&self, end_ms: i64) -> bool {
        let mut state = self.state();
        let next_ms = state.sleepers.iter().map(|(until_ms, ..)| *until_ms).min().unwrap_or(i64::MAX);
        if next_ms > end_ms {
            state.now_ms = end_ms.max(state.now_ms);
            return false;
        }
        state.now_ms = next_ms.max(state.now_ms);
        let now_ms = state.now_ms;
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.sleepers).into_iter().partition(|(until_ms, ..)| *until_ms <= now_ms);
        state.sleepers = later;
        drop(state);
        due.sort_unstable_by_key(|(until_ms, number, _)| (*until_ms, *number));
        due.into_iter().for_each(|(.., waker)| waker.wake());
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or_default()
    }
}
