//! What a snapshot serves to a target.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use eval::{FlagRef, Ruleset};
use model::{FlagConfig, Snapshot, Target};

use super::{Arguments, input};

/// Writes what is served: one line a flag, or the whole explanation of each.
///
/// # Errors
/// When the file or the target cannot be read, or the flag is not in the file.
pub(super) fn answer(arguments: &Arguments, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let target = target(&arguments.target).context("--target")?;
    let text = input::read(path)?;
    let snapshot = snapshot(&text).with_context(|| path.display().to_string())?;
    let (ruleset, _) = eval::compile(&snapshot);
    let mut found = false;
    for flag in ruleset.flags() {
        if arguments.all || arguments.flag.as_deref() == Some(flag.id) {
            found = true;
            write_answer(&ruleset, flag, &target, arguments.explain, out)?;
        }
    }
    match &arguments.flag {
        Some(id) if !found => {
            bail!("there is no flag {id:?} in {}; --all shows all {}", path.display(), ruleset.len())
        }
        _ => Ok(()),
    }
}

fn write_answer(
    ruleset: &Ruleset,
    flag: FlagRef<'_>,
    target: &Target,
    explain: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    if explain {
        return Ok(writeln!(out, "{}", ruleset.explain(flag.index, target))?);
    }
    let evaluation = ruleset.evaluate(flag.index, target);
    match evaluation.variation {
        Some(variation) => {
            let id = &variation.identifier;
            writeln!(out, "{}: {} (variation {id}; {})", flag.id, variation.value, evaluation.reason)?;
        }
        None => writeln!(out, "{}: no value ({})", flag.id, evaluation.reason)?,
    }
    Ok(())
}

/// An object with flags and segments, or a list of flags.
fn snapshot(text: &str) -> anyhow::Result<Snapshot> {
    if text.trim_start().starts_with('[') {
        return Ok(Snapshot { flags: input::one_or_many::<FlagConfig>(text)?, ..Snapshot::default() });
    }
    input::parse(text)
}

/// A target as JSON, or its identifier.
fn target(text: &str) -> anyhow::Result<Target> {
    if text.trim_start().starts_with('{') { input::parse(text) } else { Ok(Target::bare(text)) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const FLAGS: &str = r#"[
        {"feature": "colour", "kind": "string", "state": "on", "defaultServe": {"variation": "blue"},
         "variations": [{"identifier": "blue", "value": "0000ff"}, {"identifier": "red", "value": "ff0000"}],
         "variationToTargetMap": [{"variation": "red", "targets": ["ann"]}]},
        {"feature": "broken", "state": "on", "defaultServe": {"variation": "nothing"}}]"#;

    fn ask(text: &str, flag: Option<&str>, target: &str, explain: bool) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        let path: PathBuf = folder.path().join("flags.json");
        std::fs::write(&path, text)?;
        let (flag, all) = (flag.map(str::to_owned), flag.is_none());
        let arguments =
            Arguments { cases: None, snapshot: None, flag, all, target: target.to_owned(), explain };
        let mut out = Vec::new();
        answer(&arguments, &path, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn one_flag_is_answered_for_a_target() {
        let whole = format!(r#"{{"flags": {FLAGS}, "segments": null}}"#);

        for text in [FLAGS, &whole] {
            let answer = ask(text, Some("colour"), r#"{"identifier": "ann"}"#, false).unwrap();
            assert_eq!(answer, "colour: ff0000 (variation red; the target is listed)\n");
        }
        assert!(
            ask(FLAGS, Some("colour"), "bob", false).unwrap().starts_with("colour: 0000ff (variation blue;")
        );
    }

    #[test]
    fn all_flags_are_answered_in_order() {
        let answer = ask(FLAGS, None, "ann", false).unwrap();
        let lines: Vec<&str> = answer.lines().collect();

        assert!(lines[0].starts_with("broken: no value"), "{answer}");
        assert!(lines[1].starts_with("colour: ff0000"), "{answer}");
    }

    #[test]
    fn explanation_shows_every_check() {
        let answer = ask(FLAGS, Some("colour"), "ann", true).unwrap();

        assert!(answer.contains("state: on\n") && answer.contains("lists it by name"), "{answer}");
    }

    #[test]
    fn mistakes_are_named() {
        let error = ask(FLAGS, Some("color"), "ann", false).unwrap_err().to_string();
        assert!(error.contains("there is no flag \"color\""), "{error}");

        let error = format!("{:#}", ask(FLAGS, None, "{\"identifier\": }", false).unwrap_err());
        assert!(error.starts_with("--target: line 1, column 16: "), "{error}");

        let error = format!("{:#}", ask("{\n\"flags\": 5}", None, "ann", false).unwrap_err());
        assert!(error.contains("flags.json: line 2, column 10: flags: invalid type: integer `5`"), "{error}");
    }
}
