//! The tables as text: for `--help` and for `docs/config.md`.

use super::{Fallback, Var};

/// The variables as lines for a terminal.
pub fn help(tables: &[&'static [Var]]) -> String {
    let mut text = String::new();
    for var in unique(tables) {
        text.push_str(&format!("  {}\n      {} ({})\n", var.name, var.help, conditions(var)));
    }
    text
}

/// The variables as a Markdown table.
pub fn markdown(tables: &[&'static [Var]]) -> String {
    let mut text = String::from("| Variable | Value | Default | Meaning |\n|---|---|---|---|\n");
    for var in unique(tables) {
        let default = match var.default {
            Fallback::Required => "required".to_owned(),
            Fallback::Optional => "none".to_owned(),
            Fallback::Value(value) => format!("`{value}`"),
        };
        let kind = if var.secret { format!("{}, secret", var.kind.describe()) } else { var.kind.describe() };
        let help = var.help.replace('|', "\\|");
        text.push_str(&format!("| `{}` | {kind} | {default} | {help} |\n", var.name));
    }
    text
}

fn conditions(var: &Var) -> String {
    let default = match var.default {
        Fallback::Required => "required".to_owned(),
        Fallback::Optional => "optional".to_owned(),
        Fallback::Value(value) => format!("default {value}"),
    };
    let secret = if var.secret { ", secret" } else { "" };
    format!("{}; {default}{secret}", var.kind.describe())
}

/// Each name once, in the order of the tables: deployables share some variables.
fn unique<'a>(tables: &'a [&'static [Var]]) -> impl Iterator<Item = &'static Var> + 'a {
    let mut seen = Vec::new();
    tables.iter().copied().flatten().filter(move |var| {
        let new = !seen.contains(&var.name);
        seen.push(var.name);
        new
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Kind;

    const VARS: &[Var] = &[
        Var {
            name: "BURGEE_LISTEN",
            kind: Kind::Address,
            default: Fallback::Value("127.0.0.1:7700"),
            secret: false,
            help: "Where to listen.",
        },
        Var {
            name: "BURGEE_TOKEN",
            kind: Kind::Text,
            default: Fallback::Optional,
            secret: true,
            help: "One|two.",
        },
    ];

    #[test]
    fn help_tells_form_and_default_of_each_variable_once() {
        assert_eq!(
            help(&[VARS, VARS]),
            "  BURGEE_LISTEN\n      Where to listen. (host:port; default 127.0.0.1:7700)\n  \
             BURGEE_TOKEN\n      One|two. (text; optional, secret)\n"
        );
    }

    #[test]
    fn markdown_is_a_table_whose_cells_hold_together() {
        assert_eq!(
            markdown(&[VARS]),
            "| Variable | Value | Default | Meaning |\n|---|---|---|---|\n\
             | `BURGEE_LISTEN` | host:port | `127.0.0.1:7700` | Where to listen. |\n\
             | `BURGEE_TOKEN` | text, secret | none | One\\|two. |\n"
        );
    }
}
