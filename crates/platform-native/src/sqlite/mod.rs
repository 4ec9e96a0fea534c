//! SQLite behind the database port: one thread that writes with group commit, a few that read.

mod backup;
mod fault;
mod lock;
mod open;
mod readers;
mod restore;
mod session;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use crossbeam_channel::{Sender, TrySendError};
use platform::{Db, DbError, Dialect, Row, Statement};

pub use backup::{BackupError, back_up};
pub use lock::is_served;
pub use open::OpenError;
pub use restore::{Restore, RestoreError};

use lock::FolderLock;
use open::Identity;
use readers::Readers;
use session::{Answer, Session};
use writer::Writer;

/// How a database in memory is called in messages.
const IN_MEMORY: &str = "the database in memory";

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads that read, at least one.
    pub readers: usize,
    /// How long to wait for another program that holds the file's lock, such as the `sqlite3` shell.
    pub busy_timeout: Duration,
    /// Statements that may wait for the readers, and batches for the writer; less than a second of work.
    /// Beyond that callers are told at once that the database is unavailable.
    pub queue_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        Self { readers: cores.clamp(2, 8), busy_timeout: Duration::from_secs(5), queue_max: 8192 }
    }
}

/// What a database did since it was opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counters {
    /// Transactions committed. Each waits for the disk once.
    pub commits: u64,
    /// Batches that these transactions made.
    pub batches: u64,
    /// Batches that wait now.
    pub waiting: usize,
}

/// A SQLite database. Dropping it waits until everything accepted is on disk, folds the log into the
/// database and frees the folder.
pub struct Sqlite {
    // In the order in which they must end.
    readers: Option<Readers>,
    writer: Writer,
    file: Option<PathBuf>,
    _lock: Option<FolderLock>,
}

