//! The two doors of a stream: the front door, which reads heads itself, and a connection that hyper had.

use super::world::{Row, World, request};

#[test]
fn streams_are_refused_alike_at_both_doors() {
    let world = World::start();
    let key = format!("API-Key: {}", world.ours.server_key);
    let before = world.get("feature-configs").replace("Connection: close\r\n", "");
    let many = "X: y\r\n".repeat(110);
    let long = format!("X: {}", "y".repeat(70_000));
    let body = "GET /stream HTTP/1.1\r\nHost: x\r\nAPI-Key: nobody's\r\nContent-Length: 5\r\n\r\nhello";
    let stream = |headers: &[&str]| request("GET", "/stream", headers);
    let whole = stream(&[&key]);
    let front = [
        ("no credential", stream(&[]), &[401][..]),
        ("a key that nobody made", stream(&["API-Key: nobody's"]), &[403]),
        ("a token that nobody signed", stream(&["Authorization: Bearer a.b.c"]), &[401]),
        ("at the other base", request("GET", "/api/1.0/stream", &["API-Key: nobody's"]), &[403]),
        ("with a query", request("GET", "/stream?cluster=1&stream=*", &["API-Key: nobody's"]), &[403]),
        ("with a body", body.to_owned(), &[403]),
    ];
    let after = front.each_ref().map(|(what, bytes, statuses)| {
        let second: &'static [u16] = match statuses {
            [401] => &[200, 401],
            _ => &[200, 403],
        };
        Row::new(what, format!("{before}{bytes}"), second)
    });
    let front = front.map(|(what, bytes, statuses)| {
        Row::new(what, bytes, if statuses == [401] { &[401] } else { &[403] })
    });
    let rest = [
        Row::new("110 headers", stream(&[&key, many.trim_end()]), &[431]),
        Row::new("a head of 70 KB", stream(&[&key, &long]), &[431]),
        Row::new("a header without colon", stream(&["nothing"]), &[400]),
        Row::new("a version nobody knows", stream(&[]).replace("HTTP/1.1", "HTTP/9.9"), &[400]),
        Row::new("POST", request("POST", "/stream", &[&key]), &[405]),
        Row::new("HEAD", request("HEAD", "/stream", &[&key]), &[405]),
        Row::new("a slash more", request("GET", "/stream/", &[&key]), &[404]),
        Row::new("a letter more", request("GET", "/streams", &[&key]), &[404]),
        Row::cut("half a path", "GET /stre", &[]),
        Row::cut("a head without its end", whole.strip_suffix("\r\n").unwrap(), &[]),
    ];

    world.hold_to(&front.into_iter().chain(after).chain(rest).collect::<Vec<_>>());
}
