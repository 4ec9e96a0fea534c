//! fn-admin.
