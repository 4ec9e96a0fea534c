//! The admin API in one process on SQLite: what it answers, what it refuses and what it leaves behind.
#![cfg(test)]

mod admin {
    pub(crate) mod audit;
    pub(crate) mod contract;
    pub(crate) mod environments;
    pub(crate) mod keys;
    pub(crate) mod projects;
    pub(crate) mod service;
    pub(crate) mod tags;
    pub(crate) mod targets;
    pub(crate) mod uploads;
    pub(crate) mod v1_conditions;
    pub(crate) mod v1_history;
    pub(crate) mod v1_repeats;
    pub(crate) mod v1_snapshots;
    pub(crate) mod v1_tokens;
}
