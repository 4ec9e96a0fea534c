//! What a run compared, for the figures that it prints.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use eval::Reason;
use model::Target;

use crate::exceptions::Exception;
use crate::targets::is_text_only;

/// Counts of (flag, target) pairs.
#[derive(Default)]
pub(crate) struct Tally {
    /// Of targets with text attributes only.
    pub(crate) text: usize,
    /// Of the other targets.
    pub(crate) mixed: usize,
    /// By topic and name of the exception: among `text`, among `mixed`.
    excepted: BTreeMap<(&'static str, &'static str), (usize, usize)>,
}

impl Tally {
    /// Counts a pair on which all agree, given the exception that it took.
    pub(crate) fn count(&mut self, target: &Target, because: Option<&'static Exception>) {
        let text_only = is_text_only(target);
        let (text, mixed) = if text_only { (1, 0) } else { (0, 1) };
        self.text += text;
        self.mixed += mixed;
        if let Some(exception) = because {
            let counts = self.excepted.entry((exception.topic, exception.name)).or_default();
            counts.0 += text;
            counts.1 += mixed;
        }
    }

    /// Pairs of targets with text attributes only whose answer is the engine's, no exception needed.
    pub(crate) fn text_equal(&self) -> usize {
        self.text - self.excepted.values().map(|(text, _)| text).sum::<usize>()
    }

    pub(crate) fn print(&self, sdk: impl fmt::Display, environments: usize, took: Duration) {
        println!(
            "{sdk}: {environments} environments in {took:.1?}; {} pairs with text attributes, {} of them equal; {} other pairs",
            self.text,
            self.text_equal(),
            self.mixed
        );
        println!("{:>8} {:>8}  known differences, spec/EVALUATION.md §11", "text", "other");
        for ((topic, name), (text, mixed)) in &self.excepted {
            println!("{text:>8} {mixed:>8}  {topic}: {name}");
        }
    }
}

/// How often each check decided.
#[derive(Default)]
pub(crate) struct Reasons(BTreeMap<String, usize>);

impl Reasons {
    pub(crate) fn count(&mut self, reason: Reason) {
        *self.0.entry(format!("{reason:?}")).or_default() += 1;
    }

    pub(crate) fn of(&self, reason: Reason) -> usize {
        self.0.get(&format!("{reason:?}")).copied().unwrap_or_default()
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each: Vec<String> = self.0.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        f.write_str(&each.join(", "))
    }
}
