//! The database port: run one statement, run a batch all-or-nothing.

use async_trait::async_trait;

/// Which SQL a database understands beyond the dialect that both share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// `PostgreSQL` 14 or later.
    Postgres,
    /// `SQLite` 3.35 or later.
    Sqlite,
}

/// A value in the five column types that both databases share.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absent.
    Null,
    /// `BOOLEAN`; `SQLite` stores 0 or 1.
    Bool(bool),
    /// `BIGINT`.
    Int(i64),
    /// `DOUBLE PRECISION`.
    Real(f64),
    /// `TEXT`.
    Text(String),
    /// `BYTEA` (`BLOB` in `SQLite`).
    Bytes(Vec<u8>),
}

impl Value {
    /// What it is, for messages: without the value itself, which may be secret.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One SQL statement with its values. The text is a constant: SQL is never put together at run time.
///
/// Placeholders are `$1`, `$2` … and first appear in ascending order, because `SQLite` numbers named
/// parameters by first use.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text.
    pub sql: &'static str,
    /// One value for each placeholder.
    pub values: Vec<Value>,
    /// In a batch: the number of rows that must be affected, or everything is undone.
    pub expect: Option<u64>,
}

impl Statement {
    /// A statement without values.
    pub const fn new(sql: &'static str) -> Self {
        Self { sql, values: Vec::new(), expect: None }
    }

    /// Adds the value of the next placeholder.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// In a batch: undo everything unless exactly so many rows are affected.
    #[must_use]
    pub const fn expect_rows(mut self, rows: u64) -> Self {
        self.expect = Some(rows);
        self
    }
}

/// One row of an answer, read by position.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// The text at `column`.
    ///
    /// # Errors
    /// `Invalid` if the column holds something else; so for all getters.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        self.opt_text(column)?.ok_or_else(|| mismatch(column, "text", &Value::Null))
    }

    /// The text at `column`, if any.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, DbError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(mismatch(column, "text", other)),
        }
    }

    /// The integer at `column`.
    pub fn int(&self, column: usize) -> Result<i64, DbError> {
        self.opt_int(column)?.ok_or_else(|| mismatch(column, "integer", &Value::Null))
    }

    /// The integer at `column`, if any.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(int) => Ok(Some(*int)),
            other => Err(mismatch(column, "integer", other)),
        }
    }

    /// The boolean at `column`; accepts 0 and 1.
    pub fn bool(&self, column: usize) -> Result<bool, DbError> {
        match self.value(column)? {
            Value::Bool(bool) => Ok(*bool),
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            other => Err(mismatch(column, "boolean", other)),
        }
    }

    /// The bytes at `column`.
    pub fn bytes(&self, column: usize) -> Result<&[u8], DbError> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(mismatch(column, "bytes", other)),
        }
    }

    fn value(&self, column: usize) -> Result<&Value, DbError> {
        self.0.get(column).ok_or_else(|| {
            DbError::Invalid(format!("column {column} was read, the row has {}", self.0.len()))
        })
    }
}

fn mismatch(column: usize, wanted: &str, found: &Value) -> DbError {
    DbError::Invalid(format!("column {column} holds {}, expected {wanted}", found.kind()))
}

/// Why a statement or batch did not succeed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached, is full or is busy: nothing was changed; worth another try.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// The connection ended after the batch was sent: it may or may not have been committed.
    #[error("the connection to the database was lost; it is not known whether the change was made: {0}")]
    OutcomeUnknown(String),
    /// A statement affected another number of rows than it expected; the batch was undone.
    #[error("statement {index} of the batch affected {found} rows")]
    Expectation {
        /// Position in the batch.
        index: usize,
        /// Rows affected.
        found: u64,
    },
    /// A unique key already holds such a row; the batch was undone.
    #[error("a row with that key exists: {0}")]
    Duplicate(String),
    /// The schema is not one that this program can use; the text says what to do.
    #[error("{0}")]
    Schema(String),
    /// A defect: bad SQL, a value of the wrong type, damaged data.
    #[error("database statement failed: {0}")]
    Invalid(String),
}

/// The database.
#[async_trait]
pub trait Db: Send + Sync {
    /// Runs one statement and returns its rows. Reads see every batch that was answered before.
    ///
    /// # Errors
    /// See [`DbError`].
    async fn query(&self, statement: Statement) -> Result<Vec<Row>, DbError>;

    /// Runs all statements in order, or none: a statement that fails, or whose `expect` is not met,
    /// undoes the rest. Returns the number of rows that each affected. What was answered is on disk.
    ///
    /// # Errors
    /// See [`DbError`].
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<u64>, DbError>;

    /// Which SQL is understood.
    fn dialect(&self) -> Dialect;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_another_shape_is_an_error_not_a_default() {
        let row = Row(vec![Value::Text("a".into()), Value::Null, Value::Int(1)]);

        assert_eq!(row.text(0).unwrap(), "a");
        assert_eq!(row.opt_text(1).unwrap(), None);
        assert!(row.bool(2).unwrap());
        assert_eq!(
            row.int(0).unwrap_err().to_string(),
            "database statement failed: column 0 holds text, expected integer"
        );
        assert!(row.text(1).is_err());
        assert!(row.text(3).is_err());
    }
}
