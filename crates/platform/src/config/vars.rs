//! Values that were read and checked.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::{Fallback, Kind, Var};

/// Everything that is wrong with the settings, one sentence each.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct ConfigError {
    /// Never empty.
    pub mistakes: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [only] => formatter.write_str(only),
            many => {
                write!(formatter, "{} settings are wrong:", many.len())?;
                many.iter().try_for_each(|mistake| write!(formatter, "\n  {mistake}"))
            }
        }
    }
}

impl From<String> for ConfigError {
    fn from(mistake: String) -> Self {
        Self { mistakes: vec![mistake] }
    }
}

/// The values of all variables in the tables, each of the kind that its table demands.
#[derive(Clone)]
pub struct Vars {
    values: BTreeMap<&'static str, (Var, Option<String>)>,
}

impl Vars {
    /// Looks every variable of `tables` up, once. An empty value counts as absent.
    ///
    /// # Errors
    /// All mistakes at once: what is missing and what has the wrong form.
    pub fn read(
        tables: &[&'static [Var]],
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        let mut mistakes = Vec::new();
        for var in tables.iter().copied().flatten() {
            match check(var, lookup(var.name)) {
                Ok(value) => {
                    values.entry(var.name).or_insert((*var, value));
                }
                Err(mistake) if mistakes.contains(&mistake) => {}
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if mistakes.is_empty() { Ok(Self { values }) } else { Err(ConfigError { mistakes }) }
    }

    /// The value of a variable that is required or has a default.
    ///
    /// # Errors
    /// A defect of the program, so for all getters: no such variable in the tables, one of another
    /// kind, or an optional one without value.
    pub fn text(&self, name: &str) -> Result<&str, ConfigError> {
        self.opt_text(name)?.ok_or_else(|| format!("{name} is read as if it always had a value").into())
    }

    /// The value of an optional variable.
    ///
    /// # Errors
    /// See [`Self::text`].
    pub fn opt_text(&self, name: &str) -> Result<Option<&str>, ConfigError> {
        match self.values.get(name) {
            Some((_, value)) => Ok(value.as_deref()),
            None => Err(format!("{name} is read but is not in the table of variables").into()),
        }
    }

    /// The value of a variable of kind number that is required or has a default.
    ///
    /// # Errors
    /// See [`Self::text`].
    pub fn number(&self, name: &str) -> Result<u64, ConfigError> {
        self.text(name)?.parse().map_err(|_| mismatch(name, "a number"))
    }

    /// The value of an optional variable of kind number.
    ///
    /// # Errors
    /// See [`Self::text`].
    pub fn opt_number(&self, name: &str) -> Result<Option<u64>, ConfigError> {
        self.opt_text(name)?.map(|value| value.parse().map_err(|_| mismatch(name, "a number"))).transpose()
    }

    /// The value of a variable of kind boolean that is required or has a default.
    ///
    /// # Errors
    /// See [`Self::text`].
    pub fn boolean(&self, name: &str) -> Result<bool, ConfigError> {
        self.text(name)?.parse().map_err(|_| mismatch(name, "a boolean"))
    }
}

/// Shows what is set, but no secrets.
impl fmt::Debug for Vars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.values.iter().map(|(name, (var, value))| match value {
            Some(_) if var.secret => (name, Some("(secret)")),
            other => (name, other.as_deref()),
        });
        formatter.debug_map().entries(shown).finish()
    }
}

fn check(var: &Var, found: Option<OsString>) -> Result<Option<String>, String> {
    let Some(found) = found.filter(|value| !value.is_empty()) else {
        return match var.default {
            Fallback::Required => Err(format!("{} is not set: {}", var.name, var.help)),
            Fallback::Optional => Ok(None),
            Fallback::Value(value) => checked_form(var, value.to_owned()).map(Some),
        };
    };
    let Ok(value) = found.into_string() else {
        return Err(format!("{} is not UTF-8", var.name));
    };
    checked_form(var, value).map(Some)
}

fn checked_form(var: &Var, value: String) -> Result<String, String> {
    if var.kind.accepts(&value) {
        return Ok(value);
    }
    let expected = var.kind.describe();
    let mistake = match var.kind {
        Kind::Form { mistake, .. } => mistake(&value).unwrap_or_default(),
        _ if var.secret => format!("has the wrong form, expected {expected}"),
        _ => format!("is {value:?}, expected {expected}"),
    };
    Err(format!("{} {mistake}", var.name))
}

fn mismatch(name: &str, kind: &str) -> ConfigError {
    format!("{name} is read as {kind}, its table says otherwise").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARS: &[Var] = &[
        var("BURGEE_URL", Kind::Text, Fallback::Required),
        Var { secret: true, ..var("BURGEE_TOKEN", Kind::Number { min: 5, max: 9 }, Fallback::Optional) },
        var("BURGEE_DRAIN_S", Kind::Number { min: 0, max: 300 }, Fallback::Value("10")),
        var("BURGEE_DEMO", Kind::Boolean, Fallback::Value("true")),
        var("BURGEE_LISTEN", Kind::Address, Fallback::Value("127.0.0.1:7700")),
        Var { secret: true, ..var("BURGEE_PASSWORD", LONG, Fallback::Optional) },
    ];

    const LONG: Kind = Kind::Form {
        form: "text of at least 3 characters",
        mistake: |value| (value.len() < 3).then(|| "is too short; choose a longer one".to_owned()),
    };

    const fn var(name: &'static str, kind: Kind, default: Fallback) -> Var {
        Var { name, kind, default, secret: false, help: "what it is for" }
    }

    fn read(set: &[(&str, &str)]) -> Result<Vars, ConfigError> {
        Vars::read(&[VARS], |name| {
            set.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let error = read(&[
            ("BURGEE_TOKEN", "1234567"),
            ("BURGEE_DRAIN_S", "301"),
            ("BURGEE_DEMO", "yes"),
            ("BURGEE_LISTEN", "7700"),
            ("BURGEE_PASSWORD", "me"),
        ])
        .unwrap_err();

        assert_eq!(
            error.to_string(),
            "6 settings are wrong:\n  \
             BURGEE_URL is not set: what it is for\n  \
             BURGEE_TOKEN has the wrong form, expected a whole number from 5 to 9\n  \
             BURGEE_DRAIN_S is \"301\", expected a whole number from 0 to 300\n  \
             BURGEE_DEMO is \"yes\", expected true or false\n  \
             BURGEE_LISTEN is \"7700\", expected host:port\n  \
             BURGEE_PASSWORD is too short; choose a longer one"
        );
    }

    #[test]
    fn getters_give_what_was_set_and_defaults_otherwise() {
        let vars = read(&[("BURGEE_URL", "here"), ("BURGEE_DRAIN_S", "0"), ("BURGEE_DEMO", "")]).unwrap();

        assert_eq!(vars.text("BURGEE_URL").unwrap(), "here");
        assert_eq!(vars.opt_number("BURGEE_TOKEN").unwrap(), None);
        assert_eq!(vars.number("BURGEE_DRAIN_S").unwrap(), 0);
        assert!(vars.boolean("BURGEE_DEMO").unwrap());
        assert_eq!(vars.text("BURGEE_LISTEN").unwrap(), "127.0.0.1:7700");
    }

    #[test]
    fn reading_what_no_table_names_is_an_error_not_a_default() {
        let vars = read(&[("BURGEE_URL", "here")]).unwrap();

        assert!(vars.opt_text("BURGEE_OTHER").is_err());
        assert!(vars.text("BURGEE_TOKEN").is_err());
        assert!(vars.number("BURGEE_URL").is_err());
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let vars = read(&[("BURGEE_URL", "here"), ("BURGEE_TOKEN", "7")]).unwrap();

        let shown = format!("{vars:?}");

        assert!(shown.contains("\"BURGEE_TOKEN\": Some(\"(secret)\")"), "{shown}");
        assert!(shown.contains("here"), "{shown}");
    }

    #[test]
    fn a_variable_in_two_tables_is_one_variable() {
        let error = Vars::read(&[VARS, VARS], |_| None).unwrap_err();

        assert_eq!(error.mistakes.len(), 1);
    }
}
