//! The admin API in one process on SQLite: what it answers, what it refuses and what it leaves behind.
#![cfg(test)]

mod admin {
    pub(crate) mod access;
    pub(crate) mod ask;
    pub(crate) mod audit;
    pub(crate) mod bad_everywhere;
    pub(crate) mod bad_fields;
    pub(crate) mod bad_input;
    pub(crate) mod contract;
    pub(crate) mod cron;
    pub(crate) mod document;
    pub(crate) mod environments;
    pub(crate) mod evaluations;
    pub(crate) mod flags;
    pub(crate) mod keys;
    pub(crate) mod new_environments;
    pub(crate) mod new_keys;
    pub(crate) mod new_projects;
    pub(crate) mod not_offered;
    pub(crate) mod patch;
    pub(crate) mod pinned;
    pub(crate) mod prerequisites;
    pub(crate) mod projects;
    pub(crate) mod removal;
    pub(crate) mod rules;
    pub(crate) mod segments;
    pub(crate) mod service;
    pub(crate) mod tags;
    pub(crate) mod targets;
    pub(crate) mod uploads;
    pub(crate) mod v1_conditions;
    pub(crate) mod v1_history;
    pub(crate) mod v1_repeats;
    pub(crate) mod v1_snapshots;
    pub(crate) mod v1_tokens;
    pub(crate) mod whole_flags;
    pub(crate) mod world;
}
