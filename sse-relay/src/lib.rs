//! sse-relay.
