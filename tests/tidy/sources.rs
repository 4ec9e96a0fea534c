//! Rules about the text of files. Function length is clippy's (`too_many_lines`), docs are rustc's.

use regex_lite::Regex;
use tests::repository::{Source, root, sources};

use crate::none;

const LINES_MAX: usize = 600;
/// A function's start-up file names the platform and nothing else of interest.
const START_UP_LINES_MAX: usize = 25;

#[test]
fn no_code_file_is_longer_than_600_lines() {
    none(sources().iter().filter(|source| is_code(source)).filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > LINES_MAX).then(|| format!("{} has {lines} lines", source.path))
    }));
}

#[test]
fn modules_are_named_for_what_they_hold() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc", "manager"];
    none(sources().iter().filter(|source| is_code(source)).filter_map(|source| {
        let folder = source.path.rsplit('/').nth(1).unwrap_or("");
        let found = vague.iter().find(|name| **name == source.stem() || **name == folder)?;
        Some(format!("{}: {found} says nothing about what is in it", source.path))
    }));
}

#[test]
fn every_rust_file_begins_by_saying_what_it_is() {
    none(rust().filter(|source| !source.text.starts_with("//! ")).map(|source| source.path));
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_left_out() {
    // In pieces, so that this file passes its own test.
    let words = [r"\b(TO", "DO|FIX", "ME|XX", r"X)\b|#\[igno", r"re|\b(it|test|describe)\.ski", "p"].concat();
    let words = Regex::new(&words).unwrap();
    none(matches(&words, is_code));
}

#[test]
fn the_platform_is_named_only_where_a_process_starts() {
    let named = Regex::new("platform_(native|spin)").unwrap();
    let may_name = Regex::new(
        "^(crates/platform-(native|spin)/|crates/testkit/|tests/|.*/benches/|burgee/|(functions/[a-z-]+|sse-relay|proxy)/src/(main|spin).rs$)",
    )
    .unwrap();
    none(matches(&named, |source| source.extension() == "rs" && !may_name.is_match(&source.path)));
}

#[test]
fn unsafe_code_of_what_is_shipped_is_in_one_file() {
    // A host for tests loads what it compiled itself before.
    let may_hold = ["eval-wasm/src/abi.rs", "tests/tidy/sources.rs", "tests/spin-host/src/engine.rs"];
    // Comments may speak of it.
    let words = Regex::new(r"^[^/]*\bunsafe(_code)?\b").unwrap();
    none(matches(&words, |source| source.extension() == "rs" && !may_hold.contains(&&*source.path)));
}

#[test]
fn start_up_files_of_functions_only_start_them() {
    let start_up = Regex::new("^functions/[a-z-]+/src/(main|spin).rs$").unwrap();
    none(rust().filter(|source| start_up.is_match(&source.path)).filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > START_UP_LINES_MAX).then(|| format!("{} has {lines} lines", source.path))
    }));
}

#[test]
fn no_file_names_a_place_on_one_machine() {
    let folders = ["root", "home", "work", "tmp"].join("|");
    let place = Regex::new(&format!(r"(^|[^\w.}}/])/({folders})/")).unwrap();
    none(matches(&place, is_ours));
}

#[test]
fn no_file_but_cargos_lock_names_a_registry_host() {
    let host =
        Regex::new(r"\b(registry|index|static|mirror|deb|pypi|files)\.\w+\.(org|io|com|net)\b").unwrap();
    none(matches(&host, is_ours));
}

#[test]
fn links_in_markdown_lead_to_files() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let documents = sources().into_iter().filter(|source| source.extension() == "md");
    none(documents.flat_map(|document| {
        let folder = root().join(&document.path).parent().unwrap().to_owned();
        let targets = link.captures_iter(&document.text).map(|found| found[1].to_owned());
        let inside = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
        let broken = inside.filter(|target| !folder.join(target.split('#').next().unwrap()).exists());
        broken.map(|target| format!("{}: {target}", document.path)).collect::<Vec<_>>()
    }));
}

#[test]
fn ci_is_the_command_that_everybody_types() {
    let run = sources().into_iter().find(|source| source.path == ".ci/run").unwrap();

    assert_eq!(run.text.lines().last(), Some("exec cargo xtask test"));
}

fn rust() -> impl Iterator<Item = Source> {
    sources().into_iter().filter(|source| source.extension() == "rs")
}

fn is_code(source: &Source) -> bool {
    ["rs", "ts", "tsx", "js", "mjs", "py", "sql"].contains(&source.extension())
}

/// Text that we wrote, not a tool and not the authors of the licence.
fn is_ours(source: &Source) -> bool {
    source.path != "Cargo.lock" && source.path != "LICENSE"
}

/// Each line of the chosen files that matches, with its place.
fn matches(pattern: &Regex, choose: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| choose(source)) {
        for (index, line) in source.text.lines().enumerate().filter(|(_, line)| pattern.is_match(line)) {
            found.push(format!("{}:{}: {}", source.path, index + 1, line.trim()));
        }
    }
    found
}
