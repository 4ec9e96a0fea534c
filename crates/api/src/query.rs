//! Query strings, with errors that name the parameter.

use std::fmt::Display;
use std::str::FromStr;

use http::Uri;
use model::Error;
use serde::de::value;
use serde::de::{DeserializeOwned, IntoDeserializer};

/// The parameters of a query, with escapes undone. What nobody asks for is not looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Those of an address.
    pub fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Refuses what no database that we know takes as text, in any of them.
    ///
    /// # Errors
    /// `Invalid`.
    pub fn refuse_nul(&self) -> Result<(), Error> {
        match self.0.iter().flat_map(|(name, text)| [name, text]).any(|text| text.contains('\0')) {
            true => Err(holds_nul("query")),
            false => Ok(()),
        }
    }

    /// A parameter; empty if it is there without a value.
    ///
    /// # Errors
    /// `Invalid` if it is there more than once; the same for all others.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, text)| text.as_str());
        match (found.next(), found.next()) {
            (text, None) => Ok(text),
            (_, Some(_)) => Err(Error::invalid("query", format!("duplicate field `{name}`"))),
        }
    }

    /// A parameter that is as good as absent if it is empty.
    ///
    /// # Errors
    /// See [`Self::text`].
    pub fn given(&self, name: &str) -> Result<Option<&str>, Error> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    /// A whole number.
    ///
    /// # Errors
    /// `Invalid` also for anything else.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Error> {
        self.parse(name)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// `Invalid` also for anything else.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Error> {
        self.parse(name)
    }

    fn parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Error> {
        let parsed = self.text(name)?.map(str::parse).transpose();
        parsed.map_err(|error: T::Err| Error::invalid(name, error.to_string()))
    }

    /// One of a few words, which `T` lists.
    ///
    /// # Errors
    /// `Invalid` also for another word.
    pub fn word<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let read = self.text(name)?.map(|text| T::deserialize(text.into_deserializer())).transpose();
        read.map_err(|error: value::Error| Error::invalid(name, error.to_string()))
    }
}

/// Refuses what no database that we know takes as text.
pub(crate) fn refuse_nul(field: &str, text: &str) -> Result<(), Error> {
    if text.contains("%00") { Err(holds_nul(field)) } else { Ok(()) }
}

fn holds_nul(field: &str) -> Error {
    Error::invalid(field, "holds %00; nothing has a name with that in it")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Lifetime {
        Permanent,
        Temporary,
    }

    fn query(text: &str) -> Query {
        Query::of(&format!("/?{text}").parse().unwrap())
    }

    #[test]
    fn a_parameter_that_does_not_fit_is_named() {
        let query = query("a=x&a=y&limit=many&lifetime=long&b=%00");
        let mistakes = [
            (query.text("a").unwrap_err(), "query: duplicate field `a`"),
            (query.number("limit").unwrap_err(), "limit: invalid digit found in string"),
            (query.boolean("limit").unwrap_err(), "limit: provided string was not `true` or `false`"),
            (
                query.word::<Lifetime>("lifetime").unwrap_err(),
                "lifetime: unknown variant `long`, expected `permanent` or `temporary`",
            ),
            (query.refuse_nul().unwrap_err(), "query: holds %00; nothing has a name with that in it"),
        ];

        for (mistake, message) in mistakes {
            assert_eq!(mistake.to_string(), message);
        }
    }

    #[test]
    fn escapes_are_undone() {
        let query = query("accountIdentifier=a%20b+c&x&lifetime=permanent&archived=true&limit=-1");

        assert_eq!(query.text("accountIdentifier").unwrap(), Some("a b c"));
        assert_eq!(query.text("x").unwrap(), Some(""));
        assert_eq!(query.given("x").unwrap(), None);
        assert_eq!(query.text("y").unwrap(), None);
        assert_eq!(query.word("lifetime").unwrap(), Some(Lifetime::Permanent));
        assert_eq!(query.boolean("archived").unwrap(), Some(true));
        assert_eq!(query.number("limit").unwrap(), Some(-1));
        assert!(query.refuse_nul().is_ok());
    }
}
