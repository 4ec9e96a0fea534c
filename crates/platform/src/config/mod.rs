//! Settings: each deployable names its variables in one table, which is read, checked and documented
//! the same way everywhere. Where the values come from (the environment, Spin's variables) is the
//! business of the runtime's crate.

mod document;
mod vars;

pub use document::{help, markdown};
pub use vars::{ConfigError, Vars};

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Var {
    /// `BURGEE_…`, with its unit at the end where it has one: `BURGEE_DRAIN_S`.
    pub name: &'static str,
    /// What its value must look like.
    pub kind: Kind,
    /// What holds where nobody sets it.
    pub default: Fallback,
    /// Its value is never shown.
    pub secret: bool,
    /// One line: what it is for.
    pub help: &'static str,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Anything.
    Text,
    /// Text in a form of its own.
    Form {
        /// The form, in words for an operator.
        form: &'static str,
        /// What is wrong with a value, as the rest of a sentence that begins with the variable's name, or
        /// nothing. It never repeats a secret.
        mistake: fn(&str) -> Option<String>,
    },
    /// A whole number in a range, both ends included.
    Number {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// Where to listen or connect: `host:port`.
    Address,
}

/// What holds where a variable is absent or empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fallback {
    /// Nothing: the program does not start without it.
    Required,
    /// Nothing: the program does without it.
    Optional,
    /// This, written as one would set it.
    Value(&'static str),
}

impl Kind {
    /// The words for an operator: `expected …`.
    fn describe(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Form { form, .. } => form.to_owned(),
            Self::Number { min, max } => format!("a whole number from {min} to {max}"),
            Self::Boolean => "true or false".to_owned(),
            Self::Address => "host:port".to_owned(),
        }
    }

    fn accepts(self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Form { mistake, .. } => mistake(value).is_none(),
            Self::Number { min, max } => {
                value.parse::<u64>().is_ok_and(|number| (min..=max).contains(&number))
            }
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Address => value
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()),
        }
    }
}
