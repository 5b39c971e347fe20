//! `gpu-sampler`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::SamplerId;

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    Sampler => webgpu::GpuSampler,
}

/// <https://www.w3.org/TR/webgpu/#gpusampler>
#[derive(Debug)]
pub(crate) struct Sampler {
    pub(crate) handle: Handle<SamplerId>,
    pub(crate) device: Device,
    pub(crate) label: String,
}
