//! Limits on what a request may carry.

/// Bytes of a request's body, where nothing else is said.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a body that carries many items: metrics, CSV files.
pub const LARGE_BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Bytes of a token. Ours are below 8 KiB: the target in them is limited.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Items on a page when the request names no size.
pub const PAGE_SIZE_DEFAULT: usize = 100;
