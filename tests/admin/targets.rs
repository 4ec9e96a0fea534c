//! The list of targets, and the segments of a target.

use model::Target;
use serde_json::{Value, json};
use store::Role;

use super::service::{Caller, START_MS, Service, each};

fn target(identifier: &str, name: &str, attributes: &Value) -> Value {
    json!({
        "identifier": identifier, "name": name, "project": "shop", "environment": "dev", "account": "acme",
        "org": "default", "attributes": attributes,
    })
}

async fn write(caller: &Caller, identifier: &str, name: &str) {
    let body = caller.post("/targets", &target(identifier, name, &json!({}))).await.is(201);
    assert_eq!(body, Value::Null, "the answer has no body");
}

async fn register(service: &Service, identifier: &str, name: &str, attributes: Value) {
    let target = Target {
        name: name.into(),
        attributes: attributes.as_object().unwrap().clone(),
        ..Target::bare(identifier)
    };
    let environment = service.environment("dev").await.id;
    let register = store::register_target(&environment, &target, START_MS).unwrap();
    service.platform.db.batch(vec![register]).await.unwrap();
}

#[tokio::test]
async fn a_target_is_written_read_changed_and_deleted() {
    let service = Service::start().await;
    let editor = service.with_role(Role::Editor, None).await;
    editor.post("/targets", &target("ann@example.com", "Ann", &json!({"plan": "pro"}))).await.is(201);

    let read = editor.get("/targets/ann@example.com").await.is(200);
    let renamed = editor.instruct("/targets/ann@example.com", "updateName", json!({"name": "Annie"})).await;
    let replaced =
        editor.put("/targets/ann@example.com", &target("ann@example.com", "", &json!({"age": 7}))).await;
    editor.delete("/targets/ann@example.com").await.is(204);

    assert_eq!(
        read,
        json!({
            "identifier": "ann@example.com", "name": "Ann", "account": "acme", "org": "default",
            "project": "shop", "environment": "dev", "anonymous": false, "attributes": {"plan": "pro"},
            "createdAt": START_MS,
        })
    );
    let renamed = renamed.is(200);
    assert_eq!((&renamed["name"], &renamed["attributes"]), (&json!("Annie"), &json!({"plan": "pro"})));
    let replaced = replaced.is(200);
    assert_eq!(replaced["name"], "ann@example.com", "no name is the identifier");
    assert_eq!(replaced["attributes"], json!({"age": 7}));
    let gone = editor.get("/targets/ann@example.com").await.refused(404);
    assert_eq!(gone, "target \"ann@example.com\" does not exist");
}

#[tokio::test]
async fn several_instructions_are_applied_in_order_and_all_or_none() {
    let service = Service::start().await;
    let owner = service.owner();
    write(&owner, "ann", "Ann").await;
    let names = |last: Value| {
        json!({ "comment": "a better name", "instructions": [
            { "kind": "updateName", "parameters": { "name": "first" } },
            { "kind": "updateName", "parameters": last },
        ]})
    };

    let changed = owner.send("PATCH", "/targets/ann", Some(&names(json!({"name": "second"})))).await.is(200);
    let refused = owner.send("PATCH", "/targets/ann", Some(&names(json!({"name": 7})))).await.refused(400);

    assert_eq!(changed["name"], "second");
    assert!(refused.starts_with("instructions[1].parameters.name: invalid type: integer `7`"), "{refused}");
    assert_eq!(owner.get("/targets/ann").await.is(200)["name"], "second");
}

#[tokio::test]
async fn writing_targets_makes_no_version_and_no_event() {
    let service = Service::start().await;
    let owner = service.owner();
    let before = service.versions().await;

    write(&owner, "ann", "Ann").await;
    owner.instruct("/targets/ann", "updateName", json!({"name": "Annie"})).await.is(200);
    owner.delete("/targets/ann").await.is(204);

    assert_eq!(service.versions().await, before);
    assert_eq!(service.number("SELECT count(*) FROM change WHERE NOT sent").await, 0);
}

#[tokio::test]
async fn a_change_that_changes_nothing_writes_nothing() {
    let service = Service::start().await;
    let owner = service.owner();
    write(&owner, "ann", "Ann").await;
    let before = service.project("shop").await.revision;

    owner.instruct("/targets/ann", "updateName", json!({"name": "Ann"})).await.is(200);
    owner.put("/targets/ann", &target("ann", "Ann", &json!({}))).await.is(200);

    assert_eq!(service.project("shop").await.revision, before);
}

