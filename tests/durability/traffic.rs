//! Requests of all kinds at once, until the server is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use tests::burgee::ADMIN_TOKEN;
use tests::wire::{Client, attempt, counted};

use super::ledger::{Fate, Ledger};

const SCOPE: &str = "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop";

/// The flag that reports are about.
const EVALUATED: &str = "switched-0";

/// Clients that switch flags, make flags and report evaluations.
pub(crate) struct Traffic {
    workers: Vec<Worker>,
    ledger: Arc<Ledger>,
    /// Requests that were answered since the traffic was started.
    answered: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
}

/// Where clients find the server.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) sdk: Client,
}

/// One client. What it had asked when the server went, it asks again under the same name.
#[derive(Clone)]
struct Worker {
    role: Role,
    number: usize,
    asked: i64,
    unanswered: bool,
}

#[derive(Clone, Copy)]
enum Role {
    Switcher,
    Maker,
    Reporter,
}

/// Traffic that is running.
pub(crate) struct Running {
    threads: Vec<JoinHandle<Worker>>,
    traffic: Traffic,
}

impl Traffic {
    /// Clients that have asked nothing yet. The flags `switched-N` are theirs.
    pub(crate) fn new(ledger: &Arc<Ledger>, switchers: usize, makers: usize, reporters: usize) -> Self {
        let workers =
            |role, count| (0..count).map(move |number| Worker { role, number, asked: 0, unanswered: false });
        let workers = workers(Role::Switcher, switchers).chain(workers(Role::Maker, makers));
        Self {
            workers: workers.chain((0..reporters).map(Worker::reporter)).collect(),
            ledger: Arc::clone(ledger),
            answered: Arc::default(),
            ended: Arc::default(),
        }
    }

    /// Every client asks, again and again, until the server is gone or [`Running::end`] is called.
    pub(crate) fn start(mut self, place: &Place) -> Running {
        self.answered.store(0, Ordering::SeqCst);
        self.ended.store(false, Ordering::SeqCst);
        let spawn = |mut worker: Worker| {
            let (place, ledger) = (place.clone(), Arc::clone(&self.ledger));
            let (answered, ended) = (Arc::clone(&self.answered), Arc::clone(&self.ended));
            thread::spawn(move || {
                while !ended.load(Ordering::SeqCst) && worker.ask(&place, &ledger) {
                    answered.fetch_add(1, Ordering::SeqCst);
                }
                worker
            })
        };
        Running { threads: std::mem::take(&mut self.workers).into_iter().map(spawn).collect(), traffic: self }
    }
}

impl Running {
    /// How many requests were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.traffic.answered.load(Ordering::SeqCst)
    }

    /// Waits until every client has noticed that the server is gone.
    pub(crate) fn join(self) -> Traffic {
        let Self { threads, mut traffic } = self;
        traffic.workers = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        traffic
    }

    /// Lets every client finish what it asked.
    pub(crate) fn end(self) -> Traffic {
        self.traffic.ended.store(true, Ordering::SeqCst);
        self.join()
    }
}

impl Worker {
    const fn reporter(number: usize) -> Self {
        Self { role: Role::Reporter, number, asked: 0, unanswered: false }
    }

    /// Asks once and notes what became of it. False if no answer came.
    fn ask(&mut self, place: &Place, ledger: &Ledger) -> bool {
        // A report has no name under which it could be sent again; the SDK would keep its counts.
        if !self.unanswered || matches!(self.role, Role::Reporter) {
            self.asked += 1;
        }
        let fate = match self.role {
            Role::Switcher => self.switch(place, ledger),
            Role::Maker => self.make(place, ledger),
            Role::Reporter => self.report(place, ledger),
        };
        self.unanswered = fate == Fate::Unknown;
        !self.unanswered
    }

    fn switch(&self, place: &Place, ledger: &Ledger) -> Fate {
        let flag = format!("switched-{}", self.number);
        let comment = format!("{flag} for the {}th time", self.asked);
        let state = if self.asked % 2 == 1 { "on" } else { "off" };
        let instruction = json!({ "kind": "setFeatureFlagState", "parameters": { "state": state } });
        let body = json!({ "comment": comment, "instructions": [instruction] });
        ledger.change(&comment, Fate::Unknown);
        let path = format!("features/{flag}?{SCOPE}&environmentIdentifier=dev");
        let fate = admin(place, ("PATCH", &path, 200), &comment, &body);
        ledger.change(&comment, fate);
        fate
    }

    fn make(&self, place: &Place, ledger: &Ledger) -> Fate {
        let flag = format!("made-{}-{}", self.number, self.asked);
        let variation = |value: &str| json!({ "identifier": value, "name": value, "value": value });
        let body = json!({
            "identifier": flag, "name": flag, "kind": "boolean", "project": "shop", "permanent": false,
            "variations": [variation("true"), variation("false")],
            "defaultOnVariation": "true", "defaultOffVariation": "false",
        });
        ledger.flag(&flag, Fate::Unknown);
        let path = format!("features?{SCOPE}");
        let fate = admin(place, ("POST", &path, 201), &flag, &body);
        ledger.flag(&flag, fate);
        fate
    }

    fn report(&self, place: &Place, ledger: &Ledger) -> Fate {
        let target = format!("reported-{}-{}", self.number, self.asked);
        let count = self.asked % 9 + 1;
        ledger.report(&target, count, Fate::Unknown);
        let report = json!({
            "targetData": [{ "identifier": target, "name": target, "attributes": [] }],
            "metricsData": [counted(EVALUATED, "true", count)],
        });
        let fate = match place.sdk.try_report(&report) {
            Some(200) => Fate::Acknowledged,
            Some(status) => panic!("a report was answered {status}"),
            None => Fate::Unknown,
        };
        ledger.report(&target, count, fate);
        fate
    }
}

/// A named request of the admin API: sent again, it must be answered as the first time and do nothing.
fn admin(place: &Place, (method, path, expected): (&str, &str, u16), name: &str, body: &Value) -> Fate {
    let headers = [("x-api-key", ADMIN_TOKEN), ("Idempotency-Key", name)];
    match attempt(method, &format!("{}/admin/{path}", place.url), &headers, Some(body)) {
        Some((status, _)) if status == expected => Fate::Acknowledged,
        Some((status, answer)) => panic!("{name} was answered {status}: {answer}"),
        None => Fate::Unknown,
    }
}
