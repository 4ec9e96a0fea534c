//! Settings from the process's environment. Nothing else in the workspace reads it.

use std::env;

pub use platform::config::{ConfigError, Fallback, Kind, Var, Vars, help, markdown};

/// Our variables begin so.
const PREFIX: &str = "BURGEE_";

/// How alike two names must be for one to be the other misspelt; 1 is equal.
const ALIKE_MIN: f64 = 0.85;

/// Reads the variables of all tables from the environment.
///
/// # Errors
/// All mistakes at once.
pub fn read(tables: &[&'static [Var]]) -> Result<Vars, ConfigError> {
    Vars::read(tables, |name| env::var_os(name))
}

/// A sentence for each `BURGEE_…` variable of the environment that no table names: it is misspelt, or
/// meant for another program.
pub fn unknown(tables: &[&'static [Var]]) -> Vec<String> {
    let set = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    unknown_among(set, tables)
}

fn unknown_among(set: impl Iterator<Item = String>, tables: &[&'static [Var]]) -> Vec<String> {
    let known: Vec<&str> = tables.iter().copied().flatten().map(|var| var.name).collect();
    let mut unknown: Vec<String> =
        set.filter(|name| name.starts_with(PREFIX) && !known.contains(&name.as_str())).collect();
    unknown.sort_unstable();
    unknown.iter().map(|name| describe(name, &known)).collect()
}

fn describe(name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|other| (strsim::normalized_damerau_levenshtein(name, other), other))
        .filter(|(likeness, _)| *likeness >= ALIKE_MIN)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match nearest {
        Some((_, other)) => format!("{name} is not a setting of this program; did you mean {other}?"),
        None => format!("{name} is not a setting of this program"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARS: &[Var] = &[var("BURGEE_LISTEN"), var("BURGEE_DATABASE_URL")];

    const fn var(name: &'static str) -> Var {
        Var { name, kind: Kind::Text, default: Fallback::Optional, secret: false, help: "" }
    }

    #[test]
    fn a_misspelt_variable_is_named_with_its_nearest_neighbour() {
        let set = ["PATH", "BURGEE_LISTEN", "BURGEE_LISTNE", "BURGEE_DATABASE_URI", "BURGEE_COLOUR"];

        let sentences = unknown_among(set.into_iter().map(str::to_owned), &[VARS]);

        assert_eq!(
            sentences,
            [
                "BURGEE_COLOUR is not a setting of this program",
                "BURGEE_DATABASE_URI is not a setting of this program; did you mean BURGEE_DATABASE_URL?",
                "BURGEE_LISTNE is not a setting of this program; did you mean BURGEE_LISTEN?",
            ]
        );
    }
}
