//! `burgee audit verify`: what an honest history looks like, and that nothing can be changed in it unseen.

use rusqlite::Connection;

use super::command::{fail, run, succeed, verify};
use super::directory::{Directory, flag};
use super::lived::Lived;

#[test]
fn an_honest_history_verifies_and_its_heads_can_be_noted() {
    let lived = Lived::new();

    let report = succeed(verify(lived.data(), &[]));
    let heads: Vec<_> = report.lines().filter_map(|line| line.strip_prefix("  head ")).collect();
    let noted = [format!("acme/default/empty={}", heads[0]), format!("shop={}", heads[1])];
    let again = succeed(verify(lived.data(), &[&noted[0], &noted[1]]));

    assert!(report.contains("project acme/default/shop, id "), "{report}");
    assert!(report.ends_with("note the heads elsewhere, and give them back with --head\n"), "{report}");
    assert_eq!(again, report);
}

#[test]
fn a_history_that_was_cut_off_is_found_by_a_head_that_was_noted() {
    let lived = Lived::new();
    let report = succeed(verify(lived.data(), &[]));
    let head = report.lines().filter_map(|line| line.strip_prefix("  head ")).next_back().unwrap().to_owned();
    cut_off(lived.data());

    let unaware = succeed(verify(lived.data(), &[]));
    let aware = run(verify(lived.data(), &[&format!("shop={head}")]));

    assert!(!unaware.contains(&head), "without the noted head nothing can be seen");
    assert!(!aware.success);
    assert!(aware.stdout.contains(&format!("DAMAGED: does not contain {head}")), "{}", aware.stdout);
}

/// Takes the newest revision away, with everything that tells of it, as somebody would who knows how.
fn cut_off(data: &std::path::Path) {
    let database = Connection::open(data.join("burgee.db")).unwrap();
    let project: String =
        database.query_row("SELECT id FROM project WHERE identifier = 'shop'", [], |row| row.get(0)).unwrap();
    for sql in [
        "DELETE FROM change WHERE project_id = ?1 AND revision = (SELECT revision FROM project WHERE id = ?1)",
        "UPDATE project SET revision = revision - 1 WHERE id = ?1",
        "UPDATE project SET head = (SELECT hash FROM change WHERE project_id = ?1
            ORDER BY revision DESC, position DESC LIMIT 1) WHERE id = ?1",
    ] {
        database.execute(sql, [&project]).unwrap();
    }
}

#[test]
fn damage_is_named_and_ends_with_failure() {
    let lived = Lived::new();
    let database = Connection::open(lived.data().join("burgee.db")).unwrap();
    let sql = "UPDATE change SET comment = 'nightfall' WHERE comment = 'daylight'";
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    drop(database);

    let said = run(verify(lived.data(), &[]));

    assert!(!said.success);
    let named = said.stdout.lines().find(|line| line.contains("DAMAGED at revision ")).unwrap();
    assert!(named.contains("its content was changed: one of identifier, comment, before_body"), "{named}");
    assert!(
        said.stdout.ends_with("the history was tampered with; compare with a backup\n"),
        "{}",
        said.stdout
    );
}

#[test]
fn heads_of_nobody_and_folders_without_a_database_are_one_sentence() {
    let lived = Lived::new();
    let directory = Directory::of(&[flag("a", "dev", 1)], &[]);
    let hash = "0".repeat(64);

    let unknown = fail(verify(lived.data(), &[&format!("nobody={hash}")]));
    let nothing = fail(verify(directory.path(), &[]));

    assert!(unknown.contains("there is no project \"nobody\" here"), "{unknown}");
    assert!(nothing.contains("there is no database in"), "{nothing}");
    assert!(!directory.path().join("burgee.db").exists(), "and none is made");
}
