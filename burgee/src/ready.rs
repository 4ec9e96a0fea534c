//! `burgee ready`: whether the server on this machine answers, for whoever watches over it and has no other program.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::serve;

/// How long a server may take to say that it is well.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Whom to ask.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the server listens [default: BURGEE_LISTEN, else 127.0.0.1:7700]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
}

/// Succeeds if the server is ready.
///
/// # Errors
/// Why it is not, in one sentence.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let listen = serve::listen_address(arguments.listen.as_deref())?;
    let address = listen.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    let address = reachable(address.with_context(|| format!("{listen} has no address"))?);
    let status = ask(address).with_context(|| format!("no server answers on {address}"))?;
    if !is_success(&status) {
        bail!("the server on {address} is not ready, it answers {status}; its log says why");
    }
    Ok(ExitCode::SUCCESS)
}

/// The first line of what the server says to the question whether it is ready.
pub(crate) fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: burgee\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(1_024).read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or("nothing").to_owned())
}

/// Whether that line says so.
pub(crate) fn is_success(status: &str) -> bool {
    status.contains(" 200 ")
}

/// A server that listens everywhere is asked on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        named => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        for (listen, asked) in
            [("0.0.0.0:7700", "127.0.0.1:7700"), ("[::]:7700", "[::1]:7700"), ("10.1.2.3:80", "10.1.2.3:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
