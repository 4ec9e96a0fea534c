//! Reading the directory: everything, with all mistakes at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use model::{EnvironmentUuid, KeyHash, Segment, Target};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::TargetRow;

use super::{
    COMPANION, EnvironmentFolder, FLAGS, FOLDER_PREFIX, KEYS, SEGMENTS, Scope, TARGETS, TargetEntry, json,
};

/// Older proxies write the name under which they keep a hash.
const HASH_PREFIX: &str = "auth-key-";

/// The field of a segment that says where it belongs.
#[derive(Deserialize)]
struct SegmentScope {
    environment: Option<String>,
}

/// Reads the folders of all environments, in the order of their ids.
///
/// # Errors
/// Every mistake, with file and line.
pub(crate) fn read(directory: &Path) -> anyhow::Result<Vec<EnvironmentFolder>> {
    let folders = folders(directory)?;
    if folders.is_empty() {
        bail!(
            "{} holds no folder {FOLDER_PREFIX}<id of an environment>; name the directory that the relay proxy wrote",
            directory.display()
        );
    }
    let mut environments = Vec::with_capacity(folders.len());
    let mut mistakes = Vec::new();
    for (path, id) in folders {
        let mut reader = Reader { folder: path, unknown: BTreeMap::new(), mistakes: Vec::new() };
        let environment = reader.environment(&id);
        mistakes.append(&mut reader.mistakes);
        match environment {
            Some(environment) => environments.push(environment),
            None => mistakes.push(format!(
                "{}: {id:?} is no id of an environment; the relay proxy names folders {FOLDER_PREFIX}<uuid>",
                reader.folder.display()
            )),
        }
    }
    crate::import::refuse(&mistakes)?;
    Ok(environments)
}

fn folders(directory: &Path) -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let unreadable = || format!("{} cannot be listed", directory.display());
    let mut folders = BTreeMap::new();
    for entry in fs::read_dir(directory).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(id) = name.strip_prefix(FOLDER_PREFIX)
            && entry.path().is_dir()
        {
            folders.insert(entry.path(), id.to_owned());
        }
    }
    Ok(folders)
}

/// Reads one folder.
struct Reader {
    folder: PathBuf,
    unknown: BTreeMap<&'static str, BTreeSet<String>>,
    mistakes: Vec<String>,
}

impl Reader {
    /// `None` if the folder's name holds no id.
    fn environment(&mut self, id: &str) -> Option<EnvironmentFolder> {
        let id = EnvironmentUuid::parse(id).ok()?;
        let flags: Vec<model::FlagConfig> = self.list(FLAGS).unwrap_or_default();
        let segments: Vec<Segment> = self.list(SEGMENTS).unwrap_or_default();
        let entries: Vec<TargetEntry> = self.optional_list(TARGETS);
        let hashes: Vec<String> = self.list(KEYS).unwrap_or_default();
        let companion = self.text(COMPANION).and_then(|text| {
            let path = self.folder.join(COMPANION);
            let read = json::document(&path, &text, self.unknown.entry(COMPANION).or_default());
            self.keep(read)
        });
        let mut scope = Scope::default();
        for flag in &flags {
            scope.add_project(Some(&flag.project), Some(&flag.environment));
        }
        for segment in self.segment_scopes() {
            scope.add_project(None, segment.environment.as_deref());
        }
        for entry in &entries {
            scope.add_account(entry.account.as_deref(), entry.org.as_deref());
            scope.add_project(entry.project.as_deref(), entry.environment.as_deref());
        }
        let anonymous = entries.iter().filter(|entry| entry.anonymous == Some(true));
        let anonymous = anonymous.filter_map(|entry| entry.identifier.clone()).collect();
        Some(EnvironmentFolder {
            id,
            scope,
            flags,
            segments,
            targets: entries.into_iter().map(TargetEntry::into_row).collect(),
            anonymous,
            keys: self.keys(&hashes),
            companion,
            unknown: std::mem::take(&mut self.unknown),
        })
    }

    /// The list in a file that must be there.
    fn list<T: DeserializeOwned>(&mut self, file: &'static str) -> Option<Vec<T>> {
        let path = self.folder.join(file);
        let Some(text) = self.text(file) else {
            let mistake =
                format!("{} is missing; if there is nothing to import, write [] into it", path.display());
            if !path.exists() {
                self.mistakes.push(mistake);
            }
            return None;
        };
        let read = json::list(&path, &text, self.unknown.entry(file).or_default());
        self.keep(read)
    }

    fn optional_list<T: DeserializeOwned>(&mut self, file: &'static str) -> Vec<T> {
        if self.folder.join(file).exists() { self.list(file).unwrap_or_default() } else { Vec::new() }
    }

    fn text(&mut self, file: &'static str) -> Option<String> {
        let read = json::text(&self.folder.join(file));
        self.keep(read).flatten()
    }

    fn keep<T>(&mut self, read: Result<T, String>) -> Option<T> {
        read.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    /// What segments say about where they are. Mistakes were found when they were read as segments.
    fn segment_scopes(&self) -> Vec<SegmentScope> {
        let path = self.folder.join(SEGMENTS);
        let Ok(Some(text)) = json::text(&path) else { return Vec::new() };
        json::list(&path, &text, &mut BTreeSet::new()).unwrap_or_default()
    }

    /// What is no hash is not repeated: it may be a key.
    fn keys(&mut self, hashes: &[String]) -> Vec<KeyHash> {
        let mut keys = Vec::with_capacity(hashes.len());
        for (place, text) in hashes.iter().enumerate() {
            let digits = text.strip_prefix(HASH_PREFIX).unwrap_or(text).to_ascii_lowercase();
            match KeyHash::parse(&digits) {
                Ok(hash) => keys.push(hash),
                Err(_) => self.mistakes.push(format!(
                    "{}: item {place} is not the SHA-256 of an SDK key (64 hexadecimal digits)",
                    self.folder.join(KEYS).display()
                )),
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Scope {
    fn add_account(&mut self, account: Option<&str>, organisation: Option<&str>) {
        add(&mut self.accounts, account);
        add(&mut self.organisations, organisation);
    }

    fn add_project(&mut self, project: Option<&str>, environment: Option<&str>) {
        add(&mut self.projects, project);
        add(&mut self.environments, environment);
    }
}

fn add(set: &mut BTreeSet<String>, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        set.insert(text.to_owned());
    }
}

impl TargetEntry {
    fn into_row(self) -> TargetRow {
        TargetRow {
            target: Target {
                identifier: self.identifier.unwrap_or_default().into(),
                name: self.name.unwrap_or_default().into(),
                anonymous: false,
                attributes: self.attributes.unwrap_or_default(),
            },
            written_by_admin: self.written_by_admin.unwrap_or(false),
            created_ms: self.created_at.unwrap_or(0),
        }
    }
}
