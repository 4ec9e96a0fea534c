//! Tokens that were forged, edited, stolen or outlived, on every path that asks for one.

use std::time::Duration;

use api::{SdkClaims, TokenKeys};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::burgee::ADMIN_TOKEN;
use tests::deadline::wait_for;

use super::world::{Row, World, claims, request};

/// What is read with a token, below an environment.
const PATHS: [&str; 8] = [
    "feature-configs",
    "feature-configs/dark",
    "target-segments?rules=v2",
    "target-segments/beta",
    "snapshot",
    "snapshot/1",
    "target/ann/evaluations",
    "target/ann/evaluations/dark",
];

/// The same token with another header or other claims, and its old signature.
fn edited(token: &str, part: usize, json: &Value) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts[part] = URL_SAFE_NO_PAD.encode(json.to_string());
    parts.join(".")
}

fn forged(world: &World) -> Vec<(&'static str, String)> {
    let good = &world.ours.server_token;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let header =
        |algorithm: &str, kid: &str| edited(good, 0, &json!({"typ": "JWT", "alg": algorithm, "kid": kid}));
    let with = |name: &str, value: &str| {
        let mut claims = claims(good);
        claims[name] = json!(value);
        edited(good, 1, &claims)
    };
    let their_claims = claims(&world.theirs.server_token);
    let own: SdkClaims = serde_json::from_value(claims(good)).unwrap();
    let other_secret = TokenKeys::parse("1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let unsigned = header("none", "1");
    vec![
        ("no token", String::new()),
        ("what JavaScript sends by mistake", "undefined".to_owned()),
        ("text", "token".to_owned()),
        ("dots", "..".to_owned()),
        ("the SDK key", world.ours.server_key.clone()),
        ("the access token of the admin API", ADMIN_TOKEN.to_owned()),
        ("alg none with a signature", unsigned.clone()),
        ("alg none without one", format!("{}.", unsigned.rsplit_once('.').unwrap().0)),
        ("alg nOnE", header("nOnE", "1")),
        ("alg HS512", header("HS512", "1")),
        ("alg RS256", header("RS256", "1")),
        ("a key name that nobody has", header("HS256", "2")),
        ("a path for a key name", header("HS256", "../../etc/hostname")),
        ("a header without key name", edited(good, 0, &json!({"typ": "JWT", "alg": "HS256"}))),
        ("the signature cut off", head.to_owned()),
        ("an empty signature", format!("{head}.")),
        ("half a signature", format!("{head}.{}", signature.split_at(20).0)),
        ("a fourth part", format!("{good}.{signature}")),
        ("their signature", format!("{head}.{}", world.theirs.server_token.rsplit_once('.').unwrap().1)),
        ("another installation's", other_secret.sign(&own).unwrap()),
        ("another environment in its claims", with("environment", &world.theirs.id)),
        ("another key in its claims", with("apiKey", their_claims["apiKey"].as_str().unwrap())),
        ("another kind in its claims", {
            let mut claims = claims(&world.ours.client_token);
            claims["key_type"] = json!("Server");
            edited(&world.ours.client_token, 1, &claims)
        }),
        ("claims that are no JSON", good.replacen(good.split('.').nth(1).unwrap(), "AAAA", 1)),
        ("20 KB", format!("{good}{}", "x".repeat(20_000))),
    ]
}

#[test]
fn a_token_that_we_did_not_sign_is_401_everywhere() {
    let world = World::start();
    let tokens = forged(&world);
    let rows = tokens.iter().flat_map(|(what, token)| {
        let header = format!("Authorization: Bearer {token}");
        let paths = PATHS.map(|path| request("GET", &world.ours.path(path), &[&header])).into_iter();
        let report = request("POST", &format!("/metrics/{}", world.ours.id), &[&header]);
        paths.chain([report]).map(|request| Row::new(what, request, &[401]))
    });
    let schemes = ["Basic", "Token", ""].map(|scheme| {
        let header = format!("Authorization: {scheme} {}", world.ours.server_token);
        Row::new("another scheme", request("GET", &world.ours.path(PATHS[0]), &[&header]), &[401])
    });

    world.hold_to(&rows.chain(schemes).collect::<Vec<_>>());
}

#[test]
fn a_good_token_opens_its_own_environment_only() {
    let world = World::start();
    let (ours, theirs) = (&world.ours, &world.theirs);
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    let foreign = [&ours.server_token, &ours.client_token].into_iter().flat_map(|token| {
        let paths = PATHS.map(|path| request("GET", &theirs.path(path), &[&bearer(token)])).into_iter();
        let report = request("POST", &format!("/metrics/{}", theirs.id), &[&bearer(token)]);
        paths.chain([report]).map(|request| Row::new("our token on their path", request, &[403]))
    });
    let rules = PATHS[..6].iter().map(|path| {
        let request = request("GET", &ours.path(path), &[&bearer(&ours.client_token)]);
        Row::new("a client key where rules are read", request, &[403])
    });
    let names = ["dev", "*", "undefined", "%2A", ""].map(|name| {
        let path = format!("/client/env/{name}/feature-configs");
        Row::new("a name instead of an id", request("GET", &path, &[&ours.bearer()]), &[403])
    });
    let admin = [
        "/admin/projects?accountIdentifier=acme&orgIdentifier=default",
        "/admin/burgee/v1/tokens",
        "/metrics",
    ]
    .map(|path| Row::new("an SDK's token at the admin API", request("GET", path, &[&ours.bearer()]), &[401]));

    world.hold_to(&foreign.chain(rules).chain(names).chain(admin).collect::<Vec<_>>());
}

#[test]
fn a_token_is_worth_nothing_once_its_key_is_revoked() {
    let world = World::start();
    world.environment.delete_key("server");
    let first = world.get(PATHS[0]);
    wait_for("the token to be refused", Duration::from_secs(2), || {
        world.exchange(first.as_bytes(), false).starts_with("HTTP/1.1 403 ").then_some(())
    });

    let bearer = world.ours.bearer();
    let mut rows: Vec<_> = PATHS
        .map(|path| Row::new("replayed", request("GET", &world.ours.path(path), &[&bearer]), &[403]))
        .into();
    rows.push(Row::new("on a stream", request("GET", "/stream", &[&bearer]), &[403]));
    let known = request("GET", &world.ours.path(PATHS[0]), &[&bearer, "If-None-Match: *"]);
    rows.push(Row::new("with a tag", known, &[403]));
    let wrong: Vec<_> = rows.iter().filter(|row| !answers(&world, row)).map(|row| row.what).collect();
    assert_eq!(wrong, Vec::<&str>::new());
}

fn answers(world: &World, row: &Row) -> bool {
    world.exchange(&row.bytes, false).starts_with("HTTP/1.1 403 ")
}
