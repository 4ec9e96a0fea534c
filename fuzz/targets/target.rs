//! Any bytes as the header `Harness-Target`, as they are and in base64, and as the target of an
//! authentication.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use model::Target;

fuzz_target!(|bytes: &[u8]| {
    for value in [HeaderValue::from_bytes(bytes), HeaderValue::from_str(&STANDARD.encode(bytes))] {
        let Some(target) = value.ok().and_then(read) else { continue };
        assert!(!target.identifier.is_empty());
        let json = serde_json::to_string(&target).expect("a target can be written");
        let again = HeaderValue::from_str(&STANDARD.encode(json)).ok().and_then(read);
        let again = again.expect("a target that was read can be sent");
        assert_eq!((&again.identifier, &again.name), (&target.identifier, &target.name));
        assert!(again.attributes.keys().eq(target.attributes.keys()));
    }
    if let Ok(json) = serde_json::from_slice(bytes)
        && let Ok(Some(target)) = client_api::target::from_json(Some(&json))
    {
        assert!(!target.identifier.is_empty());
    }
});

fn read(value: HeaderValue) -> Option<Target> {
    client_api::target::from_header(&HeaderMap::from_iter([("harness-target".parse().ok()?, value)]))
}
