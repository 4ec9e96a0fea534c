//! Offline directories: the relay proxy's own sample, and generated ones.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::repository::root;

/// The environment of the sample that holds flags.
pub(crate) const SAMPLE: &str = "09b78b2b-b9d6-4790-ba28-9875082dba0d";

/// The environment of the sample whose files hold nothing but a key.
pub(crate) const SAMPLE_EMPTY: &str = "b69f0685-b2d0-4b0c-9a8e-5005652d65b8";

/// The SDK keys whose hashes the sample holds, in clear.
pub(crate) const SAMPLE_KEY: &str = "57247423-4a3e-4077-a706-3ba52aa680b2";
pub(crate) const SAMPLE_EMPTY_KEY: &str = "34ad7622-8392-4dca-8150-e325cbafb5cb";

/// Says what the files of the empty environment do not.
pub(crate) const SAMPLE_NAMES: [&str; 2] =
    ["--environment-map", "b69f0685-b2d0-4b0c-9a8e-5005652d65b8=Empty/nothing"];

/// Environments of generated directories.
pub(crate) const DEV: &str = "0000000d-0000-4000-8000-000000000001";
pub(crate) const PROD: &str = "0000000d-0000-4000-8000-000000000002";

/// The sample.
pub(crate) fn sample() -> PathBuf {
    root().join("tests/data/proxy-offline-sample")
}

/// A directory in the making.
pub(crate) struct Directory(TempDir);

impl Directory {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// The environment `dev` of project `shop` with these flags and segments, one key and one target.
    pub(crate) fn of(flags: &[Value], segments: &[Value]) -> Self {
        let directory = Self::new();
        directory.environment(DEV, flags, segments, &[&key_hash("key-of-dev")]);
        directory
    }

    /// Adds an environment, or writes its files anew.
    pub(crate) fn environment(&self, id: &str, flags: &[Value], segments: &[Value], keys: &[&str]) {
        self.write(id, "feature_config.json", &json!(flags));
        self.write(id, "segments.json", &json!(segments));
        let target = json!({"identifier": "ann", "name": "Ann", "attributes": {"plan": "pro"}, "createdAt": 1_666_007_464_086_i64,
            "anonymous": false, "project": "", "environment": "", "account": "", "org": "", "segments": []});
        self.write(id, "targets.json", &json!([target]));
        self.write(id, "auth_config.json", &json!(keys));
    }

    /// Writes one file.
    pub(crate) fn write(&self, id: &str, file: &str, value: &Value) {
        self.write_text(id, file, &value.to_string());
    }

    /// Writes one file, whatever its text.
    pub(crate) fn write_text(&self, id: &str, file: &str, text: &str) {
        let folder = self.path().join(format!("env-{id}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), text).unwrap();
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The hash under which the relay proxy knows a key.
pub(crate) fn key_hash(clear: &str) -> String {
    api::credentials::secret_hash(clear).to_string()
}

/// A boolean flag of `shop` in an environment, off, at that version.
pub(crate) fn flag(identifier: &str, environment: &str, version: i64) -> Value {
    json!({
        "project": "shop", "environment": environment, "feature": identifier, "state": "off", "kind": "boolean",
        "variations": [
            {"identifier": "yes", "name": "Yes", "value": "true"}, {"identifier": "no", "name": "No", "value": "false"},
        ],
        "defaultServe": {"variation": "yes"}, "offVariation": "no", "prerequisites": [], "rules": [],
        "variationToTargetMap": [], "version": version,
    })
}

/// The same with some fields different.
pub(crate) fn with(mut object: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

/// A segment in an environment.
pub(crate) fn segment(identifier: &str, included: &[&str], version: i64) -> Value {
    let included: Vec<_> = included.iter().map(|id| json!({"identifier": id, "name": id})).collect();
    json!({
        "identifier": identifier, "name": identifier, "environment": "dev", "included": included, "excluded": [],
        "rules": null, "version": version,
    })
}
