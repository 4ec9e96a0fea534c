//! The one thread that writes. It takes everything that waits and commits it together, because the
//! price of a commit is one wait for the disk, however much is in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use platform::{DbError, Statement};
use tokio::sync::oneshot;

use super::OpenError;
use super::open::Identity;
use super::session::{Lost, Ran, Session};

/// Batches in one commit, so that none waits for the sum of too many others.
const GROUP_MAX: usize = 256;

type Outcome = Result<Vec<Ran>, DbError>;

/// A batch, or a single statement that writes.
struct Write {
    statements: Vec<Statement>,
    answer: oneshot::Sender<Outcome>,
}

enum Job {
    /// May be committed together with others.
    Write(Write),
    /// Has the connection for itself, outside of any transaction.
    Alone(Box<dyn FnOnce(&Session) + Send>),
}

/// How often what happened, since the database was opened.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) commits: AtomicU64,
    pub(super) batches: AtomicU64,
}

/// The door to the writing thread. Dropping it waits until all is written and the log is folded into the
/// database.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    tally: Arc<Tally>,
    ended: Arc<AtomicBool>,
    name: String,
}

impl Writer {
    /// `identity` is checked before each commit; a database in memory has none.
    pub(super) fn start(
        session: Session,
        identity: Option<Identity>,
        queue_max: usize,
        name: &str,
    ) -> Result<Self, OpenError> {
        let (sender, jobs) = bounded(queue_max);
        let tally = Arc::<Tally>::default();
        let ended = Arc::<AtomicBool>::default();
        let worker = Worker { session, identity, jobs, tally: Arc::clone(&tally), ended: Arc::clone(&ended) };
        let thread = super::spawn("sqlite-writer", name, move || worker.work())?;
        Ok(Self { jobs: Some(sender), thread: Some(thread), tally, ended, name: name.to_owned() })
    }

    /// Runs the statements all-or-nothing; when this returns, they are on disk.
    pub(super) async fn write(&self, statements: Vec<Statement>) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        self.send(Job::Write(Write { statements, answer }))?;
        outcome.await.unwrap_or_else(|_| {
            Err(DbError::OutcomeUnknown(format!("the writer of {} ended; restart burgee", self.name)))
        })
    }

    /// Runs `work` on the connection, between commits.
    pub(super) async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (answer, outcome) = oneshot::channel();
        self.send(Job::Alone(Box::new(move |session| {
            if !answer.is_closed() {
                let _ = answer.send(work(session)); // The caller left; nothing to tell.
            }
        })))?;
        outcome.await.unwrap_or_else(|_| {
            Err(DbError::OutcomeUnknown(format!("the writer of {} ended; restart burgee", self.name)))
        })
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn waiting(&self) -> usize {
        self.jobs.as_ref().map_or(0, Sender::len)
    }

    fn send(&self, job: Job) -> Result<(), DbError> {
        super::send(self.jobs.as_ref(), job, &self.name)?;
        // Looked at after sending: what was sent before the worker said so, the worker throws away.
        if self.ended.load(Ordering::SeqCst) { Err(super::ended(&self.name)) } else { Ok(()) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None; // Ends the thread once the queue is empty.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // A panic was reported on stderr when it happened.
        }
    }
}

struct Worker {
    session: Session,
    identity: Option<Identity>,
    jobs: Receiver<Job>,
    tally: Arc<Tally>,
    ended: Arc<AtomicBool>,
}

/// A channel keeps what nobody will receive for as long as it has senders, and whoever sent it would wait
/// for ever. So a worker that ends, by a defect too, says so and then empties the queue.
impl Drop for Worker {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        while self.jobs.try_recv().is_ok() {}
    }
}

