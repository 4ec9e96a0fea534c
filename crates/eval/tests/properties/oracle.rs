//! The reference algorithm as it is written down, without any of the engine's ideas: recursive, over
//! the stored form, looking everything up by name. Slow and plain on purpose.

use std::collections::HashMap;

use model::{
    Clause, Distribution, FlagConfig, FlagState, Segment, Serve, Snapshot, Target, TargetName, Variation,
};
use regex_lite::Regex;
use serde_json::Value;

/// The objects of a snapshot by identifier; of two the later counts.
pub(crate) struct Oracle<'s> {
    flags: HashMap<&'s str, &'s FlagConfig>,
    segments: HashMap<&'s str, &'s Segment>,
}

impl<'s> Oracle<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            flags: snapshot.flags.iter().map(|flag| (flag.feature.as_str(), flag)).collect(),
            segments: snapshot
                .segments
                .iter()
                .map(|segment| (segment.identifier.as_str(), segment))
                .collect(),
        }
    }

    /// EVALUATE.
    pub(crate) fn evaluate(&self, id: &str, target: &Target) -> Option<&'s Variation> {
        let flag = self.flags.get(id)?;
        if !self.prerequisites_end(flag, &mut Vec::new()) || !self.prerequisites_met(flag, target) {
            return variation(flag, flag.off_variation.as_str());
        }
        self.evaluate_flag(flag, target)
    }

    /// EVAL_FLAG.
    fn evaluate_flag(&self, flag: &'s FlagConfig, target: &Target) -> Option<&'s Variation> {
        if flag.state == FlagState::Off || !self.segments_of_flag_end(flag) {
            return variation(flag, flag.off_variation.as_str());
        }
        let served = self
            .target_map(flag, target)
            .or_else(|| self.rules(flag, target))
            .or_else(|| serve(&flag.default_serve, target))?;
        variation(flag, served)
    }

    /// PREREQS_OK.
    fn prerequisites_met(&self, flag: &FlagConfig, target: &Target) -> bool {
        for prerequisite in &flag.prerequisites {
            let Some(other) = self.flags.get(prerequisite.feature.as_str()) else { return true };
            let Some(served) = self.evaluate_flag(other, target) else { return true };
            if !prerequisite.variations.contains(&served.identifier) || !self.prerequisites_met(other, target)
            {
                return false;
            }
        }
        true
    }

    /// TARGET_MAP.
    fn target_map(&self, flag: &'s FlagConfig, target: &Target) -> Option<&'s str> {
        let listing = flag.variation_to_target_map.iter().find(|listing| {
            let segments = listing.target_segments.iter().map(|id| id.as_str());
            is_listed(&listing.targets, target) || self.in_segments(segments, target)
        });
        present(listing?.variation.as_str())
    }

    /// RULES.
    fn rules(&self, flag: &'s FlagConfig, target: &Target) -> Option<&'s str> {
        let mut rules: Vec<_> = flag.rules.iter().collect();
        rules.sort_by_key(|rule| rule.priority);
        let rule = rules.into_iter().find(|rule| self.all_hold(&rule.clauses, target))?;
        serve(&rule.serve, target)
    }

    /// SEGMENTS.
    fn in_segments<'i>(&self, ids: impl Iterator<Item = &'i str>, target: &Target) -> bool {
        for segment in ids.filter_map(|id| self.segments.get(id)) {
            if is_listed(&segment.excluded, target) {
                return false;
            }
            let by_rules = if segment.serving_rules.is_empty() {
                segment.rules.iter().any(|clause| self.holds(clause, target))
            } else {
                segment.serving_rules.iter().any(|rule| self.all_hold(&rule.clauses, target))
            };
            if is_listed(&segment.included, target) || by_rules {
                return true;
            }
        }
        false
    }

    fn all_hold(&self, clauses: &[Clause], target: &Target) -> bool {
        !clauses.is_empty() && clauses.iter().all(|clause| self.holds(clause, target))
    }

    /// CLAUSE.
    fn holds(&self, clause: &Clause, target: &Target) -> bool {
        let Some(first) = clause.values.first() else { return false };
        if &*clause.op == "segmentMatch" {
            return self.in_segments(clause.values.iter().map(|id| &**id), target);
        }
        let Some(text) = attribute(target, &clause.attribute) else { return false };
        match &*clause.op {
            "equal" => one_case(&text) == one_case(first),
            "equal_sensitive" => text == **first,
            "contains" => text.contains(&**first),
            "starts_with" => text.starts_with(&**first),
            "ends_with" => text.ends_with(&**first),
            "in" => clause.values.iter().any(|value| **value == text),
            "gt" => text.as_bytes() > first.as_bytes(),
            "match" => Regex::new(first).is_ok_and(|regex| regex.is_match(&text)),
            _ => false,
        }
    }

    /// Whether no cycle can be reached. Prerequisites behind a missing one are never asked.
    fn prerequisites_end(&self, flag: &'s FlagConfig, path: &mut Vec<&'s str>) -> bool {
        if path.contains(&flag.feature.as_str()) {
            return false;
        }
        path.push(flag.feature.as_str());
        let asked = flag.prerequisites.iter().map_while(|other| self.flags.get(other.feature.as_str()));
        let ends = asked.into_iter().all(|other| self.prerequisites_end(other, path));
        path.pop();
        ends
    }

    fn segments_of_flag_end(&self, flag: &'s FlagConfig) -> bool {
        let listed = flag.variation_to_target_map.iter().flat_map(|listing| &listing.target_segments);
        let ruled = flag.rules.iter().flat_map(|rule| &rule.clauses).flat_map(nested);
        let mut ids = listed.map(|id| id.as_str()).chain(ruled);
        ids.all(|id| self.segments_end(id, &mut Vec::new()))
    }

    fn segments_end(&self, id: &'s str, path: &mut Vec<&'s str>) -> bool {
        let Some(segment) = self.segments.get(id) else { return true };
        if path.contains(&id) {
            return false;
        }
        path.push(id);
        let clauses: Vec<&Clause> = if segment.serving_rules.is_empty() {
            segment.rules.iter().collect()
        } else {
            segment.serving_rules.iter().flat_map(|rule| &rule.clauses).collect()
        };
        let ends = clauses.into_iter().flat_map(nested).all(|id| self.segments_end(id, path));
        path.pop();
        ends
    }
}

fn nested(clause: &Clause) -> impl Iterator<Item = &str> {
    let is_membership = &*clause.op == "segmentMatch";
    clause.values.iter().map(|id| &**id).filter(move |_| is_membership)
}

/// In lower case, in which one letter has two forms.
fn one_case(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

fn variation<'s>(flag: &'s FlagConfig, id: &str) -> Option<&'s Variation> {
    flag.variations.iter().find(|variation| variation.identifier.as_str() == id && !id.is_empty())
}

