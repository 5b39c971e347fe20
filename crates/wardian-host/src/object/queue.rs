//! `gpu-queue`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;

use crate::device::Device;
use crate::table::stands_behind;

stands_behind! {
    Queue => webgpu::GpuQueue,
}

/// <https://www.w3.org/TR/webgpu/#gpuqueue>
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) device: Device,
}
