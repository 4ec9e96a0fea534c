//! Every claim of `docs/security.md` is shown by a test that exists.

use std::collections::BTreeSet;

use tests::repository::sources;

use crate::none;

/// Shorter words between backticks are names of something else.
const NAME_MIN: usize = 20;

#[test]
fn every_test_that_the_security_page_names_exists() {
    let sources = sources();
    let page = sources.iter().find(|source| source.path == "docs/security.md").unwrap();
    let code = sources.iter().filter(|source| source.extension() == "rs");
    let tests: BTreeSet<&str> = code.flat_map(|source| function_names(&source.text)).collect();

    let words = page.text.split('`').skip(1).step_by(2);
    let named: Vec<&str> = words.filter(|word| is_test_name(word)).collect();

    assert!(named.len() > 30, "{named:?}");
    none(
        named
            .into_iter()
            .filter(|name| !tests.contains(*name))
            .map(|name| format!("no test is named {name}")),
    );
}

fn function_names(text: &str) -> impl Iterator<Item = &str> {
    text.split("fn ").skip(1).filter_map(|rest| rest.split_once('(')).map(|(name, _)| name)
}

fn is_test_name(word: &str) -> bool {
    word.len() >= NAME_MIN && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}
