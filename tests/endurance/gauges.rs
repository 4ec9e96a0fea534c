//! What a server has of what can leak.

use std::fmt;
use std::fs;
use std::time::Duration;

use crate::endurance::world::World;

/// One look at the server's process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauges {
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
    pub(crate) tasks: u64,
    resident_kib: u64,
}

/// Its resident memory in the course of time.
#[derive(Default)]
pub(crate) struct Memory(Vec<(Duration, f64)>);

impl Gauges {
    pub(crate) fn of(world: &World) -> Self {
        let pid = world.burgee.pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Self {
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64,
            threads: field("Threads:"),
            tasks: world.metric("burgee_tasks"),
            resident_kib: field("VmRSS:"),
        }
    }
}

impl fmt::Display for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { descriptors, threads, tasks, resident_kib } = self;
        write!(f, "{descriptors} descriptors, {threads} threads, {tasks} tasks, {resident_kib} KiB resident")
    }
}

impl Memory {
    pub(crate) fn note(&mut self, at: Duration, gauges: &Gauges) {
        self.0.push((at, gauges.resident_kib as f64 / 1024.0));
    }

    /// What it was in the course of time, in MiB: twenty figures.
    pub(crate) fn course(&self) -> String {
        let every = (self.0.len() / 20).max(1);
        self.0.iter().step_by(every).map(|(_, mib)| format!("{mib:.0} ")).collect()
    }

    /// The mean, in MiB, of a tenth of the time that begins when the server is warm, and of the last tenth.
    pub(crate) fn compare(&self, warm: Duration, length: Duration) -> (f64, f64) {
        let mean = |from: Duration| {
            let within: Vec<f64> = self
                .0
                .iter()
                .filter(|(at, _)| (from..from + length / 10).contains(at))
                .map(|(_, mib)| *mib)
                .collect();
            within.iter().sum::<f64>() / within.len() as f64
        };
        (mean(warm), mean(length - length / 10))
    }
}
