//! A server with something of everything, so that made-up requests meet more than 404.

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo};

const SCOPE: &str =
    "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";

/// A running server and what is on it.
pub(crate) struct World {
    pub(crate) burgee: Burgee,
    /// The id of the environment "dev".
    environment: String,
    key: String,
    _folder: TempDir,
}

impl World {
    /// The project "shop" with the environment "dev"; in it the flag "dark", the segment "beta", the target
    /// "ann", the tag "ui" and the key "web".
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let burgee = Burgee::start(&folder.path().join("data"), Demo::No);
        let admin = burgee.admin();
        let dev = admin.create_environment("shop", "dev");
        dev.create_flag("dark", "boolean", &[("true", "true"), ("false", "false")]);
        let key = dev.create_key("web", "Server");
        let post = |path: &str, body: Value| {
            admin.expect(201, "POST", &format!("/admin/{path}?{SCOPE}"), Some(&body));
        };
        let named = |identifier: &str| json!({ "identifier": identifier, "name": identifier, "project": "shop", "environment": "dev" });
        post("segments", named("beta"));
        post("targets", named("ann"));
        post("tags", json!({ "identifier": "ui", "name": "UI" }));
        let dev = admin.expect(200, "GET", &format!("/admin/environments/dev?{SCOPE}"), None);
        let environment = dev["data"]["id"].as_str().unwrap().to_owned();
        Self { burgee, environment, key, _folder: folder }
    }

    /// The header with a token that may do everything.
    pub(crate) fn access_token(&self) -> String {
        format!("x-api-key: {ADMIN_TOKEN}")
    }

    /// The header with the token of an SDK that has the key.
    pub(crate) fn sdk_token(&self) -> String {
        let body = json!({ "apiKey": self.key });
        let answer = self.burgee.admin().expect(200, "POST", "/api/1.0/client/auth", Some(&body));
        format!("Authorization: Bearer {}", answer["authToken"].as_str().unwrap())
    }

    /// What requests name, unless they delete it: the kind of place, its name, what is there. Of a path
    /// parameter that has one name in many paths, the beginning of the path says what it is.
    pub(crate) fn names(&self) -> String {
        let mut text = format!(
            "[parameters]\n\"query.accountIdentifier\" = \"acme\"\n\"query.orgIdentifier\" = \"default\"\n\
             \"query.projectIdentifier\" = \"shop\"\n\"query.environmentIdentifier\" = \"dev\"\n\
             \"path.environment\" = \"{}\"\n",
            self.environment
        );
        // A version from the future is rightly answered with 502, which is a failure everywhere else.
        text.push_str("\"header.Burgee-Min-Version\" = \"1\"\n\"path.version\" = \"1\"\n");
        for (family, name) in [
            ("/features/", "dark"),
            ("/burgee/v1/flags/", "dark"),
            ("/segments/", "beta"),
            ("/burgee/v1/segments/", "beta"),
            ("/targets/", "ann"),
            ("/tags/", "ui"),
            ("/apikey/", "web"),
            ("/environments/", "dev"),
            ("/projects/", "shop"),
        ] {
            text.push_str(&format!(
                "\n[[operations]]\ninclude-path-regex = \"^{family}[{{]identifier\"\nexclude-method = \"DELETE\"\n\
                 parameters = {{ \"path.identifier\" = \"{name}\" }}\n"
            ));
        }
        text
    }
}
