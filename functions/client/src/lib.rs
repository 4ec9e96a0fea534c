//! fn-client.
