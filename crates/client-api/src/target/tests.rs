//! Targets in every form that SDKs send them in.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use http::HeaderValue;
use serde_json::json;

use super::*;

/// As the browser SDK encodes: each UTF-16 unit by itself.
fn browser_base64(text: &str) -> String {
    let mut bytes = Vec::new();
    for unit in text.encode_utf16() {
        let unit = u32::from(unit);
        let byte = |value: u32| u8::try_from(value).unwrap();
        match unit {
            0..0x80 => bytes.push(byte(unit)),
            0x80..0x800 => bytes.extend([byte(0xc0 | unit >> 6), byte(0x80 | unit & 0x3f)]),
            _ => bytes.extend([
                byte(0xe0 | unit >> 12),
                byte(0x80 | unit >> 6 & 0x3f),
                byte(0x80 | unit & 0x3f),
            ]),
        }
    }
    BASE64.encode(bytes)
}

fn header(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(HARNESS_TARGET, value.parse().unwrap())])
}

fn target(value: &Value) -> Target {
    serde_json::from_value(value.clone()).unwrap()
}

#[derive(Default)]
struct Store(Mutex<HashMap<String, String>>);

#[async_trait]
impl TargetStore for Store {
    async fn put(&self, hash: &str, json: &str) -> Result<(), Error> {
        self.0.lock().unwrap().insert(hash.to_owned(), json.to_owned());
        Ok(())
    }

    async fn get(&self, hash: &str) -> Result<Option<String>, Error> {
        Ok(self.0.lock().unwrap().get(hash).cloned())
    }
}

#[test]
fn the_header_is_read_as_browsers_encode_it() {
    for name in ["Alice", "Zoë", "日本", "🚀", "a🚀b🏴z", "\u{10ffff}", "\u{d7ff}\u{e000}"] {
        let json = json!({"identifier": "alice", "name": name, "attributes": {"plan": "pro", "n": 7}});

        let read = from_header(&header(&browser_base64(&json.to_string()))).unwrap();

        assert_eq!(*read.name, *name);
        assert_eq!(read.attributes, *json["attributes"].as_object().unwrap());
    }
}

#[test]
fn the_header_is_read_in_plain_utf8_and_without_padding() {
    let encoded = BASE64.encode(json!({"identifier": "alice", "name": "🚀!"}).to_string());

    assert_eq!(*from_header(&header(&encoded)).unwrap().name, *"🚀!");
    assert_eq!(*from_header(&header(encoded.trim_end_matches('='))).unwrap().name, *"🚀!");
}

#[test]
fn half_a_character_is_replaced_and_the_rest_kept() {
    let lone = b"{\"identifier\":\"a\",\"name\":\"x\xed\xa0\xbdy\xed\xb0\x80z\xff\"}";

    let read = from_header(&header(&BASE64.encode(lone))).unwrap();

    let name = read.name.replace(char::REPLACEMENT_CHARACTER, "");
    assert_eq!((&*read.identifier, name.as_str()), ("a", "xyz"));
}

#[test]
fn a_malformed_header_counts_as_absent() {
    let encoded = |text: &str| BASE64.encode(text);
    let malformed = [
        String::new(),
        "undefined".to_owned(),
        "!!!".to_owned(),
        encoded(""),
        encoded("null"),
        encoded("[]"),
        encoded("\"alice\""),
        encoded("{}"),
        encoded("{\"identifier\":\"\"}"),
        encoded("{\"identifier\":null}"),
        encoded("{\"identifier\":{}}"),
        encoded("{\"identifier\":\"alice\",\"attributes\":7}"),
        encoded("{\"identifier\":\"alice\""),
        encoded("{\"identifier\":\"alice\"} x"),
        encoded("{\"identifier\":[\"alice\"]}"),
        encoded("{\"identifier\":\"alice\",\"name\":{}}"),
        encoded("{\"identifier\":\"alice\",\"attributes\":[]}"),
        encoded(&format!("{{\"identifier\":\"alice\",\"attributes\":{}}}", "[".repeat(10_000))),
        encoded("{\"identifier\":\"alice\"}").replace('=', "*"),
        format!("{}\u{e9}", encoded("{\"identifier\":\"alice\"}")),
        format!("\"{}\"", encoded("{\"identifier\":\"alice\"}")),
    ];
    for value in malformed {
        let headers =
            HeaderMap::from_iter([(HARNESS_TARGET, HeaderValue::from_bytes(value.as_bytes()).unwrap())]);

        assert_eq!(from_header(&headers), None, "{value}");
    }
    assert_eq!(from_header(&HeaderMap::new()), None);
}

#[test]
fn no_target_is_said_in_many_ways() {
    for none in [json!(null), json!({}), json!({"identifier": ""}), json!({"identifier": null, "name": "x!"})]
    {
        assert_eq!(from_json(Some(&none)).unwrap(), None, "{none}");
    }
    assert_eq!(from_json(None).unwrap(), None);
}

