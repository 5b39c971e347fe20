//! The device that everything is rendered on.

use wardian_guest::webgpu::{
    GpuAdapterInfo, GpuDevice, GpuErrorFilter, GpuFeatureName, GpuQueue, GpuShaderModule, GpuShaderModuleDescriptor,
};
use wardian_guest::{DeviceOptions, describe, feature_name, scoped};

use crate::arguments::Size;
use crate::error::SceneError;

/// A device with its queue.
pub(crate) struct Gpu {
    pub(crate) device: GpuDevice,
    pub(crate) queue: GpuQueue,
    pub(crate) adapter_name: String,
}

impl Gpu {
    /// The host's default adapter, with all the size that it offers and timestamps where it has them.
    pub(crate) async fn open() -> Result<Self, SceneError> {
        let options = DeviceOptions::new().label("scene").wish(GpuFeatureName::TimestampQuery).best_limits();
        let (adapter, device, queue) = options.request().await?;
        Ok(Self { device, queue, adapter_name: adapter_name(&adapter.info()) })
    }

    /// Refuses what the adapter can't draw on, before anything is made.
    pub(crate) fn check_size(&self, size: Size) -> Result<(), SceneError> {
        let side_max = self.device.limits().max_texture_dimension2_d();
        if u32::from(size.width.max(size.height)) > side_max {
            return Err(SceneError::SideTooLong { size, side_max });
        }
        Ok(())
    }

    pub(crate) fn has_timestamps(&self) -> bool {
        self.device.features().has(feature_name(GpuFeatureName::TimestampQuery))
    }

    pub(crate) fn shader(&self, label: &str, code: &str) -> GpuShaderModule {
        let descriptor = GpuShaderModuleDescriptor { label: Some(label.to_owned()), ..describe::shader(code) };
        self.device.create_shader_module(&descriptor)
    }

    /// Runs `body`, and fails too when the device reported an error meanwhile. Of several errors, want of memory comes
    /// first: others often follow from it.
    pub(crate) async fn checked<T>(&self, body: impl AsyncFnOnce() -> Result<T, SceneError>) -> Result<T, SceneError> {
        let device = &self.device;
        let validated = async || scoped(device, GpuErrorFilter::Validation, body).await;
        let completed = async || scoped(device, GpuErrorFilter::Internal, validated).await;
        scoped(device, GpuErrorFilter::OutOfMemory, completed).await???
    }
}

/// What the host calls the adapter, as far as it does.
fn adapter_name(info: &GpuAdapterInfo) -> String {
    let names = [info.description(), info.device(), info.architecture(), info.vendor()];
    let name = names.into_iter().find(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| "one that the host gives no name".to_owned())
}
