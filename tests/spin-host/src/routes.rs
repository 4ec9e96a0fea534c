//! Which component answers a path: an exact route before a wildcard, a longer wildcard before a shorter one.

use anyhow::{Result, bail};

/// A route of the manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Route {
    /// This path.
    Exact(String),
    /// This path and all below it; empty for every path.
    Below(String),
}

impl Route {
    /// `/path`, or `/path/...`
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if !text.starts_with('/') || text.contains(':') {
            bail!("{text:?} is not a route that is offered here");
        }
        Ok(match text.strip_suffix("/...") {
            Some(prefix) => Self::Below(prefix.to_owned()),
            None => Self::Exact(text.to_owned()),
        })
    }

    /// How well it fits; the best fit answers.
    fn fit(&self, path: &str) -> Option<usize> {
        match self {
            Self::Exact(exact) => (exact == path).then_some(usize::MAX),
            Self::Below(prefix) => {
                let below = path.strip_prefix(prefix.as_str())?;
                (below.is_empty() || below.starts_with('/')).then_some(prefix.len())
            }
        }
    }
}

/// What the best fitting route leads to.
pub(crate) fn find<'a, T>(routes: &'a [(Route, T)], path: &str) -> Option<&'a T> {
    let fitting = routes.iter().filter_map(|(route, target)| Some((route.fit(path)?, target)));
    fitting.max_by_key(|(fit, _)| *fit).map(|(_, target)| target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_route_that_fits_answers() {
        let routes = ["/...", "/client/...", "/client/auth", "/tick"];
        let routes: Vec<_> = routes.map(|text| (Route::parse(text).unwrap(), text)).into();

        for (path, expected) in [
            ("/client/auth", "/client/auth"),
            ("/client/auth/more", "/client/..."),
            ("/client", "/client/..."),
            ("/clients", "/..."),
            ("/tick", "/tick"),
            ("/tick/", "/..."),
        ] {
            assert_eq!(find(&routes, path), Some(&expected), "{path}");
        }
    }
}
