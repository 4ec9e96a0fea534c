//! A few threads that read, each with a connection of its own. In WAL mode nothing keeps them waiting:
//! each statement sees everything that was committed when it began.

use std::path::Path;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use platform::{DbError, Statement};
use tokio::sync::oneshot;

use super::open;
use super::session::{Answer, Session};
use super::{OpenError, Options};

struct Read {
    statement: Statement,
    answer: oneshot::Sender<Result<Answer, DbError>>,
}

/// The door to the reading threads. Dropping it waits until they have ended.
pub(super) struct Readers {
    jobs: Option<Sender<Read>>,
    threads: Vec<JoinHandle<()>>,
    name: String,
}

impl Readers {
    pub(super) fn start(file: &Path, options: &Options, name: &str) -> Result<Self, OpenError> {
        let (sender, jobs) = bounded(options.queue_max.max(1));
        let mut readers = Self { jobs: Some(sender), threads: Vec::new(), name: name.to_owned() };
        for _ in 0..options.readers.max(1) {
            let session = Session::new(open::reader(file, options)?, name.to_owned());
            let jobs = jobs.clone();
            readers.threads.push(super::spawn("sqlite-reader", name, move || work(&session, &jobs))?);
        }
        Ok(readers)
    }

    pub(super) async fn read(&self, statement: Statement) -> Result<Answer, DbError> {
        let (answer, outcome) = oneshot::channel();
        super::send(self.jobs.as_ref(), Read { statement, answer }, &self.name)?;
        outcome.await.unwrap_or_else(|_| {
            Err(DbError::Unavailable(format!("a reader of {} ended; restart burgee", self.name)))
        })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None; // Ends the threads once the queue is empty.
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // A panic was reported on stderr when it happened.
        }
    }
}

fn work(session: &Session, jobs: &Receiver<Read>) {
    for Read { statement, answer } in jobs {
        if answer.is_closed() {
            continue; // The caller left.
        }
        let _ = answer.send(session.read(statement)); // As above.
    }
}
