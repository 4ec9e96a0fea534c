//! The relay in a process of its own, and what the system says about it (Linux).

use std::fs::read_to_string;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) struct Server {
    child: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("our own path");
        let mut command = Command::new(program);
        let child = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        Self { child: child.expect("a second process of ours") }
    }

    /// The port, which it prints first.
    pub(crate) fn port(&mut self) -> u16 {
        let stdout = self.child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        line.trim().parse().expect("a port")
    }

    /// Makes it announce a change.
    pub(crate) fn publish(&mut self) {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        stdin.write_all(b"publish\n").expect("it reads");
        stdin.flush().expect("it reads");
    }

    /// Resident memory.
    pub(crate) fn resident_kib(&self) -> f64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
        kib.and_then(|kib| kib.trim().parse().ok()).expect("a size")
    }

    /// CPU time so far, in the kernel and out of it; in steps of 10 ms.
    pub(crate) fn cpu_time(&self) -> Duration {
        let stat = self.read("stat");
        let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
        let ticks: u64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    fn read(&self, file: &str) -> String {
        read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("the system tells")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already, or it is now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
