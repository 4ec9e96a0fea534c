//! The relay: holds the streams of SDKs and tells them what changed.
//!
//! [`run`] serves one listener. A connection that asks for a stream becomes a small task of its own over
//! a shared log, everything else goes to hyper and the router that `run` was given. Inside, `hub`,
//! `reader`, `log` and `rules` are the state machines, free of time and sockets; `answers` finds what a
//! step means to a target; `source` feeds them, `stream` and `connection` are the sockets.

mod answers;
mod audience;
mod channel;
mod connection;
mod counters;
mod end;
mod frame;
mod hub;
mod in_process;
mod limits;
mod log;
mod places;
mod reader;
mod refusal;
mod relay;
mod replay;
mod request;
mod rest;
mod rules;
mod server;
mod source;
mod step;
mod stream;
mod subscription;

pub use in_process::Listening;
pub use limits::Limits;
pub use relay::{Parts, Relay};
pub use server::run;
