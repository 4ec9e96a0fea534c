//! Secrets that tests made, so that no server's log may hold one.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// How every token for SDKs begins: base64 of `{"alg":` or `{"typ":`.
const TOKENS: [&str; 2] = ["eyJhbGci", "eyJ0eXAi"];

/// Fields of answers that hold a secret in clear text.
const FIELDS: [&str; 3] = ["apiKey", "authToken", "token"];

/// Shorter ones could be part of any word.
const LENGTH_MIN: usize = 16;

static MADE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Remembers a secret for as long as this test program runs.
pub fn note(secret: &str) {
    if secret.len() >= LENGTH_MIN {
        MADE.lock().unwrap_or_else(PoisonError::into_inner).push(secret.to_owned());
    }
}

/// Remembers the secrets of an answer. What is only shown in part, or hashed, is none.
pub fn note_answer(answer: &Value) {
    let data = answer.get("data").unwrap_or(answer);
    for secret in FIELDS.iter().filter_map(|field| data.get(field)?.as_str()) {
        if !secret.contains('*') && !secret.contains('…') {
            note(secret);
        }
    }
}

/// The first line of a log that holds a secret.
pub fn leak(log: &str) -> Option<&str> {
    let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    log.lines().find(|line| {
        made.iter().any(|secret| line.contains(secret)) || TOKENS.iter().any(|token| line.contains(token))
    })
}
