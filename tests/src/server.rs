//! Servers of others that a test process starts: they end with it, however it ends.

use std::net::TcpListener;
use std::path::Path;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::deadline::wait_until;
use crate::process::Process;

const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Runs the server until it ends or the pipe to this shell does, which no process can forget to close. The
/// folder, if one is named, goes with it: what lives as long as the process is never dropped.
const SCRIPT: &str = r#"
folder=$0; stop=$1; shift
exec 3<&0
"$@" </dev/null & server=$!
{ cat <&3 >/dev/null; kill -s "$stop" $server; } & watcher=$!
wait $server; status=$?
kill $watcher 2>/dev/null
[ -z "$folder" ] || rm -rf "$folder"
exit $status
"#;

/// A port of this machine that is free now, for a server that cannot choose one itself.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.unwrap_or_else(|error| panic!("no free port: {error}")).port()
}

/// A running server. Dropping it ends it.
pub struct Server {
    shell: Process,
    pipe: Option<ChildStdin>,
}

impl Server {
    /// Runs the command, which `stop` ends. `folder` is removed afterwards.
    ///
    /// # Panics
    /// If there is no shell.
    pub fn start(command: &Command, stop: Signal, folder: Option<&Path>) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).arg(folder.unwrap_or(Path::new("")));
        shell.arg(if stop == Signal::INT { "INT" } else { "TERM" });
        shell.arg(command.get_program()).args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.env_remove("LC_ALL").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = Process::start(&mut shell);
        let (pipe, ..) = shell.take_pipes();
        Self { shell, pipe }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.shell.ended()
    }

    /// Ends it and waits.
    ///
    /// # Panics
    /// If it does not end.
    pub fn stop(&mut self) {
        self.pipe = None;
        let ended = wait_until(STOP_LIMIT, || self.shell.ended());
        assert!(ended.is_some(), "the server did not end within {STOP_LIMIT:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.pipe = None;
        // Else it is killed with its shell's pipe; a test that is unwinding must not panic again.
        wait_until(STOP_LIMIT, || self.shell.ended());
    }
}
