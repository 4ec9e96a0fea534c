//! Which stores the settings describe.

use platform::config::{ConfigError, Fallback, Kind, Var, Vars};

/// Where the database is.
const DATABASE_URL: &str = "BURGEE_DATABASE_URL";

/// Where the cache and the change feed are.
const REDIS_URL: &str = "BURGEE_REDIS_URL";

/// Where metrics wait.
const METRICS_REDIS_URL: &str = "BURGEE_METRICS_REDIS_URL";

/// What keys in Redis begin with.
const REDIS_PREFIX: &str = "BURGEE_REDIS_PREFIX";

/// The settings that say where the stores are.
pub const STORE_VARS: &[Var] = &[
    Var {
        name: DATABASE_URL,
        kind: Kind::Text,
        default: Fallback::Value("sqlite://default"),
        secret: true,
        help: "Where the database is: sqlite://label, a database of Spin's own, or postgres://…",
    },
    Var {
        name: REDIS_URL,
        kind: Kind::Text,
        default: Fallback::Optional,
        secret: true,
        help: "Beside a Postgres: the Redis for the cache and the change feed, redis://…",
    },
    Var {
        name: METRICS_REDIS_URL,
        kind: Kind::Text,
        default: Fallback::Optional,
        secret: true,
        help: "Beside BURGEE_REDIS_URL: another Redis, where metrics wait, redis://…",
    },
    Var {
        name: REDIS_PREFIX,
        kind: Kind::Text,
        default: Fallback::Value("burgee:"),
        secret: false,
        help: "What all keys in Redis begin with; one for each installation that shares a server.",
    },
];

/// Time limits that a Postgres URL must set. Spin gives the connection of an instance that died to the next
/// one, with its transaction still open: until then, that transaction holds locks.
const TIME_LIMITS: [&str; 2] = ["idle_in_transaction_session_timeout", "statement_timeout"];

/// The stores behind the ports.
#[derive(Clone, Eq, PartialEq)]
pub enum Stores {
    /// A database of Spin's own, of that label, and nothing else.
    Sqlite(String),
    /// A Postgres, and nothing else.
    Postgres(String),
    /// A Postgres, a Redis for changes and the cache, another for metrics.
    Distributed {
        /// Where the Postgres is.
        postgres: String,
        /// Where changes and the cache are.
        redis: String,
        /// Where metrics wait.
        metrics: String,
        /// What keys begin with, in both.
        prefix: String,
    },
}

impl Stores {
    /// What the variables of [`STORE_VARS`] say.
    ///
    /// # Errors
    /// One sentence that names the variable and says what to do. URLs are not repeated: they hold passwords.
    pub fn read(vars: &Vars) -> Result<Self, ConfigError> {
        let database = vars.text(DATABASE_URL)?;
        let (redis, metrics) = (vars.opt_text(REDIS_URL)?, vars.opt_text(METRICS_REDIS_URL)?);
        if let Some(label) = database.strip_prefix("sqlite://") {
            return sqlite(label, redis.or(metrics).is_some());
        }
        if !database.starts_with("postgres://") && !database.starts_with("postgresql://") {
            return Err(mistake(&format!(
                "{DATABASE_URL} must be sqlite://label, a database of Spin's own, or postgres://…"
            )));
        }
        check_time_limits(database)?;
        let postgres = database.to_owned();
        match (redis, metrics) {
            (None, None) => Ok(Self::Postgres(postgres)),
            (Some(redis), Some(metrics)) if redis == metrics => Err(mistake(&format!(
                "{METRICS_REDIS_URL} is the Redis of {REDIS_URL}; use another one, so that metrics cannot keep \
                 changes from being delivered"
            ))),
            (Some(redis), Some(metrics)) => Ok(Self::Distributed {
                postgres,
                redis: redis.to_owned(),
                metrics: metrics.to_owned(),
                prefix: vars.text(REDIS_PREFIX)?.to_owned(),
            }),
            _ => Err(mistake(&format!("set both {REDIS_URL} and {METRICS_REDIS_URL}, or neither of them"))),
        }
    }
}

