//! A device, and the way to wait for its work.

use wardian_guest::webgpu::{GpuAdapter, GpuBuffer, GpuBufferUsage, GpuDevice, GpuMapMode, GpuQueue};
use wardian_guest::{DeviceOptions, describe};

use crate::Outcome;

pub(crate) struct Gpu {
    adapter: GpuAdapter,
    pub(crate) device: GpuDevice,
    pub(crate) queue: GpuQueue,
    fence: Fence,
}

/// A copy whose end says that all before it has ended.
struct Fence {
    source: GpuBuffer,
    target: GpuBuffer,
}

impl Gpu {
    pub(crate) async fn open() -> Outcome<Self> {
        let (adapter, device, queue) = DeviceOptions::new().request().await?;
        let source = device.create_buffer(&describe::buffer(4, GpuBufferUsage::COPY_SRC));
        let target = device.create_buffer(&describe::buffer(4, GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ));
        Ok(Self { adapter, device, queue, fence: Fence { source, target } })
    }

    pub(crate) fn adapter_name(&self) -> String {
        self.adapter.info().description()
    }

    pub(crate) fn buffer(&self, size: u64, usage: GpuBufferUsage) -> GpuBuffer {
        self.device.create_buffer(&describe::buffer(size, usage))
    }

    /// Waits for all work submitted so far, by mapping: the published host never answers `on-submitted-work-done`
    /// unless something else polls its device.
    pub(crate) async fn settle(&self) -> Outcome {
        let Fence { source, target } = &self.fence;
        let encoder = self.device.create_command_encoder(None);
        encoder.copy_buffer_to_buffer(source, Some(0), target, Some(0), Some(4));
        self.queue.submit(&[&encoder.finish(None)]);
        target.map_async(GpuMapMode::READ, None, None).await.map_err(wardian_guest::Error::from)?;
        target.unmap().map_err(wardian_guest::Error::from)?;
        Ok(())
    }
}
