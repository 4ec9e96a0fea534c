//! `allowed_outbound_hosts` of a component: `scheme://host:port`, nothing else connects.

use anyhow::{Context, Result, bail};

/// Addresses that a component may connect to.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowedHosts(Vec<Address>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Address {
    scheme: String,
    host: String,
    port: u16,
}

impl AllowedHosts {
    /// From the manifest, its templates filled in.
    pub(crate) fn parse(entries: &[String]) -> Result<Self> {
        entries.iter().map(|entry| address(entry)).collect::<Result<_>>().map(Self)
    }

    /// Whether `url` may be connected to; its user, path and query do not matter.
    pub(crate) fn allow(&self, url: &str) -> bool {
        address(url).is_ok_and(|address| self.0.contains(&address))
    }
}

fn address(url: &str) -> Result<Address> {
    let (scheme, rest) = url.split_once("://").with_context(|| format!("{url:?} has no scheme"))?;
    if scheme == "redis+unix" {
        return Ok(Address { scheme: scheme.to_owned(), host: rest.to_owned(), port: 0 });
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().with_context(|| format!("{port:?} is no port"))?),
        None => (host, default_port(scheme)?),
    };
    if host.is_empty() || host.contains('*') {
        bail!("an outbound host must be exact, not {host:?}");
    }
    let scheme = if scheme == "postgresql" { "postgres" } else { scheme };
    Ok(Address { scheme: scheme.to_owned(), host: host.to_owned(), port })
}

fn default_port(scheme: &str) -> Result<u16> {
    match scheme {
        "postgres" | "postgresql" => Ok(5432),
        "redis" | "rediss" => Ok(6379),
        other => bail!("{other:?} has no default port here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_scheme_host_and_port_are_allowed() {
        let entries = ["postgres://db.internal:5432", "redis://cache:6380"].map(str::to_owned);
        let allowed = AllowedHosts::parse(&entries).unwrap();

        assert!(allowed.allow("postgres://me:pass@db.internal/burgee?sslmode=disable"));
        assert!(allowed.allow("postgresql://db.internal:5432/burgee"));
        assert!(allowed.allow("redis://cache:6380/1"));
        for url in
            ["postgres://db.internal:5433/b", "redis://cache", "redis://db.internal:5432", "db.internal"]
        {
            assert!(!allowed.allow(url), "{url}");
        }
    }

    #[test]
    fn a_wildcard_is_refused_when_the_manifest_is_read() {
        assert!(AllowedHosts::parse(&["postgres://*:5432".to_owned()]).is_err());
    }
}
