//! Which stores stand behind the ports, by the settings.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use platform::config::{ConfigError, Fallback, Kind, Var, Vars};
use platform::memory::{NoCache, NoFeed};
use platform::{Db, Platform};

use crate::{Postgres, Redis, Sqlite, SystemClock, SystemRandom};

/// The settings that say where the stores are.
pub const STORE_VARS: &[Var] = &[
    Var {
        name: DATABASE,
        kind: Kind::Text,
        default: Fallback::Required,
        secret: true,
        help: "Where the database is: sqlite:///absolute/path/burgee.db or postgres://user:password@host/database?sslmode=verify-full.",
    },
    Var {
        name: CONNECTIONS,
        kind: Kind::Number { min: 1, max: 1_000 },
        default: Fallback::Value("8"),
        secret: false,
        help: "Connections to Postgres that one process may have at once.",
    },
    Var {
        name: PREPARE,
        kind: Kind::Boolean,
        default: Fallback::Value("true"),
        secret: false,
        help: "Whether Postgres keeps statements for their next use. Set it to false behind a pooler in transaction mode that does not track prepared statements, such as PgBouncer before 1.21.",
    },
    Var {
        name: REDIS,
        kind: Kind::Text,
        default: Fallback::Optional,
        secret: true,
        help: "The Redis for changes and cache, beside Postgres: redis://host:6379 or rediss://user:password@host:6379.",
    },
    Var {
        name: METRICS_REDIS,
        kind: Kind::Text,
        default: Fallback::Optional,
        secret: true,
        help: "Another Redis, in which reports wait to be counted: a flood of them must not hold up changes.",
    },
    Var {
        name: PREFIX,
        kind: Kind::Text,
        default: Fallback::Value("burgee:"),
        secret: false,
        help: "What all keys in Redis begin with; one for each installation that shares a server.",
    },
];

const DATABASE: &str = "BURGEE_DATABASE_URL";
const CONNECTIONS: &str = "BURGEE_DATABASE_CONNECTIONS";
const PREPARE: &str = "BURGEE_DATABASE_PREPARE";
const REDIS: &str = "BURGEE_REDIS_URL";
const METRICS_REDIS: &str = "BURGEE_METRICS_REDIS_URL";
const PREFIX: &str = "BURGEE_REDIS_PREFIX";

/// The platform that the settings describe; they were read from tables that include [`STORE_VARS`]. Nothing
/// is connected before it is used, but for SQLite, whose file is opened.
///
/// # Errors
/// What is wrong with the settings, or why the file cannot be opened, in one sentence.
pub fn connect(vars: &Vars) -> anyhow::Result<Platform> {
    let url = vars.text(DATABASE)?;
    let redis = (vars.opt_text(REDIS)?, vars.opt_text(METRICS_REDIS)?);
    match (url.split_once("://").map(|(scheme, _)| scheme), redis) {
        // Each function is a process of its own, so nothing that one keeps in memory is news to another.
        (Some("sqlite"), (None, None)) => {
            Ok(on_database_alone(Arc::new(Sqlite::open_shared(&database_file(url)?)?)))
        }
        (Some("sqlite"), _) => bail!(
            "{REDIS} and {METRICS_REDIS} are for Postgres, but {DATABASE} names SQLite, which goes without them: \
             unset them or use Postgres"
        ),
        (Some("postgres" | "postgresql"), redis) => {
            let database = Postgres::new(url, usize::try_from(vars.number(CONNECTIONS)?)?)?;
            let database = if vars.boolean(PREPARE)? { database } else { database.unprepared() };
            match redis {
                (None, None) => Ok(on_postgres(database)),
                (Some(redis), Some(metrics)) => {
                    let prefix = vars.text(PREFIX)?;
                    distributed(
                        database,
                        &Redis::new(REDIS, redis, prefix)?,
                        &Redis::new(METRICS_REDIS, metrics, prefix)?,
                    )
                }
                (Some(_), None) => bail!(
                    "{REDIS} is set and {METRICS_REDIS} is not: name another Redis there, or unset both"
                ),
                (None, Some(_)) => bail!(
                    "{METRICS_REDIS} is set and {REDIS} is not: name another Redis there, or unset both"
                ),
            }
        }
        _ => bail!(
            "{DATABASE} must look like sqlite:///absolute/path/burgee.db or postgres://user:password@host/database"
        ),
    }
}

