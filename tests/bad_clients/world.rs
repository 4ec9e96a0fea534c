//! A server with two environments that must not hear of each other, and raw connections to it.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo};
use tests::deadline::wait_for;
use tests::wire::Client;

/// Far more than an answer takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// What only readers of the other environment may ever see.
const SECRET: &str = "rival-plan";

/// One environment with all that is asked for, and another of somebody else.
pub(crate) struct World {
    pub(crate) burgee: Burgee,
    pub(crate) environment: Environment,
    pub(crate) ours: Side,
    pub(crate) theirs: Side,
    address: SocketAddr,
    sockets: usize,
    _folder: TempDir,
}

/// How one of the two is reached.
pub(crate) struct Side {
    pub(crate) id: String,
    pub(crate) server_key: String,
    pub(crate) server_token: String,
    pub(crate) client_token: String,
}

/// A request as bytes, and the statuses of the answers to it; none if the connection is just closed.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) statuses: &'static [u16],
    /// The client sends no more, and says so.
    pub(crate) is_cut: bool,
}

impl Row {
    pub(crate) fn new(what: &'static str, bytes: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Self {
        Self { what, bytes: bytes.into(), statuses, is_cut: false }
    }

    /// A request that ends before it is complete.
    pub(crate) fn cut(what: &'static str, bytes: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Self {
        Self { is_cut: true, ..Self::new(what, bytes, statuses) }
    }
}

impl World {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let burgee = Burgee::start(folder.path(), Demo::No);
        let rival = burgee.admin().create_environment("rival", "dev");
        rival.create_flag(SECRET, "boolean", &[("true", "true"), ("false", "false")]);
        let environment = burgee.admin().create_environment("shop", "dev");
        environment.create_flag("dark", "boolean", &[("true", "true"), ("false", "false")]);
        let (theirs, ours) = (Side::of(&burgee, &rival), Side::of(&burgee, &environment));
        let address = burgee.url().strip_prefix("http://").unwrap().parse().unwrap();
        let mut world = Self { burgee, environment, ours, theirs, address, sockets: 0, _folder: folder };
        world.sockets = world.settled_sockets();
        world
    }

    /// Sends each row on a connection of its own and reads to its end.
    pub(crate) fn hold_to(&self, rows: &[Row]) {
        let mut wrong = Vec::new();
        for row in rows {
            let answer = self.exchange(&row.bytes, row.is_cut);
            let statuses = statuses(&answer);
            if statuses != row.statuses {
                wrong.push(format!("{}: {statuses:?} instead of {:?}: {answer:?}", row.what, row.statuses));
            }
            assert!(!answer.contains(SECRET), "{} saw the other environment: {answer}", row.what);
        }
        println!("{} requests", rows.len());
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        self.is_unharmed();
    }

    /// The process answers, has not panicked, and has let go of every connection.
    pub(crate) fn is_unharmed(&self) {
        let good = self.exchange(&self.get("feature-configs").into_bytes(), false);
        assert_eq!(statuses(&good), [200]);
        assert!(good.contains("\"feature\":\"dark\""), "{good}");
        wait_for("every socket to be closed", LIMIT, || {
            (sockets(self.burgee.pid()) <= self.sockets).then_some(())
        });
        let stderr = self.burgee.stderr();
        assert!(!stderr.contains("panicked"), "{stderr}");
    }

    /// Sends bytes and returns all that comes until the server closes, as text.
    pub(crate) fn exchange(&self, bytes: &[u8], is_cut: bool) -> String {
        let mut connection = self.connect();
        // A server that has seen enough closes before everything is sent.
        let _ = connection.write_all(bytes);
        if is_cut {
            let _ = connection.shutdown(Shutdown::Write);
        }
        let mut answer = Vec::new();
        match connection.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&answer)),
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(LIMIT)).unwrap();
        connection.set_write_timeout(Some(LIMIT)).unwrap();
        connection
    }

    /// A good request for what the environment holds; the server is asked to close after it.
    pub(crate) fn get(&self, path: &str) -> String {
        request("GET", &self.ours.path(path), &[&self.ours.bearer()])
    }

    fn settled_sockets(&self) -> usize {
        // Keep-alive connections of the set-up belong to clients that are reused; none is ours to close.
        let mut last = usize::MAX;
        wait_for("the sockets to settle", LIMIT, || {
            let now = sockets(self.burgee.pid());
            (std::mem::replace(&mut last, now) == now).then_some(now)
        })
    }
}

impl Side {
    fn of(burgee: &Burgee, environment: &Environment) -> Self {
        let server_key = environment.create_key("server", "Server");
        let client_key = environment.create_key("client", "Client");
        let token = |key: &str| Client::new(&burgee.url(), key, "", None).token().to_owned();
        let (server_token, client_token) = (token(&server_key), token(&client_key));
        let id = claims(&server_token)["environment"].as_str().unwrap().to_owned();
        Self { id, server_key, server_token, client_token }
    }

    pub(crate) fn path(&self, path: &str) -> String {
        format!("/client/env/{}/{path}", self.id)
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.server_token)
    }
}

/// A request without a body, after which the server is asked to close.
pub(crate) fn request(method: &str, path: &str, headers: &[&str]) -> String {
    let headers = headers.iter().map(|header| format!("{header}\r\n")).collect::<String>();
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")
}

/// What a token says.
pub(crate) fn claims(token: &str) -> Value {
    use base64::Engine;
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

/// The body of an authentication.
pub(crate) fn key_body(key: &str) -> String {
    json!({ "apiKey": key }).to_string()
}

/// The statuses of all answers in what came.
fn statuses(answer: &str) -> Vec<u16> {
    let lines = answer.match_indices("HTTP/1.").filter_map(|(at, _)| answer.get(at + 9..at + 12));
    lines.filter_map(|status| status.parse().ok()).collect()
}

/// How many sockets the process holds. Other files come and go with the database's readers.
fn sockets(pid: u32) -> usize {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().filter_map(Result::ok);
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}
