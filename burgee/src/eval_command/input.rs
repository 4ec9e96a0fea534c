//! Reading files so that a mistake in them is found: file, line, what was expected.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A file's text.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    // Some editors begin a file with a byte order mark, which is no JSON.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// The documents in a text: one, or the items of a list but `null`.
pub(super) fn one_or_many<T: DeserializeOwned>(text: &str) -> anyhow::Result<Vec<T>> {
    if text.trim_start().starts_with('[') {
        Ok(parse::<Vec<Option<T>>>(text)?.into_iter().flatten().collect())
    } else {
        Ok(vec![parse::<T>(text)?])
    }
}

/// Parses JSON; an error says where in the text and where in the document.
pub(super) fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> anyhow::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let place = error.path().to_string();
        let error = error.into_inner();
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.trim_end_matches(&format!(" at line {line} column {column}"));
        let place = if matches!(&*place, "." | "?") { String::new() } else { format!("{place}: ") };
        anyhow!("line {line}, column {column}: {place}{message}")
    })?;
    let end = deserializer.end().map_err(|error| anyhow!("line {}: {error}", error.line()));
    end.map(|()| value)
}

/// The `.json` files of a folder and of the folders in it, in the order of their paths; hidden ones
/// excepted. Or the file itself, whatever it is called.
pub(super) fn json_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be listed", folder.display()))?;
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            // A link to a folder is not followed: it may lead back here.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use model::Snapshot;

    use super::*;

    #[test]
    fn mistakes_are_found_by_line_and_place() {
        for (text, expected) in [
            ("{\"flags\": [\n{\"state\": \"on\"}]}", "line 2, column 15: flags[0]: missing field `feature`"),
            (
                "{\n\"flags\": [{\"feature\": \"f\",\n \"kind\": \"colour\"}]}",
                "line 3, column 17: flags[0].kind: unknown variant `colour`, expected one of",
            ),
            ("{\"flags\": 1}", "line 1, column 11: flags: invalid type: integer `1`, expected a list"),
            ("{\"flags\": []", "line 1, column 12: EOF while parsing an object"),
            ("{} {}", "line 1: trailing characters"),
        ] {
            let error = parse::<Snapshot>(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error:?} should start with {expected:?}");
        }
    }
}
