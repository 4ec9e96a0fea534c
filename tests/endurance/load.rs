//! Requests of every kind, at an even pace, good and bad.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::burgee::ADMIN_TOKEN;
use tests::raw::Http;

use crate::endurance::journal::Journal;
use crate::endurance::world::{FLAGS, World, flag, report};

const SCOPE: &str =
    "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";

/// No answer, and no end of a connection, takes this long.
const READ_LIMIT: Duration = Duration::from_secs(20);

/// Clients that are running.
pub(crate) struct Load {
    clients: Vec<JoinHandle<()>>,
    ended: Arc<AtomicBool>,
}

/// One request that a client repeats: its name, the status it must be answered with, and how it is made.
struct Step(&'static str, u16, Box<dyn FnMut() -> u16 + Send>);

impl Load {
    /// Some 160 requests a second in all, a fifth of them writes.
    pub(crate) fn start(world: &World, journal: &Arc<Journal>) -> Self {
        let mut load = Self { clients: Vec::new(), ended: Arc::default() };
        let mut client = |pause_ms, steps| load.spawn(Duration::from_millis(pause_ms), steps, journal);
        client(20, servers(world));
        client(20, browsers(world));
        client(100, reporters(world));
        client(200, editors(world));
        client(100, readers(world));
        client(100, rogues(world));
        load
    }

    fn spawn(&mut self, pause: Duration, mut steps: Vec<Step>, journal: &Arc<Journal>) {
        let (ended, journal) = (Arc::clone(&self.ended), Arc::clone(journal));
        self.clients.push(thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                for Step(route, expected, ask) in &mut steps {
                    let sent = Instant::now();
                    let status = ask();
                    journal.note(route, sent, status, *expected);
                    thread::park_timeout(pause);
                }
            }
        }));
    }

    /// Lets every client finish its round.
    pub(crate) fn end(self) {
        self.ended.store(true, Ordering::Relaxed);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
    }
}

/// Server SDKs that poll.
fn servers(world: &World) -> Vec<Step> {
    let token = format!("Bearer {}", world.server.token());
    let get = |route, path: &str| {
        let mut http = Http::connect(world.burgee.address());
        let path = format!("/api/1.0/client/env/{}/{path}", world.environment_id);
        let token = token.clone();
        let ask = move || {
            http.send("GET", &path, &[("Authorization", &token), ("Accept-Encoding", "gzip")], None).status
        };
        Step(route, 200, Box::new(ask))
    };
    let mut http = Http::connect(world.burgee.address());
    let path = format!("/api/1.0/client/env/{}/target-segments?rules=v2", world.environment_id);
    let (bearer, mut tag) = (token.clone(), String::new());
    // The segment changes all the time: 304 is as right as 200.
    let unchanged = move || {
        let headers = [("Authorization", &*bearer), ("If-None-Match", &*tag)];
        let reply = http.send("GET", &path, &headers, None);
        tag = reply.header("etag").unwrap_or_default().to_owned();
        if reply.status == 304 { 200 } else { reply.status }
    };
    vec![
        get("feature-configs", "feature-configs"),
        get("feature-configs/{flag}", "feature-configs/flag-7"),
        get("target-segments", "target-segments?rules=v2"),
        Step("target-segments, If-None-Match", 200, Box::new(unchanged)),
        get("snapshot", "snapshot"),
    ]
}

/// Client SDKs that start.
fn browsers(world: &World) -> Vec<Step> {
    let (address, environment) = (world.burgee.address(), world.environment_id.clone());
    let mut browsers = world.browsers.clone().into_iter().cycle();
    let key = world.client_key.clone();
    let mut http = Http::connect(address);
    let mut number = 0;
    let authenticate = move || {
        number += 1;
        let target = json!({ "identifier": format!("visitor-{number}"), "attributes": { "plan": "basic" } });
        let body = json!({ "apiKey": key, "target": target });
        http.send("POST", "/api/1.0/client/auth", &[("Content-Type", "application/json")], Some(&body)).status
    };
    let mut ask = |path: &'static str| {
        let (mut http, environment) = (Http::connect(address), environment.clone());
        let (target, client) = browsers.next().expect("it never ends");
        let token = format!("Bearer {}", client.token());
        let path = format!("/api/1.0/client/env/{environment}/target/{target}/evaluations{path}");
        move || {
            http.send("GET", &path, &[("Authorization", &token), ("Accept-Encoding", "gzip")], None).status
        }
    };
    vec![
        Step("auth", 200, Box::new(authenticate)),
        Step("evaluations", 200, Box::new(ask(""))),
        Step("evaluations/{flag}", 200, Box::new(ask("/flag-3"))),
    ]
}

