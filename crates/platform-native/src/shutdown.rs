//! How a process is asked to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tokio::signal::unix::{SignalKind, signal};

/// What asked for the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Signal {
    /// SIGINT: somebody pressed Ctrl-C.
    Interrupt,
    /// SIGTERM: the process's supervisor.
    Terminate,
}

/// Listens for SIGTERM and SIGINT from now on; the future ends with the first. A second one, of either
/// kind, ends the process at once with code 143 or 130. That happens in the signal handler, so it works
/// even if every thread hangs.
///
/// # Errors
/// If the system does not let us listen.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn listen() -> io::Result<impl Future<Output = Signal> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let asked = Arc::new(AtomicBool::new(false));
    for number in [SIGINT, SIGTERM] {
        // Handlers run in the order of registration: the first signal finds `asked` false and sets it.
        flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&asked))?;
    }
    for number in [SIGINT, SIGTERM] {
        flag::register(number, Arc::clone(&asked))?;
    }
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    })
}
