//! The requests of SDKs that cannot run here, as their sources make them: the same paths, queries, headers and order.
//! Each answer is checked for what that SDK does with it.

mod mobile;
mod payload;
mod servers;
mod session;
