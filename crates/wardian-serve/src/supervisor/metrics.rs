//! What an operator sees of each tenant, as Prometheus reads it.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::proto::Metric;
use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

use super::{Kinds, Site};
use crate::Failure;
use crate::control::Used;

/// Upper ends of the histogram's ranges, in seconds.
const LATENCIES: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// The counters of all tenants.
#[derive(Clone)]
pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    refusals: IntCounterVec,
    restarts: IntCounterVec,
    gpu_memory: IntGaugeVec,
    gpu_time: IntCounterVec,
    quota_refusals: IntCounterVec,
    ready: IntGaugeVec,
}

/// What stands in the place of a tenant's name for requests that are nobody's. No tenant is called so.
pub(super) const NOBODY: &str = "-";

impl Metrics {
    pub(super) fn new() -> Result<Self, Failure> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            register(&registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let gauge = |name: &str, help: &str| register(&registry, IntGaugeVec::new(Opts::new(name, help), &["tenant"]));
        let latency = HistogramOpts::new("wardian_request_seconds", "From a request's head to its response's head")
            .buckets(LATENCIES.to_vec());
        Ok(Self {
            requests: counter("wardian_requests_total", "Requests answered, by status", &["tenant", "status"])?,
            latency: register(&registry, HistogramVec::new(latency, &["tenant"]))?,
            refusals: counter(
                "wardian_refusals_total",
                "Requests that never reached the component, by reason",
                &["tenant", "reason"],
            )?,
            restarts: counter("wardian_worker_restarts_total", "Workers that had to be replaced", &["tenant"])?,
            gpu_memory: gauge("wardian_gpu_memory_bytes", "Memory of the GPU in use")?,
            gpu_time: counter("wardian_gpu_time_milliseconds_total", "Time that the GPU worked", &["tenant"])?,
            quota_refusals: counter(
                "wardian_quota_refusals_total",
                "What quotas refused to the component",
                &["tenant"],
            )?,
            ready: gauge("wardian_ready", "1 while a worker takes requests")?,
            registry,
        })
    }

    pub(super) fn of(&self, tenant: &str) -> TenantMetrics {
        // There from the beginning, so that a rate can be taken of the first one.
        self.restarts.with_label_values(&[tenant]).inc_by(0);
        self.gpu_memory.with_label_values(&[tenant]).add(0);
        self.gpu_time.with_label_values(&[tenant]).inc_by(0);
        self.quota_refusals.with_label_values(&[tenant]).inc_by(0);
        TenantMetrics { all: self.clone(), tenant: tenant.to_owned() }
    }

    /// For requests that are no tenant's.
    pub(super) fn nobody(&self) -> TenantMetrics {
        TenantMetrics { all: self.clone(), tenant: NOBODY.to_owned() }
    }

    /// Of the tenants that are served now. Those that were before would only trouble whoever watches for missing ones.
    pub(super) fn text(&self, site: &Site) -> Vec<u8> {
        for served in &site.tenants {
            self.ready.with_label_values(&[&served.tenant.name]).set(served.is_ready().into());
        }
        let mut families = self.registry.gather();
        for family in &mut families {
            let metrics = family.take_metric().into_iter();
            family.set_metric(metrics.filter(|metric| is_of(metric, site)).collect());
        }
        families.retain(|family| !family.get_metric().is_empty());
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
            tracing::warn!(%error, "the metrics cannot be written");
        }
        text
    }
}

fn is_of(metric: &Metric, site: &Site) -> bool {
    let label = metric.get_label().iter().find(|label| label.name() == "tenant");
    label.is_some_and(|label| {
        label.value() == NOBODY || site.tenants.iter().any(|served| served.tenant.name == label.value())
    })
}

fn register<T: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<T>) -> Result<T, Failure> {
    let broken = |error| Failure::new(Kinds::INTERNAL, format!("cannot count: {error}"));
    let collector = made.map_err(broken)?;
    registry.register(Box::new(collector.clone())).map_err(broken)?;
    Ok(collector)
}

/// Those of one tenant.
#[derive(Clone)]
pub(super) struct TenantMetrics {
    all: Metrics,
    tenant: String,
}

impl TenantMetrics {
    pub(super) fn answered(&self, status: u16, time: Duration) {
        self.all.requests.with_label_values(&[self.tenant.as_str(), &status.to_string()]).inc();
        self.all.latency.with_label_values(&[&self.tenant]).observe(time.as_secs_f64());
    }

    pub(super) fn refused(&self, reason: &str) {
        self.all.refusals.with_label_values(&[self.tenant.as_str(), reason]).inc();
    }

    pub(super) fn restarted(&self) {
        self.all.restarts.with_label_values(&[&self.tenant]).inc();
    }

    /// What a worker has used, and what it had used the last time.
    pub(super) fn used(&self, before: Used, now: Used) {
        let memory = self.all.gpu_memory.with_label_values(&[&self.tenant]);
        // Several workers have a share in it.
        memory.add(signed(now.gpu_memory).saturating_sub(signed(before.gpu_memory)));
        let time = now.gpu_milliseconds.saturating_sub(before.gpu_milliseconds);
        self.all.gpu_time.with_label_values(&[&self.tenant]).inc_by(time);
        let refusals = now.refusals.saturating_sub(before.refusals);
        self.all.quota_refusals.with_label_values(&[&self.tenant]).inc_by(refusals);
    }

    /// A worker is gone, and its memory with it.
    pub(super) fn gone(&self, last: Used) {
        self.all.gpu_memory.with_label_values(&[&self.tenant]).sub(signed(last.gpu_memory));
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
