//! What was asked, how it was answered and how long that took.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Answers of another status than expected that are told; one is enough to fail.
const WRONG_MAX: usize = 20;

/// All requests of all clients.
pub(crate) struct Journal {
    started: Instant,
    routes: Mutex<BTreeMap<&'static str, Vec<Timed>>>,
    wrong: Mutex<Vec<String>>,
}

#[derive(Clone, Copy)]
struct Timed {
    at: Duration,
    took: Duration,
}

impl Journal {
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Self { started: Instant::now(), routes: Mutex::default(), wrong: Mutex::default() })
    }

    /// Notes a request that was sent at `sent` and has just been answered.
    pub(crate) fn note(&self, route: &'static str, sent: Instant, status: u16, expected: u16) {
        let timed = Timed { at: sent.duration_since(self.started), took: sent.elapsed() };
        self.routes.lock().unwrap().entry(route).or_default().push(timed);
        let mut wrong = self.wrong.lock().unwrap();
        if status != expected && wrong.len() < WRONG_MAX {
            wrong.push(format!("{route} was answered {status} instead of {expected} after {:.1?}", timed.at));
        }
    }

    /// What was not answered as it should have been.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    /// For each route the p99 of its first and last minute (of its first and last third, in a short run).
    pub(crate) fn table(&self, length: Duration) -> String {
        let window = Duration::from_secs(60).min(length / 3);
        let mut table = format!("{:44} {:>9} {:>12} {:>12}\n", "", "requests", "p99 first", "p99 last");
        for (route, timed) in &*self.routes.lock().unwrap() {
            let p99 = |from: Duration| {
                let within = timed.iter().filter(|timed| (from..from + window).contains(&timed.at));
                let mut took: Vec<Duration> = within.map(|timed| timed.took).collect();
                took.sort_unstable();
                took.get(took.len() * 99 / 100).map_or("-".to_owned(), |took| format!("{took:.2?}"))
            };
            let (first, last) = (p99(Duration::ZERO), p99(length - window));
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{route:44} {:>9} {first:>12} {last:>12}", timed.len());
        }
        table
    }
}
