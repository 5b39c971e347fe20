//! From nothing to a device in one call.

use crate::error::Error;
use crate::names::{LIMITS, feature_name};
use crate::webgpu::{
    GpuAdapter, GpuDevice, GpuDeviceDescriptor, GpuFeatureName, GpuPowerPreference, GpuQueue, GpuRequestAdapterOptions,
    RecordOptionGpuSize64, get_gpu,
};

/// What a program wants of its device. Without anything said: the host's default adapter, no features, default limits.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is asked of the host before `request`"]
pub struct DeviceOptions {
    label: Option<String>,
    power_preference: Option<GpuPowerPreference>,
    force_fallback_adapter: bool,
    required_features: Vec<GpuFeatureName>,
    wished_features: Vec<GpuFeatureName>,
    limits: Vec<(String, u64)>,
    best_limits: bool,
}

impl DeviceOptions {
    /// Nothing asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the device for error messages.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Prefers an adapter that is fast, or one that saves energy.
    pub fn power_preference(mut self, preference: GpuPowerPreference) -> Self {
        self.power_preference = Some(preference);
        self
    }

    /// Takes nothing but a software adapter.
    pub fn force_fallback_adapter(mut self) -> Self {
        self.force_fallback_adapter = true;
        self
    }

    /// Requires a feature: without it the request fails.
    pub fn feature(mut self, feature: GpuFeatureName) -> Self {
        self.required_features.push(feature);
        self
    }

    /// Takes a feature where the adapter has it; ask `device.features().has(…)` for the outcome.
    pub fn wish(mut self, feature: GpuFeatureName) -> Self {
        self.wished_features.push(feature);
        self
    }

    /// Requires a limit of at least this (for alignments: at most), by its WebGPU name, such as `maxBufferSize`.
    pub fn limit(mut self, name: impl Into<String>, value: u64) -> Self {
        self.limits.push((name.into(), value));
        self
    }

    /// Takes the best that the adapter has for every limit that is not named by [`limit`](Self::limit).
    pub fn best_limits(mut self) -> Self {
        self.best_limits = true;
        self
    }

    /// Asks the host.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`], or what `gpu-adapter.request-device` was rejected with.
    pub async fn request(self) -> Result<(GpuAdapter, GpuDevice, GpuQueue), Error> {
        let adapter = self.request_adapter().await?;
        let device = self.request_device(&adapter).await?;
        let queue = device.queue();
        Ok((adapter, device, queue))
    }

    async fn request_adapter(&self) -> Result<GpuAdapter, Error> {
        let options = GpuRequestAdapterOptions {
            feature_level: None,
            power_preference: self.power_preference,
            force_fallback_adapter: self.force_fallback_adapter.then_some(true),
            xr_compatible: None,
        };
        let wanted = match (self.force_fallback_adapter, self.power_preference) {
            (true, _) => "a software adapter",
            (false, Some(GpuPowerPreference::LowPower)) => "any adapter, low power preferred",
            (false, Some(GpuPowerPreference::HighPerformance)) => "any adapter, high performance preferred",
            (false, None) => "any adapter",
        };
        let adapter = get_gpu().request_adapter(Some(options)).await;
        adapter.ok_or_else(|| Error::NoAdapter { wanted: wanted.to_owned() })
    }

    async fn request_device(&self, adapter: &GpuAdapter) -> Result<GpuDevice, Error> {
        let offered = adapter.features();
        let wished = self.wished_features.iter().filter(|feature| offered.has(feature_name(**feature)));
        let features = self.required_features.iter().chain(wished).copied().collect();
        let descriptor = GpuDeviceDescriptor {
            required_features: Some(features),
            required_limits: Some(self.required_limits(adapter)),
            default_queue: None,
            label: self.label.clone(),
        };
        Ok(adapter.request_device(Some(descriptor)).await?)
    }

    fn required_limits(&self, adapter: &GpuAdapter) -> RecordOptionGpuSize64 {
        let record = RecordOptionGpuSize64::new();
        if self.best_limits {
            let offered = adapter.limits();
            for limit in LIMITS {
                record.add(limit.name, Some((limit.of)(&offered)));
            }
        }
        for (name, value) in &self.limits {
            record.add(name, Some(*value));
        }
        record
    }
}
