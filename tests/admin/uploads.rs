//! Targets from a CSV file: all of them or none.

use serde_json::{Value, json};

use super::service::{Answer, Caller, Service};

const BOUNDARY: &str = "boundary-of-the-test";

async fn upload(caller: &Caller, file: &[u8]) -> Answer {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"targets.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n"
    );
    let body = [head.as_bytes(), file, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    caller.send_as("POST", "/targets/upload", &content_type, body).await
}

async fn listed(caller: &Caller) -> Vec<(String, String)> {
    let list = caller.get("/targets").await.is(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let targets = list["targets"].as_array().unwrap().iter();
    targets.map(|target| (text(&target["identifier"]), text(&target["name"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[tokio::test]
async fn a_file_lists_new_targets_and_names_known_ones() {
    let service = Service::start().await;
    let owner = service.owner();
    let known = json!({
        "identifier": "ann", "name": "nobody", "project": "shop", "environment": "dev",
        "attributes": {"plan": "pro"},
    });
    owner.post("/targets", &known).await.is(201);
    let before = service.versions().await;

    let answer = upload(&owner, b"Ann, ann\r\nBob, bob@example.com\r\n").await.is(201);

    assert_eq!(answer, Value::Null, "the answer has no body");
    assert_eq!(listed(&owner).await, pairs(&[("ann", "Ann"), ("bob@example.com", "Bob")]));
    assert_eq!(owner.get("/targets/ann").await.is(200)["attributes"], json!({"plan": "pro"}));
    assert_eq!(service.versions().await, before, "nothing that is served has changed");
}

#[tokio::test]
async fn the_same_file_again_writes_nothing() {
    let service = Service::start().await;
    let owner = service.owner();
    upload(&owner, b"Ann,ann\nBob,bob\n").await.is(201);
    let before = service.project("shop").await.revision;

    upload(&owner, b"Bob,bob\nAnn,ann\n").await.is(201);

    assert_eq!(service.project("shop").await.revision, before);
}

#[tokio::test]
async fn one_bad_line_refuses_the_whole_file_and_is_named() {
    let service = Service::start().await;
    let owner = service.owner();
    let before = service.project("shop").await.revision;

    let answer = upload(&owner, b"Ann,ann\nBob\nEve,e v e\n").await;

    let fields = answer.body["details"]["fields"].clone();
    let refused = answer.refused(400);
    assert!(
        refused.starts_with("line 2: has 1 columns; each line is Name, Identifier; line 3: "),
        "{refused}"
    );
    assert_eq!((&fields[0]["field"], &fields[1]["field"]), (&json!("line 2"), &json!("line 3")));
    assert_eq!(listed(&owner).await, []);
    assert_eq!(service.project("shop").await.revision, before);
}

#[tokio::test]
async fn audit_has_one_row_for_a_file_with_numbers_and_without_names() {
    let service = Service::start().await;
    let owner = service.owner();
    upload(&owner, b"Ann,ann\n").await.is(201);
    upload(&owner, b"Annie,ann\nBob,bob\n").await.is(201);

    let trails = owner.get("/audit?action=TargetsUploaded").await.is(200)["data"]["auditTrails"].clone();
    let after = trails[0]["objectAfter"].as_str().unwrap();
    let snapshot = owner.get(&format!("/objects/{after}")).await.is(200);

    assert_eq!(trails.as_array().unwrap().len(), 2);
    assert_eq!((&trails[0]["environment"], &trails[0]["objectType"]), (&json!("dev"), &json!("Target")));
    assert_eq!(snapshot["data"]["objectsnapshots"][0]["value"], json!({"created": 1, "renamed": 1}));
}

#[tokio::test]
async fn what_is_no_form_with_a_file_is_refused() {
    let service = Service::start().await;
    let owner = service.owner();
    let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
    let cases = [
        ("text/csv", b"Ann,ann\n".to_vec(), "Content-Type: is not multipart/form-data with a boundary"),
        ("multipart/form-data", Vec::new(), "Content-Type: is not multipart/form-data with a boundary"),
        (multipart.as_str(), Vec::new(), "body: "),
        (multipart.as_str(), format!("--{BOUNDARY}--\r\n").into_bytes(), "body: holds no part"),
        (multipart.as_str(), format!("--{BOUNDARY}\r\nContent-Disposition: form-da").into_bytes(), "body: "),
    ];
    for (content_type, body, message) in cases {
        let refused = owner.send_as("POST", "/targets/upload", content_type, body).await.refused(400);
        assert!(refused.starts_with(message), "{refused}\nexpected {message}");
    }
}

#[tokio::test]
async fn more_than_ten_mebibytes_are_refused() {
    let service = Service::start().await;
    let owner = service.owner();

    let refused = upload(&owner, &vec![b'x'; 10 * 1024 * 1024]).await.refused(413);
    // Far above the limit of other bodies, far below this one's.
    upload(&owner, &vec![b'x'; 3 * 1024 * 1024]).await.refused(400);

    assert!(refused.starts_with("the body is larger than 10485760 bytes"), "{refused}");
}

#[tokio::test]
async fn an_environment_lists_a_hundred_thousand_targets_and_no_more() {
    let service = Service::start().await;
    let owner = service.owner();
    let file: String = (0..100_000).map(|number| format!("Target {number},t{number}\n")).collect();
    upload(&owner, file.as_bytes()).await.is(201);

    let one_more = upload(&owner, b"Ann,ann\n").await.refused(413);
    let by_hand = json!({"identifier": "ann", "project": "shop", "environment": "dev"});
    owner.post("/targets", &by_hand).await.refused(413);
    upload(&owner, b"A new name,t7\n").await.is(201);

    assert!(
        one_more.starts_with("the environment lists 100000 targets and 1 more would be beyond"),
        "{one_more}"
    );
    let last = owner.get("/targets?pageNumber=99999&pageSize=1&sortByField=name&sortOrder=DESCENDING").await;
    let last = last.is(200);
    assert_eq!((&last["itemCount"], &last["targets"][0]["identifier"]), (&json!(100_000), &json!("t7")));
}
