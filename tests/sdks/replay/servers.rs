//! Go, Java, .NET and Ruby: they load rules and evaluate by themselves.

use serde_json::{Value, json};
use tests::raw::Stream;

use super::payload::{assert_complete_flag, assert_complete_segment, by_name, by_prefix, by_word};
use super::session::{HEARTBEAT, Session, count, told};

/// What an SDK appends to the paths of one object; the lists are asked for alike by all.
struct Queries {
    flag: &'static str,
    segment: &'static str,
}

#[test]
fn go_starts_follows_changes_and_reports() {
    let mut session = Session::start("Server");
    session.authenticate(&[("User-Agent", "Go-http-client/1.1")], None);
    let environment = session.claim("environment");
    let headers = [
        ("User-Agent", "GoSDK/0.1.24"),
        ("Harness-SDK-Info", "Go 0.1.24 Server"),
        ("Harness-EnvironmentID", environment.as_str()),
        // Go asks for this by itself, for streams too.
        ("Accept-Encoding", "gzip"),
    ];
    load(&mut session, &headers);

    let mut stream = session.stream("cluster=1&stream=*", &headers);
    // It asks for one flag without any query, and for one segment without the cluster.
    let queries = Queries { flag: "", segment: "?rules=v2" };
    follow(&mut session, &mut stream, &headers, &queries, by_name);
    drop(stream);

    // It says how far it came, and is told of the rest at once.
    session.environment.switch("plain", "on");
    let mut resumed = session.stream("cluster=1&stream=*", &[("Last-Event-ID", "1"), headers[0], headers[1]]);
    told_of(&session, &mut resumed, by_name, "plain");

    let body = json!({ "targetData": [], "metricsData": [count("featureIdentifier", "full", "global", 12)] });
    session.report("full", &body, &[("Connection", "close"), headers[0], headers[1]], 12);
}

#[test]
fn java_starts_follows_changes_and_reports() {
    let mut session = Session::start("Server");
    let sdk = [
        ("User-Agent", "JavaSDK 1.9.2"),
        ("Harness-SDK-Info", "Java 1.9.2 Server"),
        ("X-Request-ID", "5f2a6c1e-8a8b-4a36-9a4b-2f6f2f3c4d5e"),
        ("Accept-Encoding", "gzip"),
    ];
    session.authenticate(&sdk, None);
    let (environment, account) = (session.claim("environmentIdentifier"), session.claim("accountID"));
    let mut headers = sdk.to_vec();
    headers
        .extend([("Harness-EnvironmentID", environment.as_str()), ("Harness-AccountID", account.as_str())]);
    load(&mut session, &headers);

    let mut stream = session.stream("cluster=1", &headers);
    let queries = Queries { flag: "?cluster=1", segment: "?cluster=1&rules=v2" };
    follow(&mut session, &mut stream, &headers, &queries, by_prefix);

    // It names the flag by its other name only.
    let body = json!({ "metricsData": [count("featureName", "full", "__global__cf_target", 3)], "targetData": null });
    session.report("full", &body, &headers, 3);
}

#[test]
fn dot_net_starts_follows_changes_on_its_second_stream_and_reports() {
    let mut session = Session::start("Server");
    let sdk = [("Harness-SDK-Info", ".Net 1.7.2 Server")];
    // It has no target, and says so in this way.
    session.authenticate(&sdk, Some(json!({ "identifier": "" })));
    let account = session.claim("accountID");
    // By mistake it sends the cluster where the environment belongs.
    let headers = [sdk[0], ("Harness-AccountID", account.as_str()), ("Harness-EnvironmentID", "1")];
    load(&mut session, &headers);

    // The first is opened to see whether it can be, and never read.
    let probe = session.stream("cluster=1", &headers);
    let mut stream = session.stream("cluster=1", &headers);
    let queries = Queries { flag: "?cluster=1", segment: "?cluster=1&rules=v2" };
    follow(&mut session, &mut stream, &headers, &queries, by_word);
    drop(probe);

    let body = json!({ "metricsData": [count("featureName", "full", "__global__cf_target", 5)] });
    session.report("full", &body, &[("Harness-SDK-Info", ".Net 1.7.2 Client")], 5);
}

#[test]
fn ruby_starts_follows_changes_and_reports() {
    let mut session = Session::start("Server");
    let sdk = [("User-Agent", "RubySDK 1.4.3"), ("Harness-SDK-Info", "Ruby 1.4.3 Server")];
    session.authenticate(&sdk, None);
    load(&mut session, &sdk);

    let mut stream = session.stream("cluster=1", &sdk);
    let queries = Queries { flag: "?cluster=1", segment: "?cluster=1&rules=v2" };
    follow(&mut session, &mut stream, &sdk, &queries, by_prefix);

    let body =
        json!({ "metricsData": [count("featureName", "full", "__global__cf_target", 7)], "targetData": [] });
    session.report("full", &body, &sdk, 7);
}

/// Loads everything as all of them do. The token must name the cluster: Go would authenticate for ever.
fn load(session: &mut Session, headers: &[(&str, &str)]) {
    let cluster = session.claim("clusterIdentifier");
    let flags = session.fetch(&format!("feature-configs?cluster={cluster}"), headers);
    let flags = flags.as_array().unwrap();
    assert_eq!(flags.iter().map(|flag| &flag["feature"]).collect::<Vec<_>>(), ["full", "plain"]);
    flags.iter().for_each(assert_complete_flag);
    let segments = session.fetch(&format!("target-segments?cluster={cluster}&rules=v2"), headers);
    let segments = segments.as_array().unwrap();
    assert_eq!(segments.len(), 1, "{segments:?}");
    segments.iter().for_each(assert_complete_segment);
}

/// A flag and a segment are changed, and one flag is deleted: each is told of and, if it is still there, fetched as it
/// is now.
fn follow(
    session: &mut Session,
    stream: &mut Stream,
    headers: &[(&str, &str)],
    queries: &Queries,
    read: fn(&str) -> Value,
) {
    assert_eq!(stream.chunk(), HEARTBEAT);
    session.environment.switch("full", "on");
    let message = told_of(session, stream, read, "full");
    assert_eq!((&message["event"], &message["domain"]), (&json!("patch"), &json!("flag")));
    let flag = session.fetch(&format!("feature-configs/full{}", queries.flag), headers);
    assert_complete_flag(&flag);
    assert_eq!((&flag["state"], &flag["version"]), (&json!("on"), &message["version"]));

    session.environment.instruct_segment("beta", "addToIncludeList", &json!({ "targets": ["carol"] }));
    let message = told_of(session, stream, read, "beta");
    assert_eq!((&message["event"], &message["domain"]), (&json!("patch"), &json!("target-segment")));
    let segment = session.fetch(&format!("target-segments/beta{}", queries.segment), headers);
    assert_complete_segment(&segment);
    assert_eq!(segment["version"], message["version"]);

    session.environment.create_flag("gone", "boolean", &[("true", "true"), ("false", "false")]);
    assert_eq!(told_of(session, stream, read, "gone")["event"], "create");
    session.environment.delete_flag("gone");
    assert_eq!(told_of(session, stream, read, "gone")["event"], "delete");
    assert_eq!(session.get(&format!("feature-configs/gone{}", queries.flag), headers).status, 404);
}

/// What the stream tells of the object's last change; a new stream is told again of earlier ones too.
fn told_of(session: &Session, stream: &mut Stream, read: fn(&str) -> Value, identifier: &str) -> Value {
    let version = &session.environment.snapshot()["version"];
    told(stream, read, |message| message["identifier"] == identifier && message["version"] == *version)
}
