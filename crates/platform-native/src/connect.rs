//! Which stores stand behind the ports, by the settings.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use platform::Platform;
use platform::config::{ConfigError, Fallback, Kind, Var, Vars};
use platform::memory::{NoCache, NoFeed};

use crate::{Postgres, SystemClock, SystemRandom, embedded};

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
];

const DATABASE: &str = "BURGEE_DATABASE_URL";
const CONNECTIONS: &str = "BURGEE_DATABASE_CONNECTIONS";

/// The platform that the settings describe; they were read from tables that include [`STORE_VARS`]. Nothing
/// is connected before it is used, but for SQLite, whose file is opened.
///
/// # Errors
/// What is wrong with the settings, or why the file cannot be opened, in one sentence.
pub fn connect(vars: &Vars) -> anyhow::Result<Platform> {
    let url = vars.text(DATABASE)?;
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(embedded(&database_file(url)?)?),
        Some("postgres" | "postgresql") => {
            let connections = usize::try_from(vars.number(CONNECTIONS)?)?;
            Ok(on_postgres(Postgres::new(url, connections)?))
        }
        _ => bail!(
            "{DATABASE} must look like sqlite:///absolute/path/burgee.db or postgres://user:password@host/database"
        ),
    }
}

/// A platform on that database alone: every version is read from it, what changes is found by asking it, and
/// jobs wait in one of its tables.
pub fn on_postgres(database: Postgres) -> Platform {
    Platform {
        db: Arc::new(database),
        cache: Arc::new(NoCache),
        feed: Arc::new(NoFeed),
        queue: None,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    }
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

    fn refusal(url: &str) -> String {
        let vars = Vars::read(&[STORE_VARS], |name| (name == DATABASE).then(|| url.into())).unwrap();
        connect(&vars).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn only_an_absolute_file_is_a_sqlite_database() {
        assert_eq!(database_file("sqlite:///data/burgee.db").unwrap(), PathBuf::from("/data/burgee.db"));
        for url in ["sqlite://burgee.db", "sqlite:///"] {
            assert_eq!(refusal(url), "BURGEE_DATABASE_URL must look like sqlite:///absolute/path/burgee.db");
        }
    }

    #[test]
    fn another_database_is_refused_and_no_password_is_repeated() {
        for url in ["mysql://me:secret@host/db", "/data/secret.db"] {
            let error = refusal(url);

            assert!(error.starts_with("BURGEE_DATABASE_URL must look like sqlite:"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
