//! What stands in front of a function: it makes events of requests, and answers of outcomes.
//!
//! Events are those of infra/aws/events with another request in them.
#![expect(clippy::indexing_slicing, reason = "a JSON value without a member of that name gives null")]

use std::collections::BTreeMap;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Outcome;
use crate::exchange::{Asked, Told};
use crate::repository::root;

/// Something that sends a function requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Front {
    /// The function's own URL, whichever invoke mode it has.
    FunctionUrl,
    /// An HTTP API of API Gateway with a stage `live`, which is before the path. It decodes paths.
    HttpApi,
    /// A REST API of API Gateway. It decodes parameters.
    RestApi,
    /// A load balancer whose target group has single headers.
    LoadBalancer,
    /// A load balancer whose target group has headers with several values.
    LoadBalancerMultiValue,
}

impl Front {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::FunctionUrl, Self::HttpApi, Self::RestApi, Self::LoadBalancer, Self::LoadBalancerMultiValue];

    /// The event that it makes of a request.
    pub fn event(self, asked: &Asked) -> Value {
        let (path, query) = asked.path_and_query();
        let mut event = sample(self.file());
        match self {
            Self::FunctionUrl | Self::HttpApi => {
                let path = match self {
                    Self::HttpApi => format!("/live{}", decoded(path)),
                    _ => path.to_owned(),
                };
                event["requestContext"]["http"]["method"] = asked.method.clone().into();
                event["rawPath"] = path.into();
                event["rawQueryString"] = query.into();
            }
            Self::RestApi | Self::LoadBalancer | Self::LoadBalancerMultiValue => {
                event["httpMethod"] = asked.method.clone().into();
                event["path"] = path.into();
                self.write_query(&mut event, query);
            }
        }
        self.write_headers(&mut event, &asked.headers);
        let text = std::str::from_utf8(&asked.body);
        event["isBase64Encoded"] = text.is_err().into();
        event["body"] = match text {
            Ok("") => Value::Null,
            Ok(text) => text.into(),
            Err(_) => STANDARD.encode(&asked.body).into(),
        };
        event
    }

    /// What the client is told.
    ///
    /// # Panics
    /// If the function answered as this does not expect.
    pub fn told(self, outcome: Outcome) -> Told {
        match outcome {
            Outcome::Answer(answer) => self.whole(&answer),
            Outcome::Stream(prelude, body) if self == Self::FunctionUrl => {
                Told { status: status(&prelude), headers: single(&prelude["headers"]), body }
            }
            other => panic!("{self:?} cannot read {other:?}"),
        }
    }

    fn whole(self, answer: &Value) -> Told {
        let headers = match self {
            Self::FunctionUrl | Self::HttpApi | Self::LoadBalancer => single(&answer["headers"]),
            Self::RestApi | Self::LoadBalancerMultiValue => multiple(&answer["multiValueHeaders"]),
        };
        let text = answer["body"].as_str().unwrap_or_else(|| panic!("no body in {answer}"));
        let body = match answer["isBase64Encoded"].as_bool() {
            Some(true) => STANDARD.decode(text).unwrap_or_else(|error| panic!("{error}: {text}")),
            _ => text.as_bytes().to_vec(),
        };
        Told { status: status(answer), headers, body }
    }

    fn file(self) -> &'static str {
        match self {
            Self::FunctionUrl => "function-url",
            Self::HttpApi => "http-api",
            Self::RestApi => "rest-api",
            Self::LoadBalancer => "load-balancer",
            Self::LoadBalancerMultiValue => "load-balancer-multi-value",
        }
    }

    fn write_headers(self, event: &mut Value, headers: &[(String, String)]) {
        let mut listed = BTreeMap::<&str, Vec<&str>>::new();
        for (name, value) in headers {
            listed.entry(name).or_default().push(value);
        }
        if self != Self::LoadBalancerMultiValue {
            // API Gateway's HTTP APIs and function URLs join values, the others keep the last.
            let is_joined = matches!(self, Self::FunctionUrl | Self::HttpApi);
            let one = |values: &[&str]| match is_joined {
                true => values.join(","),
                false => (*values.last().unwrap_or(&"")).to_owned(),
            };
            event["headers"] =
                json!(listed.iter().map(|(name, values)| (*name, one(values))).collect::<BTreeMap<_, _>>());
        }
        if matches!(self, Self::RestApi | Self::LoadBalancerMultiValue) {
            event["multiValueHeaders"] = json!(listed);
        }
    }

    fn write_query(self, event: &mut Value, query: &str) {
        let mut single = Map::new();
        let mut multiple = BTreeMap::<String, Vec<String>>::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match self {
                Self::RestApi => {
                    form_urlencoded::parse(pair.as_bytes()).into_owned().next().unwrap_or_default()
                }
                _ => {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (name.to_owned(), value.to_owned())
                }
            };
            single.insert(name.clone(), value.clone().into());
            multiple.entry(name).or_default().push(value);
        }
        if self != Self::LoadBalancerMultiValue {
            event["queryStringParameters"] = single.into();
        }
        if self != Self::LoadBalancer {
            event["multiValueQueryStringParameters"] = json!(multiple);
        }
    }
}

/// The event of that name in infra/aws/events.
///
/// # Panics
/// If there is none.
pub fn sample(name: &str) -> Value {
    let path = root().join(format!("infra/aws/events/{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn status(answer: &Value) -> u16 {
    let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    status.unwrap_or_else(|| panic!("no status in {answer}"))
}

fn single(headers: &Value) -> BTreeMap<String, String> {
    let entries = headers.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn multiple(headers: &Value) -> BTreeMap<String, String> {
    let text = |values: &Value| {
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        values.collect::<Vec<_>>().join(", ")
    };
    headers.as_object().into_iter().flatten().map(|(name, values)| (name.clone(), text(values))).collect()
}

/// The path without percent-encoding.
fn decoded(path: &str) -> String {
    let (first, rest) = path.split_once('%').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let mut bytes = first.as_bytes().to_vec();
    for part in rest.into_iter().flat_map(|rest| rest.split('%')) {
        let (digits, text) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(digits, 16).ok());
        bytes.extend(text.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
