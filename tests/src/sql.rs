//! Finds SQL in Rust sources by reading their tokens, so that no statement can be forgotten.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use regex_lite::Regex;

use crate::repository::Source;

/// A string literal that begins like an SQL statement, outside test code.
#[derive(Debug, Eq, PartialEq)]
pub struct SqlLiteral {
    /// The constant whose whole value it is; `None` for any other place.
    pub constant: Option<String>,
    /// The text that the program sees.
    pub text: String,
}

/// The SQL in a Rust file, in order.
///
/// # Panics
/// If the file is not Rust.
pub fn sql_in(source: &Source) -> Vec<SqlLiteral> {
    let tokens = source.text.parse().unwrap_or_else(|error| panic!("{}: {error}", source.path));
    let begins_like_sql = Regex::new(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE TABLE)\s")
        .unwrap_or_else(|error| panic!("{error}"));
    let mut found = Vec::new();
    walk(tokens, &mut found);
    found.retain(|literal| begins_like_sql.is_match(&literal.text));
    found
}

/// The numbers of `$n` in order of first appearance.
pub fn placeholders(text: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for rest in text.split('$').skip(1) {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
        if let Ok(number) = digits.parse()
            && !numbers.contains(&number)
        {
            numbers.push(number);
        }
    }
    numbers
}

fn walk(tokens: TokenStream, found: &mut Vec<SqlLiteral>) {
    let mut before: Vec<String> = Vec::new();
    let mut in_test_item = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let last = before.last().map(String::as_str);
        match &token {
            // An attribute, or a comment, which is one too.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket && last == Some("#") => {
                in_test_item |= group.stream().to_string().replace(' ', "") == "cfg(test)";
                before.clear();
                continue;
            }
            TokenTree::Group(group) if !in_test_item => walk(group.stream(), found),
            TokenTree::Literal(literal) if !in_test_item => {
                let ends = matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ';');
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    let constant = if ends { constant_named(&before) } else { None };
                    found.push(SqlLiteral { constant, text: text.value() });
                }
            }
            _ => {}
        }
        let ends_item = match &token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        if ends_item {
            in_test_item = false;
            before.clear();
        } else {
            before.push(token.to_string());
        }
    }
}

/// The name in `const NAME: &str =`, if that is all that stands before a literal.
fn constant_named(before: &[String]) -> Option<String> {
    let start = before.iter().rposition(|token| token == "const")?;
    match before.get(start + 1..)? {
        [name, colon, .., equals] if colon == ":" && equals == "=" => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql_of(text: &str) -> Vec<SqlLiteral> {
        sql_in(&Source { path: "a.rs".into(), text: text.into() })
    }

    #[test]
    fn a_constant_of_many_lines_is_found_as_the_program_sees_it() {
        let found =
            sql_of("/// SELECT in a comment.\npub const ALL: &'static str = \"SELECT a\n  \\\n  FROM b\";");

        let text = "SELECT a\n  FROM b".to_owned();
        assert_eq!(found, [SqlLiteral { constant: Some("ALL".into()), text }]);
    }

    #[test]
    fn sql_inside_a_macro_is_found_and_has_no_constant() {
        let found = sql_of("fn f() { db.query(&format!(\"DELETE FROM {table}\")); g(\"select\"); }");

        assert_eq!(found, [SqlLiteral { constant: None, text: "DELETE FROM {table}".into() }]);
    }

    #[test]
    fn sql_of_test_modules_is_left_alone() {
        let found = sql_of(
            "#[cfg(test)]\nmod tests { const A: &str = \"SELECT 1\"; }\nconst B: &str = \"SELECT 2\";",
        );

        assert_eq!(found, [SqlLiteral { constant: Some("B".into()), text: "SELECT 2".into() }]);
    }

    #[test]
    fn placeholders_are_listed_by_first_appearance() {
        assert_eq!(placeholders("a = $2 AND b = $1 OR c = $2 AND d = $10 AND e = '$'"), [2, 1, 10]);
    }
}