fn reporters(world: &World) -> Vec<Step> {
    let mut http = Http::connect(world.burgee.address());
    let token = format!("Bearer {}", world.server.token());
    let path = format!("/api/1.0/metrics/{}", world.environment_id);
    let mut number = 0;
    let post = move || {
        number += 1;
        let body = report(&flag(number % FLAGS), &format!("reported-{}", number % 1_000));
        let headers = [("Authorization", &*token), ("Content-Type", "application/json")];
        http.send("POST", &path, &headers, Some(&body)).status
    };
    vec![Step("metrics", 200, Box::new(post))]
}

fn editors(world: &World) -> Vec<Step> {
    let mut number = 0;
    let switch = admin(world, "PATCH", move || {
        number += 1;
        let state = if (number / FLAGS).is_multiple_of(2) { "on" } else { "off" };
        let instruction = json!({ "kind": "setFeatureFlagState", "parameters": { "state": state } });
        let path = format!("/admin/features/{}?{SCOPE}", flag(number % FLAGS));
        (path, Some(json!({ "instructions": [instruction] })))
    });
    let mut listed = false;
    let member = admin(world, "PATCH", move || {
        listed = !listed;
        let kind = if listed { "addToIncludeList" } else { "removeFromIncludeList" };
        let instruction = json!({ "kind": kind, "parameters": { "targets": ["target-9"] } });
        (format!("/admin/segments/beta?{SCOPE}"), Some(json!({ "instructions": [instruction] })))
    });
    vec![Step("PATCH a flag", 200, switch), Step("PATCH a segment", 200, member)]
}

fn readers(world: &World) -> Vec<Step> {
    let get = |route, path: &str| {
        let path = format!("{path}{}{SCOPE}", if path.contains('?') { '&' } else { '?' });
        Step(route, 200, admin(world, "GET", move || (path.clone(), None)))
    };
    vec![
        get("list of flags", "/admin/features?pageSize=25"),
        get("one flag", "/admin/features/flag-5"),
        get("list of segments", "/admin/segments"),
        get("list of targets", "/admin/targets?pageSize=50"),
        get("audit", "/admin/audit?pageSize=25"),
    ]
}

/// Clients that do everything wrong. What they are answered is told in `tests/bad_clients.rs`; here they
/// must leave nothing behind.
fn rogues(world: &World) -> Vec<Step> {
    let (address, environment) = (world.burgee.address(), &world.environment_id);
    let raw = |what, bytes: String, expected| {
        Step(what, expected, Box::new(move || exchange(address, bytes.as_bytes(), false)))
    };
    let cut = |what, bytes: String, expected| {
        Step(what, expected, Box::new(move || exchange(address, bytes.as_bytes(), true)))
    };
    let path = format!("/api/1.0/client/env/{environment}/feature-configs");
    let token = world.server.token();
    vec![
        raw("bad: unknown path", "GET /nothing HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n".into(), 404),
        raw("bad: no token", format!("GET {path} HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"), 401),
        raw(
            "bad: an unreadable token",
            format!(
                "GET {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {token}x\r\nConnection: close\r\n\r\n"
            ),
            401,
        ),
        cut("bad: half a head", format!("GET {path} HTTP/1.1\r\nHost"), 0),
        raw("bad: not HTTP", "\u{1}\u{2}\u{3} what?\r\n\r\n".into(), 400),
        cut(
            "bad: half a body",
            "POST /api/1.0/client/auth HTTP/1.1\r\nHost: b\r\nContent-Length: 500\r\n\r\n{\"apiKey\":".into(),
            400,
        ),
        Step("bad: leaves without reading", 0, {
            let request = format!("GET {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {token}\r\n\r\n");
            Box::new(move || {
                let mut socket = TcpStream::connect(address).unwrap();
                socket.write_all(request.as_bytes()).unwrap();
                0
            })
        }),
    ]
}

/// A request of the admin API, made anew each time.
fn admin(
    world: &World,
    method: &'static str,
    mut next: impl FnMut() -> (String, Option<Value>) + Send + 'static,
) -> Box<dyn FnMut() -> u16 + Send> {
    let mut http = Http::connect(world.burgee.address());
    Box::new(move || {
        let (path, body) = next();
        let headers = [("x-api-key", ADMIN_TOKEN), ("Content-Type", "application/json")];
        http.send(method, &path, &headers, body.as_ref()).status
    })
}

/// Sends bytes, says if no more will come, and returns the status of the answer; 0 if none came.
fn exchange(address: SocketAddr, bytes: &[u8], is_cut: bool) -> u16 {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(READ_LIMIT)).unwrap();
    socket.write_all(bytes).unwrap();
    if is_cut {
        // The server may have closed by itself.
        let _ = socket.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}
