//! Query strings, with errors that name the parameter.

use http::Uri;
use model::Error;
use serde::de::DeserializeOwned;

use crate::body::wrong_value;

/// Reads the query's parameters. Unknown ones are ignored unless `T` refuses them.
///
/// # Errors
/// `Invalid` names the parameter that is missing or does not fit.
pub fn read_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Error> {
    let query = uri.query().unwrap_or_default();
    refuse_nul("query", query)?;
    parse_query(query)
}

/// Refuses what no database that we know takes as text.
pub(crate) fn refuse_nul(field: &str, text: &str) -> Result<(), Error> {
    match text.contains("%00") {
        true => Err(Error::invalid(field, "holds %00; nothing has a name with that in it")),
        false => Ok(()),
    }
}

/// Parses a query string; `Invalid` names the parameter that is missing or does not fit.
pub(crate) fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(unread)
}

fn unread(error: serde_path_to_error::Error<serde::de::value::Error>) -> Error {
    let path = error.path().to_string();
    wrong_value(&path, &error.into_inner().to_string(), "query")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Scope {
        account_identifier: String,
        limit: Option<u32>,
    }

    #[test]
    fn a_parameter_that_does_not_fit_is_named() {
        let cases = [
            ("limit=1", "accountIdentifier: is missing"),
            ("accountIdentifier=a&limit=many", "limit: invalid digit found in string"),
            ("accountIdentifier=a&accountIdentifier=b", "query: duplicate field `accountIdentifier`"),
        ];
        for (query, message) in cases {
            assert_eq!(parse_query::<Scope>(query).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn unknown_parameters_are_ignored_and_escapes_undone() {
        let scope: Scope = parse_query("cluster=undefined&accountIdentifier=a%20b&x").unwrap();

        assert_eq!((scope.account_identifier.as_str(), scope.limit), ("a b", None));
    }
}
