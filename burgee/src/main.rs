//! burgee.
fn main() {}