fn present(id: &str) -> Option<&str> {
    (!id.is_empty()).then_some(id)
}

fn is_listed(list: &[TargetName], target: &Target) -> bool {
    !target.identifier.is_empty() && list.iter().any(|name| *name.identifier.as_str() == *target.identifier)
}

fn serve<'s>(serve: &'s Serve, target: &Target) -> Option<&'s str> {
    let by_bucket = serve.distribution.as_ref().and_then(|distribution| distribute(distribution, target));
    by_bucket.or_else(|| present(serve.variation.as_ref()?.as_str()))
}

/// DISTRIBUTION.
fn distribute<'s>(distribution: &'s Distribution, target: &Target) -> Option<&'s str> {
    let mut total: i64 = 0;
    for share in &distribution.variations {
        total = total.saturating_add(share.weight);
        if total > 0 && bucket(&distribution.bucket_by, target).is_some_and(|bucket| bucket <= total) {
            return present(share.variation.as_str());
        }
    }
    present(distribution.variations.last()?.variation.as_str())
}

fn bucket(bucket_by: &str, target: &Target) -> Option<i64> {
    let by_attribute = attribute(target, bucket_by).map(|value| eval::bucket(bucket_by, &value));
    let by_identifier = || attribute(target, "identifier").map(|value| eval::bucket("identifier", &value));
    by_attribute.or_else(by_identifier).map(i64::from)
}

fn attribute(target: &Target, name: &str) -> Option<String> {
    let text = match name {
        "identifier" => target.identifier.to_string(),
        "name" => target.name.to_string(),
        custom => match target.attributes.get(custom)? {
            Value::Array(items) => format!("[{}]", items.iter().map(scalar).collect::<Vec<_>>().join(" ")),
            other => scalar(other),
        },
    };
    (!text.is_empty()).then_some(text)
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap().to_string(),
        other => other.to_string(),
    }
}
