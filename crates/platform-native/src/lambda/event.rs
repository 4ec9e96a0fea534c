//! Events, and the requests in them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use axum::body::Body;
use axum::extract::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use serde::Deserialize;

use super::path;

/// Any event of Lambda. The services that send requests name things differently, and none of their names
/// means two things.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Event {
    version: Option<String>,
    http_method: Option<String>,
    path: Option<String>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    query_string_parameters: Option<BTreeMap<String, String>>,
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    request_context: Option<RequestContext>,
    /// Of an invocation for work: milliseconds that it may take.
    pub(super) budget_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RequestContext {
    http: Option<HttpContext>,
    elb: Option<serde::de::IgnoredAny>,
    stage: Option<String>,
    domain_name: Option<String>,
}

#[derive(Deserialize)]
struct HttpContext {
    method: String,
}

/// What a request came through, which decides how its answer must look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// A URL of the function's own, by which answers can be streamed.
    FunctionUrl,
    /// An HTTP API of API Gateway, payload format 2.0.
    HttpApi,
    /// A REST API of API Gateway, or an HTTP API with payload format 1.0.
    RestApi,
    /// An application load balancer.
    LoadBalancer(Headers),
}

/// Which of a load balancer's two ways to write headers its target group has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Headers {
    Single,
    Multiple,
}

impl Event {
    /// What the request came through; `None` if it is no request.
    pub(super) fn origin(&self) -> Option<Origin> {
        let context = self.request_context.as_ref()?;
        if context.http.is_some() {
            let is_url = context.domain_name.as_ref().is_some_and(|name| name.contains(".lambda-url."));
            return Some(if is_url { Origin::FunctionUrl } else { Origin::HttpApi });
        }
        self.http_method.as_ref()?;
        let headers = if self.multi_value_headers.is_some() { Headers::Multiple } else { Headers::Single };
        Some(if context.elb.is_some() { Origin::LoadBalancer(headers) } else { Origin::RestApi })
    }

