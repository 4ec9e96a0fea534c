//! What goes wrong, by what is to be done about it: try again, and when; or tell somebody.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use platform::Random;

use super::limits::{RETRY_AFTER_MAX, RETRY_FIRST, RETRY_MAX};

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may work later.
    Passing {
        /// A sentence for the log.
        why: String,
        /// How long to wait at least, if whoever was asked said so.
        wait: Option<Duration>,
    },
    /// It will not work until somebody changes something. A sentence for the operator that says what.
    Refused(String),
}

impl Failure {
    /// Something between here and there broke.
    pub(super) fn passing(why: String) -> Self {
        Self::Passing { why, wait: None }
    }

    /// An answer that nobody has a better word for: busy and broken servers recover, other refusals stay.
    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap, why: String) -> Self {
        let passes = status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        if !passes {
            return Self::Refused(why);
        }
        let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Self::Passing { why, wait: seconds.map(Duration::from_secs) }
    }
}

/// Pauses between attempts: twice as long each time, and never the same for two who failed together.
#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure, at least `asked`.
    pub(super) fn next(&mut self, asked: Option<Duration>, random: &dyn Random) -> Duration {
        let longest = RETRY_FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(RETRY_MAX);
        self.failures = self.failures.saturating_add(1);
        let half_ms = u64::try_from(longest.as_millis() / 2).unwrap_or(u64::MAX);
        let pause = Duration::from_millis(half_ms + random.below(half_ms));
        pause.max(asked.unwrap_or_default().min(RETRY_AFTER_MAX))
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use platform_native::SystemRandom;

    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute_and_begin_again_after_a_success() {
        let mut backoff = Backoff::default();
        let mut pauses_ms =
            || (0..9).map(|_| backoff.next(None, &SystemRandom).as_millis()).collect::<Vec<_>>();

        let first = pauses_ms();

        for (pause_ms, longest_ms) in first.into_iter().zip([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
        {
            assert!((longest_ms / 2..=longest_ms).contains(&pause_ms), "{pause_ms} of {longest_ms} ms");
        }
        assert!(pauses_ms().into_iter().all(|pause_ms| pause_ms >= 15_000));
        backoff.reset();
        assert!(backoff.next(None, &SystemRandom) <= RETRY_FIRST);
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept_within_reason() {
        let mut backoff = Backoff::default();
        let mut asked = |seconds| backoff.next(Some(Duration::from_secs(seconds)), &SystemRandom).as_secs();

        assert_eq!(asked(7), 7);
        assert_eq!(asked(86_400), 300);
    }

    #[test]
    fn busy_and_broken_servers_are_asked_again_and_others_are_not() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let of = |status| Failure::of_status(StatusCode::from_u16(status).unwrap(), &headers, String::new());

        for status in [408, 429, 500, 502, 503, 504, 520] {
            let wait = Some(Duration::from_secs(7));
            assert!(matches!(of(status), Failure::Passing { wait: found, .. } if found == wait), "{status}");
        }
        for status in [400, 401, 403, 404, 413] {
            assert!(matches!(of(status), Failure::Refused(_)), "{status}");
        }
    }
}
