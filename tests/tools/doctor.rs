//! `burgee doctor`: what it says of an installation that is well, and of each that is not.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo};

use super::command::{Said, run};

/// A port that nobody listens on.
const FREE: &str = "127.0.0.1:0";

#[test]
fn an_installation_that_is_well_is_so_in_every_part_while_it_is_served_too() {
    let (folder, mut server) = served();
    let address = server.url().trim_start_matches("http://").to_owned();

    let running = doctor(folder.path(), &address);
    server.terminate();
    let stopped = doctor(folder.path(), FREE);

    for said in [&running, &stopped] {
        assert!(said.success, "{}{}", said.stdout, said.stderr);
        let parts: Vec<_> =
            said.stdout.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
        let parts: Vec<Vec<&str>> = parts;
        let expected = ["data", "space", "database", "schema", "clock", "keys", "history", "port"]
            .map(|part| ["ok", part]);
        assert_eq!(parts, expected, "{}", said.stdout);
    }
    assert!(running.stdout.contains("and is ready"), "{}", running.stdout);
    assert!(stopped.stdout.contains("is free"), "{}", stopped.stdout);
}

#[test]
fn what_is_broken_is_named_and_makes_the_command_fail() {
    let (folder, mut server) = served();
    server.terminate();
    let file = folder.path().join("burgee.db");
    let good = fs::read(&file).unwrap();
    let taken = TcpListener::bind(FREE).unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let in_database = |sql: &'static str| {
        move |file: &Path| {
            Connection::open(file).unwrap().execute_batch(sql).unwrap();
        }
    };
    let damage = |file: &Path| {
        let mut pages = fs::read(file).unwrap();
        let middle = pages.len() / 2;
        pages[middle..middle + 8_192].fill(7);
        fs::write(file, pages).unwrap();
    };
    let newer = "INSERT INTO schema_version (version, min_reader) VALUES (999, 999)";
    let restored = "INSERT INTO setting (name, value) VALUES ('restored_ms', '1')";
    let tampered = "UPDATE change SET actor = 'somebody else'";
    type Harm<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Harm<'_>, &str); 5] = [
        ("BROKEN   database", &damage, FREE),
        ("BROKEN   schema", &in_database(newer), FREE),
        ("BROKEN   restore", &in_database(restored), FREE),
        ("BROKEN   history", &in_database(tampered), FREE),
        ("BROKEN   port", &|_: &Path| {}, &taken),
    ];

    for (expected, harm, listen) in cases {
        harm(&file);
        let said = doctor(folder.path(), listen);
        assert!(!said.success, "{expected}: {}", said.stdout);
        assert!(said.stdout.contains(expected), "{expected}: {}", said.stdout);
        assert_eq!(said.stdout.matches("BROKEN").count(), 1, "{expected}: {}", said.stdout);
        fs::write(&file, &good).unwrap();
    }
}

#[test]
fn what_will_not_last_is_a_warning() {
    let (folder, mut server) = served();
    server.terminate();
    let database = Connection::open(folder.path().join("burgee.db")).unwrap();
    let expiring = "UPDATE sdk_key SET expires_ms = CAST(unixepoch() AS BIGINT) * 1000 + 90 * 60 * 1000";
    database.execute_batch(expiring).unwrap();
    drop(database);

    let said = doctor(folder.path(), FREE);
    let nothing = doctor(&folder.path().join("nothing"), FREE);

    assert!(said.success && nothing.success, "{}{}", said.stdout, nothing.stdout);
    assert!(
        said.stdout.contains("WARNING  keys      SDK key shop/dev/server expires in 1 hours"),
        "{}",
        said.stdout
    );
    assert!(nothing.stdout.contains("WARNING  data "), "{}", nothing.stdout);
}

fn served() -> (TempDir, Burgee) {
    let folder = TempDir::new().unwrap();
    let server = Burgee::start(folder.path(), Demo::No);
    let environment = server.admin().create_environment("shop", "dev");
    environment.create_flag("dark", "boolean", &[("true", "true"), ("false", "false")]);
    environment.create_key("server", "Server");
    (folder, server)
}

fn doctor(data: &Path, listen: &str) -> Said {
    run(["doctor", "--data", &data.display().to_string(), "--listen", listen])
}
