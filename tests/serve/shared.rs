//! Two servers on one Postgres and two servers of Redis: what one is told, the other knows.

use std::time::Duration;

use tempfile::TempDir;
use tests::admin::get;
use tests::burgee::{Burgee, Demo, Launch};
use tests::deadline::wait_for;
use tests::distributed::Distributed;
use tests::listener::{Listener, Memory};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn a_change_made_at_one_server_is_heard_at_the_other_and_survives_the_database_being_away() {
    let (mut stores, folders) = (Distributed::start(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    stores.migrate();
    let [one, other] = folders.each_ref().map(|folder| stores.serve(folder.path()));
    let environment = one.admin().create_environment("shop", "dev");
    environment.create_flag("dark", "boolean", &[("yes", "true"), ("no", "false")]);
    let key = environment.create_key("sdk", "Server");
    let listener = Listener::start(&other.url(), &key, Memory::LastEventId);
    wait_for("a stream", LIMIT, || (listener.connections() > 0).then_some(()));
    let hear = |at_least: i64| {
        wait_for("the change", LIMIT, || {
            let heard = listener.heard();
            heard.newest.get("dark").filter(|event| event.version.0 >= at_least).map(|event| event.version.0)
        })
    };

    environment.switch("dark", "on");
    let first = hear(1);
    stores.postgres.stop();
    wait_for("the other server to notice", LIMIT, || {
        (get(&format!("{}/health/ready", other.url())).status == 503).then_some(())
    });
    stores.postgres.start_again();
    wait_for("both servers to recover", LIMIT, || {
        let ready = |server: &Burgee| get(&format!("{}/health/ready", server.url())).status == 200;
        (ready(&one) && ready(&other)).then_some(())
    });
    environment.switch("dark", "off");

    assert!(hear(first + 1) > first);
}

#[test]
fn stores_that_do_not_go_together_keep_it_from_starting() {
    let folder = TempDir::new().unwrap();
    let start = |names: &[(&str, &str)]| {
        let launch = Launch::new(folder.path(), Demo::No);
        let launch = names.iter().fold(launch, |launch, (name, value)| launch.set(name, value));
        let output = launch.command("127.0.0.1:0").output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let away = ("BURGEE_DATABASE_URL", "postgres://me:secret@127.0.0.1:1/burgee?sslmode=disable");
    let redis = ("BURGEE_REDIS_URL", "redis://:secret@127.0.0.1:1");

    let sqlite = start(&[("BURGEE_DATABASE_URL", "sqlite:///data/burgee.db"), redis]);
    let lonely = start(&[away, redis]);
    let gone = start(&[away]);

    assert!(sqlite.contains("BURGEE_DATABASE_URL names SQLite"), "{sqlite}");
    assert!(lonely.contains("BURGEE_REDIS_URL is set and BURGEE_METRICS_REDIS_URL is not"), "{lonely}");
    assert!(gone.contains("the database that BURGEE_DATABASE_URL names"), "{gone}");
    assert!(!format!("{sqlite}{lonely}{gone}").contains("secret"));
}

#[test]
fn a_database_without_the_tables_keeps_it_from_starting_with_one_sentence() {
    let (stores, folder) = (Distributed::start(), TempDir::new().unwrap());
    let launch = Launch::new(folder.path(), Demo::No);
    let launch = stores.settings().iter().fold(launch, |launch, (name, value)| launch.set(name, value));

    let ended = launch.command("127.0.0.1:0").output().unwrap();

    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("BURGEE_DATABASE_URL") && said.contains("run `burgee migrate`"), "{said}");
}

#[test]
fn a_server_on_shared_stores_writes_no_file() {
    let (stores, folder) = (Distributed::start(), TempDir::new().unwrap());
    stores.migrate();
    // As in the image of infra/aws, whose files cannot be written.
    let nowhere = folder.path().join("a-file/data");
    std::fs::write(folder.path().join("a-file"), "not a folder").unwrap();
    let server = stores.serve(&nowhere);

    assert_eq!(get(&format!("{}/health/ready", server.url())).status, 200);
    server.admin().create_environment("shop", "dev");
}
