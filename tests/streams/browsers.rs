//! Thousands of browsers, as the browser SDK behaves on the wire: authenticate, fetch all answers, listen.
//! An event that carries answers is taken at its word; for any other the SDK fetches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sse::{Item, Parser};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Browsers that come at the same time.
const AT_ONCE: usize = 50;

/// No wait of a test should ever take this long.
const LIMIT: Duration = Duration::from_secs(60);

/// Where browsers find their server.
#[derive(Clone)]
pub(crate) struct Site {
    /// Host and port.
    pub(crate) address: String,
    /// A client key.
    pub(crate) key: String,
}

/// Many browsers, each for a target of its own: `browser-0`, `browser-1` …
pub(crate) struct Browsers {
    browsers: Vec<Arc<Browser>>,
    /// They listen until these are dropped.
    _listening: JoinSet<()>,
}

/// One browser's SDK.
struct Browser {
    site: Site,
    target: String,
    token: String,
    environment: String,
    /// What each flag serves, and since when.
    flags: Mutex<HashMap<String, (String, Instant)>>,
    events: AtomicU64,
    requests: AtomicU64,
}

impl Browsers {
    /// Opens so many and waits until each is connected.
    pub(crate) async fn open(site: &Site, count: usize) -> Self {
        let mut workers = JoinSet::new();
        for worker in 0..AT_ONCE {
            let site = site.clone();
            workers.spawn(async move {
                let mut opened = Vec::new();
                for index in (worker..count).step_by(AT_ONCE) {
                    opened.push(Browser::open(&site, format!("browser-{index}")).await);
                }
                opened
            });
        }
        let mut browsers = Vec::new();
        let mut listening = JoinSet::new();
        for (browser, stream) in workers.join_all().await.into_iter().flatten() {
            browsers.push(Arc::clone(&browser));
            listening.spawn(browser.listen(stream));
        }
        Self { browsers, _listening: listening }
    }

