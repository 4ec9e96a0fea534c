//! Lists of JSON as other programs write them: `null` is no item, unknown fields are noticed, mistakes
//! are found by line.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;

/// Bytes of one file. A hundred thousand targets take some tens of megabytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// What targets in lists repeat about where they are.
const REPEATED: [&str; 4] = ["account", "org", "project", "environment"];

/// A file's text; `None` if there is no such file.
pub(super) fn text(path: &Path) -> Result<Option<String>, String> {
    let failed = |cause: &dyn std::fmt::Display| format!("{} cannot be read: {cause}", path.display());
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            return Err(failed(&format!("it is larger than {FILE_BYTES_MAX} bytes")));
        }
        Ok(_) => {}
    }
    let mut text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    if text.starts_with('\u{feff}') {
        // Some editors begin a file with a byte order mark, which is no JSON.
        text.remove(0);
    }
    Ok(Some(text))
}

/// Reads one document, noting the fields that nobody reads.
pub(super) fn document<T: DeserializeOwned>(
    path: &Path,
    text: &str,
    unknown: &mut BTreeSet<String>,
) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let read = serde_ignored::deserialize(tracked, |field| note(&field.to_string(), unknown));
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let at = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string();
        let message = message.strip_suffix(&at).unwrap_or(&message);
        let place = track.path().to_string();
        let place = if matches!(&*place, "." | "?") { String::new() } else { format!("{place}: ") };
        format!("{}:{}:{}: {place}{message}", path.display(), error.line(), error.column())
    })
}

/// Reads a list without its `null`s; `null` is the empty list, as Go writes it.
pub(super) fn list<T: DeserializeOwned>(
    path: &Path,
    text: &str,
    unknown: &mut BTreeSet<String>,
) -> Result<Vec<T>, String> {
    let list: Option<Vec<Option<T>>> = document(path, text, unknown)?;
    Ok(list.into_iter().flatten().flatten().collect())
}

/// Notes a field by its path without positions in lists: `rules.clauses.colour`.
fn note(field: &str, unknown: &mut BTreeSet<String>) {
    let names: Vec<_> =
        field.split('.').filter(|part| *part != "?" && part.parse::<usize>().is_err()).collect();
    if names.last().is_some_and(|name| !REPEATED.contains(name)) {
        unknown.insert(names.join("."));
    }
}
