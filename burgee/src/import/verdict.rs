//! What becomes of one object: the files, what is here, and what the last import wrote.

/// What becomes of an object.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It is not here.
    Create,
    /// It is here as the last import left it, and the files say something else now.
    Change,
    /// It is here as the files say it.
    Same,
    /// It stays as it is here; why.
    Keep(&'static str),
}

/// What the last import wrote of an object.
pub(super) enum Last<T> {
    /// Nothing: it is not from an import.
    Never,
    /// This; `None` if that can no longer be read.
    Wrote(Option<T>),
}

/// Decides. What people did here since goes before the files, unless it is to be overwritten.
pub(super) fn judge<T: PartialEq>(
    wanted: &T,
    current: Option<&T>,
    last: &Last<T>,
    overwrite: bool,
) -> Verdict {
    match (current, last) {
        (Some(current), _) if current == wanted => Verdict::Same,
        (Some(_), _) if overwrite => Verdict::Change,
        (Some(current), Last::Wrote(Some(written))) if current == written => Verdict::Change,
        (Some(_), Last::Wrote(_)) => Verdict::Keep("was changed here since the import"),
        (Some(_), Last::Never) => Verdict::Keep("is here already and was not imported"),
        (None, Last::Wrote(_)) if !overwrite => {
            Verdict::Keep("was archived or deleted here since the import")
        }
        (None, _) => Verdict::Create,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_did_here_goes_before_the_files() {
        let wrote = |text| Last::Wrote(Some(text));
        let keep = |verdict| matches!(verdict, Verdict::Keep(_));

        assert_eq!(judge(&"new", None, &Last::Never, false), Verdict::Create);
        assert_eq!(judge(&"new", Some(&"new"), &Last::Never, false), Verdict::Same);
        assert_eq!(judge(&"new", Some(&"old"), &wrote("old"), false), Verdict::Change);
        assert!(keep(judge(&"new", Some(&"mine"), &wrote("old"), false)));
        assert!(keep(judge(&"old", Some(&"mine"), &wrote("old"), false)));
        assert!(keep(judge(&"new", Some(&"mine"), &Last::Never, false)));
        assert!(keep(judge(&"new", None, &wrote("old"), false)));
        assert_eq!(judge(&"new", Some(&"mine"), &wrote("old"), true), Verdict::Change);
        assert_eq!(judge(&"new", None, &wrote("old"), true), Verdict::Create);
    }
}
