//! All tenants together, and whose request is whose.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::metrics::{Metrics, TenantMetrics};
use super::tenant::Served;
use crate::{Failure, Kinds, Limits, Settings, Tenant};

/// How long a tenant may keep the others waiting when the supervisor starts.
const START_TIME_MAX: Duration = Duration::from_secs(10);

/// The tenants that are served at one time.
pub(crate) struct Site {
    pub(super) tenants: Vec<Arc<Served>>,
    pub(super) limits: Limits,
    /// For requests that are no tenant's.
    pub(super) nobody: TenantMetrics,
}

impl Site {
    /// Starts all tenants but those that run already as they are to be. Of one that doesn't start the old one goes on,
    /// if there is one, and else it is tried again; the others are served meanwhile.
    ///
    /// # Errors
    ///
    /// When none of them starts.
    pub(super) async fn start(
        settings: &Settings,
        before: Option<&Self>,
        folder: &Path,
        metrics: &Metrics,
    ) -> Result<Self, Failure> {
        let is = |served: &Served, tenant: &Tenant| served.tenant == *tenant && served.jail == settings.jail;
        let running = |tenant: &Tenant| before?.tenants.iter().find(|served| is(served, tenant)).cloned();
        let mut tenants = Vec::new();
        let mut starting = Vec::new();
        for (place, tenant) in settings.tenants.iter().enumerate() {
            tenants.push(running(tenant).unwrap_or_else(|| {
                let (served, came_of_it) = Served::start(tenant.clone(), settings, folder, metrics);
                starting.push((place, came_of_it));
                served
            }));
        }
        let waits = before.is_some() || tenants.len() == 1;
        let deadline = Instant::now() + START_TIME_MAX;
        let mut failed = Vec::new();
        for (place, came_of_it) in starting {
            let came_of_it = if waits { Ok(came_of_it.await) } else { timeout_at(deadline, came_of_it).await };
            match came_of_it {
                Ok(Ok(Ok(())) | Err(_)) => {}
                Ok(Ok(Err(failure))) => failed.push((place, failure)),
                Err(_) => {
                    let tenant = tenants.get(place).map_or("", |served| served.tenant.name.as_str());
                    tracing::warn!(tenant, "it takes long to start; the others are served without it");
                }
            }
        }
        let mut site = Self { tenants, limits: settings.limits, nobody: metrics.nobody() };
        if before.is_none() && failed.len() == site.tenants.len() {
            site.end(Duration::ZERO).await;
            let failure = failed.into_iter().next();
            return Err(failure.map_or_else(no_tenant, |(place, failure)| match settings.tenants.get(place) {
                Some(tenant) if settings.tenants.len() > 1 => {
                    Failure { what: format!("tenant '{}': {}", tenant.name, failure.what), ..failure }
                }
                Some(_) | None => failure,
            }));
        }
        for (place, failure) in failed {
            site.without(place, before, &failure).await;
        }
        Ok(site)
    }

    /// Goes on without a tenant that did not start.
    async fn without(&mut self, place: usize, before: Option<&Self>, failure: &Failure) {
        let Some(served) = self.tenants.get_mut(place) else { return };
        let (tenant, reason) = (served.tenant.name.clone(), failure.line());
        let Some(old) = before.and_then(|before| before.tenants.iter().find(|old| old.tenant.name == tenant)) else {
            tracing::error!(tenant, reason, "a tenant does not start; it is tried again, and the others are served");
            return;
        };
        tracing::error!(tenant, reason, "a tenant does not start; it goes on as it was before");
        std::mem::replace(served, Arc::clone(old)).end(Duration::ZERO).await;
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

/// A configuration has at least one; this is for whoever makes settings by other means.
fn no_tenant() -> Failure {
    Failure::new(Kinds::CONFIGURATION, "there is no tenant, so there is nothing to serve")
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
