//! TLS to the stores, whose authority is named to the whole process by `SSL_CERT_FILE`.

use tests::certificates::Certificates;
use tests::lambda::Front;
use tests::redis::Redis;
use tests::smoke::Function;

use super::away::installation;
use super::world::World;

#[tokio::test]
async fn a_queue_is_reached_by_tls_only_where_its_certificate_is_trusted() {
    let (_database, database, _installation, asked) = installation().await;
    let certificates = Certificates::new();
    let (changes, encrypted) = (Redis::start(), Redis::start_on_port(Some(&certificates)));
    let (_plain, plain) = Redis::start_on_port(None);
    let authority = certificates.authority().display().to_string();
    let (tls, clear) =
        (format!("rediss://localhost:{}", encrypted.1), format!("redis://localhost:{}", encrypted.1));
    let tls_to_plain = format!("rediss://localhost:{plain}");
    for (queue, authority, expected) in [
        (&tls, Some(&authority), 200),
        (&tls, None, 503),
        (&tls_to_plain, Some(&authority), 503),
        (&clear, Some(&authority), 503),
    ] {
        let world = World::on_stores(&[
            ("BURGEE_DATABASE_URL", &database),
            ("BURGEE_REDIS_URL", &changes.url()),
            ("BURGEE_METRICS_REDIS_URL", queue),
        ]);
        let mut world = match authority {
            Some(file) => world.set("SSL_CERT_FILE", file),
            None => world,
        };

        let told = world.ask(Front::FunctionUrl, Function::MetricsIngest, &asked[&Function::MetricsIngest]);

        let log = world.instance(Function::MetricsIngest).log();
        assert_eq!(told.status, expected, "{queue} {log}");
        assert_eq!(log.contains("BURGEE_METRICS_REDIS_URL"), expected == 503, "{queue} {log}");
    }
}
