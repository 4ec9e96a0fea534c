//! The page of the first start, with `@harnessio/ff-nodejs-server-sdk`.

use std::fs::{self, File};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo};
use tests::deadline::wait_for;
use tests::process::Process;
use tests::repository::root;

/// Far more than anything here takes, and short enough to fail while somebody watches.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn the_page_of_the_first_start_works_as_it_is_printed() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(folder.path(), Demo::Yes);
    let page = fs::read_to_string(folder.path().join("first-start.txt")).unwrap();
    let arguments = between(&page, "\nnode ", "<<'END'\n");
    let script = between(&page, "<<'END'\n", "\nEND\n");
    let flip = between(&page, "\ncurl ", "\n\n");
    let printed = folder.path().join("printed");
    fs::write(folder.path().join("script"), script).unwrap();

    // Where `npm install` was run, as the page says.
    let mut node = Command::new("node");
    node.args(arguments.split_whitespace()).current_dir(root().join("tests/sdks/node"));
    node.stdin(File::open(folder.path().join("script")).unwrap()).stdout(File::create(&printed).unwrap());
    let _node = Process::start(&mut node);
    let shows = |line: &str| {
        let what = format!("{line} from the snippet");
        wait_for(&what, LIMIT, || {
            fs::read_to_string(&printed).unwrap().lines().find(|l| *l == line).map(drop)
        });
    };

    shows("dark_mode: false");
    let mut curl = Command::new("sh");
    let curl =
        curl.args(["-c", &format!("curl --fail {flip}")]).env("BURGEE_ADMIN_TOKEN", ADMIN_TOKEN).output();
    let curl = curl.unwrap();
    assert!(curl.status.success(), "{curl:?}");
    shows("dark_mode: true");
    drop(burgee);
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start:?} in {text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end:?} after {start:?} in {text}")).0
}
