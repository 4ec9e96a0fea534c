//! Runs tasks one at a time, in an order that chance decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use super::chance::{Task, Universe};

pub(super) struct Executor {
    universe: Universe,
    tasks: BTreeMap<u64, Waiting>,
    tasks_ever: u64,
}

struct Waiting {
    process: u64,
    task: Task,
    /// Somebody woke it.
    is_due: Arc<Due>,
}

struct Due(AtomicBool);

impl Wake for Due {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Executor {
    pub(super) const fn new(universe: Universe) -> Self {
        Self { universe, tasks: BTreeMap::new(), tasks_ever: 0 }
    }

    /// Runs what can run until the clock has come so far, or a process has died. Returns those that have died.
    pub(super) fn run(&mut self, duration: Duration) -> Vec<u64> {
        let duration_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let end_ms = self.universe.now_ms().saturating_add(duration_ms);
        loop {
            self.take_new();
            let due: Vec<u64> = self.due().collect();
            let chosen = usize::try_from(self.universe.below(due.len() as u64)).unwrap_or_default();
            match due.get(chosen) {
                Some(id) => {
                    self.poll(*id);
                    let dead = self.bury();
                    if !dead.is_empty() {
                        return dead;
                    }
                }
                None if self.universe.pass_time(end_ms) => {}
                None => return Vec::new(),
            }
        }
    }

    fn take_new(&mut self) {
        for (process, task) in self.universe.new_tasks() {
            self.tasks_ever += 1;
            let is_due = Arc::new(Due(AtomicBool::new(true)));
            self.tasks.insert(self.tasks_ever, Waiting { process, task, is_due });
        }
    }

    fn due(&self) -> impl Iterator<Item = u64> {
        self.tasks.iter().filter(|(_, waiting)| waiting.is_due.0.load(Ordering::SeqCst)).map(|(id, _)| *id)
    }

    fn poll(&mut self, id: u64) {
        let Some(waiting) = self.tasks.get_mut(&id) else { return };
        waiting.is_due.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&waiting.is_due));
        if waiting.task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.tasks.remove(&id);
        }
    }

    /// Drops what ran in processes that died, which tells those who wait for it.
    fn bury(&mut self) -> Vec<u64> {
        let dead = self.universe.dead();
        let before = self.tasks.len();
        let (gone, left): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.tasks)
            .into_iter()
            .partition(|(_, waiting)| dead.contains(&waiting.process));
        self.tasks = left;
        if self.tasks.len() == before {
            return Vec::new();
        }
        let mut processes: Vec<u64> = gone.values().map(|waiting| waiting.process).collect();
        processes.sort_unstable();
        processes.dedup();
        processes
    }
}
