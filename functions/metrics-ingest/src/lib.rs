//! fn-metrics-ingest.
