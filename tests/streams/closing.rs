//! What takes a key away closes its streams and has its tokens refused, both within two seconds.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo};
use tests::deadline::wait_for;
use tests::wire::send;

/// The promise.
const AT_MOST: Duration = Duration::from_secs(2);

const SCOPE: &str =
    "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";

struct World {
    burgee: Burgee,
    environment: Environment,
    _data: TempDir,
}

/// An SDK with a stream and a token.
struct Sdk {
    url: String,
    token: String,
    stream: TcpStream,
}

impl World {
    fn start() -> Self {
        let data = TempDir::new().unwrap();
        let burgee = Burgee::start(data.path(), Demo::No);
        let environment = burgee.admin().create_environment("shop", "dev");
        Self { burgee, environment, _data: data }
    }

    /// Connects with a key, as an SDK does.
    fn connect(&self, key: &str) -> Sdk {
        let url = self.burgee.url();
        let body = json!({ "apiKey": key, "target": { "identifier": "ann" } });
        let (status, answer) = send("POST", &format!("{url}/client/auth"), &[], Some(&body));
        assert_eq!(status, 200, "{answer}");
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(10 * AT_MOST)).unwrap();
        let request = format!("GET /stream HTTP/1.1\r\nHost: burgee\r\nAPI-Key: {key}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b":\n\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        Sdk { url, token: answer["authToken"].as_str().unwrap().to_owned(), stream }
    }

    fn admin(&self, method: &str, path: &str, body: Option<&Value>) {
        let answer = self.burgee.admin().send(method, &format!("/admin/{path}?{SCOPE}"), body);
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
    }

    fn status(&self, sdk: &Sdk, environment: &str) -> u16 {
        let bearer = format!("Bearer {}", sdk.token);
        let path = format!("{}/client/env/{environment}/target/ann/evaluations", sdk.url);
        send("GET", &path, &[("authorization", &bearer)], None).0
    }

    /// Waits until stream and token are worth nothing, and checks that this comes in time.
    fn loses_both(&self, mut sdk: Sdk, since: Instant) {
        let mut rest = String::new();
        sdk.stream.read_to_string(&mut rest).unwrap();
        let closed = since.elapsed();
        assert!(rest.ends_with("0\r\n\r\n"), "it ends as HTTP says: {rest:?}");
        let environment = environment_of(&sdk.token);
        wait_for("the token's refusal", 10 * AT_MOST, || {
            (self.status(&sdk, &environment) == 403).then_some(())
        });
        let refused = since.elapsed();
        println!("stream closed after {closed:.0?}, token refused after {refused:.0?}");
        assert!(
            closed <= AT_MOST && refused <= AT_MOST,
            "closed after {closed:?}, refused after {refused:?}"
        );
    }
}

fn environment_of(token: &str) -> String {
    use base64::Engine;
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["environment"].as_str().unwrap().to_owned()
}

fn now_ms() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()
}

#[test]
fn a_deleted_key_loses_its_stream_and_its_token() {
    let world = World::start();
    let sdk = world.connect(&world.environment.create_key("lost", "Client"));

    world.admin("DELETE", "apikey/lost", None);

    world.loses_both(sdk, Instant::now());
}

#[test]
fn a_key_that_expires_loses_its_stream_and_its_token() {
    let world = World::start();
    let sdk = world.connect(&world.environment.create_key("short", "Client"));

    // The stream was opened before its key had an end.
    let expires_ms = now_ms() + 1_500;
    let expires = Instant::now() + Duration::from_millis(1_500);
    world.admin("PUT", "apikey/short", Some(&json!({ "name": "short", "expiredAt": expires_ms })));

    world.loses_both(sdk, expires);
}

#[test]
fn the_keys_of_a_deleted_environment_lose_their_streams_and_tokens() {
    let world = World::start();
    let sdk = world.connect(&world.environment.create_key("of-dev", "Server"));

    world.admin("DELETE", "environments/dev", None);

    world.loses_both(sdk, Instant::now());
}
