//! What a change made different, in words that people read.

mod flag;
mod segment;
mod serving;

use std::collections::HashSet;

use model::Error;
use serde::Serialize;
use serde_json::Value;
use store::Kind;

/// Characters of a text that a summary shows.
const SHOWN_CHARS: usize = 60;

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// Where, such as `rules[r1].priority`.
    path: String,
    /// As it was; a number for a list of targets. Left out for what was not there.
    #[serde(skip_serializing_if = "Value::is_null")]
    before: Value,
    /// As it is; left out for what is gone.
    #[serde(skip_serializing_if = "Value::is_null")]
    after: Value,
    /// A sentence, such as `state: off → on`.
    summary: String,
}

/// What is different between two bodies of an object. Nothing, if one of them does not exist: then the
/// object itself is new or gone.
///
/// # Errors
/// `Internal` for a body that cannot be read.
pub(crate) fn differences(
    kind: Kind,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<Vec<Difference>, Error> {
    let (Some(before), Some(after)) = (before, after) else { return Ok(Vec::new()) };
    let mut found = Differences::default();
    match kind {
        Kind::Flag => found.flag(&store::read_body(before)?, &store::read_body(after)?),
        Kind::FlagConfig => found.config(&store::read_body(before)?, &store::read_body(after)?),
        Kind::Segment => found.segment(&store::read_body(before)?, &store::read_body(after)?),
        Kind::Tag | Kind::Target | Kind::Key | Kind::Project | Kind::Environment | Kind::Token => {}
    }
    Ok(found.list)
}

/// A list in the making.
#[derive(Default)]
struct Differences {
    list: Vec<Difference>,
}

/// A list whose items have identifiers.
struct Items<'a, T> {
    path: &'a str,
    /// What an item is called, such as `rule`.
    noun: &'a str,
    before: &'a [T],
    after: &'a [T],
    id: fn(&T) -> &str,
}

impl Differences {
    fn push(&mut self, path: impl Into<String>, before: Value, after: Value, summary: String) {
        self.list.push(Difference { path: path.into(), before, after, summary });
    }

    /// A text or a word; `name` is what people call it.
    fn text(&mut self, path: &str, name: &str, before: &str, after: &str) {
        if before != after {
            let summary = format!("{name}: {} → {}", shown(before), shown(after));
            self.push(path, Value::from(before), Value::from(after), summary);
        }
    }

    /// A value that `words` puts into words.
    fn value<T: PartialEq + Serialize>(
        &mut self,
        path: &str,
        name: &str,
        (before, after): (&T, &T),
        words: fn(&T) -> String,
    ) {
        if before != after {
            let summary = format!("{name}: {} → {}", words(before), words(after));
            self.push(path, value(before), value(after), summary);
        }
    }

    /// A list: what was added and removed, and what `inner` finds in an item that stayed.
    fn items<T: Serialize>(&mut self, items: &Items<'_, T>, inner: impl Fn(&mut Self, &str, &T, &T)) {
        let Items { path, noun, before, after, id } = items;
        for item in before.iter().filter(|item| !after.iter().any(|other| id(other) == id(item))) {
            let name = id(item);
            self.push(format!("{path}[{name}]"), value(item), Value::Null, format!("{noun} {name} removed"));
        }
        for item in *after {
            let name = id(item);
            let place = format!("{path}[{name}]");
            match before.iter().find(|other| id(other) == name) {
                Some(other) => inner(self, &place, other, item),
                None => self.push(place, Value::Null, value(item), format!("{noun} {name} added")),
            }
        }
    }

    /// Whether what stayed in a list is in another order.
    fn order<T>(&mut self, items: &Items<'_, T>) {
        let Items { path, noun, before, after, id } = items;
        let kept = |list: &[T], other: &[T]| -> Vec<String> {
            let stayed = list.iter().filter(|item| other.iter().any(|one| id(one) == id(item)));
            stayed.map(|item| id(item).to_owned()).collect()
        };
        let (was, is) = (kept(before, after), kept(after, before));
        if was != is {
            self.push(*path, value(&was), value(&is), format!("{noun}s: order changed"));
        }
    }

    /// A list of targets, of which only the numbers are told: it may hold many, and they are people.
    fn targets(&mut self, path: &str, name: &str, before: &[&str], after: &[&str]) {
        let missing = |from: &[&str], list: &[&str]| {
            let from: HashSet<_> = from.iter().collect();
            list.iter().filter(|id| !from.contains(id)).count()
        };
        let (added, removed) = (missing(before, after), missing(after, before));
        let summary = match (added, removed) {
            (0, 0) => return,
            (added, 0) => format!("{name}: {added} added"),
            (0, removed) => format!("{name}: {removed} removed"),
            (added, removed) => format!("{name}: {added} added, {removed} removed"),
        };
        self.push(path, Value::from(before.len()), Value::from(after.len()), summary);
    }
}

fn value<T: Serialize>(item: &T) -> Value {
    // By way of its text, which is written elsewhere, too: without it all that can differ would be compiled a
    // second time, for values.
    let text = serde_json::to_string(item).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// A text as a summary shows it.
fn shown(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let mut short: String = text.chars().take(SHOWN_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
