//! Taking a port, with advice where that fails.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Connections that may wait to be accepted: a fleet of SDKs reconnects all at once.
const BACKLOG: u32 = 4096;

/// Ports tried in search of a free one to propose.
const PROPOSALS_MAX: u16 = 20;

/// Why nothing listens. One sentence that names the address.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The port is taken.
    #[error("{address} is used by another program; stop that one or choose another address{}", example(*.free))]
    Taken {
        /// What was asked for.
        address: SocketAddr,
        /// A neighbour that is free now.
        free: Option<SocketAddr>,
    },
    /// Anything else: not an address, not one of this machine, not allowed.
    #[error("cannot listen on {address}: {cause}")]
    Failed {
        /// What was asked for.
        address: String,
        /// What the system says.
        cause: io::Error,
    },
}

/// Listens on `address` (`host:port`; port 0 takes any free one).
///
/// # Errors
/// See [`BindError`].
pub async fn bind(address: &str) -> Result<TcpListener, BindError> {
    let failed = |cause| BindError::Failed { address: address.to_owned(), cause };
    let none = || failed(io::Error::new(ErrorKind::NotFound, "the host has no address"));
    let resolved = lookup_host(address).await.map_err(failed)?.next().ok_or_else(none)?;
    match listen(resolved) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Err(BindError::Taken { address: resolved, free: free_near(resolved) })
        }
        Err(error) => Err(failed(error)),
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Or a restart would have to wait until the connections of the last run are forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn free_near(taken: SocketAddr) -> Option<SocketAddr> {
    (1..=PROPOSALS_MAX)
        .filter_map(|step| taken.port().checked_add(step))
        .map(|port| SocketAddr::new(taken.ip(), port))
        .find(|address| listen(*address).is_ok())
}

fn example(free: Option<SocketAddr>) -> String {
    free.map_or_else(String::new, |free| format!(", such as {free}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_and_a_free_one_is_proposed() {
        let holder = bind("127.0.0.1:0").await.unwrap();
        let taken = holder.local_addr().unwrap();

        let error = bind(&taken.to_string()).await.unwrap_err();

        let text = error.to_string();
        let BindError::Taken { free: Some(free), .. } = error else { panic!("{error:?}") };
        let expected = format!(
            "{taken} is used by another program; stop that one or choose another address, such as {free}"
        );
        assert_eq!(text, expected);
        assert_ne!(free.port(), taken.port());
    }

    #[tokio::test]
    async fn what_is_no_address_of_this_machine_is_said_in_one_sentence() {
        for address in ["7700", "192.0.2.1:7700"] {
            let error = bind(address).await.unwrap_err().to_string();

            assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
        }
    }
}
