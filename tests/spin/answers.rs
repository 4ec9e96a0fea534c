//! The runtime does not change an answer.

use std::thread;

use tests::burgee::ADMIN_TOKEN;
use tests::exchange::Asked;
use tests::smoke::{Installation, file_in, open, routers};

use super::world::World;

#[tokio::test]
async fn every_route_answers_as_its_native_router_does() {
    let installation = Installation::new().await;
    let native = installation.copy();
    let routers = routers(&open(&file_in(native.path()))).await;
    let world = World::copy(&installation, &[]);

    for (function, asked) in installation.requests() {
        let expected = asked.of(&routers(function)).await.without_connection().without_chance();

        let told = world.ask(&asked).without_chance();

        assert_eq!(told, expected, "{} {}", asked.method, asked.target);
    }
}

#[tokio::test]
async fn requests_that_share_an_instance_neither_end_it_nor_change_each_others_answers() {
    let installation = Installation::new().await;
    let world = World::copy(&installation, &[]);
    let good = installation.sdk("GET", "/client/env/{environment}/feature-configs", &serde_json::Value::Null);
    // Ticks too, and is cut off where so many at once make its 20 ms too short.
    let scope = "accountIdentifier=acme&orgIdentifier=default";
    let list = Asked::new("GET", &format!("/admin/projects?{scope}"), &[("x-api-key", ADMIN_TOKEN)], "");
    let good = [good, list];
    let expected = good.each_ref().map(|asked| world.ask(asked).without_chance());
    let bad = [
        Asked::new("GET", "/client/env/%ff/feature-configs", &[("authorization", "Bearer ~~~")], ""),
        Asked::new("POST", "/client/auth", &[], "{\"apiKey\":"),
        Asked::new("POST", "/client/auth", &[], vec![0xff; 1_000]),
        Asked::new("GET", "/client/env/x/target/%00/evaluations", &[("authorization", "Bearer x")], ""),
        Asked::new("PUT", "/no/such/route", &[], "x"),
    ];

    // More at once than an instance takes, more in all than it answers in its life.
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for asked in bad.iter().cycle().take(10) {
                    let status = world.ask(asked).status;
                    assert!((400..500).contains(&status), "{asked:?}: {status}");
                    let told = good.each_ref().map(|asked| world.ask(asked).without_chance());
                    assert_eq!(told, expected);
                }
            });
        }
    });
}
