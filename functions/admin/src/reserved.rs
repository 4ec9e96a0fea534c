//! Words that stand in paths where identifiers do: `/targets/upload` is not a target. Whatever had such a name
//! could be made, and then neither read nor deleted.

use model::FieldError;

/// Below `/environments`.
pub(crate) const ENVIRONMENTS: &[&str] = &["perspectives"];

/// Below `/features`.
pub(crate) const FEATURES: &[&str] = &["available_pipelines", "metrics", "yaml"];

/// Below `/targets`.
pub(crate) const TARGETS: &[&str] = &["attributes", "upload"];

/// Refuses one of the words as the identifier of something new.
pub(crate) fn check(words: &[&str], identifier: &str) -> Result<(), FieldError> {
    if !words.contains(&identifier) {
        return Ok(());
    }
    let message = format!(
        "{identifier:?} is a word of this API's paths, nothing of that name would be found again; choose another"
    );
    Err(FieldError::new("identifier", message))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_that_a_route_has_in_the_place_of_an_identifier_is_reserved() {
        let sources = [include_str!("routes.rs"), include_str!("not_offered.rs")].concat();
        let paths: BTreeSet<&str> = sources.split('"').filter(|text| text.starts_with('/')).collect();
        let families = [("/environments/", ENVIRONMENTS), ("/features/", FEATURES), ("/targets/", TARGETS)];

        for (family, reserved) in families {
            let words = paths.iter().filter_map(|path| path.strip_prefix(family));
            let words: Vec<_> = words.filter(|word| !word.contains(['{', '/'])).collect();
            assert_eq!(words, reserved, "{family}");
        }
        let others = paths.iter().filter(|path| path.split('/').count() == 3 && !path.contains('{'));
        let others = others.filter(|path| !families.iter().any(|(family, _)| path.starts_with(family)));
        let elsewhere =
            ["/cf/admin", "/jira/issues", "/proxy/keys", "/targets-segments/", "/targets-segments-info/"];
        assert!(
            others.clone().all(|path| elsewhere.contains(path) || *path == "/triggers/ccm"),
            "{others:?}"
        );
    }
}
