//! Differences of a segment.

use model::{Clause, GroupRule, Segment, TargetName};

use super::serving::{clause, clauses_in_words};
use super::{Differences, Items};

impl Differences {
    pub(super) fn segment(&mut self, before: &Segment, after: &Segment) {
        self.text("name", "name", &before.name, &after.name);
        self.targets("included", "included targets", &ids(&before.included), &ids(&after.included));
        self.targets("excluded", "excluded targets", &ids(&before.excluded), &ids(&after.excluded));
        let clauses = Items {
            path: "rules",
            noun: "condition",
            before: &before.rules,
            after: &after.rules,
            id: |clause: &Clause| &clause.id,
        };
        self.items(&clauses, |found, path, was, is| {
            found.value(path, &format!("condition {}", is.id), (was, is), clause);
        });
        let rules = Items {
            path: "servingRules",
            noun: "rule",
            before: &before.serving_rules,
            after: &after.serving_rules,
            id: |rule: &GroupRule| &rule.rule_id,
        };
        self.items(&rules, |found, path, was, is| {
            let name = |what: &str| format!("{what} of rule {}", is.rule_id);
            let clauses = (&was.clauses, &is.clauses);
            found.value(&format!("{path}.clauses"), &name("condition"), clauses, clauses_in_words);
            let priorities = (&was.priority, &is.priority);
            found.value(&format!("{path}.priority"), &name("priority"), priorities, ToString::to_string);
        });
        self.tags(&before.tags, &after.tags);
    }
}

fn ids(targets: &[TargetName]) -> Vec<&str> {
    targets.iter().map(|target| target.identifier.as_str()).collect()
}
