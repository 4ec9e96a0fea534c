//! Hostile and mistaken requests: each is refused with the right status and a message that names the
//! place and says what would be right, and nothing is changed. Single fields are in `bad_fields.rs`.

use serde_json::json;

use super::ask::{Ask, ask, delete, get, patch, post};
use super::document;
use super::world::{ORGANISATION, SHOP, World, create_flag, flag, in_environment, send, with};

/// A request, its status, how its message begins.
pub(crate) type Case = (Ask, u16, String);

pub(crate) fn case(ask: Ask, status: u16, message: &str) -> Case {
    (ask, status, message.to_owned())
}

pub(crate) async fn refuse_all(cases: Vec<Case>) {
    let world = World::shop().await;
    world.flag("a").await;
    world
        .ask(post(in_environment("/apikey", "dev"), &json!({ "identifier": "web", "type": "Client" })))
        .await;
    let elsewhere = "accountIdentifier=other&orgIdentifier=other";
    world.project(elsewhere, "theirs").await;
    world.news().await;

    let mut wrong = Vec::new();
    for (ask, status, message) in cases {
        let rows = world.rows().await;
        let answer = send(&world.router, &ask).await;
        let found = answer.body["message"].as_str().unwrap_or_default();
        if answer.status != status || !found.starts_with(&message) || world.rows().await != rows {
            wrong.push(format!(
                "{ask:?}\nexpected {status} {message}\nfound    {} {}",
                answer.status, answer.body
            ));
            continue;
        }
        document::check(&ask, &answer);
        let fields = answer.body["details"]["fields"].as_array().into_iter().flatten();
        let fields =
            fields.map(|one| ["field", "message"].map(|name| one[name].as_str().unwrap()).join(": "));
        let fields = fields.collect::<Vec<_>>().join("; ");
        assert_eq!(fields, if status == 400 { found } else { "" }, "every mistake is listed");
        answer.refused(status);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(world.news().await, [], "nothing was announced");
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let features = || ask("POST", format!("/features?{ORGANISATION}"));
    let whole = flag("new").to_string();
    let mut cases = vec![
        case(features(), 400, "body: is empty; send a JSON object"),
        case(features().text(" \r\n\t"), 400, "body: is empty; send a JSON object"),
        case(
            features().text(whole.strip_suffix('}').unwrap()),
            400,
            "body: is not JSON: EOF while parsing an object",
        ),
        case(features().text(format!("{whole}}}")), 400, "body: is not JSON: trailing characters"),
        case(features().text(format!("{whole}{whole}")), 400, "body: is not JSON: trailing characters"),
        case(features().text("identifier=new&project=shop"), 400, "body: is not JSON"),
        case(features().text([0xff, 0xfe, 0x00]), 400, "body: is not JSON"),
        case(features().text("{\"identifier\":\"\\ud800\"}"), 400, "body: is not JSON: "),
        case(features().text("{\"identifier\":\"a\nb\"}"), 400, "body: is not JSON: control character"),
        case(features().text("{'identifier':'new'}"), 400, "body: is not JSON: key must be a string"),
        case(features().text("{\"identifier\":NaN}"), 400, "body: is not JSON: expected"),
        case(
            features().text("{\"identifier\":\"x\",\"identifier\":\"y\"}"),
            400,
            "body: duplicate field `identifier`",
        ),
    ];
    for (text, found) in
        [("null", "null"), ("7", "integer `7`"), ("true", "boolean `true`"), ("\"x\"", "string \"x\"")]
    {
        cases.push(case(
            features().text(text),
            400,
            &format!("body: invalid type: {found}, expected an object"),
        ));
    }
    for (path, fields) in [
        (format!("/projects?{ORGANISATION}"), json!(["x", "X"])),
        (format!("/environments?{ORGANISATION}"), json!(["x", "X", "shop"])),
        (in_environment("/apikey", "dev"), json!(["x", "X", null, "Server"])),
        (format!("/features?{ORGANISATION}"), json!([])),
    ] {
        cases.push(case(post(path, &fields), 400, "body: is a list; send a JSON object"));
    }
    cases.push(case(
        patch(in_environment("/features/a", "dev"), &json!([null, null, []])),
        400,
        "body: is a list",
    ));
    refuse_all(cases).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_or_too_deep_is_refused() {
    let features = || ask("POST", format!("/features?{ORGANISATION}"));
    let on_dev = || ask("PATCH", in_environment("/features/a", "dev"));
    let limit = "the body is larger than 1048576 bytes; send it in several requests";
    let two_mebibytes = with(flag("new"), json!({ "description": "x".repeat(2 * 1024 * 1024) }));
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let parameters = format!(
        "{{\"instructions\":[{{\"kind\":\"setFeatureFlagState\",\"parameters\":{}}}]}}",
        deep("[", "]")
    );
    let nested = format!(
        "{{\"instructions\":[{{\"kind\":\"x\",\"parameters\":{}1{}}}]}}",
        "{\"a\":".repeat(2_000),
        "}".repeat(2_000)
    );
    refuse_all(vec![
        case(create_flag(&two_mebibytes), 413, limit),
        case(features().text(vec![b' '; 1024 * 1024 + 1]), 413, limit),
        case(on_dev().text(vec![b'['; 2 * 1024 * 1024]), 413, limit),
        case(features().text("[".repeat(500_000)), 400, "body: is "),
        case(on_dev().text(parameters), 400, "body: is not JSON: recursion limit exceeded"),
        case(on_dev().text(nested), 400, "body: is not JSON: recursion limit exceeded"),
    ])
    .await;
}

#[tokio::test]
async fn an_identifier_that_could_lead_elsewhere_is_refused() {
    let hostile = [
        "",
        " ",
        "a b",
        "..",
        ".",
        "../shop",
        "a/b",
        "a\\b",
        "a%2fb",
        "a\u{1}b",
        "ä",
        "a\nb",
        "'; DROP TABLE change; --",
        "<script>",
        "${jndi:ldap://x}",
        &"x".repeat(129),
    ];
    let mut cases = Vec::new();
    for text in hostile {
        let rule = format!("identifier: {text:?} is not an identifier");
        let named = json!({ "identifier": text, "project": "shop", "type": "Server" });
        cases.push(case(create_flag(&flag(text)), 400, &rule));
        cases.push(case(post(format!("/projects?{ORGANISATION}"), &named), 400, &rule));
        cases.push(case(post(format!("/environments?{ORGANISATION}"), &named), 400, &rule));
        cases.push(case(post(in_environment("/apikey", "dev"), &named), 400, &rule));
        let body = json!({ "identifier": "new", "project": text });
        let rule = format!("project: {text:?} is not an identifier");
        cases.push(case(post(format!("/environments?{ORGANISATION}"), &body), 400, &rule));
    }
    refuse_all(cases).await;
}

#[tokio::test]
async fn a_path_that_could_lead_elsewhere_is_refused() {
    let hostile = [
        "%2e%2e",
        "..%2Fa",
        "a%2Fb",
        "%20",
        "%01",
        "a%0d%0aX-Evil:1",
        "%C3%A4",
        "%252e%252e",
        "a;b",
        "*",
        "%3Cb%3E",
    ];
    let mut cases = Vec::new();
    for part in hostile {
        for ask in [
            get(in_environment(&format!("/features/{part}"), "dev")),
            delete(format!("/features/{part}?{SHOP}&forceDelete=true")),
            patch(in_environment(&format!("/features/{part}"), "dev"), &json!({ "instructions": [] })),
            get(in_environment(&format!("/apikey/{part}"), "dev")),
            delete(in_environment(&format!("/apikey/{part}"), "dev")),
        ] {
            cases.push(case(ask, 400, "identifier: "));
        }
        cases.push(case(get(format!("/projects/{part}?{ORGANISATION}")), 400, "identifier: "));
        cases.push(case(get(format!("/environments/{part}?{SHOP}")), 400, "identifier: "));
    }
    cases.push(case(get(format!("/apikey/%00?{SHOP}&environmentIdentifier=dev")), 400, "path: holds %00"));
    cases.push(case(delete(format!("/tags/a%00?{SHOP}")), 400, "path: holds %00"));
    cases.push(case(
        get(format!("/features/%ff?{SHOP}")),
        400,
        "path: Invalid URL: Invalid UTF-8 in `identifier`",
    ));
    cases.push(case(get(format!("/features/../projects?{SHOP}")), 404, "path "));
    cases.push(case(get(format!("/features//a?{SHOP}")), 404, "path "));
    cases.push(case(get(format!("/features/{}?{SHOP}", "x".repeat(10_000))), 400, "identifier: "));
    refuse_all(cases).await;
}

#[tokio::test]
async fn a_query_that_cannot_be_is_refused() {
    let list = |query: &str| get(format!("/features?{SHOP}&{query}"));
    let mut cases = vec![
        case(list("pageSize=0"), 400, "pageSize: \"0\" does not fit; use 1 to 1000"),
        case(list("pageSize=1001"), 400, "pageSize: \"1001\" does not fit; use 1 to 1000"),
        case(list("pageSize=ten"), 400, "pageSize: \"ten\" does not fit; use 1 to 1000"),
        case(list("pageNumber=-1"), 400, "pageNumber: \"-1\" does not fit; count pages from 0"),
        case(list("pageNumber=99999999999999999999999"), 400, "pageNumber: "),
        case(list("pageNumber=1&pageNumber=2"), 400, "query: duplicate field `pageNumber`"),
        case(list("archived=maybe"), 400, "archived: provided string was not `true` or `false`"),
        case(list("enabled=1"), 400, "enabled: provided string was not `true` or `false`"),
        case(list("kind=colour"), 400, "kind: unknown variant `colour`, expected one of `boolean`"),
        case(
            list("lifetime=long"),
            400,
            "lifetime: unknown variant `long`, expected `permanent` or `temporary`",
        ),
        case(
            list("sortByField=colour"),
            400,
            "sortByField: unknown variant `colour`, expected one of `name`",
        ),
        case(
            list("sortOrder=ASC"),
            400,
            "sortOrder: unknown variant `ASC`, expected `ASCENDING` or `DESCENDING`",
        ),
        case(list("status=gone"), 400, "status: unknown variant `gone`, expected one of `active`"),
        case(list("accountIdentifier=other"), 400, "query: duplicate field `accountIdentifier`"),
        case(list("environmentIdentifier=%00"), 400, "query: holds %00"),
        case(list("targetIdentifier=a%00"), 400, "query: holds %00"),
        case(
            list("environmentIdentifier=../dev"),
            400,
            "environmentIdentifier: \"../dev\" is not an identifier",
        ),
        case(list("environmentIdentifier=moon"), 404, "environment \"moon\" does not exist"),
        case(
            delete(format!("/features/a?{SHOP}&forceDelete=yes")),
            400,
            "forceDelete: provided string was not `true` or `false`",
        ),
        case(
            delete(format!("/features/a?{SHOP}&forceDelete=")),
            400,
            "forceDelete: provided string was not `true` or `false`",
        ),
    ];
    let whole = [
        ("accountIdentifier", "acme"),
        ("orgIdentifier", "default"),
        ("projectIdentifier", "shop"),
        ("environmentIdentifier", "dev"),
    ];
    for (missing, _) in whole {
        for value in ["", "%20", "a%2Fb"] {
            let parameter = |(name, right): &(&str, &str)| {
                format!("{name}={}", if *name == missing { value } else { *right })
            };
            let query = whole.iter().map(parameter).collect::<Vec<_>>().join("&");
            let expected = match value {
                "" => format!("{missing}: is missing from the query; add {missing}=…"),
                _ => format!("{missing}: "),
            };
            cases.push(case(get(format!("/apikey?{query}")), 400, &expected));
        }
    }
    refuse_all(cases).await;
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_found() {
    let theirs = "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=theirs";
    let mixed = "accountIdentifier=other&orgIdentifier=other&projectIdentifier=shop";
    let on = json!({ "instructions": [{ "kind": "setFeatureFlagState", "parameters": { "state": "on" } }] });
    let key = json!({ "identifier": "new", "type": "Server" });
    let mut cases = Vec::new();
    for (query, name) in [(theirs, "theirs"), (mixed, "shop")] {
        let missing = format!("project {name:?} does not exist");
        let inside = format!("{query}&environmentIdentifier=dev");
        for ask in [
            get(format!("/features?{query}")),
            get(format!("/features/a?{query}")),
            delete(format!("/features/a?{query}&forceDelete=true")),
            patch(format!("/features/a?{inside}"), &on),
            get(format!("/environments?{query}")),
            get(format!("/environments/dev?{query}")),
            get(format!("/apikey?{inside}")),
            get(format!("/apikey/web?{inside}")),
            delete(format!("/apikey/web?{inside}")),
            post(format!("/apikey?{inside}"), &key),
        ] {
            cases.push(case(ask, 404, &missing));
        }
    }
    refuse_all(cases).await;
}
