//! An authority of our own, and a certificate of a server on this machine that it signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// For both.
const CURVE: [&str; 8] =
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-batch"];

/// Files in PEM.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them, for a server called `localhost`.
    ///
    /// # Panics
    /// If there is no openssl 3, which Debian's Postgres brings.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let authority = ["-subj", "/CN=an authority of the tests", "-keyout", "authority.key"];
        openssl(folder.path(), &[&authority[..], &["-out", "authority.crt"]].concat());
        let signed = ["-CA", "authority.crt", "-CAkey", "authority.key"];
        let server = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
        let no_authority = ["-addext", "basicConstraints=critical,CA:FALSE"];
        let files = ["-keyout", "server.key", "-out", "server.crt"];
        openssl(folder.path(), &[&signed[..], &server, &no_authority, &files].concat());
        Self { folder }
    }

    /// The authority's certificate, which a client trusts.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.crt")
    }

    /// Puts the server's certificate and its key into a folder, as `server.crt` and `server.key`.
    ///
    /// # Panics
    /// If that fails.
    pub fn put(&self, folder: &Path) {
        for name in ["server.crt", "server.key"] {
            let copied = fs::copy(self.folder.path().join(name), folder.join(name));
            copied.unwrap_or_else(|error| panic!("cannot copy {name}: {error}"));
        }
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509"]).args(CURVE).args(arguments).current_dir(folder).stderr(Stdio::null());
    assert!(
        openssl.status().is_ok_and(|status| status.success()),
        "openssl makes no certificate: {arguments:?}"
    );
}
