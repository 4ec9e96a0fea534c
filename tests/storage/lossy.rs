//! A connection to Postgres that is lost just when a batch is committed.

use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// Where a connection is cut, once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cut {
    /// The commit does not reach the server.
    BeforeCommit,
    /// The commit is made, its answer does not come.
    AfterCommit,
}

/// A socket before the server's. It ends with its value.
pub(crate) struct Lossy {
    folder: TempDir,
    cut: Arc<Mutex<Option<Cut>>>,
    _connections: JoinSet<()>,
}

impl Lossy {
    /// Puts a socket before the one in the folder that the URL names.
    pub(crate) fn before(url: &str) -> Self {
        let server = socket_of(url);
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let cut = Arc::<Mutex<Option<Cut>>>::default();
        let mut connections = JoinSet::new();
        let shared = Arc::clone(&cut);
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                open.spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Self { folder, cut, _connections: connections }
    }

    /// Loses the next connection that commits.
    pub(crate) fn lose(&self, cut: Cut) {
        *self.cut.lock().unwrap() = Some(cut);
    }

    /// Whether that has happened.
    pub(crate) fn has_lost(&self) -> bool {
        self.cut.lock().unwrap().is_none()
    }

    /// The URL that goes through this.
    pub(crate) fn url(&self, url: &str) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        let (user, rest) = url.split_once('@').unwrap();
        let (_, name) = rest.rsplit_once('/').unwrap();
        format!("{user}@{folder}/{name}")
    }
}

fn socket_of(url: &str) -> String {
    let (_, rest) = url.split_once('@').unwrap();
    let (folder, _) = rest.rsplit_once('/').unwrap();
    format!("{}/.s.PGSQL.5432", folder.replace("%2F", "/"))
}

async fn pass(mut client: UnixStream, mut server: UnixStream, cut: Arc<Mutex<Option<Cut>>>) {
    let (mut asked, mut answered) = ([0; 65_536], [0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let asked = &asked[..length];
                let commits = asked.windows(7).any(|window| window == b"COMMIT\0");
                let cut = if commits { cut.lock().unwrap().take() } else { None };
                if cut == Some(Cut::BeforeCommit) || server.write_all(asked).await.is_err() {
                    return;
                }
                if cut == Some(Cut::AfterCommit) {
                    // The server answers a commit when it is made.
                    let _ = server.read(&mut answered).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
