//! Running the binary to its end.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use tests::burgee::burgee;

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `burgee` with these arguments.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Said {
    let output = burgee().args(arguments).output().unwrap();
    Said {
        success: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same, and it must succeed; returns what it wrote.
#[track_caller]
pub(crate) fn succeed<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let said = run(arguments);
    assert!(said.success, "{}{}", said.stdout, said.stderr);
    said.stdout
}

/// The same, and it must fail; returns its complaint.
#[track_caller]
pub(crate) fn fail<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let said = run(arguments);
    assert!(!said.success, "{}", said.stdout);
    said.stderr
}

/// `import ff-proxy` of a directory into a data folder, with more arguments.
pub(crate) fn import(directory: &Path, data: &Path, more: &[&str]) -> Vec<OsString> {
    let arguments: [&OsStr; 5] =
        ["import".as_ref(), "ff-proxy".as_ref(), directory.as_ref(), "--data".as_ref(), data.as_ref()];
    arguments.into_iter().chain(more.iter().map(AsRef::as_ref)).map(OsStr::to_owned).collect()
}

/// `audit verify` of a data folder, with heads that were noted.
pub(crate) fn verify(data: &Path, heads: &[&str]) -> Vec<OsString> {
    let arguments: [&OsStr; 4] = ["audit".as_ref(), "verify".as_ref(), "--data".as_ref(), data.as_ref()];
    let heads = heads.iter().flat_map(|head| ["--head".as_ref(), (*head).as_ref()]);
    arguments.into_iter().chain(heads).map(OsStr::to_owned).collect()
}
