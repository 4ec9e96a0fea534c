//! `burgee export ff-proxy`: another installation, or the relay proxy, gets the same.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo};

use super::command::{fail, import, succeed, verify};
use super::directory::{SAMPLE, SAMPLE_KEY, SAMPLE_NAMES, sample};
use super::lived::Lived;
use tests::wire::Client;

fn export(data: &Path, directory: &Path, more: &[&str]) -> String {
    let arguments = ["export", "ff-proxy", directory.to_str().unwrap(), "--data", data.to_str().unwrap()];
    succeed(arguments.iter().chain(more))
}

/// The JSON files of a directory, by folder and name; versions begin anew in another installation.
fn files(directory: &Path) -> BTreeMap<String, Value> {
    let mut files = BTreeMap::new();
    for folder in fs::read_dir(directory).unwrap() {
        let folder = folder.unwrap();
        for file in fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let mut value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                forget_versions(&mut value);
                files.insert(path.strip_prefix(directory).unwrap().display().to_string(), value);
            }
        }
    }
    files
}

fn forget_versions(value: &mut Value) {
    for object in value.as_array_mut().into_iter().flatten() {
        if let Some(fields) = object.as_object_mut() {
            fields.remove("version");
        }
    }
}

#[test]
fn what_is_exported_and_imported_is_the_same() {
    let lived = Lived::new();
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);

    export(lived.data(), &path("one"), &[]);
    let report = succeed(import(&path("one"), &path("data"), &[]));
    export(&path("data"), &path("two"), &[]);

    let (one, two) = (files(&path("one")), files(&path("two")));
    assert_eq!(one, two);
    assert_eq!(one.len(), 10, "five files for each of two environments: {:?}", one.keys());
    assert!(!report.contains("SDK key is"), "kinds of keys are known: {report}");
    let again = succeed(import(&path("two"), &path("data"), &[]));
    assert!(again.ends_with("nothing was written.\n"), "{again}");
    succeed(verify(&path("data"), &[]));
}

#[test]
fn names_tags_kinds_of_keys_and_archived_flags_come_along() {
    let lived = Lived::new();
    let folder = TempDir::new().unwrap();
    let (directory, data) = (folder.path().join("directory"), folder.path().join("data"));
    export(lived.data(), &directory, &[]);
    succeed(import(&directory, &data, &[]));

    let burgee = Burgee::start(&data, Demo::No);

    let scope =
        "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";
    let admin = burgee.admin();
    let archived = admin.expect(200, "GET", &format!("/admin/features?{scope}&archived=true"), None);
    assert_eq!(archived["features"][0]["identifier"], "archived", "{archived}");
    let keys = admin.expect(200, "GET", &format!("/admin/apikey?{scope}"), None);
    let kinds: Vec<_> =
        keys["apiKeys"].as_array().unwrap().iter().map(|key| (&key["identifier"], &key["type"])).collect();
    assert_eq!(
        format!("{kinds:?}"),
        r#"[(String("server"), String("server")), (String("web"), String("client"))]"#
    );
    let client = Client::new(&burgee.url(), &lived.server_key, &lived.dev, None);
    assert_eq!(client.get("feature-configs").1.as_array().unwrap().len(), 2);
}

#[test]
fn the_four_files_of_the_relay_proxy_say_what_theirs_said() {
    let folder = TempDir::new().unwrap();
    let (data, directory) = (folder.path().join("data"), folder.path().join("directory"));
    succeed(import(&sample(), &data, &SAMPLE_NAMES));
    export(&data, &directory, &["--environment", SAMPLE]);

    let (theirs, ours) = (files(&sample()), files(&directory));

    let file = |name: &str| format!("env-{SAMPLE}/{name}");
    assert_eq!(theirs[&file("auth_config.json")], ours[&file("auth_config.json")]);
    assert_eq!(theirs[&file("feature_config.json")], ours[&file("feature_config.json")]);
    for (name, field) in [
        ("segments.json", "included"),
        ("segments.json", "environment"),
        ("targets.json", "attributes"),
        ("targets.json", "createdAt"),
        ("targets.json", "project"),
    ] {
        let identifiers = |files: &BTreeMap<String, Value>| match &files[&file(name)][0][field] {
            Value::Array(list) => list.iter().map(|one| one["identifier"].clone()).collect::<Vec<_>>(),
            other => vec![other.clone()],
        };
        assert_eq!(identifiers(&theirs), identifiers(&ours), "{name} {field}");
    }
    assert!(directory.join(file("README.md")).exists());
}

#[test]
fn an_export_is_for_its_owner_and_never_mixes_with_what_is_there() {
    let lived = Lived::new();
    let folder = TempDir::new().unwrap();
    let directory = folder.path().join("directory");
    let data = lived.data().to_str().unwrap();

    export(lived.data(), &directory, &["--project", "shop", "--environment", "dev"]);
    let again = fail(["export", "ff-proxy", directory.to_str().unwrap(), "--data", data]);
    let nothing = folder.path().join("nothing");
    let nobody = fail(["export", "ff-proxy", nothing.to_str().unwrap(), "--data", data, "--project", "none"]);

    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let environment = directory.join(format!("env-{}", lived.dev));
    assert_eq!((mode(&directory), mode(&environment.join("auth_config.json"))), (0o700, 0o600));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    assert!(again.contains("is not empty"), "{again}");
    assert!(nobody.contains("there is no environment to export") && !nothing.exists(), "{nobody}");
}

#[test]
fn an_exported_key_opens_the_door_of_the_next_installation() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    succeed(import(&sample(), &path("one"), &SAMPLE_NAMES));
    export(&path("one"), &path("directory"), &[]);
    succeed(import(&path("directory"), &path("two"), &[]));

    let burgee = Burgee::start(&path("two"), Demo::No);

    let client = Client::new(&burgee.url(), SAMPLE_KEY, SAMPLE, None);
    assert_eq!(client.get("feature-configs").1.as_array().unwrap().len(), 2);
}
