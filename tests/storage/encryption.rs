//! Who may listen, and who may answer: TLS to Postgres. That to Redis is in `tests/lambda/encrypted.rs`.

use std::process::Output;

use platform::{Db, DbError, Statement};
use platform_native::Postgres;
use tests::binary;
use tests::certificates::Certificates;
use tests::postgres::Postgres as PostgresServer;
use tests::stores::open;

/// Whether a connection of the driver is encrypted, or why there is none.
async fn is_encrypted(host: &str, port: u16, query: &str) -> Result<bool, DbError> {
    let db = open(&format!("postgres://burgee@{host}:{port}/postgres?{query}"));
    let asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    db.query(Statement::new(asked)).await.map(|rows| rows[0].bool(0).unwrap())
}

fn refusal(refused: Result<bool, DbError>) -> String {
    let Err(DbError::Unavailable(text)) = refused else { panic!("{refused:?}") };
    text
}

#[tokio::test]
async fn each_sslmode_encrypts_and_checks_what_it_says() {
    let certificates = Certificates::new();
    let (_server, port) = PostgresServer::start_on_port(Some(&certificates));

    assert_eq!(is_encrypted("localhost", port, "sslmode=disable").await, Ok(false));
    assert_eq!(is_encrypted("localhost", port, "").await, Ok(true));
    assert_eq!(is_encrypted("127.0.0.1", port, "sslmode=require").await, Ok(true));
    let known = format!("sslmode=verify-full&sslrootcert={}", certificates.authority().display());
    assert_eq!(is_encrypted("localhost", port, &known).await, Ok(true));
    let stranger = Certificates::new();
    let unknown = format!("sslmode=verify-full&sslrootcert={}", stranger.authority().display());
    for (host, query) in
        [("127.0.0.1", &*known), ("localhost", &*unknown), ("localhost", "sslmode=verify-full")]
    {
        let said = refusal(is_encrypted(host, port, query).await);

        assert!(said.contains("invalid peer certificate"), "{host} {query}: {said}");
    }
}

#[tokio::test]
async fn where_encryption_is_demanded_nothing_goes_in_the_clear() {
    let certificates = Certificates::new();
    let (demanding, encrypted) = PostgresServer::start_on_port(Some(&certificates));
    let (_plain_server, plain) = PostgresServer::start_on_port(None);
    demanding.demand_encryption();

    assert_eq!(is_encrypted("localhost", plain, "").await, Ok(false), "prefer takes what there is");
    for query in ["sslmode=require", "sslmode=verify-full&sslrootcert="] {
        let file = certificates.authority().display().to_string();
        let query = if query.ends_with('=') { format!("{query}{file}") } else { query.to_owned() };

        let said = refusal(is_encrypted("localhost", plain, &query).await);

        assert!(said.contains("server does not support TLS"), "{said}");
        assert_eq!(is_encrypted("localhost", encrypted, &query).await, Ok(true));
    }
    let said = refusal(is_encrypted("localhost", encrypted, "sslmode=disable").await);
    assert!(said.contains("no encryption") && said.contains("BURGEE_DATABASE_URL"), "{said}");
}

#[test]
fn a_file_of_authorities_that_cannot_be_read_is_named() {
    let url = "postgres://me:secret@localhost/burgee?sslmode=verify-full&sslrootcert=/nowhere/ca.pem";

    let error = Postgres::new(url, 1).err().unwrap();

    assert_eq!(
        error.to_string(),
        "BURGEE_DATABASE_URL: sslrootcert /nowhere/ca.pem holds no PEM certificates"
    );
}

/// How `burgee migrate` ends with these settings.
fn migrate(settings: &[(&str, &str)]) -> Output {
    let mut command = binary::command(&binary::built("burgee"));
    command.arg("migrate").envs(settings.iter().copied()).output().unwrap()
}

#[test]
fn an_authority_of_ones_own_is_named_to_the_whole_process_by_a_variable() {
    let certificates = Certificates::new();
    let (_server, port) = PostgresServer::start_on_port(Some(&certificates));
    let url = format!("postgres://burgee@localhost:{port}/postgres?sslmode=verify-full");
    let authority = certificates.authority().display().to_string();

    let unknown = migrate(&[("BURGEE_DATABASE_URL", &url)]);
    let known = migrate(&[("BURGEE_DATABASE_URL", &url), ("SSL_CERT_FILE", &authority)]);

    let said = String::from_utf8_lossy(&unknown.stderr);
    assert!(!unknown.status.success() && said.contains("invalid peer certificate"), "{said}");
    assert!(known.status.success(), "{}", String::from_utf8_lossy(&known.stderr));
}
