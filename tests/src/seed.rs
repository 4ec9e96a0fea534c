//! Chance that can be repeated.

/// What `BURGEE_SEED` says, else anything; printed, so that a run that failed can be made again.
///
/// # Panics
/// If the variable holds no number.
pub fn seed() -> u64 {
    let seed = std::env::var("BURGEE_SEED").ok().map_or_else(
        || u64::from(fastrand::u32(..)),
        |seed| seed.parse().unwrap_or_else(|error| panic!("BURGEE_SEED={seed}: {error}")),
    );
    eprintln!("BURGEE_SEED={seed}");
    seed
}

/// Whether this is a long run, `cargo xtask soak`.
pub fn is_soak() -> bool {
    std::env::var_os("BURGEE_SOAK").is_some()
}
