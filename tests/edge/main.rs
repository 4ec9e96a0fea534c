//! The engine at the edge: the npm package as it is published, in the runtimes that it is for.
#![cfg(test)]

mod cloudflare;
mod differential;
mod distributed;
mod kv;
mod limits;
mod package;
mod publish;
mod publisher;
mod refreshing;
mod vectors;
mod workerd;
mod world;

// Environments made by chance, shared with the comparison with the published SDKs.
#[path = "../differential/rules.rs"]
mod rules;
#[path = "../differential/scenario.rs"]
#[expect(dead_code, reason = "the comparison in wasmtime names the seed")]
mod scenario;
#[path = "../differential/targets.rs"]
#[expect(dead_code, reason = "the comparison with the published SDKs asks for more")]
mod targets;
#[path = "../differential/texts.rs"]
mod texts;
