//! What lists look at of every flag, kept in memory.
//!
//! A page shows a few flags of up to ten thousand, but which ones they are depends on all: to read and parse
//! all bodies for every page took most of its time. So the heads of a scope's objects are kept, with the
//! version up to which they are complete. A request knows the scope's newest version, because it has read the
//! project or environment; only what changed after the kept version is read again, from the primary. Writers
//! of one project wait for each other, so its objects become visible in the order of their versions and none
//! is missed. What is kept can be late, never wrong; it is an answer to nobody before it is brought up.

mod config;
mod flag;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Error, Version};
use platform::Db;
use store::{CurrentObject, EnvironmentRow, Kind, ProjectRow};

pub(crate) use config::ConfigHead;
pub(crate) use flag::FlagHead;

/// Heads that are kept, some hundreds of bytes each; scopes that were not asked for longest go first.
const HEADS_MAX: usize = 200_000;

/// The heads of projects and environments.
#[derive(Default)]
pub(crate) struct Heads {
    flags: Cache<FlagHead>,
    configs: Cache<ConfigHead>,
}

/// A stored object without what only its own page shows.
pub(crate) trait Head: Sized {
    /// Which objects.
    const KIND: Kind;

    /// Reads it; `body` is the object's.
    ///
    /// # Errors
    /// `Internal` for a damaged body.
    fn read(object: &CurrentObject, body: &str) -> Result<Self, Error>;

    /// The object's identifier.
    fn identifier(&self) -> &str;
}

/// The heads of one scope, by identifier.
pub(crate) type Listed<H> = Arc<Vec<Arc<H>>>;

struct Cache<H> {
    scopes: Mutex<HashMap<String, Kept<H>>>,
}

struct Kept<H> {
    /// Everything up to it is in `heads`.
    version: Version,
    heads: Listed<H>,
    /// Counts up with every use of the cache.
    used: u64,
}

impl Heads {
    /// All flags of the project as the row was read or newer, archived ones included.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn flags(&self, db: &dyn Db, project: &ProjectRow) -> Result<Listed<FlagHead>, Error> {
        self.flags.get(db, project.id.as_str(), Version(project.revision)).await
    }

    /// What the project's flags serve in the environment as the row was read or newer, without archived ones.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn configs(
        &self,
        db: &dyn Db,
        environment: &EnvironmentRow,
    ) -> Result<Listed<ConfigHead>, Error> {
        self.configs.get(db, environment.id.as_str(), environment.version).await
    }
}

impl<H> Default for Cache<H> {
    fn default() -> Self {
        Self { scopes: Mutex::default() }
    }
}

impl<H: Head> Cache<H> {
    async fn get(&self, db: &dyn Db, scope: &str, version: Version) -> Result<Listed<H>, Error> {
        let kept = self.kept(scope);
        let heads = match kept {
            Some((known, heads)) if known >= version => return Ok(heads),
            Some((known, heads)) => changed(heads, &store::objects_after(db, scope, H::KIND, known).await?)?,
            None => changed(Listed::default(), &store::current_bodies(db, scope, H::KIND).await?)?,
        };
        self.keep(scope, version, heads.clone());
        Ok(heads)
    }

    fn kept(&self, scope: &str) -> Option<(Version, Listed<H>)> {
        let mut scopes = self.scopes();
        let now = scopes.values().map(|kept| kept.used).max().unwrap_or_default() + 1;
        let kept = scopes.get_mut(scope)?;
        kept.used = now;
        Some((kept.version, kept.heads.clone()))
    }

    /// Keeps the heads unless somebody else has kept newer ones.
    fn keep(&self, scope: &str, version: Version, heads: Listed<H>) {
        let mut scopes = self.scopes();
        let used = scopes.values().map(|kept| kept.used).max().unwrap_or_default() + 1;
        if scopes.get(scope).is_some_and(|kept| kept.version >= version) {
            return;
        }
        scopes.insert(scope.to_owned(), Kept { version, heads, used });
        while scopes.len() > 1 && scopes.values().map(|kept| kept.heads.len()).sum::<usize>() > HEADS_MAX {
            let oldest = scopes.iter().min_by_key(|(_, kept)| kept.used).map(|(scope, _)| scope.clone());
            oldest.map(|scope| scopes.remove(&scope));
        }
    }

