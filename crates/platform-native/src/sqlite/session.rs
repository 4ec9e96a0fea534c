//! One connection: running a statement of ours on it.

use platform::{DbError, Row, Statement, Value};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode};

use super::fault::translate;
use crate::statement;

/// More than all statements of the program, so that each is prepared once per connection.
const PREPARED_MAX: usize = 512;

/// A connection and the name of its database for messages.
pub(super) struct Session {
    connection: Connection,
    name: String,
}

/// What a statement did.
pub(super) struct Ran {
    /// Rows inserted, changed or deleted; for a read, rows found.
    pub(super) affected: u64,
    pub(super) rows: Vec<Row>,
}

/// Why a transaction could not be committed.
pub(super) enum Lost {
    /// Nothing of it was made.
    Undone(DbError),
    /// The disk failed while the commit was on its way to it: after a crash it may turn up.
    Unknown(DbError),
}

impl Lost {
    pub(super) fn into_error(self) -> DbError {
        let (Self::Undone(error) | Self::Unknown(error)) = self;
        error
    }
}

/// What a connection that reads has to say to a statement.
pub(super) enum Answer {
    Rows(Vec<Row>),
    /// It writes: a case for the writer.
    Writes(Statement),
}

impl Session {
    pub(super) fn new(connection: Connection, name: String) -> Self {
        connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
        Self { connection, name }
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs our own SQL, for transactions and migrations; several statements are allowed.
    pub(super) fn script(&self, sql: &str) -> Result<(), DbError> {
        self.connection.execute_batch(sql).map_err(|error| translate(&self.name, &error))
    }

    /// The same, all-or-nothing.
    pub(super) fn script_in_transaction(&self, sql: &str) -> Result<(), DbError> {
        self.begin()?;
        if let Err(error) = self.script(sql) {
            self.rollback();
            return Err(error);
        }
        if !self.in_transaction() {
            return Err(DbError::Invalid("the script ended the transaction it ran in".to_owned()));
        }
        self.commit().map_err(Lost::into_error)
    }

    pub(super) fn begin(&self) -> Result<(), DbError> {
        if !self.connection.is_autocommit() {
            // What a failed disk kept us from rolling back earlier.
            self.script("ROLLBACK")?;
        }
        self.control("BEGIN IMMEDIATE")
    }

    pub(super) fn commit(&self) -> Result<(), Lost> {
        let Err(error) = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]))
        else {
            return Ok(());
        };
        self.rollback();
        Err(match translate(&self.name, &error) {
            // SQLite has forgotten the transaction, but its commit mark may be in the file.
            DbError::Unavailable(text) if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) => {
                Lost::Unknown(DbError::OutcomeUnknown(text))
            }
            other => Lost::Undone(other),
        })
    }

    /// Undoes the open transaction, if SQLite has not done so by itself.
    pub(super) fn rollback(&self) {
        if !self.connection.is_autocommit() {
            // Failing here is noticed by the next `begin`, which tries again and reports it.
            let _ = self.script("ROLLBACK");
        }
    }

    pub(super) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// One of the few statements that steer transactions.
    pub(super) fn control(&self, sql: &'static str) -> Result<(), DbError> {
        let done = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        done.map(drop).map_err(|error| translate(&self.name, &error))
    }

    /// Runs a statement on a connection that may write.
    pub(super) fn run(&self, statement: &Statement) -> Result<Ran, DbError> {
        let ran = self.prepare(statement).and_then(|mut prepared| self.step(&mut prepared));
        ran.map_err(|error| statement::about(statement, error))
    }

    /// Runs a statement if it only reads.
    pub(super) fn read(&self, statement: Statement) -> Result<Answer, DbError> {
        let mut prepared = self.prepare(&statement).map_err(|error| statement::about(&statement, error))?;
        if !prepared.readonly() {
            return Ok(Answer::Writes(statement));
        }
        let ran = self.step(&mut prepared).map_err(|error| statement::about(&statement, error))?;
        Ok(Answer::Rows(ran.rows))
    }

    fn prepare(&self, statement: &Statement) -> Result<CachedStatement<'_>, DbError> {
        statement::check(statement)?;
        let failed = |error| translate(&self.name, &error);
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed)?;
        check_values(&prepared, &statement.values)?;
        for (position, value) in statement.values.iter().enumerate() {
            prepared.raw_bind_parameter(position + 1, Bound(value)).map_err(failed)?;
        }
        Ok(prepared)
    }

    fn step(&self, prepared: &mut CachedStatement<'_>) -> Result<Ran, DbError> {
        let reads = prepared.readonly();
        let columns = prepared.column_count();
        let total_before = self.connection.total_changes();
        let mut found = Vec::new();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(|error| translate(&self.name, &error))? {
            let values = (0..columns).map(|column| {
                let value = row.get_ref(column).map_err(|error| translate(&self.name, &error))?;
                owned(value, column)
            });
            found.push(Row(values.collect::<Result<_, DbError>>()?));
        }
        drop(rows);
        let affected = if reads {
            found.len() as u64
        } else if self.connection.total_changes() == total_before {
            // `changes()` would still tell of the statement before, if this one defines a table.
            0
        } else {
            self.connection.changes()
        };
        Ok(Ran { affected, rows: found })
    }
}

/// SQLite numbers `$n` in the order of first use, whatever *n* is. If the first uses ascend, that is
/// what the caller means; everything else would bind the wrong value without a word.
fn check_values(prepared: &CachedStatement<'_>, values: &[Value]) -> Result<(), DbError> {
    let count = prepared.parameter_count();
    for position in 1..=count {
        let name = prepared.parameter_name(position).unwrap_or("?");
        if name.strip_prefix('$').and_then(|number| number.parse().ok()) != Some(position) {
            return Err(DbError::Invalid(format!("placeholder {position} is {name}, expected ${position}")));
        }
    }
    if values.len() != count {
        return Err(DbError::Invalid(format!("{count} placeholders, {} values", values.len())));
    }
    Ok(())
}

/// Binds without a copy of our own.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(bool) => ValueRef::Integer(i64::from(*bool)),
            Value::Int(int) => ValueRef::Integer(*int),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn owned(value: ValueRef<'_>, column: usize) -> Result<Value, DbError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) => Value::Int(int),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => return Err(DbError::Invalid(format!("the text in column {column} is not UTF-8"))),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}
