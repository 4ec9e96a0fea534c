//! The one way in which texts are hashed in a ruleset, so that a target's identifier is hashed once for all
//! lists. It is no input to any answer.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod seeded {
    use std::hash::{BuildHasher, Hasher};

    use hashbrown::DefaultHashBuilder;

    /// Seeded for each ruleset, which keeps people from choosing identifiers that collide.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct TextHasher(DefaultHashBuilder);

    impl TextHasher {
        pub(crate) fn hash(&self, text: &str) -> u64 {
            let mut hasher = self.0.build_hasher();
            hasher.write(text.as_bytes());
            hasher.finish()
        }
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod small {
    use crate::bucket::Hash;

    /// Odd, with its bits well mixed: 2^64 divided by the golden ratio (D. E. Knuth, "Sorting and Searching",
    /// section 6.4).
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

    /// A module without imports knows nothing that would make a seed, so that it has no use for a hash that
    /// takes one. The hash of rollouts is there anyway, and three kilobytes smaller.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct TextHasher;

    impl TextHasher {
        pub(crate) fn hash(&self, text: &str) -> u64 {
            let hash = Hash::default().then(text.as_bytes()).finish();
            u64::from(hash).wrapping_mul(SPREAD)
        }
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use self::seeded::TextHasher;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use self::small::TextHasher;