    /// The request as its client sent it, without what leads to the function: a stage, the base path.
    ///
    /// # Errors
    /// If a gateway sent what is no HTTP.
    pub(super) fn into_request(self, origin: Origin, base_path: Option<&str>) -> anyhow::Result<Request> {
        let uri = self.uri(origin, base_path)?;
        let context = self.request_context.unwrap_or_default();
        let method = context.http.map(|http| http.method).or(self.http_method).unwrap_or_default();
        let headers = headers(self.headers, self.multi_value_headers, self.cookies);
        let body = match (self.body, self.is_base64_encoded) {
            (Some(text), Some(true)) => {
                Body::from(STANDARD.decode(text).context("the event's body is no base64")?)
            }
            (Some(text), _) => Body::from(text),
            (None, _) => Body::empty(),
        };
        let mut request = Request::new(body);
        *request.method_mut() =
            Method::from_bytes(method.as_bytes()).context("the event's method is none")?;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn uri(&self, origin: Origin, base_path: Option<&str>) -> anyhow::Result<Uri> {
        let path = self.raw_path.as_deref().or(self.path.as_deref()).unwrap_or("/");
        let path = base_path.map_or(path, |base_path| path::without(path, base_path));
        let path = path::escape(match self.stage_in_path(origin) {
            Some(stage) => path::without(path, &stage),
            None => path,
        });
        ensure!(path.starts_with('/'), "the event's path {path:?} does not begin with a slash");
        let query = self.query(origin);
        let uri = if query.is_empty() { path } else { format!("{path}?{query}") };
        uri.parse().context("the event's path and query are none")
    }

    /// An HTTP API, whatever its payload format, puts its stage before the path, but not behind a domain of
    /// one's own.
    fn stage_in_path(&self, origin: Origin) -> Option<String> {
        let is_http_api = origin == Origin::HttpApi || self.version.as_deref() == Some("1.0");
        let context = self.request_context.as_ref()?;
        let is_default_domain = context.domain_name.as_ref()?.contains(".execute-api.");
        let stage = context.stage.as_ref().filter(|stage| *stage != "$default")?;
        (is_http_api && is_default_domain).then(|| format!("/{stage}"))
    }

    /// REST APIs give their parameters decoded, load balancers as they were sent.
    fn query(&self, origin: Origin) -> String {
        if let Some(query) = &self.raw_query_string {
            return path::escape_query(query);
        }
        let multiple = self.multi_value_query_string_parameters.iter().flatten();
        let multiple = multiple.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let mut pairs: Vec<_> = multiple.collect();
        if pairs.is_empty() {
            pairs.extend(self.query_string_parameters.iter().flatten());
        }
        match origin {
            Origin::LoadBalancer(_) => {
                let written: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
                path::escape_query(&written.join("&"))
            }
            _ => form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish(),
        }
    }
}

fn headers(
    single: Option<BTreeMap<String, String>>,
    multiple: Option<BTreeMap<String, Vec<String>>>,
    cookies: Option<Vec<String>>,
) -> HeaderMap {
    // Where there are both, `single` holds the last value of each.
    let pairs: Vec<(String, String)> = match multiple {
        Some(multiple) => multiple
            .into_iter()
            .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
            .collect(),
        None => single.unwrap_or_default().into_iter().collect(),
    };
    let cookies = cookies.map(|cookies| (COOKIE.to_string(), cookies.join("; ")));
    // What is no header would have been refused by any server; here the gateway was content with it.
    let parsed = pairs.into_iter().chain(cookies).filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let mut headers = HeaderMap::new();
    for (name, value) in parsed {
        headers.append(name, value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(event: Value) -> Request {
        request_under(None, event)
    }

    fn request_under(base_path: Option<&str>, event: Value) -> Request {
        let event: Event = serde_json::from_value(event).unwrap();
        let origin = event.origin().unwrap();
        event.into_request(origin, base_path).unwrap()
    }

    fn http_api(domain: &str, stage: &str, path: &str) -> Value {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "",
            "requestContext": {"domainName": domain, "stage": stage, "http": {"method": "GET"}},
        })
    }

    #[test]
    fn a_stage_is_taken_off_only_where_an_http_api_puts_it() {
        for (domain, stage, path, expected) in [
            ("a1.execute-api.eu-west-1.amazonaws.com", "live", "/live/client/auth", "/client/auth"),
            ("a1.execute-api.eu-west-1.amazonaws.com", "$default", "/client/auth", "/client/auth"),
            ("flags.example.com", "admin", "/admin/features", "/admin/features"),
            ("a1.lambda-url.eu-west-1.on.aws", "$default", "/client/auth", "/client/auth"),
        ] {
            assert_eq!(request(http_api(domain, stage, path)).uri().path(), expected);
        }
        let rest = json!({
            "httpMethod": "GET", "path": "/admin/features",
            "requestContext": {"domainName": "a1.execute-api.eu-west-1.amazonaws.com", "stage": "admin"},
        });
        assert_eq!(request(rest).uri().path(), "/admin/features");
    }

    #[test]
    fn the_base_path_of_a_domain_of_ones_own_is_taken_off() {
        let event = http_api("example.com", "$default", "/flags/client/auth");

        assert_eq!(request_under(Some("/flags"), event).uri().path(), "/client/auth");
    }

    #[test]
    fn repeated_headers_and_parameters_arrive_repeated() {
        let request = request(json!({
            "httpMethod": "GET", "path": "/x", "requestContext": {"stage": "live"},
            "headers": {"x-one": "b"}, "multiValueHeaders": {"x-one": ["a", "b"]},
            "queryStringParameters": {"tag": "c d"}, "multiValueQueryStringParameters": {"tag": ["a&b", "c d"]},
        }));

        let values: Vec<_> = request.headers().get_all("x-one").iter().collect();
        assert_eq!(values, ["a", "b"]);
        assert_eq!(request.uri().query(), Some("tag=a%26b&tag=c+d"));
    }

    #[test]
    fn a_load_balancers_parameters_stay_as_the_client_wrote_them() {
        let request = request(json!({
            "httpMethod": "GET", "path": "/x", "requestContext": {"elb": {"targetGroupArn": "arn"}},
            "headers": {"host": "a b"}, "queryStringParameters": {"name": "a%26b+c"},
        }));

        assert_eq!(request.uri(), "/x?name=a%26b+c");
        assert_eq!(request.headers()["host"], "a b");
    }

    #[test]
    fn what_is_no_request_is_no_request() {
        for event in [
            json!({}),
            json!({"budgetMs": 500}),
            json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}),
            json!({"httpMethod": "GET", "path": "/x"}),
        ] {
            assert_eq!(serde_json::from_value::<Event>(event).unwrap().origin(), None);
        }
    }

    #[test]
    fn what_a_gateway_cannot_have_sent_is_an_error_and_no_panic() {
        for event in [
            json!({"httpMethod": "", "path": "/x", "requestContext": {}}),
            json!({"httpMethod": "GET", "path": "x", "requestContext": {}}),
            json!({"httpMethod": "GET", "path": "", "requestContext": {}}),
            json!({"httpMethod": "GET", "path": "/", "requestContext": {}, "body": "?", "isBase64Encoded": true}),
        ] {
            let event: Event = serde_json::from_value(event).unwrap();
            let origin = event.origin().unwrap();

            assert!(event.into_request(origin, None).is_err());
        }
    }
}
