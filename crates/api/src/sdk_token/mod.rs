//! The tokens that SDKs receive for their key. Stock SDKs only read the claims; we verify the signature.

mod claims;
mod hs256;
mod keys;

pub use claims::SdkClaims;
pub use keys::{TokenKeys, TokenKeysError};

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use model::{
        AccountId, EnvironmentId, EnvironmentUuid, KeyKind, KeyRecord, OrganisationId, ProjectId, ProjectUuid,
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::credentials::secret_hash;

    fn key() -> KeyRecord {
        KeyRecord {
            hash: secret_hash("abc"),
            kind: KeyKind::Server,
            expires_ms: None,
            account: AccountId::from_wire("acct1"),
            organisation: OrganisationId::from_wire("default"),
            project: ProjectId::from_wire("shop"),
            project_uuid: ProjectUuid::from_wire("p-uuid"),
            environment: EnvironmentId::from_wire("dev"),
            environment_uuid: EnvironmentUuid::from_wire("e-uuid"),
        }
    }

    fn entry(kid: &str, byte: u8) -> String {
        format!("{kid}:{}", STANDARD.encode([byte; 32]))
    }

    fn keys(entries: &[String]) -> TokenKeys {
        TokenKeys::parse(&entries.join(",")).unwrap()
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn forge(token: &str, index: usize, json: &Value) -> String {
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        parts[index] = URL_SAFE_NO_PAD.encode(json.to_string());
        parts.join(".")
    }

    #[test]
    fn a_token_says_what_every_sdk_looks_for() {
        let token = keys(&[entry("k1", 1)]).sign(&SdkClaims::new(&key(), 1_700_000_000_999)).unwrap();

        assert_eq!(part(&token, 0), json!({"typ": "JWT", "alg": "HS256", "kid": "k1"}));
        assert_eq!(
            part(&token, 1),
            json!({
                "environment": "e-uuid", "environmentIdentifier": "dev",
                "project": "p-uuid", "projectIdentifier": "shop",
                "organization": "default", "organizationIdentifier": "default",
                "accountID": "acct1", "clusterIdentifier": "1", "key_type": "Server",
                "apiKey": "auth-key-ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "iat": 1_700_000_000,
            })
        );
        assert!(token.split('.').all(|part| !part.is_empty()) && token.split('.').count() == 3);
    }

    #[test]
    fn a_token_leads_back_to_its_key() {
        let keys = keys(&[entry("k1", 1)]);
        let claims = SdkClaims { target: Some("e30=".to_owned()), ..SdkClaims::new(&key(), 0) };

        let verified = keys.verify(&keys.sign(&claims).unwrap()).unwrap();

        assert_eq!(verified, claims);
        assert_eq!(verified.key_hash(), Some(secret_hash("abc")));
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let before = keys(&[entry("old", 1)]).sign(&SdkClaims::new(&key(), 0)).unwrap();
        let rotated = keys(&[entry("new", 2), entry("old", 1)]);

        assert_eq!(part(&rotated.sign(&SdkClaims::new(&key(), 0)).unwrap(), 0)["kid"], "new");
        assert!(rotated.verify(&before).is_ok());
        assert!(keys(&[entry("new", 2)]).verify(&before).is_err(), "the secret was taken off the list");
        assert!(keys(&[entry("old", 2)]).verify(&before).is_err(), "another secret of the same name");
    }

    #[test]
    fn forged_tokens_are_refused() {
        let keys = keys(&[entry("k1", 1)]);
        let token = keys.sign(&SdkClaims::new(&key(), 0)).unwrap();
        let mut claims = part(&token, 1);
        claims["environment"] = json!("another");
        let (head, signature) = token.rsplit_once('.').unwrap();
        let forged = [
            forge(&token, 1, &claims),
            forge(&token, 0, &json!({"typ": "JWT", "alg": "none", "kid": "k1"})),
            forge(&token, 0, &json!({"typ": "JWT", "alg": "HS512", "kid": "k1"})),
            forge(&token, 0, &json!({"typ": "JWT", "alg": "RS256", "kid": "k1"})),
            forge(&token, 0, &json!({"typ": "JWT", "alg": "HS256"})),
            format!("{head}."),
            head.to_owned(),
            format!("{head}.{}", signature.chars().rev().collect::<String>()),
            format!("{token}.{signature}"),
            String::new(),
            "..".to_owned(),
            "a.b.c".to_owned(),
            "x".repeat(100_000),
        ];
        for token in forged {
            assert!(keys.verify(&token).is_err(), "{token}");
        }
    }

    #[test]
    fn audience_and_age_are_not_looked_at() {
        let keys = keys(&[entry("k1", 1)]);
        let secret = jsonwebtoken::EncodingKey::from_secret(&[1; 32]);
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some("k1".to_owned());
        let claims = json!({"environment": "e", "apiKey": "a", "aud": ["x"], "iat": 0, "exp": 1, "nbf": 1});

        let token = jsonwebtoken::encode(&header, &claims, &secret).unwrap();

        assert_eq!(keys.verify(&token).unwrap().environment, "e");
    }

    #[test]
    fn android_can_decode_every_payload_with_the_standard_alphabet() {
        let hostile = ["??>>~~", "\u{7f}\u{7f}\u{7f}", "Zoë 🚀", "日本", "\"\\\n\u{0}", "a?a>a~", "ÿÿ"];
        let keys = keys(&[entry("k-_.1", 1)]);
        for name in hostile {
            for pad in 0..3 {
                let name = format!("{}{name}", "x".repeat(pad));
                let claims = SdkClaims { account_id: name.clone(), ..SdkClaims::new(&key(), 0) };

                let token = keys.sign(&claims).unwrap();

                let (head, _) = token.rsplit_once('.').unwrap();
                assert!(!head.contains(['-', '_']), "{head}");
                assert_eq!(keys.verify(&token).unwrap().account_id, name);
            }
        }
    }

    #[test]
    fn a_list_of_keys_that_cannot_be_used_says_why_without_the_secret() {
        let short = STANDARD.encode([7; 31]);
        let cases = [
            ("".to_owned(), "token key 1 is not of the form name:base64".to_owned()),
            (format!("{},", entry("a", 1)), "token key 2 is not of the form name:base64".to_owned()),
            (":AAAA".to_owned(), "the name of token key 1 may hold letters".to_owned()),
            ("a:!!".to_owned(), "the secret of token key \"a\" is not base64".to_owned()),
            (format!("a:{short}"), "the secret of token key \"a\" has 31 bytes; 32 are needed".to_owned()),
            (
                format!("{},{}", entry("a", 1), entry("a", 2)),
                "the token key \"a\" is listed twice".to_owned(),
            ),
        ];
        for (text, message) in cases {
            let error = TokenKeys::parse(&text).err().unwrap().to_string();

            assert!(error.starts_with(&message), "{text:?}: {error}");
            assert!(!error.contains(&short));
        }
        let unpadded = STANDARD.encode([1; 32]);
        assert!(TokenKeys::parse(&format!("a:{}", unpadded.trim_end_matches('='))).is_ok());
    }
}
