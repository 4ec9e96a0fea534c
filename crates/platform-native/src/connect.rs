//! Which stores stand behind the ports, by the settings.

use std::path::PathBuf;

use platform::Platform;
use platform::config::{ConfigError, Fallback, Kind, Var, Vars};

use crate::embedded;

/// The settings that say where the stores are.
pub const STORE_VARS: &[Var] = &[Var {
    name: "BURGEE_DATABASE_URL",
    kind: Kind::Text,
    default: Fallback::Required,
    secret: true,
    help: "Where the database is: sqlite:///absolute/path/burgee.db.",
}];

/// The platform that the settings describe; they were read from tables that include [`STORE_VARS`].
///
/// # Errors
/// What is wrong with the settings, or why the database cannot be opened, in one sentence.
pub fn connect(vars: &Vars) -> anyhow::Result<Platform> {
    let url = vars.text("BURGEE_DATABASE_URL")?;
    Ok(embedded(&database_file(url)?)?)
}

/// The file of `sqlite:///path/file.db`. The URL is never repeated: those of other databases hold
/// passwords.
fn database_file(url: &str) -> Result<PathBuf, ConfigError> {
    match url.strip_prefix("sqlite://") {
        Some(path) if path.starts_with('/') && !path.ends_with('/') => Ok(PathBuf::from(path)),
        _ => Err(ConfigError::from(
            "BURGEE_DATABASE_URL must look like sqlite:///absolute/path/burgee.db".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_sqlite_url_is_taken_and_no_password_is_repeated() {
        let file = database_file("sqlite:///data/burgee.db").unwrap();
        assert_eq!(file, PathBuf::from("/data/burgee.db"));

        for url in ["postgres://me:secret@host/db", "sqlite://burgee.db", "sqlite:///", "/data/burgee.db"] {
            let error = database_file(url).unwrap_err().to_string();

            assert_eq!(error, "BURGEE_DATABASE_URL must look like sqlite:///absolute/path/burgee.db");
        }
    }
}
