//! The targets that streams are open for. Each is evaluated once, however many streams it has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use model::Target;

use crate::answers::Answers;
use crate::counters::Counter;
use crate::limits::{AUDIENCES_MAX, TARGET_BYTES_MAX};
use crate::step::Notices;

/// One target, and what it was told last.
#[derive(Debug)]
pub(crate) struct Audience {
    target: Target,
    /// The weak reference keeps nothing alive but its own place in memory, so that it names one value.
    told: Mutex<(Weak<Answers>, Notices)>,
}

/// Those of one environment, by the JSON of their targets.
#[derive(Debug, Default)]
pub(crate) struct Audiences(Mutex<HashMap<Box<str>, Weak<Audience>>>);

impl Audience {
    /// What these answers mean to the target; counts if they had to be found.
    pub(crate) fn told(&self, answers: &Arc<Answers>, evaluated: &Counter) -> Notices {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = Arc::downgrade(answers);
        if !told.0.ptr_eq(&answers) {
            evaluated.add();
            let notices = answers.upgrade().map(|answers| answers.of(&self.target)).unwrap_or_default();
            *told = (answers, notices);
        }
        Arc::clone(&told.1)
    }
}

impl Audiences {
    /// The audience that has this target, new if it is the first stream for it. `None` if it would take
    /// too much memory: its streams are told what changed, and their clients fetch.
    pub(crate) fn join(&self, target: Target) -> Option<Arc<Audience>> {
        let text = serde_json::to_string(&target).ok().filter(|text| text.len() <= TARGET_BYTES_MAX)?;
        let mut audiences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(audience) = audiences.get(&*text).and_then(Weak::upgrade) {
            return Some(audience);
        }
        if audiences.len() >= AUDIENCES_MAX {
            return None;
        }
        let audience = Arc::new(Audience { target, told: Mutex::default() });
        audiences.insert(text.into(), Arc::downgrade(&audience));
        Some(audience)
    }

    /// Forgets those without streams; tells whether none is left.
    pub(crate) fn sweep(&self) -> bool {
        let mut audiences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        audiences.retain(|_, audience| audience.strong_count() > 0);
        audiences.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn streams_of_one_target_share_an_audience_until_the_last_has_gone() {
        let audiences = Audiences::default();

        let first = audiences.join(Target::bare("ann")).unwrap();
        let second = audiences.join(Target::bare("ann")).unwrap();
        let other = audiences.join(Target::bare("bob")).unwrap();

        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &other));
        drop((first, other));
        assert!(!audiences.sweep());
        drop(second);
        assert!(audiences.sweep());
    }

    #[test]
    fn targets_that_differ_in_an_attribute_are_different() {
        let audiences = Audiences::default();
        let target = |plan: &str| {
            serde_json::from_value(json!({ "identifier": "ann", "attributes": { "plan": plan } })).unwrap()
        };

        let pro = audiences.join(target("pro")).unwrap();
        let free = audiences.join(target("free")).unwrap();

        assert!(!Arc::ptr_eq(&pro, &free));
    }

    #[test]
    fn targets_that_are_too_large_or_too_many_are_not_kept() {
        let audiences = Audiences::default();

        assert!(audiences.join(Target::bare("x".repeat(TARGET_BYTES_MAX))).is_none());
        let kept: Vec<_> = (0..AUDIENCES_MAX)
            .map(|index| audiences.join(Target::bare(index.to_string())).unwrap())
            .collect();
        assert!(audiences.join(Target::bare("one too many")).is_none());
        assert!(audiences.join(Target::bare("0")).is_some(), "it is there already");
        drop(kept);
        audiences.sweep();
        assert!(audiences.join(Target::bare("one too many")).is_some());
    }
}
