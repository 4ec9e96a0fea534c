//! The network that breaks, tried with a server that repeats what it hears.
#![cfg(test)]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use testkit::{Network, Weather};

/// Long enough for any answer that comes, short enough to be waited for where none does.
const SILENCE: Duration = Duration::from_millis(300);

/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn fair_weather_hands_on_every_byte_and_both_ends() {
    let network = Network::before(echo()).unwrap();
    let mut client = connect(&network);
    let sent: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_be_bytes()[3]).collect();

    let mut writer = client.try_clone().unwrap();
    let all = sent.clone();
    let writing = thread::spawn(move || {
        writer.write_all(&all).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut received = Vec::new();
    client.read_to_end(&mut received).unwrap();

    writing.join().unwrap();
    assert_eq!(received, sent);
}

#[test]
fn a_stall_keeps_bytes_until_it_is_over() {
    let network = Network::before(echo()).unwrap();
    let mut client = connect(&network);
    network.set(Weather::Stalled);

    client.write_all(b"late").unwrap();
    assert!(is_silent(&mut client));

    network.set(Weather::Fair);
    assert_eq!(read(&mut client), "late");
}

#[test]
fn slow_weather_delays_both_directions() {
    let network = Network::before(echo()).unwrap();
    let mut client = connect(&network);
    let delay = Duration::from_millis(100);
    network.set(Weather::Slow(delay));

    let sent_at = Instant::now();
    client.write_all(b"slow").unwrap();

    assert_eq!(read(&mut client), "slow");
    assert!(sent_at.elapsed() >= 2 * delay, "{:?}", sent_at.elapsed());
}

#[test]
fn a_reset_is_an_error_on_open_connections_and_nothing_to_new_ones() {
    let network = Network::before(echo()).unwrap();
    let mut client = connect(&network);
    client.write_all(b"before").unwrap();
    assert_eq!(read(&mut client), "before");

    network.reset();

    client.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    let mut next = connect(&network);
    next.write_all(b"after").unwrap();
    assert_eq!(read(&mut next), "after");
}

#[test]
fn a_forgotten_connection_is_silent_and_new_ones_are_not() {
    let network = Network::before(echo()).unwrap();
    let mut client = connect(&network);
    client.write_all(b"before").unwrap();
    assert_eq!(read(&mut client), "before");

    network.forget();

    client.write_all(b"lost").unwrap();
    assert!(is_silent(&mut client));
    let mut next = connect(&network);
    next.write_all(b"after").unwrap();
    assert_eq!(read(&mut next), "after");
}

#[test]
fn refusing_weather_resets_new_connections() {
    let network = Network::before(echo()).unwrap();
    network.set(Weather::Refusing);

    let mut client = connect(&network);

    client.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_bad_gateway_answers_requests_and_leaves_open_streams_alone() {
    let network = Network::before(echo()).unwrap();
    let (mut stream, mut idle) = (connect(&network), connect(&network));
    let request = "GET /api/1.0/stream?cluster=1 HTTP/1.1\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(read(&mut stream), request);
    idle.write_all(b"GET /client HTTP/1.1\r\n\r\n").unwrap();
    read(&mut idle);

    network.set(Weather::BadGateway);

    assert_eq!(network.streams(), 1);
    stream.write_all(b"still here").unwrap();
    assert_eq!(read(&mut stream), "still here");
    assert_eq!(read(&mut idle), "", "a connection without a stream is closed");
    let mut next = connect(&network);
    next.write_all(b"GET /client HTTP/1.1\r\n\r\n").unwrap();
    next.set_read_timeout(Some(LIMIT)).unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
}

#[test]
fn without_a_server_connections_are_reset() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let network = Network::before(gone).unwrap();

    let mut client = connect(&network);

    client.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// A server that sends back what it hears, until its process ends.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || std::io::copy(&mut &socket, &mut &socket));
        }
    });
    address
}

fn connect(network: &Network) -> TcpStream {
    TcpStream::connect(network.address()).unwrap()
}

/// The next bytes; nothing at the end.
fn read(socket: &mut TcpStream) -> String {
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let mut bytes = [0; 1024];
    let count = socket.read(&mut bytes).unwrap();
    String::from_utf8(bytes[..count].to_vec()).unwrap()
}

fn is_silent(socket: &mut TcpStream) -> bool {
    socket.set_read_timeout(Some(SILENCE)).unwrap();
    socket
        .read(&mut [0])
        .is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}
