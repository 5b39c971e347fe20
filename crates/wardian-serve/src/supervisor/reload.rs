//! Another configuration while the old one serves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::metrics::Metrics;
use super::{Site, Sites};
use crate::Settings;
use crate::config::Source;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Reload {
    source: Source,
    settings: Settings,
    folder: PathBuf,
    metrics: Metrics,
}

impl Reload {
    pub(super) fn new(source: Source, settings: Settings, folder: PathBuf, metrics: Metrics) -> Self {
        Self { source, settings, folder, metrics }
    }

    /// Looks for changes, or is told by SIGHUP to, for as long as it serves.
    pub(super) async fn run(mut self, sites: Arc<Sites>) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => {
                tracing::warn!(%error, "the configuration is not loaded again");
                return;
            }
        };
        let mut seen = self.source.stamp();
        loop {
            let told = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let now = self.source.stamp();
            if told || now != seen {
                seen = now;
                self.load(&sites).await;
            }
        }
    }

    async fn load(&mut self, sites: &Sites) {
        let settings = match self.source.load() {
            Ok(settings) => settings,
            Err(failure) => {
                tracing::error!(reason = failure.line(), "the configuration is wrong; the old one goes on");
                return;
            }
        };
        let of_start = |settings: &Settings| (settings.addr, settings.admin_addr, settings.limits.connections);
        if of_start(&settings) != of_start(&self.settings) {
            tracing::warn!("addr, admin-addr or connections is another one; that holds from the next start on");
        }
        let before = Arc::clone(&sites.borrow());
        match Site::start(&settings, Some(&before), &self.folder, &self.metrics).await {
            Ok(site) => {
                let site = Arc::new(site);
                sites.send_replace(Arc::clone(&site));
                tracing::info!(tenants = site.tenants.len(), "the configuration is loaded");
                let time = settings.limits.drain_time;
                tokio::spawn(async move { before.end_all_but(Some(&site), time).await });
                self.settings = settings;
            }
            Err(failure) => tracing::error!(reason = failure.line(), "the old configuration goes on"),
        }
    }
}
