//! The address of a database, as `BURGEE_DATABASE_URL` says it.

use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use platform::config::ConfigError;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::limits::CONNECT_TIME;

/// What it must look like; the URL itself is never repeated, because it holds a password.
const FORM: &str = "BURGEE_DATABASE_URL must look like postgres://user:password@host:5432/database?sslmode=verify-full, \
     with %40 for @, %3A for :, %2F for / and %3F for ? in user and password";

const SSLMODES: &str = "BURGEE_DATABASE_URL: sslmode must be disable, prefer, require or verify-full";

/// A database server, and how far its certificate is looked at.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) config: Config,
    pub(super) trust: Trust,
    /// For messages: `the database burgee at db.example.org`.
    pub(super) place: String,
}

/// Who may be at the other end of an encrypted connection.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Trust {
    /// Anybody: as libpq does for `prefer` and `require`, this keeps eavesdroppers out and nobody else.
    Anybody,
    /// Who has a certificate for the host's name from one of the system's authorities.
    System,
    /// The same from an authority in this file of PEM certificates.
    File(PathBuf),
}

impl Settings {
    /// Reads a URL.
    ///
    /// # Errors
    /// One sentence that says what is wrong and repeats nothing of it.
    pub(super) fn parse(url: &str) -> Result<Self, ConfigError> {
        let (base, query) = split(url);
        let mut kept = Vec::new();
        let (mut mode, mut file) = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => file = Some(value),
                _ => kept.push(pair),
            }
        }
        let form = || ConfigError::from(FORM.to_owned());
        let mut config = Config::from_str(&format!("{base}?{}", kept.join("&"))).map_err(|_| form())?;
        let file = file.filter(|file| *file != "system").map(decode).transpose()?;
        let (ssl_mode, trust) = match (mode.unwrap_or("prefer"), file) {
            ("disable", _) => (SslMode::Disable, Trust::Anybody),
            ("prefer", None) => (SslMode::Prefer, Trust::Anybody),
            ("require", None) => (SslMode::Require, Trust::Anybody),
            ("verify-full", None) => (SslMode::Require, Trust::System),
            ("prefer" | "require" | "verify-full", Some(file)) => (SslMode::Require, Trust::File(file)),
            _ => return Err(ConfigError::from(SSLMODES.to_owned())),
        };
        let place = place(&config).ok_or_else(form)?;
        config.ssl_mode(ssl_mode).target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIME);
        }
        if config.get_application_name().is_none() {
            config.application_name("burgee");
        }
        Ok(Self { config, trust, place })
    }
}

/// The URL before and after its `?`. A password may hold one, so it is looked for behind the `@`.
fn split(url: &str) -> (&str, &str) {
    let host = url.find('@').unwrap_or_default();
    match url.char_indices().find(|(index, letter)| *index >= host && *letter == '?') {
        Some((index, _)) => (url.get(..index).unwrap_or(url), url.get(index + 1..).unwrap_or_default()),
        None => (url, ""),
    }
}

fn decode(path: &str) -> Result<PathBuf, ConfigError> {
    let decoded = percent_decode_str(path).decode_utf8();
    decoded
        .map(|path| PathBuf::from(&*path))
        .map_err(|_| ConfigError::from("BURGEE_DATABASE_URL: sslrootcert is not UTF-8".to_owned()))
}

/// `None` if no host or no database is named.
fn place(config: &Config) -> Option<String> {
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    if hosts.is_empty() {
        return None;
    }
    Some(format!("the database {} at {}", config.get_dbname()?, hosts.join(",")))
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Settings {
        Settings::parse(url).unwrap()
    }

    #[test]
    fn each_mode_of_encryption_says_who_is_trusted() {
        let of = |query: &str| {
            let settings = parse(&format!("postgres://me:pass@db.example.org/flags{query}"));
            (settings.config.get_ssl_mode(), settings.trust)
        };
        let file = || Trust::File(PathBuf::from("/etc/ssl/our ca.pem"));

        assert_eq!(of(""), (SslMode::Prefer, Trust::Anybody));
        assert_eq!(of("?sslmode=disable"), (SslMode::Disable, Trust::Anybody));
        assert_eq!(of("?sslmode=require&connect_timeout=3"), (SslMode::Require, Trust::Anybody));
        assert_eq!(of("?sslmode=verify-full"), (SslMode::Require, Trust::System));
        assert_eq!(of("?sslmode=verify-full&sslrootcert=system"), (SslMode::Require, Trust::System));
        assert_eq!(of("?sslrootcert=/etc/ssl/our%20ca.pem"), (SslMode::Require, file()));
        assert_eq!(of("?sslrootcert=/etc/ssl/our%20ca.pem&sslmode=require"), (SslMode::Require, file()));
    }

    #[test]
    fn only_a_server_that_takes_writes_will_do_and_the_place_names_no_user() {
        let settings = parse("postgresql://me:p%3Fss@one.example.org,two.example.org:5433/flags");

        assert_eq!(settings.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(settings.config.get_connect_timeout(), Some(&CONNECT_TIME));
        assert_eq!(settings.config.get_password(), Some(&b"p?ss"[..]));
        assert_eq!(settings.place, "the database flags at one.example.org,two.example.org");
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_nothing_of_it_is_repeated() {
        for url in [
            "postgres://me:secret@host:secret/flags",
            "postgres://me:secret@host/flags?secret=1",
            "postgres://me:secret@host",
            "postgres:///flags",
            "host=db user=me password=secret",
        ] {
            let error = Settings::parse(url).unwrap_err().to_string();

            assert_eq!(error, FORM, "{url}");
        }
        for mode in ["verify-ca", "allow", "secret"] {
            let url = format!("postgres://me:secret@host/flags?sslmode={mode}");

            assert_eq!(Settings::parse(&url).unwrap_err().to_string(), SSLMODES);
        }
    }
}
