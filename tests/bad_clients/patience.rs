//! Clients that take their time, or everybody else's.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::world::{LIMIT, World, key_body, request};

/// Connections of each kind.
const CONNECTIONS: usize = 100;

#[test]
fn connections_that_never_finish_keep_nobody_waiting() {
    let world = World::start();
    let auth = "POST /client/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"apiKey\"";
    let head = world.get("feature-configs");
    let kinds =
        ["", "GE", "GET /stream HTTP/1.1\r\nHost: x\r\nX: ", head.strip_suffix("\r\n").unwrap(), auth];
    let mut held: Vec<_> = kinds
        .iter()
        .cycle()
        .take(kinds.len() * CONNECTIONS)
        .map(|bytes| {
            let mut connection = world.connect();
            connection.write_all(bytes.as_bytes()).unwrap();
            connection
        })
        .collect();

    let started = Instant::now();
    let answer = world.exchange(head.as_bytes(), false);
    println!("answered in {:.1?} beside {} connections that do not finish", started.elapsed(), held.len());
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(1));

    // Those that hold the front door are sent away; they said nothing, or half a stream's head.
    let door = held.swap_remove(2);
    let refused = std::io::read_to_string(door).unwrap();
    assert!(refused.starts_with("HTTP/1.1 408 "), "{refused}");
    drop(held);
    world.is_unharmed();
}

#[test]
fn a_body_that_does_not_come_ends_with_408() {
    let world = World::start();
    let mut connection = world.connect();
    connection.set_read_timeout(Some(2 * LIMIT)).unwrap();
    connection.write_all(b"POST /client/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{").unwrap();

    let answer = std::io::read_to_string(connection).unwrap();

    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"408\""), "{answer}");
    world.is_unharmed();
}

#[test]
fn many_requests_at_once_on_one_connection_are_answered_in_order() {
    let world = World::start();
    let bearer = world.ours.bearer();
    let one = |flag: usize| {
        let path = world.ours.path(&format!("feature-configs/flag-{flag}"));
        request("GET", &path, &[&bearer]).replace("Connection: close\r\n", "")
    };
    let bytes = (0..200).map(one).collect::<String>() + &world.get("feature-configs");

    let answers = world.exchange(bytes.as_bytes(), false);

    let refused = answers.split("flag \\\"flag-").skip(1);
    let order: Vec<usize> = refused.map(|rest| rest.split_once('\\').unwrap().0.parse().unwrap()).collect();
    assert_eq!(order, (0..200).collect::<Vec<_>>());
    assert!(answers.ends_with(']'), "the last answer is the list");
    world.is_unharmed();
}

#[test]
fn whoever_never_reads_or_leaves_early_harms_nobody() {
    let world = World::start();
    let bytes = world.get("feature-configs").replace("Connection: close\r\n", "").repeat(500);
    let auth = key_body(&world.ours.server_key);
    let auth =
        format!("POST /client/auth HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{auth}", auth.len());
    for _ in 0..20 {
        let mut deaf = world.connect();
        // The server stops reading when nobody reads its answers; what fits was sent.
        deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let _ = deaf.write_all(bytes.as_bytes());
        let mut hasty = world.connect();
        hasty.write_all(auth.as_bytes()).unwrap();
        let mut first = [0];
        hasty.read_exact(&mut first).unwrap();
    }

    world.is_unharmed();
}
