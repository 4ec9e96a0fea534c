//! Runs the components of `infra/spin` where there is no Spin.

fn main() {}
