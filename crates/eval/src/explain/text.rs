//! Explanations for people.

use std::fmt;

use super::{Check, Explanation, Membership, Outcome};
use crate::evaluate::Reason;

/// Operands shown of a clause; the number of the others follows.
const OPERANDS_SHOWN: usize = 5;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.variation {
            Some(variation) => writeln!(
                f,
                "flag {:?} serves {:?} (value {:?}) to target {:?}: {}",
                self.flag,
                variation.identifier.as_str(),
                variation.value,
                self.target,
                self.reason
            )?,
            None => writeln!(
                f,
                "flag {:?} has no value for target {:?}: {}",
                self.flag, self.target, self.reason
            )?,
        }
        let mut pending: Vec<_> = vec![self.steps.iter()];
        while let Some(steps) = pending.last_mut() {
            let Some(step) = steps.next() else {
                pending.pop();
                continue;
            };
            writeln!(f, "{:indent$}{}", "", step.check, indent = 2 * pending.len())?;
            pending.push(step.steps.iter());
        }
        write!(f, "  at version {} of the environment", self.version)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FlagMissing => "there is no such flag",
            Self::KindMismatch => "its values are of another kind than asked for",
            Self::Unsound => "its references do not end",
            Self::PrerequisiteUnmet => "a prerequisite is not met",
            Self::Off => "the flag is off",
            Self::TargetMatch => "the target is listed",
            Self::RuleMatch => "a rule matches",
            Self::RuleRollout => "a rule matches and serves by bucket",
            Self::DefaultServe => "nothing matches, so the default is served",
            Self::DefaultRollout => "nothing matches, so the default is served by bucket",
        })
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsound { why } => write!(f, "unsound: {why}"),
            Self::Prerequisite { flag, accepted, serves, outcome } => {
                write!(f, "prerequisite {flag:?} serves {}, accepted are ", Name(serves))?;
                list(f, accepted)?;
                f.write_str(match outcome {
                    Outcome::Met => ": met",
                    Outcome::Unmet => ": not met",
                    Outcome::Ignored => ": ignored, with those after it",
                })
            }
            Self::State { on } => write!(f, "state: {}", if *on { "on" } else { "off" }),
            Self::Listing { serves, named, matches } => {
                let how = match (matches, named) {
                    (true, true) => "lists it by name",
                    (true, false) => "lists it by segment",
                    (false, _) => "does not list it",
                };
                write!(f, "target map for {}: {how}", Name(serves))
            }
            Self::Rule { id, priority, matches } => {
                write!(
                    f,
                    "rule {id:?} (priority {priority}): {}",
                    if *matches { "matches" } else { "no match" }
                )
            }
            Self::Clause { attribute, operator, operands, value, holds } => {
                write!(f, "{attribute} = {} {operator} ", Name(value))?;
                list(f, operands)?;
                f.write_str(if *holds { ": true" } else { ": false" })
            }
            Self::Segment { id, membership } => write!(f, "segment {id:?}: {membership}"),
            Self::Rollout { bucket_by, value, bucket, shares, serves } => {
                write!(f, "rollout by {bucket_by} = {}: ", Name(value))?;
                match bucket {
                    Some(bucket) => write!(f, "bucket {bucket},")?,
                    None => f.write_str("no bucket, so the last,")?,
                }
                for share in shares {
                    write!(f, " {} up to {},", Name(&share.variation), share.up_to)?;
                }
                write!(f, " serves {}", Name(serves))
            }
            Self::Default { serves } => write!(f, "default serve: {}", Name(serves)),
        }
    }
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "does not exist, skipped",
            Self::Excluded => "excludes it by name, which ends the list",
            Self::Included => "includes it by name",
            Self::ByRules => "includes it by rules",
            Self::NotMember => "does not include it",
        })
    }
}

/// Text in quotes, or that there is none.
struct Name<'t>(&'t Option<String>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, "{text:?}"),
            None => f.write_str("nothing"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, texts: &[String]) -> fmt::Result {
    f.write_str("[")?;
    for (position, text) in texts.iter().take(OPERANDS_SHOWN).enumerate() {
        write!(f, "{}{text:?}", if position > 0 { ", " } else { "" })?;
    }
    match texts.len().saturating_sub(OPERANDS_SHOWN) {
        0 => f.write_str("]"),
        more => write!(f, ", and {more} more]"),
    }
}
