//! A private PgBouncer in transaction mode, before a private Postgres.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::deadline::wait_for;
use crate::postgres::Postgres;
use crate::repository::find_program;
use crate::server::Server;
use crate::service_user::ServiceUser;

const START_LIMIT: Duration = Duration::from_secs(20);

/// The name of the socket, as Postgres' clients look for it.
const SOCKET: &str = ".s.PGSQL.5432";

/// Few connections to the server, so that clients take turns on them.
const SETTINGS: &str = "listen_port = 5432
auth_type = any
pool_mode = transaction
default_pool_size = 2
";

/// A running pooler. Dropping it ends it.
pub struct PgBouncer {
    _server: Server,
    folder: TempDir,
}

impl PgBouncer {
    /// Puts one before a server.
    ///
    /// # Panics
    /// If PgBouncer is not installed, or does not start.
    pub fn before(postgres: &Postgres) -> Self {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let path = folder.path();
        let settings = format!(
            "[databases]\n* = host={} user=burgee\n[pgbouncer]\nunix_socket_dir = {}\n{SETTINGS}",
            postgres.folder().display(),
            path.display()
        );
        let written = fs::write(path.join("pgbouncer.ini"), settings);
        written.unwrap_or_else(|error| panic!("cannot write pgbouncer.ini: {error}"));
        let user = ServiceUser::new();
        user.take_over(path);
        let program = find_program("pgbouncer", &[Path::new("/usr/sbin").to_owned()]);
        let program =
            program.unwrap_or_else(|| panic!("pgbouncer is not installed: `cargo xtask test` installs it"));
        let mut pgbouncer = user.command(&program, path);
        let mut server = Server::start(pgbouncer.arg("pgbouncer.ini"), Signal::INT, None);
        wait_for("PgBouncer to accept connections", START_LIMIT, || {
            assert!(server.ended().is_none(), "PgBouncer ended");
            UnixStream::connect(path.join(SOCKET)).ok()
        });
        Self { _server: server, folder }
    }

    /// How to reach database `name` through it.
    pub fn url(&self, name: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgresql://burgee@{folder}/{name}")
    }
}
