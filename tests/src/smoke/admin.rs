//! Every route of the admin API.

use serde_json::{Value, json};

use super::{SCOPE, administer, flag, segment};
use crate::exchange::Asked;

const BOUNDARY: &str = "boundary-of-the-test";

type Row = (&'static str, &'static str, Value);

/// Requests for every route.
pub(super) fn requests() -> Vec<Asked> {
    let rows = [of_flags_and_segments(), of_targets_keys_and_tags(), of_everything_else()].concat();
    let mut requests: Vec<Asked> = rows.iter().map(|(method, path, body)| row(method, path, body)).collect();
    requests.push(upload());
    requests.push(Asked::new("GET", &format!("/cf/admin/features?{SCOPE}"), &[], ""));
    requests
}

fn of_flags_and_segments() -> Vec<Row> {
    let on = json!([{"kind": "setFeatureFlagState", "parameters": {"state": "on"}}]);
    let many = json!({"features": ["dark"], "instructions": on});
    let on = json!({"instructions": on});
    vec![
        ("GET", "/features?pageSize=5&tags=a%26b", Value::Null),
        ("GET", "/features?tags=a&tags=b", Value::Null),
        ("POST", "/features", flag("light")),
        ("PATCH", "/features", many),
        ("GET", "/features/metrics?featureIDs=dark,light", Value::Null),
        ("GET", "/features/dark", Value::Null),
        ("PATCH", "/features/dark", on),
        ("PUT", "/features/light", flag("light")),
        ("GET", "/features/dark/dependants", Value::Null),
        ("GET", "/features/dark/evaluations", Value::Null),
        ("DELETE", "/features/light", Value::Null),
        ("POST", "/features/light/restore", Value::Null),
        ("GET", "/segments", Value::Null),
        ("POST", "/segments", segment("gamma")),
        ("GET", "/segments/beta", Value::Null),
        ("PATCH", "/segments/beta", renamed()),
        ("GET", "/segments/beta/available_flags", Value::Null),
        ("GET", "/segments/beta/flags", Value::Null),
        ("DELETE", "/segments/gamma", Value::Null),
    ]
}

fn of_targets_keys_and_tags() -> Vec<Row> {
    let target = json!({"identifier": "ann", "name": "Ann", "project": "shop", "environment": "dev"});
    vec![
        ("GET", "/targets", Value::Null),
        ("POST", "/targets", target.clone()),
        ("GET", "/targets/ann", Value::Null),
        ("PUT", "/targets/ann", target),
        ("PATCH", "/targets/ann", renamed()),
        ("GET", "/targets/ann/segments", Value::Null),
        ("GET", "/targets/ann/available_segments", Value::Null),
        ("GET", "/targets/attributes", Value::Null),
        ("GET", "/targets-segments/", Value::Null),
        ("GET", "/targets-segments-info/", Value::Null),
        ("DELETE", "/targets/ann", Value::Null),
        ("GET", "/apikey", Value::Null),
        ("POST", "/apikey", json!({"identifier": "web", "name": "Web", "type": "Client"})),
        ("GET", "/apikey/web", Value::Null),
        ("PUT", "/apikey/web", json!({"name": "Website"})),
        ("DELETE", "/apikey/web", Value::Null),
        ("GET", "/tags", Value::Null),
        ("POST", "/tags", json!({"identifier": "ops", "name": "Operations"})),
        ("GET", "/tags/ops", Value::Null),
        ("DELETE", "/tags/ops", Value::Null),
    ]
}

fn of_everything_else() -> Vec<Row> {
    let other = json!({"identifier": "two", "name": "Two", "project": "shop"});
    vec![
        ("GET", "/projects", Value::Null),
        ("POST", "/projects", other.clone()),
        ("GET", "/projects/shop", Value::Null),
        ("PUT", "/projects/shop", json!({"identifier": "shop", "name": "The shop"})),
        ("GET", "/projects/shop/flags", Value::Null),
        ("DELETE", "/projects/shop2", Value::Null),
        ("GET", "/environments", Value::Null),
        ("POST", "/environments", other.clone()),
        ("GET", "/environments/two", Value::Null),
        ("PUT", "/environments/two", other),
        ("DELETE", "/environments/two", Value::Null),
        ("GET", "/audit?pageSize=50", Value::Null),
        ("GET", "/objects/dark", Value::Null),
        ("GET", "/overview", Value::Null),
        ("GET", "/burgee/v1/organisations", Value::Null),
        ("POST", "/burgee/v1/tokens", json!({"name": "ci", "role": "viewer"})),
        ("GET", "/burgee/v1/tokens", Value::Null),
        ("DELETE", "/burgee/v1/tokens/nobody", Value::Null),
        ("GET", "/burgee/v1/flags/dark/history", Value::Null),
        ("POST", "/burgee/v1/flags/dark/revert", json!({"version": 2})),
        ("POST", "/burgee/v1/flags/dark/explain", json!({"target": {"identifier": "ann"}})),
        ("GET", "/burgee/v1/segments/beta/history", Value::Null),
        ("GET", "/burgee/v1/snapshot", Value::Null),
        ("GET", "/burgee/v1/status", Value::Null),
        ("POST", "/features", json!({"identifier": "?"})),
        ("GET", "/jira/issues", Value::Null),
    ]
}

fn renamed() -> Value {
    json!({"instructions": [{"kind": "updateName", "parameters": {"name": "N"}}]})
}

fn row(method: &str, path: &str, body: &Value) -> Asked {
    let separator = if path.contains('?') { '&' } else { '?' };
    administer(method, &format!("/admin{path}{separator}{SCOPE}"), body)
}

fn upload() -> Asked {
    let mut asked = administer("POST", &format!("/admin/targets/upload?{SCOPE}"), &Value::Null);
    let name = "content-type";
    asked.headers.retain(|(found, _)| found != name);
    asked.headers.push((name.to_owned(), format!("multipart/form-data; boundary={BOUNDARY}")));
    asked.body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"targets.csv\"\r\n\
         Content-Type: text/csv\r\n\r\nBob,bob\r\n--{BOUNDARY}--\r\n"
    )
    .into_bytes();
    asked
}
