//! The files of this repository, for tests that hold the sources to the rules.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{fs, io};

/// Cargo's word at run time first: clones share build folders, and programs in them.
static MANIFEST: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
});

/// The folder that holds the workspace's manifest.
pub fn root() -> &'static Path {
    MANIFEST.parent().unwrap_or(Path::new("/"))
}

/// A file of the repository with its text.
pub struct Source {
    /// Relative to the root, with `/` between the parts.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The name's last part after a dot, or nothing.
    pub fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// The file's name without folders and extension.
    pub fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or("")
    }
}

/// Every text file that is in git or would be added by `git add`, in order of path.
///
/// # Panics
/// If git cannot be asked or a file cannot be read.
pub fn sources() -> Vec<Source> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listing = Command::new("git").args(arguments).current_dir(root()).output();
    let listing = listing.unwrap_or_else(|error| panic!("cannot start git: {error}"));
    assert!(listing.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listing.stderr));
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    let mut paths: Vec<&str> = listing.split('\0').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().filter_map(read).collect()
}

/// `None` for files that are not text, and for files that were removed but are still in git's index.
fn read(path: &str) -> Option<Source> {
    match fs::read_to_string(root().join(path)) {
        Ok(text) => Some(Source { path: path.to_owned(), text }),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => None,
        Err(error) => panic!("cannot read {path}: {error}"),
    }
}

/// The first program of that name on the PATH or, for servers that Debian keeps elsewhere, in `folders`.
pub fn find_program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path);
    path.chain(folders.iter().cloned()).map(|folder| folder.join(name)).find(|program| program.is_file())
}
