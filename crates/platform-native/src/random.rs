//! The machine's randomness.

use platform::Random;

/// Asks the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::panic, reason = "a key made of anything else could be guessed; no caller could go on")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random numbers: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_identifiers_are_never_the_same() {
        assert_ne!(SystemRandom.uuid(), SystemRandom.uuid());
    }
}
