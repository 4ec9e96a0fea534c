//! The tools beside the server: import, export, audit, erase, as somebody runs them.
#![cfg(test)]

mod tools {
    pub(crate) mod audit;
    pub(crate) mod backup;
    pub(crate) mod command;
    pub(crate) mod differences;
    pub(crate) mod directory;
    pub(crate) mod doctor;
    pub(crate) mod erase;
    pub(crate) mod export;
    pub(crate) mod import;
    pub(crate) mod lived;
    pub(crate) mod migrate;
    pub(crate) mod mistakes;
    pub(crate) mod ready;
    pub(crate) mod repeated;
    pub(crate) mod tampering;
}