#[tokio::test]
async fn a_target_that_is_listed_already_is_409_whoever_listed_it() {
    let service = Service::start().await;
    let owner = service.owner();
    write(&owner, "ann", "Ann").await;
    register(&service, "bob", "Bob", json!({})).await;

    for identifier in ["ann", "bob"] {
        let refused = owner.post("/targets", &target(identifier, "again", &json!({}))).await.refused(409);
        assert_eq!(refused, format!("target {identifier:?} already exists; choose another identifier"));
    }
}

#[tokio::test]
async fn what_the_admin_api_wrote_is_not_overwritten_by_an_sdk() {
    let service = Service::start().await;
    let owner = service.owner();
    write(&owner, "ann", "Ann").await;
    register(&service, "bob", "Bob", json!({"plan": "free"})).await;
    owner.instruct("/targets/bob", "updateName", json!({"name": "Robert"})).await.is(200);

    register(&service, "ann", "somebody", json!({"plan": "free"})).await;
    register(&service, "bob", "somebody", json!({})).await;

    assert_eq!(owner.get("/targets/ann").await.is(200)["name"], "Ann");
    let bob = owner.get("/targets/bob").await.is(200);
    assert_eq!((&bob["name"], &bob["attributes"]), (&json!("Robert"), &json!({"plan": "free"})));
}

#[tokio::test]
async fn targets_belong_to_their_environment() {
    let service = Service::start().await;
    let owner = service.owner();
    service.make_project("blog", &["dev"]).await;
    write(&owner, "ann", "Ann").await;

    for elsewhere in [owner.at("live"), owner.in_project("blog")] {
        elsewhere.get("/targets/ann").await.refused(404);
        elsewhere.delete("/targets/ann").await.refused(404);
        assert_eq!(elsewhere.get("/targets").await.is(200)["itemCount"], 0);
    }
    owner.get("/targets/ann").await.is(200);
}

#[tokio::test]
async fn viewers_read_targets_and_change_none() {
    let service = Service::start().await;
    write(&service.owner(), "ann", "Ann").await;
    let viewer = service.with_role(Role::Viewer, None).await;

    for path in [
        "/targets",
        "/targets/ann",
        "/targets/attributes",
        "/targets/ann/segments",
        "/targets/ann/available_segments",
        "/targets-segments/",
        "/targets-segments",
        "/targets-segments-info/",
        "/targets-segments-info",
    ] {
        viewer.get(path).await.is(200);
    }
    viewer.post("/targets", &target("bob", "Bob", &json!({}))).await.refused(403);
    viewer.put("/targets/ann", &target("ann", "x", &json!({}))).await.refused(403);
    viewer.instruct("/targets/ann", "updateName", json!({"name": "x"})).await.refused(403);
    viewer.delete("/targets/ann").await.refused(403);
    viewer.post("/targets/upload", &json!({})).await.refused(403);
}

#[tokio::test]
async fn a_bad_target_is_refused_with_the_field_and_what_to_do() {
    let service = Service::start().await;
    let owner = service.owner();
    let with = |field: &str, value: Value| {
        let mut body = target("ann", "Ann", &json!({}));
        body[field] = value;
        body
    };
    let cases = [
        (with("identifier", json!("a b")), "identifier: \"a b\" is not a target identifier: use 1 to 256"),
        (with("identifier", Value::Null), "identifier: invalid type: null"),
        (with("anonymous", json!(true)), "anonymous: anonymous targets are never listed: leave it out"),
        (with("name", json!("x".repeat(257))), "name: is longer than 256 bytes; shorten it"),
        (with("attributes", json!({"": 1})), "attributes: holds an attribute without a name"),
        (with("attributes", json!([])), "attributes: invalid type: sequence, expected a map"),
        (
            with("attributes", json!({"a": "x".repeat(20_000)})),
            "attributes: are 20008 bytes as JSON, more than 16384",
        ),
    ];
    for (body, message) in cases {
        let refused = owner.post("/targets", &body).await.refused(400);
        assert!(refused.starts_with(message), "{refused}\nexpected {message}");
    }
    owner.post("/targets", &with("environment", json!("moon"))).await.refused(404);
    owner.post("/targets", &with("project", json!("moon"))).await.refused(404);
    assert_eq!(owner.get("/targets").await.is(200)["itemCount"], 0);
}

#[tokio::test]
async fn put_is_about_the_target_that_the_path_names() {
    let service = Service::start().await;
    let owner = service.owner();
    write(&owner, "ann", "Ann").await;
    let mut elsewhere = target("ann", "Ann", &json!({}));
    elsewhere["environment"] = json!("live");

    let other = owner.put("/targets/ann", &target("bob", "Bob", &json!({}))).await.refused(400);
    let elsewhere = owner.put("/targets/ann", &elsewhere).await.refused(400);
    owner.put("/targets/bob", &target("bob", "Bob", &json!({}))).await.refused(404);

    assert!(other.starts_with("identifier: \"bob\" is not \"ann\""), "{other}");
    assert!(elsewhere.starts_with("environment: \"live\" is not \"dev\""), "{elsewhere}");
}

