//! Android and iOS: they are told what to serve one target, which they name in their token and nowhere else.

use serde_json::{Value, json};
use tests::admin::Environment;

use super::payload::{assert_complete_evaluation, by_name, by_prefix};
use super::session::{HEARTBEAT, Session, told};

#[test]
fn android_starts_follows_changes_and_reports() {
    follow("Android 2.2.0 Client", by_prefix);
}

#[test]
fn ios_starts_follows_changes_and_reports() {
    follow("iOS 1.3.1 Client", by_name);
}

fn follow(sdk: &str, read: fn(&str) -> Value) {
    let mut session = Session::start("Client");
    // Only its plan brings this target into the segment.
    let target =
        json!({ "identifier": "dora", "name": "Dora", "anonymous": false, "attributes": { "plan": "pro" } });
    let headers = [("Hostname", "phone"), ("Harness-SDK-Info", sdk), ("Accept-Encoding", "gzip")];
    session.authenticate(&headers, Some(target));
    let (environment, account) = (session.claim("environmentIdentifier"), session.claim("accountID"));
    let mut headers = headers.to_vec();
    headers
        .extend([("Harness-EnvironmentID", environment.as_str()), ("Harness-AccountID", account.as_str())]);

    let all = "target/dora/evaluations?cluster=1";
    let values = session.fetch(all, &headers);
    values.as_array().unwrap().iter().for_each(assert_complete_evaluation);
    assert_eq!(value(&values, "full"), "false");

    let mut stream = session.stream("cluster=1", &headers);
    assert_eq!(stream.chunk(), HEARTBEAT);
    add_flag_by_plan(&session.environment);
    let message = told(&mut stream, read, |message| value_in(message) == Some("true"));
    message["evaluations"].as_array().unwrap().iter().for_each(assert_complete_evaluation);
    // What has no answer with it is fetched.
    let one = session.fetch("target/dora/evaluations/by-plan?cluster=1", &headers);
    assert_eq!(one["value"], "true", "the target's attributes are in the token alone");

    session.environment.instruct_segment("beta", "addToExcludeList", &json!({ "targets": ["dora"] }));
    told(&mut stream, read, |message| value_in(message) == Some("false"));
    assert_eq!(value(&session.fetch(all, &headers), "by-plan"), "false");

    session.environment.delete_flag("by-plan");
    told(&mut stream, read, |message| message["event"] == "delete" && message["identifier"] == "by-plan");
    assert_eq!(session.get("target/dora/evaluations/by-plan?cluster=1", &headers).status, 404);

    let attribute = |key: &str, value: &str| json!({ "key": key, "value": value });
    let counted = json!({ "timestamp": 1_700_000_000_000_i64, "count": 4, "metricsType": "FFMETRICS", "attributes": [
        attribute("featureIdentifier", "full"), attribute("featureName", "full"),
        attribute("variationIdentifier", "false"), attribute("target", "dora"), attribute("SDK_TYPE", "client") ] });
    session.report("full", &json!({ "metricsData": [counted] }), &headers, 4);
}

fn value<'v>(values: &'v Value, flag: &str) -> &'v str {
    let mut values = values.as_array().unwrap().iter();
    values.find(|one| one["flag"] == flag).and_then(|one| one["value"].as_str()).unwrap()
}

/// The answer for the flag below that an event carries.
fn value_in(message: &Value) -> Option<&str> {
    let mut evaluations = message["evaluations"].as_array()?.iter();
    evaluations.find(|one| one["flag"] == "by-plan").and_then(|one| one["value"].as_str())
}

/// A flag that is on for the members of a segment.
fn add_flag_by_plan(environment: &Environment) {
    environment.create_flag("by-plan", "boolean", &[("true", "true"), ("false", "false")]);
    let in_beta = json!({ "attribute": "", "op": "segmentMatch", "values": ["beta"] });
    let rule = json!({ "clauses": [in_beta], "serve": { "variation": "true" } });
    environment.instruct("by-plan", "updateDefaultServe", &json!({ "variation": "false" }));
    environment.instruct("by-plan", "addRule", &rule);
    environment.switch("by-plan", "on");
}
