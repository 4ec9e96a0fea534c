//! What each SDK did in each situation, as a table.

use std::fmt::Write;

/// Of what an SDK wrote before it failed.
const LAST_LINES: usize = 30;

/// One SDK in one situation.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// It did what it should; how, or how fast.
    Passed(String),
    /// It did not; the first line says what happened.
    Failed(String),
}

/// One situation.
pub(crate) struct Row {
    pub(crate) situation: String,
    /// In the order of the columns.
    pub(crate) cells: Vec<Cell>,
}

impl Cell {
    pub(crate) fn from_outcome(outcome: Result<String, String>) -> Self {
        outcome.map_or_else(Self::Failed, Self::Passed)
    }

    /// What came after it too; the first failure, if there is one.
    pub(crate) fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Passed(this), Self::Passed(next)) => Self::Passed(format!("{this}, next change {next}")),
            (failed @ Self::Failed(_), _) | (_, failed) => failed,
        }
    }

    /// The other one, unless this one failed.
    pub(crate) fn instead(self, other: Self) -> Self {
        if matches!(self, Self::Failed(_)) { self } else { other }
    }

    const fn text(&self) -> &str {
        match self {
            Self::Passed(text) => text.as_str(),
            Self::Failed(_) => "**fails**",
        }
    }
}

/// The table in Markdown.
pub(crate) fn markdown<'a>(columns: impl Iterator<Item = &'a str>, rows: &[Row]) -> String {
    let columns: Vec<&str> = columns.collect();
    let mut text =
        format!("| Situation | {} |\n|---|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let cells: Vec<&str> = row.cells.iter().map(Cell::text).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} | {} |", row.situation, cells.join(" | "));
    }
    text
}

/// What went wrong, one paragraph each.
pub(crate) fn failures<'a>(columns: impl Iterator<Item = &'a str>, rows: &[Row]) -> Vec<String> {
    let columns: Vec<&str> = columns.collect();
    let mut failures = Vec::new();
    for row in rows {
        for (column, cell) in columns.iter().zip(&row.cells) {
            if let Cell::Failed(why) = cell {
                failures.push(format!("{column}, {}: {}", row.situation, ends(why)));
            }
        }
    }
    failures
}

/// The first line and the last ones: in between, SDKs tell their whole life.
fn ends(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match lines.as_slice() {
        [first, rest @ ..] if rest.len() > LAST_LINES => {
            let last = rest.iter().skip(rest.len() - LAST_LINES).copied().collect::<Vec<_>>();
            format!("{first}\n…\n{}", last.join("\n"))
        }
        _ => text.to_owned(),
    }
}
