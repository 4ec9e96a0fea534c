//! The page that says what to do next.
//!
//! It holds secrets. On a terminal it is shown once; otherwise, where output ends up in logs, it goes
//! into a file that only its owner can read.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use super::demo::{self, Demo};

/// The page's name in the data folder.
const FILE: &str = "first-start.txt";

/// The Node SDK that the snippet was tried with.
const NODE_SDK: &str = "@harnessio/ff-nodejs-server-sdk@1.8.12";

/// What the first start made.
pub(super) struct Welcome<'a> {
    pub(super) address: SocketAddr,
    /// The access token, if one was made.
    pub(super) token: Option<&'a str>,
    pub(super) demo: Option<&'a Demo>,
}

/// Shows the page or, where there is no terminal, writes it where its reader finds it; not if nothing was made that
/// only the page tells, as where an installation spans many servers and this one may write no file.
pub(super) fn show(welcome: &Welcome<'_>, folder: &Path) -> anyhow::Result<()> {
    let text = page(welcome);
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        stdout.write_all(text.as_bytes())?;
    } else if welcome.token.is_some() || welcome.demo.is_some() {
        let path = folder.join(FILE);
        write_secret(&path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
        writeln!(stdout, "first start: token, keys and what to do next are in {}", path.display())?;
    }
    Ok(stdout.flush()?)
}

/// The line that scripts wait for.
pub(super) fn ready(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "burgee is ready: http://{address}")?;
    stdout.flush()
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    // A file from an interrupted start may have been made with other rights; it is not reused.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn page(welcome: &Welcome<'_>) -> String {
    let url = format!("http://{}", welcome.address);
    let mut text = format!("\nBurgee serves on {url}\n");
    text.push_str(&match welcome.token {
        Some(token) => format!("\nAccess token of the admin API (shown once, keep it):\n\n  {token}\n"),
        None => "\nAccess token of the admin API: the value of BURGEE_ADMIN_TOKEN\n".to_owned(),
    });
    match welcome.demo {
        Some(demo) => text.push_str(&demo_part(&url, welcome.token, demo)),
        None => text.push_str(
            "\nIt is empty: make a project, an environment, a flag and a key; README.md shows how.\n",
        ),
    }
    text
}

fn demo_part(url: &str, token: Option<&str>, demo: &Demo) -> String {
    let token = token.unwrap_or("$BURGEE_ADMIN_TOKEN");
    let query = Demo::query(demo::ENVIRONMENT);
    let (server_key, client_key) = (&demo.server_key, &demo.client_key);
    let environment = demo::ENVIRONMENT;
    format!(
        r#"
Keys of the demo's environment "{environment}" (shown once, keep them):

  server SDKs   {server_key}
  client SDKs   {client_key}

1. Watch a flag with the Harness SDK for Node, unmodified:

npm install {NODE_SDK}
node <<'END'
const harness = require('@harnessio/ff-nodejs-server-sdk');
const url = '{url}/api/1.0';
// In memory: the SDK's own store outlives the process and would mix up trial servers.
const memory = () => {{
  const map = new Map();
  const remove = (key) => map.delete(key);
  return {{ get: (key) => map.get(key), set: (key, value) => map.set(key, value), delete: remove, del: remove, keys: () => [...map.keys()] }};
}};
const quiet = () => {{}};
const logger = {{ trace: quiet, debug: quiet, info: quiet, warn: quiet, error: console.error }};
const client = new harness.Client('{server_key}', {{ baseUrl: url, eventsUrl: url, cache: memory(), store: memory(), logger }});
const show = async () => {{
  const ann = {{ identifier: 'ann', name: 'Ann' }};
  console.log('dark_mode:', await client.boolVariation('dark_mode', ann, false));
  console.log('banner_text:', await client.stringVariation('banner_text', ann, ''));
}};
client.waitForInitialization().then(() => {{
  client.on(harness.Event.CHANGED, show);
  return show();
}});
END

2. In another terminal, flip it and see the change arrive:

curl -sS -X PATCH '{url}/admin/features/dark_mode?{query}' \
  -H "x-api-key: {token}" -H 'content-type: application/json' \
  -d '{{"instructions":[{{"kind":"setFeatureFlagState","parameters":{{"state":"on"}}}}]}}'

"#
    )
}
