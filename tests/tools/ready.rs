//! `burgee ready`: a container's health check.

use tempfile::TempDir;
use tests::burgee::{Burgee, Demo};

use super::command::{fail, succeed};

#[test]
fn a_server_that_answers_is_ready_and_nobody_is_not() {
    let folder = TempDir::new().unwrap();
    let mut server = Burgee::start(folder.path(), Demo::No);
    let address = server.url().trim_start_matches("http://").to_owned();

    let said = succeed(["ready", "--listen", &address]);
    server.kill();
    let complaint = fail(["ready", "--listen", &address]);

    assert_eq!(said, "");
    assert!(complaint.starts_with(&format!("burgee: no server answers on {address}: ")), "{complaint}");
}
