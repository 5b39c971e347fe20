//! All tenants together, and whose request is whose.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::metrics::Metrics;
use super::tenant::Served;
use crate::{Failure, Kinds, Limits, Settings, Tenant};

/// The tenants that are served at one time.
pub(crate) struct Site {
    pub(super) tenants: Vec<Arc<Served>>,
    pub(super) limits: Limits,
}

impl Site {
    /// Starts all tenants but those that run already as they are to be.
    pub(super) async fn start(
        settings: &Settings,
        before: Option<&Self>,
        folder: &Path,
        metrics: &Metrics,
    ) -> Result<Self, Failure> {
        let running = |tenant: &Tenant| before?.tenants.iter().find(|served| served.tenant == *tenant).cloned();
        let mut tenants = Vec::new();
        let mut starting = JoinSet::new();
        for (place, tenant) in settings.tenants.iter().enumerate() {
            if let Some(served) = running(tenant) {
                tenants.push((place, served));
                continue;
            }
            let (tenant, settings, folder) = (tenant.clone(), settings.clone(), folder.to_owned());
            let metrics = metrics.clone();
            starting.spawn(async move {
                let name = tenant.name.clone();
                let served = Served::start(tenant, &settings, folder, &metrics).await;
                (place, name, served)
            });
        }
        let alone = settings.tenants.len() == 1;
        let mut failed = None;
        while let Some(started) = starting.join_next().await {
            match started {
                Ok((place, _, Ok(served))) => tenants.push((place, served)),
                Ok((_, name, Err(failure))) if !alone => {
                    failed = Some(Failure { what: format!("tenant '{name}': {}", failure.what), ..failure });
                }
                Ok((_, _, Err(failure))) => failed = Some(failure),
                Err(error) => failed = Some(Failure::new(Kinds::INTERNAL, format!("a tenant did not start: {error}"))),
            }
        }
        tenants.sort_by_key(|(place, _)| *place);
        let site = Self { tenants: tenants.into_iter().map(|(_, served)| served).collect(), limits: settings.limits };
        match failed {
            None => Ok(site),
            Some(failure) => {
                site.end_all_but(before, Duration::ZERO).await;
                Err(failure)
            }
        }
    }

    /// Whose request it is: that of the host, and of the longest prefix.
    pub(super) fn find(&self, host: &str, path: &str) -> Option<Arc<Served>> {
        let rank = |served: &&Arc<Served>| rank(&served.tenant, host, path);
        self.tenants.iter().filter(|served| rank(served).is_some()).max_by_key(rank).cloned()
    }

    /// Ends the tenants that another site doesn't have.
    pub(super) async fn end_all_but(&self, other: Option<&Self>, time: Duration) {
        let stays = |served: &Arc<Served>| {
            other.is_some_and(|other| other.tenants.iter().any(|kept| Arc::ptr_eq(kept, served)))
        };
        let mut ending = JoinSet::new();
        for served in self.tenants.iter().filter(|served| !stays(served)) {
            let served = Arc::clone(served);
            ending.spawn(async move { served.end(time).await });
        }
        ending.join_all().await;
    }

    pub(super) async fn end(&self, time: Duration) {
        self.end_all_but(None, time).await;
    }
}

/// How well an address fits a tenant; none where it doesn't. A name of a host goes before any prefix.
fn rank(tenant: &Tenant, host: &str, path: &str) -> Option<(bool, usize)> {
    let by_host = tenant.hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
    if !by_host && !tenant.hosts.is_empty() {
        return None;
    }
    let prefix = tenant.prefix.as_deref().unwrap_or("").trim_end_matches('/');
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/') || prefix.is_empty()).then_some((by_host, prefix.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(hosts: &[&str], prefix: Option<&str>) -> Tenant {
        let hosts = hosts.iter().map(ToString::to_string).collect();
        Tenant { hosts, prefix: prefix.map(str::to_owned), ..Tenant::of("t", Path::new("t.wasm")) }
    }

    #[test]
    fn prefixes_end_at_a_slash() {
        let photos = tenant(&[], Some("/photos"));
        for (path, fits) in [("/photos", true), ("/photos/1", true), ("/photos2", false), ("/", false), ("*", false)] {
            assert_eq!(rank(&photos, "any", path).is_some(), fits, "{path}");
        }
        assert!(rank(&tenant(&[], Some("/")), "any", "/x").is_some(), "the root is everything");
        assert!(rank(&tenant(&[], None), "any", "*").is_some(), "no prefix is everything");
    }

    #[test]
    fn hosts_go_before_prefixes_and_long_ones_before_short_ones() {
        let by_host = rank(&tenant(&["a.example"], None), "A.example", "/photos/1");
        let by_path = rank(&tenant(&[], Some("/photos")), "a.example", "/photos/1");
        let by_root = rank(&tenant(&[], Some("/")), "a.example", "/photos/1");
        assert!(by_host > by_path && by_path > by_root && by_root.is_some(), "{by_host:?} {by_path:?} {by_root:?}");
        assert_eq!(rank(&tenant(&["a.example"], None), "b.example", "/"), None, "another host");
    }
}