    fn scopes(&self) -> MutexGuard<'_, HashMap<String, Kept<H>>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The heads of these objects, which are in the order of their identifiers.
///
/// # Errors
/// `Internal` for a damaged body.
pub(crate) fn of<H: Head>(objects: &[CurrentObject]) -> Result<Listed<H>, Error> {
    changed(Listed::default(), objects)
}

/// The heads with those objects as they are now; `objects` are in the order of their identifiers.
fn changed<H: Head>(mut heads: Listed<H>, objects: &[CurrentObject]) -> Result<Listed<H>, Error> {
    if objects.is_empty() {
        return Ok(heads);
    }
    // Copies references, not heads, where somebody still lists the old ones.
    let all = Arc::make_mut(&mut heads);
    for object in objects {
        let place = all.binary_search_by(|head| head.identifier().cmp(&object.identifier));
        let head = object.body.as_deref().map(|body| H::read(object, body)).transpose()?;
        match (place, head) {
            (Ok(at), None) => drop(all.remove(at)),
            (Ok(at), Some(head)) => {
                if let Some(old) = all.get_mut(at) {
                    *old = Arc::new(head);
                }
            }
            (Err(_), None) => {}
            (Err(at), Some(head)) => all.insert(at, Arc::new(head)),
        }
    }
    Ok(heads)
}

/// The head of that identifier.
pub(crate) fn find<'a, H: Head>(heads: &'a [Arc<H>], identifier: &str) -> Option<&'a H> {
    let at = heads.binary_search_by(|head| head.identifier().cmp(identifier)).ok()?;
    heads.get(at).map(|head| &**head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(identifier: &str, name: &str) -> CurrentObject {
        let body = format!(r#"{{"identifier":"{identifier}","name":"{name}","kind":"boolean"}}"#);
        CurrentObject {
            scope: String::new(),
            identifier: identifier.to_owned(),
            version: Version(1),
            changed_ms: 0,
            body: Some(body),
        }
    }

    fn names(heads: &Listed<FlagHead>) -> Vec<(&str, &str)> {
        heads.iter().map(|head| (head.identifier.as_str(), head.name.as_str())).collect()
    }

    #[test]
    fn what_changed_takes_the_place_of_what_was_and_lists_in_use_stay() {
        let gone = CurrentObject { body: None, ..flag("b", "") };
        let before = changed(Listed::default(), &[flag("a", "A"), flag("b", "B"), flag("d", "D")]).unwrap();

        let after = changed(before.clone(), &[flag("a", "AA"), gone.clone(), flag("c", "C")]).unwrap();
        let again = changed(after.clone(), &[gone]).unwrap();

        assert_eq!(names(&after), [("a", "AA"), ("c", "C"), ("d", "D")]);
        assert_eq!(names(&before), [("a", "A"), ("b", "B"), ("d", "D")]);
        assert_eq!(names(&again), names(&after));
        assert_eq!(find(&after, "c").map(|head| head.name.as_str()), Some("C"));
        assert!(find(&after, "b").is_none());
    }

    #[test]
    fn newer_heads_are_never_replaced_by_older_ones() {
        let cache = Cache::<FlagHead>::default();
        let heads = |name| changed(Listed::default(), &[flag("a", name)]).unwrap();

        cache.keep("scope", Version(2), heads("new"));
        cache.keep("scope", Version(1), heads("old"));

        let (version, kept) = cache.kept("scope").unwrap();
        assert_eq!((version, names(&kept)), (Version(2), vec![("a", "new")]));
    }

    #[test]
    fn memory_is_limited_and_what_was_not_used_longest_goes() {
        let cache = Cache::<FlagHead>::default();
        let one = changed::<FlagHead>(Listed::default(), &[flag("a", "A")]).unwrap();
        let many = Arc::new(vec![one[0].clone(); HEADS_MAX / 2]);

        cache.keep("first", Version(1), many.clone());
        cache.keep("second", Version(1), many.clone());
        cache.kept("first").unwrap();
        cache.keep("third", Version(1), many);

        assert_eq!(
            ["first", "second", "third"].map(|scope| cache.kept(scope).is_some()),
            [true, false, true]
        );
    }
}
