//! Whatever stands in front of a function, its answers are those of its router.

use std::fs;

use serde_json::{Value, json};
use tests::exchange::Asked;
use tests::lambda::{Front, Outcome, sample};
use tests::repository::root;
use tests::smoke::{Function, Installation, file_in, open, routers};

use super::world::World;

/// Paths, queries and bodies that mean something to somebody on the way.
const TARGETS: [&str; 12] = [
    "ann",
    "a%20b",
    "ann@example.com",
    "gr%C3%B6%C3%9Fe",
    "%E2%9B%B5",
    "..",
    "%2E%2E",
    "50%25",
    "a+b",
    "a;b=c&d",
    "%22%3C%3E%5B%5D%5E%60%7B%7C%7D",
    "a%3Ab%2Cc%2F%3Fd%23",
];

#[tokio::test]
async fn every_route_answers_the_same_through_everything_that_can_stand_in_front_of_it() {
    let installation = Installation::new().await;
    let requests = installation.requests();
    let plain = {
        let folder = installation.copy();
        let routers = routers(&open(&file_in(folder.path()))).await;
        let mut told = Vec::new();
        for (function, asked) in &requests {
            told.push(asked.of(&routers(*function)).await.without_chance());
        }
        told
    };
    // A load balancer with single headers knows only one parameter of a name.
    let is_cut = |front, asked: &Asked| front == Front::LoadBalancer && asked.target.contains("a&tags=");
    for front in Front::ALL {
        let mut world = World::on(&installation);
        let asked = requests.iter().zip(&plain).filter(|((_, asked), _)| !is_cut(front, asked));
        for ((function, asked), expected) in asked {
            let told = world.ask(front, *function, asked).without_chance();

            assert_eq!(told, *expected, "{front:?} {} {}", asked.method, asked.target);
        }
    }
}

#[tokio::test]
async fn a_streamed_answer_is_the_same_answer() {
    let installation = Installation::new().await;
    let (mut whole, streaming) = (World::on(&installation), World::on(&installation));
    let mut streaming = streaming.set("BURGEE_RESPONSE_STREAM", "true");
    for (function, asked) in installation.requests().iter().filter(|(one, _)| *one == Function::Client) {
        let event = Front::FunctionUrl.event(asked);
        let streamed = streaming.instance(*function).invoke(&event);
        assert!(matches!(streamed, Outcome::Stream(..)), "{streamed:?}");

        let (status, mut headers, body) = Front::FunctionUrl.told(streamed).without_chance();

        let expected = whole.ask(Front::FunctionUrl, *function, asked).without_chance();
        // The runtime gives an answer without a type this one.
        if !expected.1.contains_key("content-type") {
            assert_eq!(headers.remove("content-type").as_deref(), Some("application/octet-stream"));
        }
        assert_eq!((status, headers, body), expected);
    }
    let gateway = Front::RestApi.event(&Asked::new("GET", "/client/x", &[], ""));
    let answered = streaming.instance(Function::Client).invoke(&gateway);
    assert!(matches!(answered, Outcome::Answer(_)), "only function URLs can stream: {answered:?}");
}

#[tokio::test]
async fn an_answer_that_is_too_large_for_one_piece_says_what_to_do_and_is_streamed_where_that_is_set() {
    let installation = Installation::new().await;
    let mut world = World::on(&installation);
    for number in 0..8 {
        let value =
            |letter| json!({"identifier": format!("{letter}"), "value": String::from(letter).repeat(65_536)});
        let flag = json!({
            "identifier": format!("large{number}"), "name": "Large", "project": "shop", "kind": "string",
            "permanent": false, "defaultOnVariation": "a", "defaultOffVariation": "b",
            "variations": ('a'..='o').map(value).collect::<Vec<_>>(),
        });
        let told =
            world.ask(Front::FunctionUrl, Function::Admin, &installation.administer("/features", &flag));
        assert_eq!(told.status, 201, "{told:?}");
    }
    let all = installation.sdk("GET", "/client/env/{environment}/feature-configs", &Value::Null);

    let whole = world.instance(Function::Client).invoke(&Front::FunctionUrl.event(&all));
    world = world.set("BURGEE_RESPONSE_STREAM", "true");
    let mut streaming = world.start("fn-client");
    let streamed = streaming.ask(Front::FunctionUrl, &all);

    let Outcome::Error(error) = whole else { panic!("{whole:?}") };
    let message = error["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("RESPONSE_STREAM") && message.contains("BURGEE_RESPONSE_STREAM=true"),
        "{message}"
    );
    assert_eq!((streamed.status, streamed.body.len() > 7_000_000), (200, true));
}

#[tokio::test]
async fn a_target_of_any_characters_arrives_as_its_sdk_sent_it() {
    let installation = Installation::new().await;
    let folder = installation.copy();
    let routers = routers(&open(&file_in(folder.path()))).await;
    let mut world = World::on(&installation);
    for target in TARGETS {
        let path = format!("/client/env/{{environment}}/target/{target}/evaluations/dark");
        let asked = installation.sdk("GET", &path, &Value::Null);
        let expected = asked.of(&routers(Function::Client)).await.without_chance();
        assert_eq!(expected.0, 200, "{target}: {expected:?}");
        // An HTTP API decodes the path, so that nobody can tell which slashes and percent signs were data.
        let is_ambiguous = |front| front == Front::HttpApi && target.contains("%2F");
        for front in Front::ALL.into_iter().filter(|front| !is_ambiguous(*front)) {
            let told = world.ask(front, Function::Client, &asked).without_chance();

            assert_eq!(told, expected, "{front:?} {target}");
        }
    }
}

#[tokio::test]
async fn a_base_path_is_not_part_of_the_path() {
    let installation = Installation::new().await;
    let mut world = World::on(&installation).set("BURGEE_BASE_PATH", "/flags");
    let asked = installation.sdk("GET", "/client/env/{environment}/feature-configs", &Value::Null);
    let mut below = asked.clone();
    below.target = format!("/flags{}", asked.target);

    for asked in [asked, below] {
        assert_eq!(world.ask(Front::RestApi, Function::Client, &asked).status, 200, "{}", asked.target);
    }
}

#[tokio::test]
async fn the_sample_events_are_answered() {
    let installation = Installation::new().await;
    let mut world = World::on(&installation);
    let mut admin = world.start("fn-admin");
    for entry in fs::read_dir(root().join("infra/aws/events")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let event = sample(name);
        if event["requestContext"].is_null() {
            let Outcome::Answer(report) = admin.invoke(&event) else { panic!("{name}") };
            assert_eq!(report["isComplete"], true, "{name}: {report}");
        } else {
            let Outcome::Answer(answer) = world.instance(Function::Client).invoke(&event) else {
                panic!("{name}")
            };
            assert_eq!(answer["statusCode"], 200, "{name}: {answer}");
            // cargo-lambda reads no answer of a function URL without them.
            assert_eq!(answer["cookies"].is_array(), name == "function-url" || name == "http-api", "{name}");
        }
    }
}