#[test]
fn a_target_is_read_with_what_sdks_leave_out() {
    let cases = [
        (json!({"identifier": "a"}), json!({"identifier": "a", "name": "a"})),
        (json!({"identifier": 7, "name": true}), json!({"identifier": "7", "name": "true"})),
        (
            json!({"identifier": "a", "name": null, "anonymous": null, "attributes": null}),
            json!({"identifier": "a", "name": "a"}),
        ),
        (
            json!({"identifier": "a@b.c", "name": "Zoë Ł 1", "anonymous": true, "org": 1}),
            json!({"identifier": "a@b.c", "name": "Zoë Ł 1", "anonymous": true}),
        ),
        (
            json!({"identifier": "a", "name": "Siobh\u{e1}n O'Brien, \"Shiv\" & \u{1f680} (\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940})"}),
            json!({"identifier": "a", "name": "Siobh\u{e1}n O'Brien, \"Shiv\" & \u{1f680} (\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940})"}),
        ),
        (
            json!({"identifier": "a", "attributes": {"x": [1, null], "y": {}}}),
            json!({"identifier": "a", "name": "a", "attributes": {"x": [1, null], "y": {}}}),
        ),
    ];
    for (sent, read) in cases {
        assert_eq!(from_json(Some(&sent)).unwrap(), Some(target(&read)), "{sent}");
    }
}

#[test]
fn a_target_that_cannot_be_is_refused_by_field() {
    let cases = [
        (json!("alice"), "target"),
        (json!([]), "target"),
        (json!({"identifier": "a b"}), "target.identifier"),
        (json!({"identifier": "a/b"}), "target.identifier"),
        (json!({"identifier": "x".repeat(257)}), "target.identifier"),
        (json!({"identifier": {}}), "target.identifier"),
        (json!({"identifier": "a", "name": "<b>"}), "target.name"),
        (json!({"identifier": "a", "name": "line\nline"}), "target.name"),
        (json!({"identifier": "a", "name": "x".repeat(257)}), "target.name"),
        (json!({"identifier": "a", "attributes": "x"}), "target.attributes"),
    ];
    for (sent, field) in cases {
        assert_eq!(from_json(Some(&sent)).unwrap_err().field, field, "{sent}");
    }
}

#[tokio::test]
async fn a_small_target_travels_in_the_token_and_a_large_one_is_stored() {
    for (bytes, stored) in [(10, 0), (3_000, 1)] {
        let store = Store::default();
        let mut claims = SdkClaims::default();
        let target = target(&json!({"identifier": "alice", "attributes": {"x": "y".repeat(bytes)}}));

        into_token(&target, &mut claims, &store).await.unwrap();

        assert_eq!(store.0.lock().unwrap().len(), stored);
        assert_eq!(claims.target.is_some(), stored == 0);
        let named = Target { name: "alice".into(), ..target };
        assert_eq!(of_token(&claims, &store).await.unwrap(), Some(named));
    }
}

#[tokio::test]
async fn the_header_comes_before_the_token_and_neither_answers_for_somebody_else() {
    let store = Store::default();
    let with =
        |id: &str, plan: &str| target(&json!({"identifier": id, "name": id, "attributes": {"plan": plan}}));
    let mut claims = SdkClaims::default();
    into_token(&with("alice", "token"), &mut claims, &store).await.unwrap();
    let header_of = |target: &Target| header(&BASE64.encode(serde_json::to_string(target).unwrap()));
    let none = HeaderMap::new();
    let alice = header_of(&with("alice", "header"));
    let bob = header_of(&with("bob", "header"));
    let ask =
        async |id: &str, headers: &HeaderMap| asked_for(id, headers, Some(&claims), &store).await.unwrap();

    assert_eq!(ask("alice", &alice).await, with("alice", "header"));
    assert_eq!(ask("alice", &bob).await, with("alice", "token"));
    assert_eq!(ask("alice", &none).await, with("alice", "token"));
    assert_eq!(ask("carol", &bob).await, Target::bare("carol"));
}

#[tokio::test]
async fn a_stream_speaks_to_the_target_on_which_header_and_token_agree() {
    let store = Store::default();
    let with = |id: &str, plan: &str| target(&json!({"identifier": id, "attributes": {"plan": plan}}));
    let mut claims = SdkClaims::default();
    into_token(&with("alice", "token"), &mut claims, &store).await.unwrap();
    let of = async |header: Option<&Target>, claims: Option<&SdkClaims>| {
        of_stream(header.cloned(), claims, &store)
            .await
            .unwrap()
            .map(|target| target.attributes["plan"].clone())
    };
    let (alice, bob) = (with("alice", "header"), with("bob", "header"));

    assert_eq!(of(Some(&alice), Some(&claims)).await, Some(json!("header")));
    assert_eq!(of(Some(&bob), Some(&claims)).await, None);
    assert_eq!(of(None, Some(&claims)).await, Some(json!("token")));
    assert_eq!(of(Some(&bob), None).await, Some(json!("header")));
    assert_eq!(of(None, None).await, None);
    assert_eq!(of(None, Some(&SdkClaims::default())).await, None);
}
