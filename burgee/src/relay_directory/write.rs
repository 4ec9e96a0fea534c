//! Writing the directory: complete under its name, or not at all.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use model::{Segment, Version};
use serde::Serialize;
use store::TargetRow;

use super::{
    COMPANION, EnvironmentFolder, FLAGS, FOLDER_PREFIX, KEYS, README, SEGMENTS, TARGETS, TargetEntry,
};

/// A segment with the field that says where it belongs.
#[derive(Serialize)]
struct SegmentEntry<'a> {
    environment: &'a str,
    #[serde(flatten)]
    segment: &'a Segment,
}

/// Writes the folders of some environments to a directory that is not there yet, or empty.
///
/// # Errors
/// If something is there, or it cannot be written; nothing is left then.
pub(crate) fn write(directory: &Path, environments: &[EnvironmentFolder]) -> anyhow::Result<()> {
    if fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty; name a directory that does not exist yet", directory.display());
    }
    let mut partial = OsString::from(directory.components().as_path());
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = fill(&partial, environments).and_then(|()| {
        // Takes the place of an empty directory too.
        fs::rename(&partial, directory).with_context(|| format!("{} cannot be made", directory.display()))
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&partial); // Not there, or in the way of nobody.
    }
    written
}

fn fill(directory: &Path, environments: &[EnvironmentFolder]) -> anyhow::Result<()> {
    let _ = fs::remove_dir_all(directory); // Left by an export that was killed.
    make(directory)?;
    for environment in environments {
        let folder = directory.join(format!("{FOLDER_PREFIX}{}", environment.id));
        make(&folder)?;
        let name = environment.companion.as_ref().map_or("", |known| &*known.environment.identifier);
        let entry = |segment| SegmentEntry { environment: name, segment };
        save(&folder, FLAGS, &environment.flags)?;
        save(&folder, SEGMENTS, &environment.segments.iter().map(entry).collect::<Vec<_>>())?;
        save(&folder, TARGETS, &targets(environment))?;
        save(&folder, KEYS, &environment.keys)?;
        save(&folder, COMPANION, &environment.companion)?;
        put(&folder.join(README), readme(environment, name).as_bytes())?;
    }
    Ok(())
}

fn targets(environment: &EnvironmentFolder) -> Vec<TargetEntry> {
    let known = environment.companion.as_ref();
    let entry = |row: &TargetRow| TargetEntry {
        account: known.map(|known| known.account.to_string()),
        org: known.map(|known| known.organisation.to_string()),
        project: known.map(|known| known.project.identifier.clone()),
        environment: known.map(|known| known.environment.identifier.clone()),
        identifier: Some(row.target.identifier.to_string()),
        name: Some(row.target.name.to_string()),
        anonymous: Some(false),
        attributes: Some(row.target.attributes.clone()),
        created_at: Some(row.created_ms),
        segments: Some(serde_json::json!([])),
        written_by_admin: row.written_by_admin.then_some(true),
    };
    environment.targets.iter().map(entry).collect()
}

fn readme(environment: &EnvironmentFolder, name: &str) -> String {
    let versions = environment.flags.iter().map(|flag| flag.version);
    let newest = versions.chain(environment.segments.iter().map(|segment| segment.version)).max();
    format!(
        "\n# Env-{}\n\nEnv name: {name}\n\nNumber of Features: {}\n\nNumber of Targets: {}\n\n\
         Number of Segments: {}\n\nWritten by burgee export; newest version: {}\n",
        environment.id,
        environment.flags.len(),
        environment.targets.len(),
        environment.segments.len(),
        newest.unwrap_or(Version(0))
    )
}

/// Hashes of keys and data of people are nobody else's.
fn make(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().mode(0o700).create(folder);
    made.with_context(|| format!("{} cannot be made", folder.display()))
}

fn save(folder: &Path, file: &str, value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    put(&folder.join(file), &text)
}

fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = File::options().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.with_context(|| format!("{} cannot be written", path.display()))
}