fn sqlite(label: &str, beside_redis: bool) -> Result<Stores, ConfigError> {
    if beside_redis {
        return Err(mistake(&format!(
            "{REDIS_URL} and {METRICS_REDIS_URL} are for a Postgres; leave them out beside SQLite"
        )));
    }
    if label.is_empty() || label.contains('/') {
        return Err(mistake(&format!(
            "{DATABASE_URL} must name a database of Spin's own by its label, as sqlite://default does"
        )));
    }
    Ok(Stores::Sqlite(label.to_owned()))
}

/// Only their presence is asked for: the right numbers depend on the database.
fn check_time_limits(url: &str) -> Result<(), ConfigError> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let options = query.split('&').find_map(|pair| pair.strip_prefix("options=")).unwrap_or("");
    let is_set = |name: &str| {
        let value = options.split_once(name).map_or("", |(_, rest)| rest);
        let value = value.strip_prefix("%3D").or_else(|| value.strip_prefix('=')).unwrap_or("");
        value.starts_with(|first: char| ('1'..='9').contains(&first))
    };
    if TIME_LIMITS.into_iter().all(is_set) {
        return Ok(());
    }
    Err(mistake(&format!(
        "{DATABASE_URL} must end what a component that died leaves open; add \
         options=-c%20idle_in_transaction_session_timeout%3D2000%20-c%20statement_timeout%3D5000"
    )))
}

fn mistake(text: &str) -> ConfigError {
    ConfigError::from(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    const POSTGRES: &str = "postgres://me:secret@db/burgee?sslmode=require&options=-c%20idle_in_transaction_session_timeout%3D2000%20-c%20statement_timeout%3D5000";

    fn read(database: &str, redis: &str, metrics: &str) -> Result<Stores, String> {
        let set = [(DATABASE_URL, database), (REDIS_URL, redis), (METRICS_REDIS_URL, metrics)];
        let value = |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let vars = Vars::read(&[STORE_VARS], |name| value(name).map(OsString::from));
        Stores::read(&vars.unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn three_combinations_of_stores_are_supported() {
        assert!(read("", "", "") == Ok(Stores::Sqlite("default".into())));
        assert!(read(POSTGRES, "", "") == Ok(Stores::Postgres(POSTGRES.into())));
        let distributed = Stores::Distributed {
            postgres: POSTGRES.into(),
            redis: "redis://a".into(),
            metrics: "redis://b".into(),
            prefix: "burgee:".into(),
        };
        assert!(read(POSTGRES, "redis://a", "redis://b") == Ok(distributed));
    }

    #[test]
    fn any_other_combination_is_refused_in_a_sentence_without_secrets() {
        let cases = [
            (("sqlite://default", "redis://a", ""), "leave them out beside SQLite"),
            (("sqlite://", "", ""), "by its label"),
            (("sqlite:///data/burgee.db", "", ""), "by its label"),
            (("mysql://me:secret@db", "", ""), "must be sqlite://label"),
            ((POSTGRES, "redis://a", ""), "or neither of them"),
            ((POSTGRES, "", "redis://b"), "or neither of them"),
            ((POSTGRES, "redis://a", "redis://a"), "use another one"),
        ];
        for ((database, redis, metrics), expected) in cases {
            let Err(error) = read(database, redis, metrics) else { panic!("{database} was taken") };
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_postgres_that_keeps_transactions_of_the_dead_is_refused() {
        let urls = [
            "postgres://me:secret@db/burgee",
            "postgres://me:secret@db/burgee?options=-c%20statement_timeout%3D5000",
            "postgres://me:secret@db/burgee?options=-c%20idle_in_transaction_session_timeout%3D0%20-c%20statement_timeout%3D5000",
            "postgres://me:secret@db/burgee?application_name=idle_in_transaction_session_timeout%3D1statement_timeout%3D1",
        ];
        for url in urls {
            let Err(error) = read(url, "", "") else { panic!("{url} was taken") };
            assert!(error.contains("add options=") && !error.contains("secret"), "{error}");
        }
    }
}