    /// Waits until so many serve that value; tells since when each does, in order.
    pub(crate) async fn serve(&self, flag: &str, value: &str, count: usize) -> Vec<Instant> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let serving = self.browsers.iter().filter_map(|browser| browser.serves(flag, value));
            let mut times: Vec<_> = serving.collect();
            if times.len() >= count {
                assert_eq!(times.len(), count, "more browsers than expected serve {value:?} for {flag}");
                times.sort_unstable();
                return times;
            }
            assert!(Instant::now() < deadline, "only {} of {count} serve {value:?} for {flag}", times.len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Events heard so far, by all together.
    pub(crate) fn events(&self) -> u64 {
        self.browsers.iter().map(|browser| browser.events.load(Ordering::SeqCst)).sum()
    }

    /// Requests sent because of an event so far, by all together.
    pub(crate) fn requests(&self) -> u64 {
        self.browsers.iter().map(|browser| browser.requests.load(Ordering::SeqCst)).sum()
    }
}

impl Browser {
    async fn open(site: &Site, target: String) -> (Arc<Self>, TcpStream) {
        let body =
            json!({ "apiKey": site.key, "target": { "identifier": target, "name": target } }).to_string();
        let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let answer =
            ask(&site.address, &format!("POST /api/1.0/client/auth HTTP/1.1\r\n{head}"), &body).await;
        let token = answer["authToken"].as_str().expect("a token").to_owned();
        let claims = token.split('.').nth(1).expect("claims");
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let browser = Arc::new(Self {
            site: site.clone(),
            target,
            token,
            environment: claims["environment"].as_str().expect("an environment").to_owned(),
            flags: Mutex::default(),
            events: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        });
        browser.fetch("").await;
        let mut stream = TcpStream::connect(&site.address).await.unwrap();
        let request = format!(
            "GET /api/1.0/stream?cluster=1 HTTP/1.1\r\nHost: burgee\r\nAPI-Key: {}\r\n{}Accept: text/event-stream\r\n\r\n",
            site.key,
            browser.headers(),
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        // Up to the first heartbeat: what may have been missed follows it, perhaps in the same packet.
        let mut head = Vec::new();
        while !head.ends_with(b":\n\n\r\n") {
            head.push(
                stream.read_u8().await.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&head))),
            );
        }
        (browser, stream)
    }

    /// Listens until the stream ends.
    async fn listen(self: Arc<Self>, mut stream: TcpStream) {
        let mut parser = Parser::default();
        let mut bytes = [0; 2_048];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            // With the sizes of chunks among the lines, as Python's SDK reads it too: each chunk holds
            // whole events, so the sizes are lines of their own and mean nothing.
            for item in parser.push(&bytes[..count]).expect("a stream of events") {
                if let Item::Event(event) = item {
                    self.events.fetch_add(1, Ordering::SeqCst);
                    self.hear(&serde_json::from_str(&event.data).expect("JSON")).await;
                }
            }
        }
    }

    /// What the SDK does about an event.
    async fn hear(&self, event: &Value) {
        let identifier = event["identifier"].as_str().expect("an identifier");
        match (event["domain"].as_str(), event["event"].as_str()) {
            (Some("flag"), Some("delete")) => {
                self.flags.lock().unwrap().remove(identifier);
            }
            (Some("flag"), _) | (Some("target-segment"), Some("patch"))
                if self.takes(&event["evaluations"]) => {}
            // A new flag is fetched after a second; here at once, so that it is counted.
            (Some("flag"), _) => self.fetch_again(&format!("/{identifier}")).await,
            (Some("target-segment"), Some("patch")) => self.fetch_again("").await,
            _ => {}
        }
    }

    /// Takes answers, if there are any and every one of them is whole.
    fn takes(&self, evaluations: &Value) -> bool {
        let evaluations = evaluations.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_there = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        let is_whole =
            |one: &Value| ["flag", "identifier", "kind", "value"].iter().all(|part| is_there(&one[part]));
        if evaluations.is_empty() || !evaluations.iter().all(is_whole) {
            return false;
        }
        self.take(evaluations);
        true
    }

    fn take(&self, evaluations: &[Value]) {
        let mut flags = self.flags.lock().unwrap();
        for one in evaluations {
            let (flag, value) =
                (one["flag"].as_str().expect("a flag"), one["value"].as_str().expect("a value"));
            if flags.get(flag).is_none_or(|(known, _)| known != value) {
                flags.insert(flag.to_owned(), (value.to_owned(), Instant::now()));
            }
        }
    }

    async fn fetch_again(&self, path: &str) {
        self.requests.fetch_add(1, Ordering::SeqCst);
        self.fetch(path).await;
    }

    async fn fetch(&self, path: &str) {
        let Self { environment, target, .. } = self;
        let line = format!(
            "GET /api/1.0/client/env/{environment}/target/{target}/evaluations{path}?cluster=1 HTTP/1.1\r\n{}",
            self.headers()
        );
        match ask(&self.site.address, &line, "").await {
            Value::Array(all) => self.take(&all),
            one => self.take(&[one]),
        }
    }

    fn headers(&self) -> String {
        let target = json!({ "identifier": self.target, "name": self.target, "attributes": {} }).to_string();
        format!("Authorization: Bearer {}\r\nHarness-Target: {}\r\n", self.token, STANDARD.encode(target))
    }

    fn serves(&self, flag: &str, value: &str) -> Option<Instant> {
        let flags = self.flags.lock().unwrap();
        flags.get(flag).filter(|(known, _)| known == value).map(|(_, since)| *since)
    }
}

/// Sends a request on a connection of its own; returns the body of its answer, which must be a 200.
async fn ask(address: &str, head: &str, body: &str) -> Value {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("{head}Host: burgee\r\nConnection: close\r\n\r\n{body}");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    serde_json::from_str(body).unwrap()
}
