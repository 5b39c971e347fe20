//! `gpu-compute-pipeline`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::ComputePipelineId;

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    ComputePipeline => webgpu::GpuComputePipeline,
}

/// <https://www.w3.org/TR/webgpu/#gpucomputepipeline>
#[derive(Debug)]
pub(crate) struct ComputePipeline {
    pub(crate) handle: Handle<ComputePipelineId>,
    pub(crate) device: Device,
    pub(crate) label: String,
}
