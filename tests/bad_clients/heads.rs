//! Requests whose heads are not as they should be.

use super::world::{Row, World, request};

#[test]
fn heads_that_are_no_heads_are_refused_and_odd_ones_are_read() {
    let world = World::start();

    let tables = [beginnings(&world), versions(&world), methods(&world), headers(&world), paths(&world)];
    world.hold_to(&tables.into_iter().flatten().collect::<Vec<_>>());
}

fn beginnings(world: &World) -> Vec<Row> {
    let good = world.get("feature-configs");
    let tls = [&b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"[..], &[b'x'; 100]].concat();
    vec![
        Row::cut("nothing", "", &[]),
        Row::cut("half a method", "GE", &[]),
        Row::cut("half a line", "GET /client", &[]),
        Row::cut("a head without its end", good.strip_suffix("\r\n").unwrap(), &[]),
        Row::cut("half a header", good.split_at(good.len() - 30).0, &[]),
        Row::cut("empty lines", "\r\n\r\n", &[]),
        Row::new("bytes that are no text", &b"\x00\x01\x02\x03\xff\xfe\r\n\r\n"[..], &[400]),
        Row::new("the beginning of TLS", tls, &[400]),
        Row::cut("the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[]),
        Row::new("a line of HTTP/0.9", "GET /client/auth\r\n\r\n", &[400]),
        Row::new("two spaces in the line", "GET  /client/auth HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
        Row::new("no path", "GET HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
        Row::new("lines that end with LF alone", good.replace("\r\n", "\n"), &[200]),
        Row::new("empty lines before the request", format!("\r\n\r\n{good}"), &[200]),
    ]
}

fn versions(world: &World) -> Vec<Row> {
    let with = |version: &str| world.get("feature-configs").replace("HTTP/1.1", version);
    vec![
        Row::new("HTTP/1.0", with("HTTP/1.0"), &[200]),
        Row::new("HTTP/1.0 without Host", with("HTTP/1.0").replace("Host: x\r\n", ""), &[200]),
        Row::new("HTTP/1.2", with("HTTP/1.2"), &[400]),
        Row::new("HTTP/3.0", with("HTTP/3.0"), &[400]),
        Row::new("HTTP/1.1 in lower case", with("http/1.1"), &[400]),
        Row::new("another protocol", with("RTSP/1.0"), &[400]),
    ]
}

fn methods(world: &World) -> Vec<Row> {
    let flags = world.ours.path("feature-configs");
    let with = |method: &str, path: &str| request(method, path, &[&world.ours.bearer()]);
    vec![
        Row::new("a method in lower case", with("get", &flags), &[405]),
        Row::new("a method nobody knows", with("BREW", &flags), &[405]),
        Row::new("PUT on what is read", with("PUT", &flags), &[405]),
        Row::new("PATCH on what is read", with("PATCH", &flags), &[405]),
        Row::new("DELETE on what is read", with("DELETE", &flags), &[405]),
        Row::new("POST on what is read", with("POST", &flags), &[405]),
        Row::new("TRACE", with("TRACE", &flags), &[405]),
        Row::new("CONNECT to a path", with("CONNECT", &flags), &[405]),
        Row::new("CONNECT to a host", with("CONNECT", "example.com:443"), &[404]),
        Row::new("OPTIONS of everything", with("OPTIONS", "*"), &[404]),
        Row::new("GET on authentication", with("GET", "/client/auth"), &[405]),
        Row::new("DELETE on authentication", with("DELETE", "/client/auth"), &[405]),
        Row::new("GET on metrics", with("GET", &format!("/metrics/{}", world.ours.id)), &[405]),
        Row::new("HEAD", with("HEAD", &flags), &[200]),
    ]
}

fn headers(world: &World) -> Vec<Row> {
    let flags = world.ours.path("feature-configs");
    let bearer = world.ours.bearer();
    let with = |header: &str| request("GET", &flags, &[&bearer, header]);
    let many = "X: y\r\n".repeat(110);
    let twice = request("GET", &flags, &[&bearer, "Authorization: Bearer other"]);
    vec![
        Row::new("no Host", with("X: y").replace("Host: x\r\n", ""), &[200]),
        Row::new("two Hosts", with("Host: y"), &[200]),
        Row::new("a space in a name", with("Bad Name: x"), &[400]),
        Row::new("a space before the colon", with("Name : x"), &[400]),
        Row::new("no colon", with("nothing"), &[400]),
        Row::new("no name", with(": x"), &[400]),
        Row::new("a folded line", with("X: a\r\n b"), &[400]),
        Row::new("NUL in a value", with("X: a\0b"), &[400]),
        Row::new("a bare CR in a value", with("X: a\rb"), &[400]),
        Row::new("bytes beyond ASCII in a value", with("X: \u{e9}"), &[200]),
        Row::new("110 headers", with(many.trim_end()), &[431]),
        Row::new("a header of 64 KiB", with(&format!("X: {}", "y".repeat(65_536))), &[200]),
        Row::new("a header of 500 KiB", with(&format!("X: {}", "y".repeat(512_000))), &[431]),
        Row::new("two tokens, of which the first counts", twice, &[200]),
        Row::new("an upgrade to h2c", with("Upgrade: h2c"), &[200]),
        Row::new("an upgrade to a web socket", with("Upgrade: websocket"), &[200]),
        Row::new("a range", with("Range: bytes=0-1"), &[200]),
        Row::new("a version that is none", with("Burgee-Min-Version: latest"), &[400]),
        Row::new("a version below zero", with("Burgee-Min-Version: -1"), &[200]),
        Row::new("a version that is not there", with("Burgee-Min-Version: 9223372036854775807"), &[502]),
        Row::new("a version too large to read", with("Burgee-Min-Version: 9223372036854775808"), &[400]),
        Row::new("a target that is none", with("Harness-Target: \u{1f680}"), &[200]),
        Row::new("tags without end", with(&format!("If-None-Match: {}", "\"1\",".repeat(10_000))), &[200]),
    ]
}

fn paths(world: &World) -> Vec<Row> {
    let bearer = world.ours.bearer();
    let with = |path: &str| request("GET", path, &[&bearer]);
    let target = |identifier: &str| with(&world.ours.path(&format!("target/{identifier}/evaluations")));
    let flags = world.ours.path("feature-configs");
    vec![
        Row::new("a whole URL", with(&format!("http://x{flags}")), &[200]),
        Row::new("a whole URL of another host", with(&format!("http://evil.example{flags}")), &[200]),
        Row::new("a fragment", with(&format!("{flags}#x")), &[200]),
        Row::new("NUL", with("/client/\0"), &[400]),
        Row::new("DEL", with("/client/\u{7f}"), &[400]),
        Row::new("characters beyond ASCII", with("/client/\u{e9}"), &[404]),
        Row::new("two slashes", with(&format!("/{flags}")), &[404]),
        Row::new("a slash at the end", with(&format!("{flags}/")), &[404]),
        Row::new("a way up", with("/client/../admin/projects"), &[404]),
        Row::new("an escaped way up", with("/client/%2e%2e/admin/projects"), &[404]),
        Row::new("9 KiB", with(&format!("/client/{}", "a".repeat(9_000))), &[404]),
        Row::new("70 KiB", with(&format!("/client/{}", "a".repeat(70_000))), &[414]),
        Row::new("a query of 20 KiB", with(&format!("{flags}?cluster={}", "a".repeat(20_000))), &[200]),
        Row::new("a query that is none", with(&format!("{flags}?&&=;%zz&cluster")), &[200]),
        Row::new("a target with an escaped slash", target("a%2Fb"), &[200]),
        Row::new("a target with a bare percent sign", target("50%"), &[200]),
        Row::new("a target that is no UTF-8", target("%ff"), &[400]),
        Row::new("a target with NUL", target("a%00b"), &[400]),
        Row::new("no target", target(""), &[200]),
        Row::new("SQL for a target", target("'%20OR%201=1--"), &[200]),
        Row::new("a flag that is a path", with(&world.ours.path("feature-configs/..%2Fsnapshot")), &[404]),
    ]
}
