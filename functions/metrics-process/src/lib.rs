//! fn-metrics-process.