#[tokio::test]
async fn instructions_that_targets_have_not_are_refused_with_those_they_have() {
    let service = Service::start().await;
    let owner = service.owner();
    write(&owner, "ann", "Ann").await;

    let unknown = owner.instruct("/targets/ann", "rename", json!({})).await.refused(400);
    let of_groups = owner.instruct("/targets/ann", "addToIncludeList", json!({"targets": ["ann"]})).await;
    let scheduled = json!({
        "executionTime": 1, "instructions": [{"kind": "updateName", "parameters": {"name": "x"}}],
    });
    owner.send("PATCH", "/targets/ann", Some(&scheduled)).await.refused(501);
    owner.send("PATCH", "/targets/ann", Some(&json!({"instructions": []}))).await.refused(400);
    owner.instruct("/targets/bob", "updateName", json!({"name": "x"})).await.refused(404);

    assert!(
        unknown.ends_with("\"rename\" is not an instruction; use updateName, updateAttributes"),
        "{unknown}"
    );
    assert!(of_groups.refused(400).contains("is an instruction for the target group"));
}

#[tokio::test]
async fn targets_are_filtered_sorted_and_counted_by_the_database() {
    let service = Service::start().await;
    let owner = service.owner();
    for (second, (identifier, name)) in
        (1_u64..).zip([("c", "Ann"), ("a", "Bob"), ("b", "Ann"), ("d", "zoe")])
    {
        write(&owner, identifier, name).await;
        service.clock.advance(std::time::Duration::from_secs(second));
    }
    let cases = [
        ("", "abcd"),
        ("sortOrder=DESCENDING", "dcba"),
        ("sortByField=name", "bcad"),
        ("sortByField=name&sortOrder=DESCENDING", "dabc"),
        ("sortByField=createdAt", "cabd"),
        ("sortByField=createdAt&sortOrder=DESCENDING", "dbac"),
        ("targetName=AN", "bc"),
        ("targetName=ann&targetIdentifier=C", "c"),
        ("targetIdentifier=", "abcd"),
        ("targetIdentifier=nobody", ""),
    ];
    for (query, expected) in cases {
        let list = owner.get(&format!("/targets?{query}")).await.is(200);

        assert_eq!(each(&list["targets"], "identifier").concat(), expected, "{query}");
        assert_eq!(list["itemCount"], expected.len(), "{query}");
    }
    let page = owner.get("/targets?sortByField=name&pageNumber=1&pageSize=3").await.is(200);
    assert_eq!(each(&page["targets"], "identifier"), ["d"]);
    assert_eq!(
        [&page["itemCount"], &page["pageCount"], &page["pageIndex"], &page["pageSize"]],
        [&json!(4), &json!(2), &json!(1), &json!(3)]
    );
    let beyond = owner.get("/targets?pageNumber=7").await.is(200);
    assert_eq!((&beyond["targets"], &beyond["itemCount"]), (&json!([]), &json!(4)));
    owner.get("/targets?sortByField=age").await.refused(400);
}

#[tokio::test]
async fn signs_that_mean_something_to_databases_are_looked_for_as_they_are() {
    let service = Service::start().await;
    let owner = service.owner();
    for (identifier, name) in
        [("a", "100%"), ("b", "1000"), ("c", "snake_case"), ("d", "it's"), ("e", "Ünal")]
    {
        write(&owner, identifier, name).await;
    }
    for (query, expected) in [("100%25", "a"), ("_", "c"), ("'", "d"), ("%C3%9Cn", "e"), ("%C3%BCn", "")] {
        let list = owner.get(&format!("/targets?targetName={query}")).await.is(200);
        assert_eq!(each(&list["targets"], "identifier").concat(), expected, "{query}");
    }
}

#[tokio::test]
async fn names_of_attributes_are_listed_once_and_sorted() {
    let service = Service::start().await;
    let owner = service.owner();
    assert_eq!(owner.get("/targets/attributes").await.is(200), json!([]));
    owner.post("/targets", &target("ann", "Ann", &json!({"plan": "pro", "age": 7}))).await.is(201);
    register(&service, "bob", "Bob", json!({"plan": "free", "country": "nl"})).await;

    assert_eq!(owner.get("/targets/attributes").await.is(200), json!(["age", "country", "plan"]));
}