impl Sqlite {
    /// Opens the file, or creates it, and keeps its folder from being served by a second process.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(file: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = FolderLock::take(&open::folder_of(file)?)?;
        Self::open_locked(file, options, Some(lock))
    }

    /// The same for one of several processes that serve the folder together: functions, each of which is a
    /// process of its own. One reader each is enough.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_shared(file: &Path) -> Result<Self, OpenError> {
        let lock = FolderLock::share(&open::folder_of(file)?)?;
        Self::open_locked(file, Options { readers: 1, ..Options::default() }, Some(lock))
    }

    /// Opens the file for looking at it, also while another process serves it. Whatever would write fails.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn look_at(file: &Path) -> Result<Self, OpenError> {
        let (options, name) = (Options { readers: 1, ..Options::default() }, file.display().to_string());
        let session = Session::new(open::reader(file, &options)?, name.clone());
        let writer = Writer::start(session, None, options.queue_max, &name)?;
        let readers = Readers::start(file, &options, &name)?;
        Ok(Self { readers: Some(readers), writer, file: Some(file.to_owned()), _lock: None })
    }

    /// The same for whoever holds the folder's lock.
    fn open_locked(file: &Path, options: Options, lock: Option<FolderLock>) -> Result<Self, OpenError> {
        let name = file.display().to_string();
        let session = Session::new(open::writer(file, &options)?, name.clone());
        let identity = Identity::of(file)?;
        let writer = Writer::start(session, Some(identity), options.queue_max.max(1), &name)?;
        let readers = Readers::start(file, &options, &name)?;
        Ok(Self { readers: Some(readers), writer, file: Some(file.to_owned()), _lock: lock })
    }

    /// A database of its own, gone when dropped: for tests and trials. It has one connection, so reads
    /// wait their turn among the writes.
    ///
    /// # Errors
    /// If there is no memory or no thread to be had.
    pub fn in_memory() -> Result<Self, OpenError> {
        let session = Session::new(open::in_memory()?, IN_MEMORY.to_owned());
        let writer = Writer::start(session, None, Options::default().queue_max, IN_MEMORY)?;
        Ok(Self { readers: None, writer, file: None, _lock: None })
    }

    /// Runs SQL that may hold several statements, such as a migration, all-or-nothing.
    ///
    /// # Errors
    /// See [`DbError`]; nothing was changed, unless it is `OutcomeUnknown`.
    pub async fn execute_script(&self, script: &str) -> Result<(), DbError> {
        let script = script.to_owned();
        self.writer.alone(move |session| session.script_in_transaction(&script)).await
    }

    /// Writes the file anew without free space, so that nothing of what was deleted is left in it. Everybody
    /// else waits; it takes as much room on disk as the file once more.
    ///
    /// # Errors
    /// See [`DbError`]; the database is as it was then.
    pub async fn compact(&self) -> Result<(), DbError> {
        // The new file is made beside memory: the database may be larger than that.
        let script =
            "PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY; PRAGMA wal_checkpoint(TRUNCATE)";
        self.writer.alone(move |session| session.script(script)).await
    }

    /// Looks at every page, row and index entry.
    ///
    /// # Errors
    /// `Invalid` with the first that is wrong; see [`DbError`].
    pub async fn check(&self) -> Result<(), DbError> {
        let rows = self.query(Statement::new("PRAGMA integrity_check(1)")).await?;
        match rows.first().map(|row| row.text(0)).transpose()? {
            Some("ok") => Ok(()),
            damage => {
                let damage = damage.unwrap_or("it says nothing").lines().collect::<Vec<_>>().join(" ");
                Err(DbError::Invalid(format!("the database is damaged ({damage}); restore it from a backup")))
            }
        }
    }

    /// Writes a copy of the database as it is now to a new file, while others read and write.
    ///
    /// # Errors
    /// If the file exists or cannot be written; nothing is left at `to` then.
    pub async fn backup_to(&self, to: &Path) -> Result<(), BackupError> {
        let path = to.to_owned();
        let copied = match self.file.clone() {
            Some(file) => {
                let copy = tokio::task::spawn_blocking(move || back_up(&file, &path));
                copy.await.map_err(|error| error.to_string())
            }
            None => {
                let copy = move |session: &Session| Ok(backup::copy(session.connection(), &path));
                self.writer.alone(copy).await.map_err(|error| error.to_string())
            }
        };
        copied.map_err(|cause| BackupError { to: to.to_owned(), cause })?
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        let tally = self.writer.tally();
        Counters {
            commits: tally.commits.load(Ordering::Relaxed),
            batches: tally.batches.load(Ordering::Relaxed),
            waiting: self.writer.waiting(),
        }
    }

    async fn query_on_writer(&self, mut statement: Statement) -> Result<Vec<Row>, DbError> {
        statement.expect = None; // Is for batches.
        let ran = self.writer.write(vec![statement]).await?;
        Ok(ran.into_iter().flat_map(|ran| ran.rows).collect())
    }
}

#[async_trait]
impl Db for Sqlite {
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let answer = match &self.readers {
            Some(readers) => readers.read(statement).await?,
            None => self.writer.alone(move |session| session.read(statement)).await?,
        };
        match answer {
            Answer::Rows(rows) => Ok(rows),
            Answer::Writes(statement) => self.query_on_writer(statement).await,
        }
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let ran = self.writer.write(statements).await?;
        Ok(ran.into_iter().map(|ran| ran.affected).collect())
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

/// Starts one of our threads; `name` is the database's.
fn spawn(role: &str, name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    thread::Builder::new()
        .name(role.to_owned())
        .spawn(work)
        .map_err(|error| OpenError::Failed { file: name.into(), cause: format!("no thread for it: {error}") })
}

/// Puts a job into a bounded queue, or says at once why not.
fn send<T>(queue: Option<&Sender<T>>, job: T, name: &str) -> Result<(), DbError> {
    let queue = queue.ok_or_else(|| ended(name))?;
    queue.try_send(job).map_err(|error| match error {
        TrySendError::Full(_) => {
            DbError::Unavailable(format!("{} jobs wait for {name} already; try again later", queue.len()))
        }
        TrySendError::Disconnected(_) => ended(name),
    })
}

/// Nobody works on the queue any more.
fn ended(name: &str) -> DbError {
    DbError::Unavailable(format!("the thread of {name} ended; restart burgee"))
}
