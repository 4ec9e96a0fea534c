//! Any text as an SDK's token, and any claims in one.

#![no_main]

use std::sync::LazyLock;

use api::{SdkClaims, TokenKeys};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

static KEYS: LazyLock<TokenKeys> = LazyLock::new(|| {
    TokenKeys::parse("k1:b25lIHNlY3JldCBvZiB0aGlydHktdHdvIGJ5dGVzLi4=").expect("the key is readable")
});

#[derive(Arbitrary, Debug)]
struct Input {
    token: String,
    environment: String,
    account: String,
    api_key: String,
    target: Option<String>,
    issued_s: i64,
    edited: u16,
    edit: u8,
}

fuzz_target!(|input: Input| {
    assert!(KEYS.verify(&input.token).is_err(), "nobody signed this");
    let _ = TokenKeys::parse(&input.token); // Only that it comes to an end.

    let claims = SdkClaims {
        environment: input.environment,
        account_id: input.account,
        api_key: input.api_key,
        target: input.target,
        iat: input.issued_s,
        ..SdkClaims::default()
    };
    let _ = claims.key_hash(); // As above.
    let token = KEYS.sign(&claims).expect("claims can be signed");
    let (signed, _) = token.rsplit_once('.').expect("a token has three parts");
    assert!(!signed.contains(['-', '_']), "Android reads standard base64 only: {signed}");
    // A token that is too long for a header is refused.
    if let Ok(read) = KEYS.verify(&token) {
        assert_eq!(read, claims);
    } else {
        assert!(token.len() > api::limits::TOKEN_BYTES_MAX);
    }

    let mut bytes = token.clone().into_bytes();
    let edited = usize::from(input.edited) % bytes.len();
    bytes[edited] = input.edit & 0x7f;
    let forged = String::from_utf8(bytes).expect("a token is ASCII");
    assert!(forged == token || KEYS.verify(&forged).is_err(), "{forged} is not {token}");
});
