//! What Postgres' errors mean to a caller, in sentences that name the database and never its password.

use std::error::Error as _;

use platform::DbError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError as Reported, SqlState};

/// How far a piece of work came before it failed, for whoever decides whether to try again.
pub(super) enum Failure {
    /// The server refused it; the connection is as good as before.
    Refused(DbError),
    /// The connection ended, or cannot be used any more, before anything was committed.
    Lost(DbError),
    /// It took too long; nothing was committed, and the server may still be busy with it.
    Late(DbError),
    /// The connection ended while a commit was on its way.
    Unknown(DbError),
}

impl Failure {
    pub(super) fn into_error(self) -> DbError {
        let (Self::Refused(error) | Self::Lost(error) | Self::Late(error) | Self::Unknown(error)) = self;
        error
    }
}

/// A failure before anything was committed. `place` is the database as the operator knows it.
pub(super) fn before_commit(place: &str, error: &Error) -> Failure {
    match reported(error) {
        Some(reported) if is_worn_out(reported) => Failure::Lost(translate(place, error)),
        Some(_) => Failure::Refused(translate(place, error)),
        None if is_of_this_side(error) => Failure::Refused(DbError::Invalid(text(error))),
        None => Failure::Lost(translate(place, error)),
    }
}

/// A failure to begin. What was sent with it, the server then ran statement by statement, each for itself.
pub(super) fn of_begin(place: &str, error: &Error) -> Failure {
    match reported(error) {
        Some(reported) if !is_fatal(reported) => {
            Failure::Unknown(DbError::OutcomeUnknown(format!("{place}: {}", text(error))))
        }
        _ => before_commit(place, error),
    }
}

/// A failure of the commit itself. Only a server that says "no" and goes on is believed.
pub(super) fn of_commit(place: &str, error: &Error) -> Failure {
    match reported(error) {
        Some(reported) if !is_fatal(reported) => before_commit(place, error),
        // It never left.
        None if is_of_this_side(error) => before_commit(place, error),
        _ => Failure::Unknown(DbError::OutcomeUnknown(format!("{place}: {}", text(error)))),
    }
}

/// What the error means.
pub(super) fn translate(place: &str, error: &Error) -> DbError {
    let Some(reported) = reported(error) else {
        return DbError::Unavailable(format!(
            "{place} cannot be reached ({}); look at the server, the network and BURGEE_DATABASE_URL",
            text(error)
        ));
    };
    let message = reported.message();
    match reported.code() {
        &SqlState::UNIQUE_VIOLATION => {
            DbError::Duplicate(reported.constraint().unwrap_or(message).to_owned())
        }
        &SqlState::UNDEFINED_TABLE => {
            DbError::Schema(format!("{place} has not the tables of burgee ({message}): run `burgee migrate`"))
        }
        _ if is_stale_plan(reported) => DbError::Unavailable(format!("{place}: {message}; try again")),
        code => match advice(code) {
            Some(advice) => DbError::Unavailable(format!("{place}: {message}; {advice}")),
            None if is_fatal(reported) => DbError::Unavailable(format!("{place}: {message}")),
            None => DbError::Invalid(format!("{message} (SQLSTATE {})", code.code())),
        },
    }
}

/// What to do, where the failure lies outside of this program.
fn advice(code: &SqlState) -> Option<&'static str> {
    let by_code = match code {
        &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check user and password in BURGEE_DATABASE_URL"
        }
        &SqlState::INVALID_CATALOG_NAME => "create the database or correct BURGEE_DATABASE_URL",
        &SqlState::INSUFFICIENT_PRIVILEGE => "grant the user of BURGEE_DATABASE_URL the right to do this",
        &SqlState::TOO_MANY_CONNECTIONS => {
            "lower BURGEE_DATABASE_CONNECTIONS, put a pooler in front or raise max_connections"
        }
        &SqlState::READ_ONLY_SQL_TRANSACTION => "point BURGEE_DATABASE_URL at the primary",
        &SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE => {
            "look for long transactions in pg_stat_activity"
        }
        &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE => {
            "another transaction was in the way; try again"
        }
        &SqlState::DISK_FULL => "free some space on the server's disk",
        &SqlState::INVALID_SQL_STATEMENT_NAME => {
            "the pooler in front does not keep prepared statements, see docs/distributed.md"
        }
        _ => return by_class(code.code()),
    };
    Some(by_code)
}

/// The same by the first two letters of the code.
fn by_class(code: &str) -> Option<&'static str> {
    match code.get(..2)? {
        "08" | "57" => Some("it is starting, ending or was told to end the connection; look at its log"),
        "53" => Some("it lacks memory, disk or connections; look at its log"),
        "58" | "XX" => Some("it has a fault of its own; look at its log and its disk"),
        _ => None,
    }
}

/// Errors that another connection would not have: the server's end of it is gone, was made read-only by a
/// failover, or knows its prepared statements no more, after a migration or behind a pooler.
fn is_worn_out(reported: &Reported) -> bool {
    let worn_out = [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        &SqlState::READ_ONLY_SQL_TRANSACTION,
        &SqlState::INVALID_SQL_STATEMENT_NAME,
    ];
    let code = reported.code();
    worn_out.contains(&code) || code.code().starts_with("08") || is_fatal(reported) || is_stale_plan(reported)
}

/// A migration changed a table under a statement that was prepared before.
fn is_stale_plan(reported: &Reported) -> bool {
    reported.code() == &SqlState::FEATURE_NOT_SUPPORTED && reported.routine() == Some("RevalidateCachedQuery")
}

fn is_fatal(reported: &Reported) -> bool {
    matches!(reported.severity(), "FATAL" | "PANIC")
}

fn reported(error: &Error) -> Option<&Reported> {
    error.as_db_error()
}

/// A value could not be encoded or decoded; the connection is as it was. Where the socket failed, the error has
/// no cause or one of input and output.
fn is_of_this_side(error: &Error) -> bool {
    !error.is_closed() && error.source().is_some_and(|source| !source.is::<std::io::Error>())
}

/// The error with its causes. Those of this driver hold no settings and no values.
pub(super) fn text(error: &Error) -> String {
    if let Some(reported) = reported(error) {
        return reported.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
