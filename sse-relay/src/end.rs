//! Why streams end.

/// Why a stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The client closed the connection, or it broke.
    Left,
    /// The client did not take what was sent in time, or fell behind the log.
    TooSlow,
    /// The client sent more than a request.
    TooTalkative,
    /// Its key was deleted or has expired.
    KeyRevoked,
    /// Its environment was deleted.
    EnvironmentGone,
    /// News could not be read for too long.
    StoresAway,
    /// It was open as long as streams may be.
    Lifetime,
    /// The relay is shutting down.
    ShutDown,
}

impl End {
    /// All of them, in the order of [`End::index`].
    pub(crate) const ALL: [Self; 8] = [
        Self::Left,
        Self::TooSlow,
        Self::TooTalkative,
        Self::KeyRevoked,
        Self::EnvironmentGone,
        Self::StoresAway,
        Self::Lifetime,
        Self::ShutDown,
    ];

    /// As logs and metrics spell it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::TooSlow => "too_slow",
            Self::TooTalkative => "too_talkative",
            Self::KeyRevoked => "key_revoked",
            Self::EnvironmentGone => "environment_gone",
            Self::StoresAway => "stores_away",
            Self::Lifetime => "lifetime",
            Self::ShutDown => "shut_down",
        }
    }

    /// Its place in [`End::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// Whether the client still reads, so that the end of the body is worth sending.
    pub(crate) const fn is_polite(self) -> bool {
        !matches!(self, Self::Left | Self::TooSlow | Self::TooTalkative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_in_its_place() {
        for (index, end) in End::ALL.into_iter().enumerate() {
            assert_eq!(end.index(), index, "{}", end.as_str());
        }
    }
}
