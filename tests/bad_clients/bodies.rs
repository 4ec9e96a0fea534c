//! Requests whose bodies are not as they should be.

use super::world::{Row, World, key_body};

/// The head of an authentication with these headers, and what follows.
fn auth(headers: &str, body: &str) -> String {
    format!("POST /client/auth HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n\r\n{body}")
}

fn json(body: &str) -> String {
    auth(&format!("Content-Length: {}", body.len()), body)
}

fn chunked(body: &str) -> String {
    auth("Transfer-Encoding: chunked", body)
}

#[test]
fn lengths_and_chunks_that_do_not_fit_are_refused() {
    let world = World::start();
    let key = key_body(&world.ours.server_key);
    let (size, length) = (format!("{:x}", key.len()), key.len());
    let whole = format!("{size}\r\n{key}\r\n0\r\n\r\n");
    let both = auth("Content-Length: 3\r\nTransfer-Encoding: chunked", &whole);
    let smuggled = format!("{both}GET /client/env/x/snapshot HTTP/1.1\r\nHost: x\r\n\r\n");

    world.hold_to(&[
        Row::new("a length below zero", auth("Content-Length: -1", ""), &[400]),
        Row::new("a length with a sign", auth("Content-Length: +2", "{}"), &[400]),
        Row::new("a length in words", auth("Content-Length: two", "{}"), &[400]),
        Row::new("a length beyond all numbers", auth("Content-Length: 99999999999999999999", "{}"), &[400]),
        Row::new("two lengths", auth("Content-Length: 2\r\nContent-Length: 3", "{}"), &[400]),
        Row::new("a list of lengths", auth("Content-Length: 2, 3", "{}"), &[400]),
        Row::new(
            "the same length twice",
            auth(&format!("Content-Length: {length}\r\nContent-Length: {length}"), &key),
            &[200],
        ),
        Row::new("no length", auth("X: y", ""), &[400]),
        Row::cut("a body that is cut", auth("Content-Length: 2000", &key), &[400]),
        Row::new("a length and chunks: the chunks count", both, &[200]),
        Row::new("a request hidden behind a length and chunks", smuggled, &[200]),
        Row::new("chunks", chunked(&whole), &[200]),
        Row::new("chunks with an extension", chunked(&whole.replacen("\r\n", ";a=b\r\n", 1)), &[200]),
        Row::new("chunks and a trailer", chunked(&whole.replace("0\r\n\r\n", "0\r\nX: y\r\n\r\n")), &[200]),
        Row::new("a size that is no number", chunked("zz\r\n{}\r\n0\r\n\r\n"), &[400]),
        Row::new("a size beyond all numbers", chunked("fffffffffffffffff1\r\n{}\r\n0\r\n\r\n"), &[400]),
        Row::new("a size below zero", chunked("-2\r\n{}\r\n0\r\n\r\n"), &[400]),
        Row::new("a chunk longer than it says", chunked("2\r\n{}xx\r\n0\r\n\r\n"), &[400]),
        Row::cut("a chunk shorter than it says", chunked("5\r\n{}"), &[400]),
        Row::cut("no last chunk", chunked("2\r\n{}\r\n"), &[400]),
        Row::new(
            "an extension of 40 KB",
            chunked(&format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(40_000))),
            &[400],
        ),
        Row::new("a coding that is none of HTTP's", auth("Transfer-Encoding: xchunked", "0\r\n\r\n"), &[400]),
        Row::new("a coding that has no end", auth("Transfer-Encoding: gzip", "{}"), &[400]),
        Row::new(
            "chunks that are not outermost",
            auth("Transfer-Encoding: chunked, gzip", "0\r\n\r\n"),
            &[400],
        ),
        Row::new("chunks in HTTP/1.0", chunked(&whole).replace("HTTP/1.1", "HTTP/1.0"), &[400]),
        Row::new(
            "an expectation",
            auth(&format!("Expect: 100-continue\r\nContent-Length: {length}"), &key),
            &[100, 200],
        ),
        Row::new(
            "an odd expectation",
            auth(&format!("Expect: wonders\r\nContent-Length: {length}"), &key),
            &[200],
        ),
        Row::new("more than a megabyte by its length", auth("Content-Length: 2000000", ""), &[413]),
        Row::new("more than a megabyte", auth("Content-Length: 2000000", &"x".repeat(2_000_000)), &[413]),
        Row::new(
            "more than a megabyte in chunks",
            chunked(&format!("1e8480\r\n{}\r\n0\r\n\r\n", "x".repeat(2_000_000))),
            &[413],
        ),
    ]);
}

#[test]
fn what_is_no_authentication_is_refused() {
    let world = World::start();
    let deep = format!("{{\"apiKey\":{}", "[".repeat(100_000));
    let target =
        |target: &str| json(&format!("{{\"apiKey\":\"{}\",\"target\":{target}}}", world.ours.server_key));

    world.hold_to(&[
        Row::new("no JSON", json("apiKey=1"), &[400]),
        Row::new("half of JSON", json("{\"apiKey\":"), &[400]),
        Row::new("two of JSON", json("{\"apiKey\":\"a\"}{}"), &[400]),
        Row::new("a list", json("[\"a\"]"), &[400]),
        Row::new("null", json("null"), &[400]),
        Row::new("no key", json("{}"), &[400]),
        Row::new("an empty key", json("{\"apiKey\":\"\"}"), &[400]),
        Row::new("a number for a key", json("{\"apiKey\":1}"), &[400]),
        Row::new("the key twice", json("{\"apiKey\":\"a\",\"apiKey\":\"b\"}"), &[400]),
        Row::new("brackets without end", json(&deep), &[400]),
        Row::new("half a character", json("{\"apiKey\":\"\\ud800\"}"), &[400]),
        Row::new("NUL in a key", json("{\"apiKey\":\"\\u0000\"}"), &[403]),
        Row::new("a key that nobody made", json("{\"apiKey\":\"0123456789abcdef0123\"}"), &[403]),
        Row::new("a key of 900 KB", json(&key_body(&"k".repeat(900_000))), &[403]),
        Row::new(
            "the hash of a key",
            json(&key_body(api::credentials::secret_hash(&world.ours.server_key).as_str())),
            &[403],
        ),
        Row::new("a token for a key", json(&key_body(&world.ours.server_token)), &[403]),
        Row::new("a target that is text", target("\"ann\""), &[400]),
        Row::new("a target with a space", target("{\"identifier\":\"a b\"}"), &[400]),
        Row::new("a target with a slash", target("{\"identifier\":\"a/b\"}"), &[400]),
        Row::new(
            "a target with markup for a name",
            target("{\"identifier\":\"a\",\"name\":\"<b>\"}"),
            &[400],
        ),
        Row::new(
            "a target with a list of attributes",
            target("{\"identifier\":\"a\",\"attributes\":[]}"),
            &[400],
        ),
        Row::new(
            "a body with GET",
            world.get("feature-configs").replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello"),
            &[200],
        ),
    ]);
}
