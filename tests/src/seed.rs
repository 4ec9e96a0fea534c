//! Chance that can be repeated.

/// What `BURGEE_SEED` says, else anything; printed, so that a run that failed can be made again.
///
/// # Panics
/// If the variable holds no number.
pub fn seed() -> u64 {
    let seed = named_seed().unwrap_or_else(|| u64::from(fastrand::u32(..)));
    eprintln!("BURGEE_SEED={seed}");
    seed
}

/// What `BURGEE_SEED` says, if it is set: somebody wants to see one run again.
///
/// # Panics
/// If the variable holds no number.
pub fn named_seed() -> Option<u64> {
    let seed = std::env::var("BURGEE_SEED").ok()?;
    Some(seed.parse().unwrap_or_else(|error| panic!("BURGEE_SEED={seed}: {error}")))
}

/// Whether this is a long run, `cargo xtask soak`.
pub fn is_soak() -> bool {
    std::env::var_os("BURGEE_SOAK").is_some()
}
