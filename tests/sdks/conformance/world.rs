//! A server, an environment and one client of each published SDK.

use std::any::Any;
use std::thread;
use std::time::{Duration, Instant};

use model::KeyKind;
use serde_json::Value;
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo};

use super::participant::{Participant, Question, Updates};
use super::stock::{STOCK, Stock};
use super::table::Cell;

/// What all situations happen in, one after the other.
pub(crate) struct World {
    pub(crate) burgee: Burgee,
    pub(crate) environment: Environment,
    /// In the order of the columns.
    pub(crate) participants: Vec<Participant>,
    pub(crate) server_key: String,
    pub(crate) client_key: String,
    /// How the flag stands that outages are tried with.
    pub(crate) outage: bool,
    folder: TempDir,
}

impl World {
    /// Starts the server, fills the environment, and starts the clients.
    pub(crate) fn start(fill: impl FnOnce(&Environment)) -> Self {
        let folder = TempDir::new().unwrap();
        let burgee = Burgee::start(&folder.path().join("data"), Demo::No);
        let environment = burgee.admin().create_environment("shop", "dev");
        fill(&environment);
        let server_key = environment.create_key("server", "Server");
        let client_key = environment.create_key("client", "Client");
        let mut world = Self {
            burgee,
            environment,
            participants: Vec::new(),
            server_key,
            client_key,
            outage: false,
            folder,
        };
        world.participants = world.start_clients(Updates::Streamed);
        world
    }

    /// One client of each SDK, with a key of its kind.
    pub(crate) fn start_clients(&self, updates: Updates) -> Vec<Participant> {
        self.start_clients_with(updates, |stock| match stock.kind {
            KeyKind::Server => &self.server_key,
            KeyKind::Client => &self.client_key,
        })
    }

    /// One client of each SDK, with the key that `key` says.
    pub(crate) fn start_clients_with<'k>(
        &self,
        updates: Updates,
        key: impl Fn(&Stock) -> &'k str,
    ) -> Vec<Participant> {
        let start = |stock| Participant::start(stock, &self.burgee, key(stock), updates, self.folder.path());
        STOCK.iter().map(start).collect()
    }

    /// Lets every client do the same at the same time.
    pub(crate) fn each(&mut self, act: impl Fn(&mut Participant) -> String + Sync) -> Vec<Cell> {
        each_of(&mut self.participants, act)
    }

    /// Makes a change and lets every client wait until it has the value. The cells say how long that took from
    /// the answer to the change.
    pub(crate) fn arrives(
        &mut self,
        question: &Question,
        wanted: &Value,
        limit: Duration,
        change: impl FnOnce(&Environment) -> Instant,
    ) -> Vec<Cell> {
        arrive_at(&mut self.participants, question, wanted, limit, || change(&self.environment))
            .into_iter()
            .map(|taken| Cell::from_outcome(taken.map(shown)))
            .collect()
    }
}

/// As [`World::each`], for other clients.
pub(crate) fn each_of<T: Send>(
    participants: impl IntoIterator<Item = T>,
    act: impl Fn(T) -> String + Sync,
) -> Vec<Cell> {
    let act = &act;
    thread::scope(|scope| {
        let start = |participant| scope.spawn(move || act(participant));
        let running: Vec<_> = participants.into_iter().map(start).collect();
        let outcomes = running.into_iter().map(|one| one.join().map_err(|panic| message(&*panic)));
        outcomes.map(Cell::from_outcome).collect()
    })
}

/// Makes a change while clients wait for what it brings. For each, how long after the change was answered it had the
/// value, or what went wrong.
pub(crate) fn arrive_at(
    participants: &mut [Participant],
    question: &Question,
    wanted: &Value,
    limit: Duration,
    change: impl FnOnce() -> Instant,
) -> Vec<Result<Duration, String>> {
    let until = |participant: &mut Participant| participant.until(question, wanted, limit);
    thread::scope(|scope| {
        let until = &until;
        let wait = |participant| scope.spawn(move || until(participant));
        let waiting: Vec<_> = participants.iter_mut().map(wait).collect();
        let changed_at = change();
        // The event often overtakes the answer to the change; then this is zero.
        let taken = |arrived: Instant| arrived.saturating_duration_since(changed_at);
        waiting.into_iter().map(|one| one.join().map(taken).map_err(|panic| message(&*panic))).collect()
    })
}

/// A duration with as many digits as matter.
pub(crate) fn shown(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    if ms < 1_000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1e3) }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