impl Worker {
    fn work(self) {
        let mut next = self.jobs.recv().ok();
        while let Some(job) = next {
            let carried = match job {
                Job::Alone(work) => {
                    work(&self.session);
                    None
                }
                Job::Write(first) => {
                    let (group, carried) = self.gather(first);
                    self.write(group);
                    carried
                }
            };
            next = carried.or_else(|| self.jobs.recv().ok());
        }
        // Failing leaves the log beside the database, where the next start finds it.
        let _ = self.session.script("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// Everything that waits, up to the first job that wants to be alone.
    fn gather(&self, first: Write) -> (Vec<Write>, Option<Job>) {
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match self.jobs.try_recv() {
                Ok(Job::Write(write)) => group.push(write),
                Ok(alone) => return (group, Some(alone)),
                Err(_) => break,
            }
        }
        (group, None)
    }

    fn write(&self, mut group: Vec<Write>) {
        // Whoever left before anything was done for him need not be served.
        group.retain(|write| !write.answer.is_closed());
        if group.is_empty() {
            return;
        }
        if let Err(error) = self.ready() {
            return answer_all(group, &error);
        }
        match self.commit(&group) {
            Ok(outcomes) => answer_each(group, outcomes),
            Err(Lost::Unknown(error)) => answer_all(group, &error),
            // One batch may have filled the disk or broken a deferred constraint: find out which.
            Err(Lost::Undone(_)) if group.len() > 1 => {
                for write in group {
                    self.write(vec![write]);
                }
            }
            Err(Lost::Undone(error)) => answer_all(group, &error),
        }
    }

    /// Checks the file and opens a transaction. What fails here, fails for everybody who waits.
    fn ready(&self) -> Result<(), DbError> {
        if let Some(identity) = &self.identity {
            identity.check()?;
        }
        self.session.begin()
    }

    /// Runs every batch in a savepoint of its own, so that a failing one undoes only itself, and commits.
    fn commit(&self, group: &[Write]) -> Result<Vec<Outcome>, Lost> {
        let outcomes = group.iter().map(|write| self.in_savepoint(&write.statements)).collect();
        let outcomes: Vec<Outcome> = match outcomes {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.session.rollback();
                return Err(Lost::Undone(error));
            }
        };
        self.session.commit()?;
        let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64;
        self.tally.commits.fetch_add(1, Ordering::Relaxed);
        self.tally.batches.fetch_add(made, Ordering::Relaxed);
        Ok(outcomes)
    }

    /// Fails if the whole transaction must be given up: some errors, such as a full disk, make SQLite
    /// undo the batches before this one too.
    fn in_savepoint(&self, statements: &[Statement]) -> Result<Outcome, DbError> {
        self.session.control("SAVEPOINT batch")?;
        let outcome = self.run(statements);
        if !self.session.in_transaction() {
            let lost =
                || DbError::Unavailable("SQLite gave the transaction up without saying why".to_owned());
            return Err(outcome.err().unwrap_or_else(lost));
        }
        if outcome.is_err() {
            self.session.control("ROLLBACK TO batch")?;
        }
        self.session.control("RELEASE batch")?;
        Ok(outcome)
    }

    fn run(&self, statements: &[Statement]) -> Outcome {
        let mut done = Vec::with_capacity(statements.len());
        for (index, statement) in statements.iter().enumerate() {
            let ran = self.session.run(statement)?;
            if statement.expect.is_some_and(|expected| expected != ran.affected) {
                return Err(DbError::Expectation { index, found: ran.affected });
            }
            done.push(ran);
        }
        Ok(done)
    }
}

fn answer_each(group: Vec<Write>, outcomes: Vec<Outcome>) {
    for (write, outcome) in group.into_iter().zip(outcomes) {
        let _ = write.answer.send(outcome); // The caller left; his batch stands.
    }
}

fn answer_all(group: Vec<Write>, error: &DbError) {
    for write in group {
        let _ = write.answer.send(Err(error.clone())); // As above.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::open;

    #[tokio::test]
    async fn a_dead_writer_is_said_at_once_and_nobody_waits() {
        let session = Session::new(open::in_memory().unwrap(), "test.db".to_owned());
        let writer = Writer::start(session, None, 4, "test.db").unwrap();

        let broken = writer.alone(|_| -> Result<(), DbError> { panic!("a defect, made by this test") }).await;
        let later = writer.write(vec![Statement::new("SELECT 1")]).await.map(drop);

        assert!(matches!(broken, Err(DbError::OutcomeUnknown(_))), "{broken:?}");
        let ended = "the thread of test.db ended; restart burgee";
        // The answer may be gone a moment before the queue is.
        assert!(
            matches!(&later, Err(DbError::Unavailable(text)) if text == ended) || later == broken,
            "{later:?}"
        );
    }
}