/// A platform on that database alone: every version is read from it, what changes is found by asking it, and
/// jobs wait in one of its tables.
pub fn on_postgres(database: Postgres) -> Platform {
    on_database_alone(Arc::new(database))
}

fn on_database_alone(db: Arc<dyn Db>) -> Platform {
    Platform {
        db,
        cache: Arc::new(NoCache),
        feed: Arc::new(NoFeed),
        queue: None,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    }
}

/// A platform on Postgres, one Redis for changes and cache and another one for jobs.
///
/// # Errors
/// If both are the same server.
pub fn distributed(database: Postgres, redis: &Redis, metrics: &Redis) -> anyhow::Result<Platform> {
    if redis.is_same_server(metrics) {
        bail!(
            "{REDIS} and {METRICS_REDIS} name the same server: a flood of reports would hold up changes; use two, or none"
        );
    }
    let (cache, feed, queue) = (redis.cache(), redis.feed(), Some(metrics.queue()));
    Ok(Platform { cache, feed, queue, ..on_postgres(database) })
}

/// The file of `sqlite:///path/file.db`.
fn database_file(url: &str) -> Result<PathBuf, ConfigError> {
    match url.strip_prefix("sqlite://") {
        Some(path) if path.starts_with('/') && !path.ends_with('/') => Ok(PathBuf::from(path)),
        _ => Err(ConfigError::from(format!("{DATABASE} must look like sqlite:///absolute/path/burgee.db"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(set: &[(&str, &str)]) -> anyhow::Result<Platform> {
        let value = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).into());
        connect(&Vars::read(&[STORE_VARS], value)?)
    }

    fn refusal(set: &[(&str, &str)]) -> String {
        settings(set).err().map(|error| error.to_string()).unwrap_or_default()
    }

    const POSTGRES: (&str, &str) = (DATABASE, "postgres://me:secret@localhost/burgee");

    #[test]
    fn only_an_absolute_file_is_a_sqlite_database() {
        assert_eq!(database_file("sqlite:///data/burgee.db").unwrap(), PathBuf::from("/data/burgee.db"));
        for url in ["sqlite://burgee.db", "sqlite:///"] {
            let error = refusal(&[(DATABASE, url)]);

            assert_eq!(error, "BURGEE_DATABASE_URL must look like sqlite:///absolute/path/burgee.db");
        }
    }

    #[test]
    fn another_database_is_refused_and_no_password_is_repeated() {
        for url in ["mysql://me:secret@host/db", "/data/secret.db"] {
            let error = refusal(&[(DATABASE, url)]);

            assert!(error.starts_with("BURGEE_DATABASE_URL must look like sqlite:"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn postgres_stands_alone_or_beside_two_servers_and_nothing_is_connected_yet() {
        let (one, two) = ((REDIS, "redis://one.example.org"), (METRICS_REDIS, "rediss://two.example.org"));

        let alone = settings(&[POSTGRES]).unwrap();
        let beside = settings(&[POSTGRES, one, two]).unwrap();

        assert!((alone.queue.is_none(), alone.feed.keeps_entries()) == (true, false));
        assert!((beside.queue.is_none(), beside.feed.keeps_entries()) == (false, true));
    }

    #[test]
    fn every_other_combination_is_refused_with_what_to_do() {
        let redis = (REDIS, "redis://:secret@one.example.org");
        let metrics = (METRICS_REDIS, "redis://:secret@one.example.org:6379/1");
        let sqlite = (DATABASE, "sqlite:///data/burgee.db");
        let no_url = (METRICS_REDIS, "secret");
        let cases = [
            (vec![sqlite, redis], "are for Postgres, but BURGEE_DATABASE_URL names SQLite"),
            (vec![sqlite, metrics], "are for Postgres, but BURGEE_DATABASE_URL names SQLite"),
            (vec![POSTGRES, redis], "BURGEE_REDIS_URL is set and BURGEE_METRICS_REDIS_URL is not"),
            (vec![POSTGRES, metrics], "BURGEE_METRICS_REDIS_URL is set and BURGEE_REDIS_URL is not"),
            (vec![POSTGRES, redis, metrics], "name the same server"),
            (vec![POSTGRES, redis, no_url], "BURGEE_METRICS_REDIS_URL must look like redis://"),
        ];
        for (set, expected) in cases {
            let error = refusal(&set);

            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