async fn segment(caller: &Caller, identifier: &str, members: Value) {
    let mut body = json!({
        "identifier": identifier, "name": format!("Group {identifier}"), "project": "shop", "environment": "dev",
    });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    caller.post("/segments", &body).await.is(201);
}

#[tokio::test]
async fn the_segments_of_a_target_are_those_that_list_it_and_those_whose_rules_match() {
    let service = Service::start().await;
    let owner = service.owner();
    let plan =
        |op: &str, value: &str| json!({"attribute": "plan", "op": op, "values": [value], "negate": false});
    owner.post("/targets", &target("ann", "Ann", &json!({"plan": "pro"}))).await.is(201);
    segment(&owner, "listed", json!({"included": ["ann", "bob"]})).await;
    segment(&owner, "barred", json!({"excluded": ["ann"], "rules": [plan("equal", "pro")]})).await;
    segment(&owner, "paying", json!({"rules": [plan("equal", "pro")]})).await;
    let both = [plan("starts_with", "p"), plan("ends_with", "o")];
    segment(&owner, "both", json!({"servingRules": [{"clauses": both}]})).await;
    segment(&owner, "other", json!({"rules": [plan("equal", "free")]})).await;
    segment(&owner, "nobody", json!({})).await;

    let detail = owner.get("/targets/ann/segments").await.is(200);
    let available = owner.get("/targets/ann/available_segments").await.is(200);
    let named = owner.get("/targets/ann/available_segments?segmentName=OTH").await.is(200);

    assert_eq!(detail["identifier"], "ann");
    assert_eq!(detail["includedSegments"], json!([{"identifier": "listed", "name": "Group listed"}]));
    assert_eq!(each(&detail["excludedSegments"], "identifier"), ["barred"]);
    assert_eq!(each(&detail["ruleSegments"], "identifier"), ["both", "paying"]);
    assert_eq!(each(&available["segments"], "identifier"), ["both", "nobody", "other", "paying"]);
    assert_eq!(available["itemCount"], 4);
    assert_eq!(
        each(&named["segments"], "identifier"),
        ["both", "other"],
        "both is in \"other\" and \"both\""
    );
    owner.get("/targets/eve/segments").await.refused(404);
    owner.get("/targets/eve/available_segments").await.refused(404);
}

#[tokio::test]
async fn segments_and_targets_share_a_list_with_right_pages() {
    let service = Service::start().await;
    let owner = service.owner();
    for identifier in ["s1", "s2", "s3"] {
        segment(&owner, identifier, json!({})).await;
    }
    for identifier in ["a", "b", "c", "s"] {
        write(&owner, identifier, identifier).await;
    }
    let mut seen = Vec::new();
    for number in 0..4 {
        let path = format!("/targets-segments/?pageNumber={number}&pageSize=2");
        let page = owner.get(&path).await.is(200);
        assert_eq!((&page["itemCount"], &page["pageCount"]), (&json!(7), &json!(4)));
        seen.extend(each(&page["entities"], "identifier"));
    }
    let down = owner.get("/targets-segments/?sortOrder=DESCENDING&sortByField=name").await.is(200);
    let with_s = owner.get("/targets-segments/?tsIdentifier=S").await.is(200);
    let groups = owner.get("/targets-segments/?tsName=group").await.is(200);

    assert_eq!(seen, ["s1", "s2", "s3", "a", "b", "c", "s"]);
    assert_eq!(each(&down["entities"], "identifier"), ["s3", "s2", "s1", "s", "c", "b", "a"]);
    assert_eq!(each(&with_s["entities"], "type"), ["segment", "segment", "segment", "target"]);
    assert_eq!(groups["itemCount"], 3);
}

#[tokio::test]
async fn names_are_found_for_known_identifiers() {
    let service = Service::start().await;
    let owner = service.owner();
    segment(&owner, "beta", json!({})).await;
    write(&owner, "ann", "Ann").await;

    let info = owner.get("/targets-segments-info/?targets=ann,%20eve&targetGroups=beta,gamma").await.is(200);
    let nothing = owner.get("/targets-segments-info/").await.is(200);
    let many = vec!["x"; 101].join(",");
    let too_many = owner.get(&format!("/targets-segments-info/?targets={many}")).await.refused(400);

    assert_eq!(
        info["entities"],
        json!([
            {"identifier": "beta", "name": "Group beta", "type": "segment"},
            {"identifier": "ann", "name": "Ann", "type": "target"},
        ])
    );
    assert_eq!(nothing, json!({"entities": []}));
    assert_eq!(too_many, "targets: names 101; send several requests of 100 at most");
}
